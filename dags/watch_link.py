"""What came over the link, for the DAGs of this Airflow: deliveries at the coordinator, what is published at a company.

Only where companies have hosts of their own (`DECAI_ROLE`). Airflow's triggerer asks the link; an event starts a run, whose
task emits a partition for each message, once: `partner|round` of a company that is ready, which `federate` counts, or the
round that has its shared forecaster, which starts the company's report. Started by hand, it looks at once.
"""

from airflow.sdk import DAG, get_current_context, task

from decai_forecast.orchestration.link_watch import emit, link_asset
from decai_forecast.orchestration.plan import DELIVERIES, SHARED, here

if here().watches:
    with DAG(
        "watch_link",
        schedule=[link_asset(here())],
        catchup=False,
        max_active_runs=1,
        tags=["decai", "link"],
        doc_md=__doc__,
    ):

        @task(outlets=[SHARED if here().partner else DELIVERIES], retries=3)
        def emit_partitions() -> list[str]:
            return emit(get_current_context())

        emit_partitions()
