"""The words of the exchange that a node can act on: kinds of listings, what is done with them, for which purpose."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

__all__ = ["ACTIONS", "UNITS", "Action", "Kind", "Purpose"]


class Kind(StrEnum):
    """What is listed."""

    DATA_SET = "data_set"  # its rows stay with the owner
    FORECASTER = "forecaster"
    REPORT = "report"
    SOLUTION = "solution"


class Action(StrEnum):
    """What the owner's node does for a use."""

    TRAIN = "train"
    EVALUATE = "evaluate"
    QUOTE = "quote"
    FORECAST = "forecast"
    READ = "read"
    RUN = "run"


class Purpose(StrEnum):
    """For what a use is asked. A use names one, and what is not permitted is refused."""

    DEMAND_FORECASTING = "demand-forecasting"
    RESILIENCE = "resilience-simulation"
    EVALUATION = "evaluation"
    BENCHMARKING = "benchmarking"
    RESEARCH = "research"


ACTIONS: Mapping[Kind, tuple[Action, ...]] = {
    Kind.DATA_SET: (Action.TRAIN, Action.EVALUATE, Action.QUOTE),
    Kind.FORECASTER: (Action.FORECAST, Action.EVALUATE),
    Kind.REPORT: (Action.READ,),
    Kind.SOLUTION: (Action.RUN, Action.EVALUATE),
}
UNITS: Mapping[str, Action | None] = {  # priceUnit -> the action that is paid for; None: any
    "use": None, "trainingRun": Action.TRAIN, "evaluation": Action.EVALUATE, "quote": Action.QUOTE, "forecast": Action.FORECAST,
    "report": Action.READ, "run": Action.RUN,
}  # fmt: skip
