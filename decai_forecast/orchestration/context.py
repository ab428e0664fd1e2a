"""From a running task to its round."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from decai_forecast.network import Network
from decai_forecast.round import Round, round_at

__all__ = ["ById", "closing_round", "delivery_round", "partition_round", "round_of_run"]

ById = Callable[[str], Round]
"""A round by its id, as its house knows it: of a company ``round_of_company``, of the coordinator ``round_of``."""


def delivery_round(context: Any, network: Network, by_id: ById) -> Round:
    """The round that a delivery is for: the trigger's parameters, else the next one that is closed after the run's instant."""
    return _named(context, by_id) or network.windows.round_for(_instant(context["dag_run"]))


def closing_round(context: Any, network: Network, by_id: ById) -> Round:
    """The round that a closing is for: the trigger's parameters, else the one whose closing is due at the run's instant."""
    return _named(context, by_id) or network.windows.round_closed_at(_instant(context["dag_run"]))


def partition_round(context: Any, network: Network, by_id: ById) -> Round:
    """The round that a training or a report is for: the trigger's parameter, else the run's partition, else that of its day."""
    run = context["dag_run"]
    named = context["params"].get("round") or getattr(run, "partition_key", None)
    return by_id(str(named) if named else round_at(network.zone, _instant(run)).id)


def round_of_run(network: Network, run: Any) -> str:
    """The round of any of our runs: its partition, its parameters, or what its tasks take its instant for."""
    if named := run.partition_key or (run.conf or {}).get("round"):
        return str(named)
    if run.dag_id.startswith("deliver_"):
        return network.windows.round_for(_instant(run)).id
    if run.dag_id == "close_round":
        return network.windows.round_closed_at(_instant(run)).id
    return round_at(network.zone, _instant(run)).id


def _named(context: Any, by_id: ById) -> Round | None:
    """By the trigger's parameters, or by the run's partition."""
    params, key = context["params"], getattr(context["dag_run"], "partition_key", None)
    if params.get("round"):
        return Round.of(params["round"], params.get("as_of"))
    return by_id(key) if key else None


def _instant(run: Any) -> datetime:
    """When the run was due; one that was started by hand is due at once."""
    moment = run.logical_date or run.run_after
    moment = datetime.fromisoformat(moment) if isinstance(moment, str) else moment  # callbacks get JSON
    return moment.astimezone(UTC)
