"""A partner's night: pull the delivery, check it against its contract, train the local models.

One DAG per partner (`deliver_<partner>`), by the schedule of its own contract. The last task answers the coordinator and
emits the partition `partner|round`, which `federate` counts for its quorum. A partner whose contract file is broken has a
DAG with one task that fails and says where. A source that is not there yet is asked again, a check that could not be made
is made again, and only the last try answers the coordinator. A delivery that is not finished in time is told as late.
Parameters: `round` (YYYY-MM-DD) and `as_of` replay a past night.
"""

from typing import Any

from airflow.sdk import DAG, Param, get_current_context, task

from decai_forecast.orchestration import tasks
from decai_forecast.orchestration.plan import DELIVERIES, LONGEST, partner_plans, retry_delay

LIMITS: dict[str, Any] = {"execution_timeout": LONGEST, "retry_delay": retry_delay()}
PARAMS = {"round": Param("", type="string"), "as_of": Param("", type="string")}


@task(retries=3, **LIMITS)
def pull(partner: str) -> dict:
    return tasks.pull(partner, get_current_context())


@task(retries=2, **LIMITS)
def check(partner: str) -> dict:
    return tasks.check(partner, get_current_context())


@task(outlets=[DELIVERIES], retries=2, **LIMITS)
def train(partner: str) -> dict:
    return tasks.train(partner, get_current_context())


@task
def contract(partner: str, problem: str) -> None:
    tasks.refuse_contract(partner, get_current_context(), problem)


for plan in partner_plans():
    with DAG(
        f"deliver_{plan.partner}",
        schedule=plan.schedule,
        catchup=False,
        max_active_runs=1,
        params=PARAMS,
        deadline=plan.deadline,
        tags=plan.tags,
        doc_md=f"**{plan.broken}**" if plan.broken else __doc__,
    ):
        if plan.broken:
            contract(plan.partner, plan.broken)
        else:
            pull(plan.partner) >> check(plan.partner) >> train(plan.partner)
