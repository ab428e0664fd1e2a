"""Is one forecast really better than another? Tests on pairs: partner by partner, or period by period."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from decai_forecast.demand.panel import Floats

__all__ = ["SIGNIFICANT", "DieboldMariano", "Paired", "compare", "diebold_mariano", "holm"]

SIGNIFICANT = 0.05
FEW_PAIRS = 6  # with five pairs the signed-rank test cannot fall below .0625, whatever they say


@dataclass(frozen=True)
class Paired:
    """``pairs`` that both know; ``better``, ``equal``: shares of them; ``median_change``: of ours against theirs, -0.05 is 5 %
    less; ``p``: two-sided Wilcoxon signed-rank (NaN without any difference); ``sign_p``: two-sided sign test; ``sentence``: in
    words."""

    pairs: int
    better: float
    equal: float
    median_change: float
    p: float
    sign_p: float
    sentence: str


@dataclass(frozen=True)
class DieboldMariano:
    """``statistic`` (negative: ours loses less), ``p`` two-sided, from ``periods`` differences; ``sentence``: in words."""

    statistic: float
    p: float
    periods: int
    sentence: str


def compare(
    ours: npt.ArrayLike, theirs: npt.ArrayLike, *, names: tuple[str, str] = ("ours", "theirs"), unit: str = "partners"
) -> Paired:
    """Compares two losses of the same ``unit`` (one value each, lower is better); pairs with an unknown value are left out.

    Wilcoxon (1945) signed-rank test on the relative differences, so that no large partner decides alone; zeros are
    dropped, with the normal approximation where there are ties. ValueError if the lengths differ.
    """
    from scipy.stats import binomtest, wilcoxon

    own, other = _pairs(ours, theirs, unit)
    difference = _relative(own, other)
    moved = difference[difference != 0]
    wins = int((moved < 0).sum())
    p = float(wilcoxon(moved).pvalue) if len(moved) else np.nan
    sign = float(binomtest(wins, len(moved)).pvalue) if len(moved) else np.nan
    better, equal = (wins / len(own), 1 - len(moved) / len(own)) if len(own) else (np.nan, np.nan)
    change = float(np.median(difference)) if len(own) else np.nan
    return Paired(len(own), better, equal, change, p, sign, _said(len(own), wins, change, p, names, unit))


def _pairs(ours: npt.ArrayLike, theirs: npt.ArrayLike, unit: str) -> tuple[Floats, Floats]:
    own, other = np.asarray(ours, float), np.asarray(theirs, float)
    if own.shape != other.shape or own.ndim != 1:
        raise ValueError(
            f"{own.shape} and {other.shape} losses cannot be paired; give one value per {unit} to both, in one order"
        )
    known = np.isfinite(own) & np.isfinite(other)
    return own[known], other[known]


def _relative(own: Floats, other: Floats) -> Floats:
    """The change against the other; against the larger of both where the other is zero."""
    base = np.where(other > 0, other, np.maximum(np.abs(own), np.abs(other)))
    change = np.divide(own - other, base, out=np.zeros(len(own)), where=base > 0)
    return np.asarray(np.round(change, 12))  # what differs by rounding only is a tie to the ranks


def _said(pairs: int, wins: int, change: float, p: float, names: tuple[str, str], unit: str) -> str:
    ours, theirs = names
    if not pairs:
        return f"No {unit} to compare {ours} with {theirs} on."
    if not np.isfinite(p):
        return f"{ours} and {theirs} are equal for all {pairs} {unit}."
    side = "lower" if change < 0 else "higher"
    moved = f"its error is {side} by {100 * abs(change):.1f} % in the median" if change else "the median error is the same"
    return f"{ours} is better than {theirs} for {wins} of {pairs} {unit}; {moved} ({_verdict(pairs, p)})."


def _verdict(pairs: int, p: float) -> str:
    if pairs < FEW_PAIRS:
        return f"too few to tell from chance, p = {_p(p)}"
    return f"{'hardly' if p < SIGNIFICANT else 'may well be'} chance, p = {_p(p)}"


def _p(p: float) -> str:
    return f"{p:.3f}" if p >= 0.0005 else "below 0.001"


def holm(ps: Sequence[float]) -> list[float]:
    """The p of several tests made together, after Holm (1979): what is below 0.05 then is so for all of them at once.

    Unknown ones (NaN) stay so and do not count.
    """
    values = np.array(ps, float)
    order = np.argsort(values, kind="stable")[: int(np.isfinite(values).sum())]  # NaN sorts last
    steps = values[order] * np.arange(len(order), 0, -1)
    values[order] = np.minimum(np.maximum.accumulate(steps), 1.0)
    return [float(p) for p in values]


def diebold_mariano(
    ours: Sequence[float] | Floats,
    theirs: Sequence[float] | Floats,
    *,
    h: int = 1,
    names: tuple[str, str] = ("ours", "theirs"),
) -> DieboldMariano:
    """Compares two series of losses of forecasts ``h`` periods ahead, one value per period, in order of time.

    Diebold & Mariano (1995), with the small-sample factor and t distribution of Harvey, Leybourne & Newbold (1997): forecasts h
    ahead overlap, so that h - 1 autocovariances enter the variance; where that is not positive, Bartlett's weights are used,
    which cannot fail so. Losses of periods that one of them does not know are left out. ValueError with fewer than 3 periods,
    or with no more than h.
    """
    from scipy.stats import t

    own, other = _pairs(ours, theirs, "period")
    difference, n = own - other, len(own)
    if n < max(3, h + 1):
        raise ValueError(f"{n} periods are too few to compare forecasts {h} ahead; at least {max(3, h + 1)} are needed")
    if not difference.any():
        return DieboldMariano(0.0, 1.0, n, f"{names[0]} and {names[1]} are equal in all {n} periods.")
    factor = np.sqrt((n + 1 - 2 * h + h * (h - 1) / n) / n)
    variance = _variance(difference, h)
    statistic = float(factor * difference.mean() / np.sqrt(variance)) if variance > 0 else float(np.inf * difference.mean())
    p = float(2 * t.sf(abs(statistic), n - 1))
    side = "less" if difference.mean() < 0 else "more"
    sentence = f"Over {n} periods {names[0]} loses {side} than {names[1]} ({_verdict(n, p)})."
    return DieboldMariano(statistic, p, n, sentence)


def _variance(difference: Floats, h: int) -> float:
    """Of the mean difference, from its autocovariances up to lag h - 1."""
    n, centred = len(difference), difference - difference.mean()
    lagged = np.array([centred[k:] @ centred[: n - k] / n for k in range(h)])
    plain = lagged[0] + 2 * lagged[1:].sum()
    if plain <= 0:
        plain = lagged[0] + 2 * (lagged[1:] * (1 - np.arange(1, h) / h)).sum()
    return float(plain / n)
