"""The deadline of a round: what is there counts, what is missing is named.

Starts the training if enough partners delivered but nobody has; a round that is already trained is only closed. Below the
quorum the last shared forecaster stays in use, the reports are written with it, people are told, and the run fails.
"""

from airflow.sdk import DAG, Param, TriggerRule, get_current_context, task

from decai_forecast.orchestration import tasks
from decai_forecast.orchestration.plan import SHARED, closing_schedule, here
from decai_forecast.orchestration.waiting import RETRIED, SettleRoster

if here().coordinates:
    with DAG(
        "close_round",
        schedule=closing_schedule(),
        catchup=False,
        max_active_runs=1,
        params={"round": Param("", type="string"), "as_of": Param("", type="string")},
        tags=["decai", "coordinator"],
        doc_md=__doc__,
    ):

        @task(outlets=[SHARED], **RETRIED)
        def train_shared() -> dict:
            return tasks.federate(get_current_context())

        @task(outlets=[SHARED], trigger_rule=TriggerRule.ALL_DONE, **RETRIED)
        def close() -> dict:
            return tasks.close(get_current_context())

        @task(**RETRIED)
        def outcome() -> str:
            return tasks.outcome(get_current_context())

        SettleRoster(task_id="roster") >> train_shared() >> close() >> outcome()
