"""From a running task to its round."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, tzinfo
from typing import Any

from decai_forecast.network import Network
from decai_forecast.round import Round, round_at

__all__ = ["ById", "param_round", "partition_round", "round_of_run"]

ById = Callable[[str], Round]
"""A round by its id, as its house knows it: of a company ``round_of_company``, of the coordinator ``round_of``."""


def param_round(context: Any, zone: tzinfo, by_id: ById) -> Round:
    """The round that a delivery or a closing is for: the trigger's parameters, else the night of the scheduled instant."""
    params, run = context["params"], context["dag_run"]
    if params.get("round"):
        return Round.of(params["round"], params.get("as_of"))
    if getattr(run, "partition_key", None):
        return by_id(run.partition_key)
    moment: datetime = run.logical_date or run.run_after
    return round_at(zone, moment.astimezone(UTC))


def partition_round(context: Any, zone: tzinfo, by_id: ById) -> Round:
    """The round that a training or a report is for: the trigger's parameter, else the run's partition, else its night."""
    named = context["params"].get("round") or getattr(context["dag_run"], "partition_key", None)
    return by_id(str(named)) if named else by_id(param_round(context, zone, by_id).id)


def round_of_run(network: Network, run: Any) -> str:
    """The round of any of our runs: its partition, its parameters, or the night of its instant."""
    conf = run.conf or {}
    moment = run.logical_date or run.run_after
    moment = datetime.fromisoformat(moment) if isinstance(moment, str) else moment  # callbacks get JSON
    return str(run.partition_key or conf.get("round") or round_at(network.zone, moment).id)
