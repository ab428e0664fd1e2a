"""Airflow's failure callback: tell people through the network's notifier."""

from __future__ import annotations

from typing import Any

from decai_forecast.network import Network
from decai_forecast.rounds.notify import notify

__all__ = ["tell_people"]


def tell_people(context: Any) -> None:
    """Called when a coordinator's run failed."""
    run = context.get("dag_run")
    round_id = getattr(run, "partition_key", None) or "unknown"
    notify(Network.load(), f"federate failed in round {round_id}", "The shared training ended in an error; see the run's log.")
