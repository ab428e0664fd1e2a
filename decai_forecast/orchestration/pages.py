"""The pages inside Airflow's UI: the rounds with their reports, behind Airflow's login.

A participant's report needs access to its ``report_<partner>`` DAG. Reports are served under a policy that lets no script
run, since names in them come from companies.
"""

from typing import Any

from airflow.api_fastapi.app import get_auth_manager
from airflow.api_fastapi.auth.managers.models.resource_details import AccessView, DagAccessEntity
from airflow.api_fastapi.common.db.common import SessionDep
from airflow.api_fastapi.core_api.security import GetUserDep, requires_access_dag, requires_access_view
from airflow.models.dagrun import DagRun
from fastapi import Depends, FastAPI, HTTPException, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy import select

from decai_forecast.errors import DecaiError
from decai_forecast.orchestration.context import round_of_run
from decai_forecast.orchestration.last_good import fault_of_network, network_now
from decai_forecast.orchestration.page_html import page, what_if_page
from decai_forecast.orchestration.plan import contract_faults
from decai_forecast.orchestration.role import installation
from decai_forecast.orchestration.summaries import houses_shown, last_rounds, round_summary
from decai_forecast.partner.context import partner_context
from decai_forecast.partner.facts import CHECK
from decai_forecast.partner.report import REPORT_FILES, outbox_key
from decai_forecast.partner.what_if import WHAT_IF_FILES, what_if_key, what_ifs
from decai_forecast.round import Round
from decai_forecast.steps import read_done
from decai_forecast.store import Store

__all__ = ["app"]

POLICY = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-src 'self'; "
    "sandbox allow-same-origin allow-popups allow-downloads",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}
SHOWN = 14  # rounds on the front page: two weeks

LONGEST_NAME = 250  # characters; Airflow's ids have no more, and files 255


def _plain_names(request: Request) -> None:
    """No name of ours is longer, or has a character that is not seen: such an address leads to nothing, in every store."""
    names = [*request.path_params.values(), *request.query_params.values()]
    if any(len(name) > LONGEST_NAME or not name.isprintable() for name in names):
        raise HTTPException(404, "no such page")


app = FastAPI(
    title="decai_forecast",
    dependencies=[Depends(requires_access_view(AccessView.PLUGINS)), Depends(_plain_names)],
    docs_url=None,
    redoc_url=None,
    openapi_url=None,
)


def _readable(user: Any) -> set[str]:
    return set(get_auth_manager().get_authorized_dag_ids(user=user))


@app.get("/rounds", response_class=HTMLResponse)
def rounds(user: GetUserDep) -> Response:
    """The last rounds with what this user may see of them."""
    network, readable = network_now(), _readable(user)
    houses = houses_shown(network, installation(network), readable)
    shown = [round for house in houses for round in last_rounds(network, house, SHOWN)]
    return _html(page(network, shown, readable, said=fault_of_network(network.home), faults=contract_faults(network)))


@app.get("/run", response_class=HTMLResponse)
def run(
    user: GetUserDep,
    session: SessionDep,
    dag_id: str,
    run_id: str = "",
) -> Response:
    """The round of a run, or of the DAG's last run; a participant's own DAG shows its report at once."""
    readable = _readable(user)
    if dag_id not in readable:
        raise HTTPException(403, "no access to this DAG")
    network = network_now()
    if dag_id.startswith("what_if_"):
        partner = dag_id.removeprefix("what_if_")
        return _html(what_if_page(network, partner, what_ifs(_own_store(partner))))
    query = select(DagRun).where(DagRun.dag_id == dag_id)
    query = query.where(DagRun.run_id == run_id) if run_id else query.order_by(DagRun.run_after.desc())
    found = session.scalars(query.limit(1)).first()
    if found is None:
        return _html(page(network, [], readable, said="This DAG has not run yet."))
    own = dag_id.partition("_")[2] if dag_id.startswith(("report_", "deliver_")) else ""
    houses = houses_shown(network, installation(network), readable & {dag_id, f"report_{own}", "close_round"})
    shown = [round_summary(network, house, round_of_run(network, found)) for house in houses]
    return _html(page(network, shown, readable, only=own))


@app.get("/dags/{dag_id}/reports/{round_id}/{name}", dependencies=[Depends(requires_access_dag("GET", DagAccessEntity.RUN))])
def report(dag_id: str, round_id: str, name: str) -> Response:
    """One file of a participant's report; ``dag_id`` is ``report_<partner>``."""
    partner = dag_id.removeprefix("report_")
    if not dag_id.startswith("report_") or name not in REPORT_FILES:
        raise HTTPException(404, "no such report")
    try:
        data = _own_store(partner).read_bytes(outbox_key(Round.of(round_id).id, name))
    except DecaiError:
        raise HTTPException(404, "no such report") from None
    return Response(data, media_type=REPORT_FILES[name], headers=POLICY)


@app.get(
    "/dags/{dag_id}/what_if/{round_id}/{name}/{file}", dependencies=[Depends(requires_access_dag("GET", DagAccessEntity.RUN))]
)
def what_if(dag_id: str, round_id: str, name: str, file: str) -> Response:
    """One file of a what-if; ``dag_id`` is ``what_if_<partner>``."""
    partner = dag_id.removeprefix("what_if_")
    if not dag_id.startswith("what_if_") or file not in WHAT_IF_FILES:
        raise HTTPException(404, "no such what-if")
    try:
        data = _own_store(partner).read_bytes(what_if_key(Round.of(round_id).id, name, file))
    except DecaiError:
        raise HTTPException(404, "no such what-if") from None
    return Response(data, media_type=WHAT_IF_FILES[file], headers=POLICY)


@app.get("/dags/{dag_id}/checks/{round_id}/{name}", dependencies=[Depends(requires_access_dag("GET", DagAccessEntity.RUN))])
def check(dag_id: str, round_id: str, name: str) -> Response:
    """What the contract's check said of one data set; ``dag_id`` is ``deliver_<partner>``."""
    partner = dag_id.removeprefix("deliver_")
    try:
        done = read_done(_own_store(partner), Round.of(round_id).id, CHECK)
        if not dag_id.startswith("deliver_") or done is None:
            raise HTTPException(404, "no such check")
        data = done.bytes(f"{name}.html")
    except DecaiError:
        raise HTTPException(404, "no such check") from None
    return Response(data, media_type="text/html", headers=POLICY)


def _own_store(partner: str) -> Store:
    """Of a company whose Airflow this is; of no other, whatever the user may read."""
    network = network_now()
    if partner not in installation(network).partners(network):
        raise HTTPException(404, "no such participant here")
    return partner_context(network, partner).store


def _html(text: str) -> Response:
    return HTMLResponse(text, headers=POLICY)
