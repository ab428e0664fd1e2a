"""What would happen if: an outage, a strike or a rush, simulated on the last forecast of one company.

One DAG per partner (`what_if_<partner>`), started by hand: its form asks what happens, where, from when and for how long. The
report lies beside the nightly one and is linked from the run's *Resilience* tab; it is the company's own and is sent nowhere.
"""

from airflow.sdk import DAG, Param, get_current_context, task

from decai_forecast.orchestration import tasks
from decai_forecast.orchestration.plan import partner_plans
from decai_forecast.shock_kinds import ShockKind

PARAMS = {
    "kind": Param(ShockKind.SUPPLIER_DOWN.value, type="string", enum=[kind.value for kind in ShockKind], title="What happens"),
    "node": Param("", type=["null", "string"], title="Where", description="A supplier or site, as the report names it; "
                  "for a change of demand, empty means all sites."),
    "start": Param(0, type="integer", minimum=0, title="Starts after", description="Days from the forecast's first day."),
    "length": Param(28, type="integer", minimum=1, title="Lasts", description="Days."),
    "factor": Param(None, type=["null", "number"], minimum=0, maximum=100, title="Factor",
                    description="capacity: the share that is left; lead-time and demand: times the usual."),
    "round": Param("", type=["null", "string"], title="Round", description="YYYY-MM-DD; empty: the last one with a forecast."),
}  # fmt: skip


@task
def simulate(partner: str) -> dict:
    return tasks.what_if(partner, get_current_context())


for plan in partner_plans():
    with DAG(
        f"what_if_{plan.partner}",
        schedule=None,
        catchup=False,
        max_active_runs=1,
        params=PARAMS,
        tags=[*plan.tags, "what if"],
        doc_md=__doc__,
    ):
        simulate(plan.partner)
