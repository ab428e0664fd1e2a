"""What the DAG files need to know at parse time: read from ``network.yaml`` and the contracts, and nothing else.

Deterministic and light: equal files give equal DAGs, and a broken contract concerns only its own partner.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from airflow.sdk import Asset
from airflow.sdk.definitions.callback import AsyncCallback
from airflow.sdk.definitions.deadline import DeadlineAlert, DeadlineReference

from decai_forecast.contracts import load_contract
from decai_forecast.errors import ContractError
from decai_forecast.network import Network
from decai_forecast.orchestration.last_good import network_now
from decai_forecast.orchestration.partitions import NightlyTimetable, nightly
from decai_forecast.orchestration.role import Installation, installation

__all__ = [
    "DELIVERIES", "LONGEST", "SHARED", "PartnerPlan", "closing_schedule", "contract_faults", "here", "network", "partner_plans",
    "retry_delay",
]  # fmt: skip

DELIVERIES = Asset(name="partner_deliveries", uri="x-decai://deliveries")  # partitions: partner|round
SHARED = Asset(name="shared_forecaster", uri="x-decai://shared_forecaster")  # partitions: round
LONGEST = timedelta(hours=2)  # of one task of a delivery: a source that drips must not hold a worker for ever


@dataclass(frozen=True)
class PartnerPlan:
    """One partner's DAGs: when they run, and the contract error that prevents it."""

    partner: str
    schedule: NightlyTimetable
    tags: list[str]
    deadline: DeadlineAlert
    broken: str = ""


def network() -> Network:
    """The network of this Airflow, from ``DECAI_HOME``."""
    return network_now()


def here() -> Installation:
    """Whose Airflow this is; :class:`ConfigError` where the environment says what cannot be."""
    return installation(network())


def partner_plans() -> list[PartnerPlan]:
    """The plans of the companies whose Airflow this is, sorted by company."""
    agreed = network()
    return [_plan(agreed, partner) for partner in installation(agreed).partners(agreed)]


def _plan(agreed: Network, partner: str) -> PartnerPlan:
    cron, zone, broken = agreed.deliver_at, agreed.time_zone, ""
    tags = ["decai", "partner"] + (["simulated"] if agreed.simulated else [])
    deadline = _deadline(agreed, partner)
    files = agreed.contracts(partner)
    try:
        contracts = [load_contract(path, strict=False, windows=agreed.windows) for path in files]
    except ContractError as error:
        return PartnerPlan(partner, nightly(cron, zone), [*tags, "broken contract"], deadline, _first_lines(error))
    for contract in contracts:
        if contract.data_set == "demand" and contract.schedule:
            cron, zone = contract.schedule, contract.time_zone or zone
    if not files:
        broken = f"{agreed.home / 'contracts' / partner}: no contract file (*.odcs.yaml); add one with `decai partner add`"
    return PartnerPlan(partner, nightly(cron, zone), tags, deadline, broken)


def contract_faults(agreed: Network) -> dict[str, str]:
    """Company -> what is wrong with its contracts, of those whose Airflow this is: no night of it can begin."""
    plans = [_plan(agreed, partner) for partner in installation(agreed).partners(agreed)]
    return {plan.partner: plan.broken for plan in plans if plan.broken}


def _first_lines(error: ContractError) -> str:
    """The whole text would be the stub's parameter and documentation: ten lines say where to begin."""
    lines = str(error).splitlines()
    return "\n".join(lines[:10] + ([f"... {len(error.problems)} problems in all"] if len(lines) > 10 else []))


def _deadline(agreed: Network, partner: str) -> DeadlineAlert:
    """A delivery has this long after the start of its run, which is the contract's timeOfAvailability."""
    late = AsyncCallback("decai_forecast.orchestration.alarm.delivery_is_late", {"partner": partner})
    return DeadlineAlert(DeadlineReference.DAGRUN_QUEUED_AT, timedelta(minutes=agreed.late_minutes), late)


def retry_delay() -> timedelta:
    """Until a source that is not there yet is asked again."""
    return timedelta(minutes=network().retry_minutes)


def closing_schedule() -> NightlyTimetable:
    agreed = network()
    return nightly(agreed.close_at, agreed.time_zone)
