"""What it takes to believe a behaviour: it is fitted on the early periods and must be better on the late ones."""

from __future__ import annotations

__all__ = ["CLEARLY", "LATE"]

LATE = 0.25  # share of the periods, the last ones, that behaviours are judged on
CLEARLY = 0.02  # what a behaviour must take off the error of the plain one: less is not worth its parameters
