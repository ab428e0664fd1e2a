"""N-HiTS (Challu et al. 2023), a small neural network over all series of the company.

By neuralforecast, in an environment of its own.
"""

from __future__ import annotations

from decai_forecast.demand.models.base import Model, register
from decai_forecast.demand.models.extra.place import version, worker
from decai_forecast.demand.models.process import Process

__all__ = ["command"]


def command() -> list[str]:
    return worker("nhits")


ABOUT = "a small neural network over all items of the company, in a process of its own"
register(Model("nhits", ABOUT, Process("nhits", command), title="N-HiTS", least=16, candidate=True, version=version("nhits")))
