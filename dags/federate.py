"""The coordinator's night: when enough partners have delivered, train the shared forecaster together.

Starts at the quorum (`partner|round` partitions of one round). The first task waits, without a worker, until all partners
have answered or the grace has passed, and writes the roster once. The second trains with Flower and emits the partition
of the round on the asset `shared_forecaster`, which starts the reports.
"""

from airflow.sdk import DAG, MinimumCount, Param, PartitionedAssetTimetable, RollupMapper, get_current_context, task

from decai_forecast.orchestration import tasks
from decai_forecast.orchestration.alarm import tell_people
from decai_forecast.orchestration.partitions import PartnersOfRound, RoundOfKey
from decai_forecast.orchestration.plan import DELIVERIES, SHARED, here, network
from decai_forecast.orchestration.waiting import RETRIED, RosterWritten

if here().coordinates:
    NETWORK = network()
    QUORUM = RollupMapper(
        upstream_mapper=RoundOfKey(),
        window=PartnersOfRound(list(NETWORK.partners)),
        wait_policy=MinimumCount(NETWORK.minimum),
    )

    with DAG(
        "federate",
        schedule=PartitionedAssetTimetable(assets=DELIVERIES, default_partition_mapper=QUORUM),
        catchup=False,
        max_active_runs=1,
        params={"round": Param("", type="string")},
        tags=["decai", "coordinator"],
        doc_md=__doc__,
        on_failure_callback=tell_people,
    ):

        @task(outlets=[SHARED], **RETRIED)
        def train_shared() -> dict:
            return tasks.federate(get_current_context())

        RosterWritten(task_id="roster") >> train_shared()
