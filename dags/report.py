"""A partner's morning: choose between own and shared, simulate the network, write the resilience report.

One DAG per partner (`report_<partner>`), started by the round's shared forecaster. A late partner's report waits, without
a worker, for its delivery; a partner without one gets a report that says what was missing and why.
"""

from airflow.sdk import DAG, Param, PartitionedAssetTimetable, TriggerRule, get_current_context, task

from decai_forecast.orchestration import tasks
from decai_forecast.orchestration.plan import SHARED, partner_plans, retry_delay
from decai_forecast.orchestration.waiting import OwnDelivery


@task(retries=2, retry_delay=retry_delay())
def simulate(partner: str) -> dict:
    return tasks.simulate(partner, get_current_context())


@task(trigger_rule=TriggerRule.NONE_FAILED, retries=2, retry_delay=retry_delay())
def report(partner: str) -> str:
    return tasks.report(partner, get_current_context())


for plan in partner_plans():
    with DAG(
        f"report_{plan.partner}",
        schedule=PartitionedAssetTimetable(assets=SHARED),
        catchup=False,
        max_active_runs=2,
        params={"round": Param("", type="string")},
        tags=plan.tags,
        doc_md=__doc__,
    ):
        OwnDelivery(task_id="combine", partner=plan.partner) >> simulate(plan.partner) >> report(plan.partner)
