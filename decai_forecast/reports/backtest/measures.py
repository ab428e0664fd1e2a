"""The measures of the page: what they are called, which way is better, and what they say."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

__all__ = ["MEASURES", "Measure", "best"]


@dataclass(frozen=True)
class Measure:
    """``better``: ``lower``, ``near`` (to ``target``) or ``told``, where there is no better by itself; ``form``: ``share``,
    ``signed`` (a share with its sign) or ``number``; ``symbol`` and ``target`` as the page's header tells them."""

    name: str
    label: str
    better: str
    form: str
    meaning: str
    target: float = 0.0

    @property
    def hint(self) -> str:
        """Which way is better, in a word or two."""
        return {"lower": "lower is better", "near": f"best at {100 * self.target:.0f} %", "told": "at equal coverage"}[
            self.better
        ]


MEASURES = (
    Measure("wape", "WAPE", "lower", "share", "sum of absolute errors of the median over the sum of demand"),
    Measure("wql", "WQL", "lower", "number", "twice the pinball loss over the sum of demand, mean of q10, q50 and q90"),
    Measure("mase", "MASE", "lower", "number", "mean absolute error in multiples of the naive forecast's, mean over series"),
    Measure("rmsse", "RMSSE", "lower", "number", "root mean squared error of the mean, scaled likewise, mean over series"),
    Measure("scaled_pinball", "Scaled pinball", "lower", "number", "pinball loss of q10, q50, q90, scaled likewise"),
    Measure("bias", "Bias", "near", "signed", "forecast mean less demand, over demand; positive is a forecast too high"),
    Measure("coverage", "Coverage raw", "near", "share", "share of actuals within q10 to q90, both included", 0.8),
    Measure(
        "pit_coverage", "Coverage PIT", "near", "share", "the same by the randomised PIT, fair where demand is often 0", 0.8
    ),
    Measure("width", "Width", "told", "number", "mean width of q10 to q90 in multiples of mean demand"),
    Measure("cost", "Cost", "lower", "number", "newsvendor cost per unit sold, in holding costs of one unit"),
)


def best(measure: Measure, values: pd.Series) -> list[str]:
    """The models (index of ``values``) that are best by ``measure``; none where a lower value is not better by itself."""
    known = values.dropna()
    if measure.better == "told" or known.empty:
        return []
    distance = (known - measure.target).abs() if measure.better == "near" else known
    return [str(model) for model in distance.index[distance <= distance.min() + 1e-12]]
