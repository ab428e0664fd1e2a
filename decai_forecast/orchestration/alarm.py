"""Airflow's callbacks: tell people through the network's notifier that a run failed, or that a delivery is late."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

from decai_forecast.coordinator.context import coordinator_context
from decai_forecast.coordinator.notify import notify
from decai_forecast.orchestration.context import round_of_run
from decai_forecast.orchestration.last_good import network_now
from decai_forecast.orchestration.role import installation
from decai_forecast.partner.context import partner_context
from decai_forecast.partner.notices import Notice, known_channels, tell

__all__ = ["delivery_is_late", "tell_people"]


def tell_people(context: Any) -> None:
    """Called when a coordinator's run failed."""
    run = context.get("dag_run")
    round_id = getattr(run, "partition_key", None) or "unknown"
    coordinator = coordinator_context(network_now())
    notify(coordinator, f"federate failed in round {round_id}", "The shared training ended in an error; see the run's log.")


async def delivery_is_late(context: Any, partner: str) -> None:
    """Airflow's deadline of `deliver_<partner>` has passed and the run is not over: remembered, and told.

    Runs in the triggerer, on its event loop: files and mail wait in a thread of their own.
    """
    await asyncio.to_thread(_late, context.get("dag_run") or {}, partner)


def _late(run: Any, partner: str) -> None:
    from decai_forecast.partner.quality import mark_late  # pandas: not when Airflow reads a DAG file

    network = network_now()
    facts = run if isinstance(run, dict) else vars(run)
    known = {name: facts.get(name) for name in ("dag_id", "partition_key", "conf", "logical_date", "run_after")}
    round_id = round_of_run(network, SimpleNamespace(**known))
    company = partner_context(network, partner)
    mark_late(company.store, round_id)
    text = f"The delivery of {partner} for round {round_id} was not finished {network.late_minutes:g} minutes after its time."
    if installation(network).coordinates:
        notify(coordinator_context(network), f"{partner} is late in round {round_id}", text)
    channels = known_channels(company.store, company.contract_files)
    tell(company.store, channels, Notice(partner, round_id, "delivery", "late", text))
