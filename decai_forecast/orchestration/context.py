"""From a running task to its round."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from decai_forecast.coordinator.context import coordinator_context
from decai_forecast.coordinator.roster import round_of
from decai_forecast.network import Network
from decai_forecast.round import Round, round_at

__all__ = ["param_round", "round_by_id", "round_of_run"]


def param_round(context: Any, network: Network) -> Round:
    """The round that a delivery or a closing is for: the trigger's parameters, else the night of the scheduled instant."""
    params, run = context["params"], context["dag_run"]
    if params.get("round"):
        return Round.of(params["round"], params.get("as_of"))
    if getattr(run, "partition_key", None):
        return round_by_id(network, run.partition_key)
    moment: datetime = run.logical_date or run.run_after
    return round_at(network.zone, moment.astimezone(UTC))


def round_by_id(network: Network, round_id: str) -> Round:
    """The round by its id; its ``as_of`` is that of the roster or of what was delivered for it."""
    return round_of(coordinator_context(network), round_id)


def round_of_run(network: Network, run: Any) -> str:
    """The round of any of our runs: its partition, its parameters, or the night of its instant."""
    conf = run.conf or {}
    moment = run.logical_date or run.run_after
    moment = datetime.fromisoformat(moment) if isinstance(moment, str) else moment  # callbacks get JSON
    return str(run.partition_key or conf.get("round") or round_at(network.zone, moment).id)
