"""Chronos, a foundation model that has seen none of the company's series, from weights that the company has on its disk."""

from __future__ import annotations

from decai_forecast.demand.models.base import Model, register
from decai_forecast.demand.models.extra.place import version, weights, worker
from decai_forecast.demand.models.process import Process

__all__ = ["WEIGHTS", "command"]

WEIGHTS = "DECAI_CHRONOS_WEIGHTS"


def command() -> list[str]:
    return [*worker("foundation"), weights(WEIGHTS)]


ABOUT = "a foundation model without any training on these items, from weights on your disk"
register(Model("chronos", ABOUT, Process("chronos", command), title="Chronos", candidate=True, version=version("foundation")))
