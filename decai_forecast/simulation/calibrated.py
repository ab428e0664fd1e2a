"""What past probabilities of a stock-out teach: a company's own calibration, learned from its own past and nothing else.

The simulation takes for granted how a company orders and how its suppliers deliver. Where counts tell how often shelves were
in truth found empty, the logit of the probability is a line in the logit of what the simulation said (Platt 1999) and in that
of how often the shelf was empty before. The line is drawn back to what the simulation said, so that few rows change little;
and it is used only where lines from earlier cut-offs alone were better at the later ones.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from decai_forecast.columns import SERIES
from decai_forecast.simulation.network.graph import Bools, Floats
from decai_forecast.simulation.stockouts import Reliability, reliability

__all__ = ["COVERED", "Calibration", "calibrate"]

LEAST_ROWS, LEAST_EITHER = 60, 10  # rows in all, and of shelves that were found empty and that were not
PRIOR = np.array([0.0, 1.0, 0.0])  # constant, what was said, rate: as said
RIDGE = np.array([1e-3, 1.0, 1.0])  # how strongly the line is drawn back to it
EDGE = 0.0025  # half of one replication of 200: no probability is 0 or 1
SHRINK = 2.0  # periods of the company's own rate that a series' rate starts with
Shown = Callable[[date, pd.DataFrame], Floats]  # of a cut-off and its rows with ``p``
COVERED, WIDE = 0.9, 1.645  # of the interval; standard deviations to either side


@dataclass(frozen=True)
class Calibration:
    """``used``: whether it is; ``reason`` says why. ``before`` and ``after``: how probabilities of the later past cut-offs did
    as simulated, and as calibrated on the cut-offs before each; None where there were too few to tell."""

    used: bool
    reason: str
    rows: int = 0
    cutoffs: int = 0
    before: Reliability | None = None
    after: Reliability | None = None
    line: Floats | None = None  # [3]
    spread: Floats | None = None  # [3, 3]: its covariance
    shift: float = 0.0  # standard deviation of a whole cut-off, in logits
    usual: float = 0.5  # the company's own rate

    def of(self, now: pd.DataFrame) -> pd.DataFrame:
        """``p``, ``low`` and ``high`` (90 %) of rows with ``said``, ``rate`` and ``periods``."""
        assert self.line is not None
        assert self.spread is not None
        x = _features(now, self.usual)
        middle = x @ self.line
        half = WIDE * np.sqrt(np.einsum("ij,jk,ik->i", x, self.spread, x) + self.shift**2)
        found = {"p": middle, "low": middle - half, "high": middle + half}
        return pd.DataFrame({name: _chance(values) for name, values in found.items()}, index=now.index)

    def to_json(self) -> dict[str, Any]:
        """What the report says of it: JSON values."""
        told: dict[str, Any] = {"calibrated": self.used, "reason": self.reason, "rows": self.rows, "cutoffs": self.cutoffs}
        for name, found in (("simulated", self.before), ("learned", self.after)):
            table = found and found.table.to_dict("records")
            told[name] = found and {"error": found.error, "brier": found.brier, "bins": table}
        return told


def calibrate(past: pd.DataFrame, shown: Shown | None = None) -> Calibration:
    """From one row per series and past cut-off: location_id, item_id, cutoff, ``said`` (a probability), ``rate`` and
    ``periods`` (how often the shelf was found empty before), ``simulated`` (what the simulation said) and ``came``.

    Used where calibrated probabilities of later cut-offs have less squared error than those of the simulation. ``shown``: what
    a report would then show in their place; None: they themselves.
    """
    cutoffs = sorted(past["cutoff"].unique()) if len(past) else []
    if why := _too_few(past, len(cutoffs)):
        return Calibration(False, why, len(past), len(cutoffs))
    told = [_walked(past, cutoff, shown) for cutoff in cutoffs[1:]]
    walked = pd.concat([rows for rows in told if rows is not None]) if any(rows is not None for rows in told) else past[:0]
    if walked.empty:
        return Calibration(
            False, "the earlier past cut-offs tell too little to calibrate the later ones", len(past), len(cutoffs)
        )
    came = walked["came"].to_numpy(bool)
    before, after = (reliability(walked[name].to_numpy(float), came) for name in ("simulated", "p"))
    better = after.brier < before.brier
    reason = (
        f"learned from {len(past):,} past probabilities of {len(cutoffs)} cut-offs"
        if better
        else "what earlier past cut-offs teach does not make the later ones better"
    )
    line, spread, usual = _fitted(past)
    return Calibration(better, reason, len(past), len(cutoffs), before, after, line, spread, _shift(past), usual)


def _too_few(past: pd.DataFrame, cutoffs: int) -> str:
    if cutoffs < 2:
        return f"{cutoffs} past cut-offs with counts of stock before and after them; 2 are needed"
    came = int(past["came"].sum())
    if len(past) < LEAST_ROWS or min(came, len(past) - came) < LEAST_EITHER:
        return f"{len(past)} past probabilities, {came} of shelves found empty then; {LEAST_ROWS} and {LEAST_EITHER} are needed"
    return ""


def _walked(past: pd.DataFrame, cutoff: date, shown: Shown | None) -> pd.DataFrame | None:
    """The rows of a cut-off with ``p`` as the cut-offs before it teach; None where these tell too little."""
    earlier, now = past[past["cutoff"] < cutoff], past[past["cutoff"] == cutoff]
    if not 0 < earlier["came"].sum() < len(earlier):
        return None
    line, _, usual = _fitted(earlier)
    told = now.assign(p=_chance(_features(now, usual) @ line))
    return told if shown is None else told.assign(p=shown(cutoff, told))


def _fitted(past: pd.DataFrame) -> tuple[Floats, Floats, float]:
    """Line, its covariance (robust against series that are alike at all cut-offs), and the company's own rate."""
    counted = float(past["periods"].sum())
    usual = float((past["rate"] * past["periods"]).sum()) / counted if counted > 0 else 0.5
    x, came = _features(past, usual), past["came"].to_numpy(bool)
    line = _line(x, came)
    series = past.groupby(SERIES, sort=False).ngroup().to_numpy()
    return line, _robust(x, came, line, series), usual


def _line(x: Floats, came: Bools) -> Floats:
    """The most likely line under the ridge: convex, so that there is one."""
    from scipy.optimize import minimize

    def loss(line: Floats) -> tuple[float, Floats]:
        logit, off = x @ line, line - PRIOR
        likely = float((np.logaddexp(0.0, logit) - came * logit).sum())
        return likely + float(RIDGE @ off**2) / 2, x.T @ (_chance(logit) - came) + RIDGE * off

    rising = [(None, None), (0.0, None), (0.0, None)]
    found = minimize(loss, PRIOR, jac=True, method="L-BFGS-B", bounds=rising, options={"ftol": 1e-12, "gtol": 1e-8})
    return np.asarray(found.x, dtype=float)


def _robust(x: Floats, came: Bools, line: Floats, series: np.ndarray) -> Floats:
    p = _chance(x @ line)
    inverse = np.linalg.inv((x * (p * (1 - p))[:, None]).T @ x + np.diag(RIDGE))
    pull = np.zeros((series.max() + 1, x.shape[1]))
    np.add.at(pull, series, x * (came - p)[:, None])
    return np.asarray(inverse @ (pull.T @ pull) @ inverse)


def _shift(past: pd.DataFrame) -> float:
    """How far each cut-off was off by what the others teach, in logits: a bad quarter hits all shelves at once."""
    off = []
    for cutoff in sorted(past["cutoff"].unique()):
        rest, rows = past[past["cutoff"] != cutoff], past[past["cutoff"] == cutoff]
        line, _, usual = _fitted(rest)
        p = _chance(_features(rows, usual) @ line)
        off.append(float((rows["came"] - p).sum() / max(float((p * (1 - p)).sum()), 1.0)))
    return float(np.sqrt(np.mean(np.square(off))))


def _features(rows: pd.DataFrame, usual: float) -> Floats:
    """[row, 3]: 1, and the logits of what was said and of the rate, drawn to the company's own."""
    rate = (rows["rate"] * rows["periods"] + usual * SHRINK) / (rows["periods"] + SHRINK)
    return np.stack([np.ones(len(rows)), _logit(rows["said"].to_numpy(float)), _logit(rate.to_numpy(float))], axis=1)


def _logit(share: Floats) -> Floats:
    kept = np.clip(share, EDGE, 1 - EDGE)
    return np.log(kept / (1 - kept))


def _chance(logit: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-np.clip(logit, -500, 500))))
