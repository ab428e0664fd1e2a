"""What a planner should look at after a delivery: bias, drift, outliers, level shifts; and whether the forecast earns its keep.

Every threshold is a constant here with its reason. All of it looks back only: a period is judged by the periods before it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import numpy.typing as npt
import pandas as pd

from decai_forecast.columns import DATE, ITEM, KEYS, LOCATION, SERIES
from decai_forecast.demand.history import Rhythm, Running, rhythm
from decai_forecast.demand.outliers import outliers_of
from decai_forecast.demand.panel import Floats, Panel
from decai_forecast.demand.quantiles import TRAINED, name_of
from decai_forecast.demand.slips import CleanPanel, clean_slips, slips_of

__all__ = [
    "EVERY", "Alarm", "alarms", "bias_alarms", "cusum", "drift_alarms", "forecast_value_added", "outlier_alarms", "psi",
    "shift_alarms", "slip_alarms", "tracking_signal",
]  # fmt: skip

EVERY = "all"  # as item or location of an alarm: it concerns all of them
SMOOTHING = 0.1  # of the tracking signal (Trigg 1964)
TRACKING = 0.75  # |signal|; unbiased normal errors pass it in about 1 of 300 periods at this smoothing
LEAST_ERRORS = 16  # before that the signal is little more than the sign of the first errors
LARGEST_STEP = 3.0  # standard deviations that one error adds at most: a single large order is an outlier, not a bias
SLACK, DECISION = 0.5, 5.0  # of the CUSUM, in standard deviations: tuned to a shift of one, 465 periods between false alarms
SHIFT, FACTOR = 5.0, 1.5  # standard errors between the two means of roots, and times the units
PSI = 0.25  # "major shift" (Siddiqi 2006)
BINS, LEAST_VALUES = 10, 200  # of the stability index: zero and nine of equal share; values per window
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Alarm:
    """``kind``: bias, drift, outlier, level_shift or slip; ``period``: the start of the period in which it was noticed;
    ``size``: the statistic that passed its threshold; ``expected``, ``seen``, ``advice``: in words."""

    kind: str
    location_id: str
    item_id: str
    period: date
    size: float
    expected: str
    seen: str
    advice: str

    def __str__(self) -> str:
        place = (
            f"item {self.item_id!r} at {self.location_id!r}" if self.item_id != EVERY else f"all items at {self.location_id!r}"
        )
        return f"{self.kind}: {place}, {self.period}: expected {self.expected}, seen {self.seen}; {self.advice}"


def alarms(panel: Panel, new: int, past: pd.DataFrame | None = None) -> list[Alarm]:
    """Everything the periods from ``new`` on (index in ``panel``) raise, the largest of each kind first; and all that looks
    like a slip, new or not, since it does not count until it is corrected.

    ``past``: earlier forecasts with ``h``, ``actual``, ``mean`` or q50; without it nothing is said about bias.
    """
    clean = clean_slips(panel)
    unmarked = replace(panel, quantity=np.where(clean.slips, np.nan, panel.quantity))
    found = [] if past is None else bias_alarms(past, panel.dates[new].date())
    found += slip_alarms(clean) + outlier_alarms(unmarked, new) + shift_alarms(clean, new) + drift_alarms(clean, new)
    return sorted(found, key=lambda a: (a.kind, -abs(a.size), a.location_id, a.item_id, a.period))


def forecast_value_added(
    ours: pd.DataFrame, naive: pd.DataFrame, by: Sequence[str] = (LOCATION, ITEM), *, loss: str = "absolute"
) -> pd.DataFrame:
    """What the forecast adds over the naive, per group of ``by`` (Gilliland 2010): loss_naive - loss_ours, worst first.

    Both frames: location_id, item_id, date, ``actual``, q10, q50, q90 (``partner``, ``origin``, ``h`` where there are several).
    ``loss``: ``absolute`` error of the median or ``quantile``, twice the mean pinball loss; summed, in units, over the rows
    both know. Columns: ``rows``, ``actual``, ``loss_naive``, ``loss_ours``, ``fva`` (units), ``fva_share`` of the naive's loss.
    """
    keys = [c for c in ("partner", "origin", LOCATION, ITEM, DATE, "h") if c in ours and c in naive]
    levels = [name_of(q) for q in TRAINED]
    both = ours.merge(naive[keys + levels], on=keys, suffixes=("", "_naive"), validate="one_to_one")
    known = np.isfinite(both[["actual", *levels, *(f"{q}_naive" for q in levels)]].to_numpy(float)).all(axis=1)
    both = both.loc[known]
    both = both.assign(loss_ours=_loss(both, "", loss), loss_naive=_loss(both, "_naive", loss))
    groups = both.groupby(list(by), sort=True, observed=True)
    out: pd.DataFrame = groups[["actual", "loss_naive", "loss_ours"]].sum()
    out.insert(0, "rows", groups.size())
    out["fva"] = out["loss_naive"] - out["loss_ours"]
    out["fva_share"] = out["fva"] / out["loss_naive"].where(out["loss_naive"] > 0)
    return out.sort_values("fva", kind="stable").reset_index()


def _loss(frame: pd.DataFrame, suffix: str, loss: str) -> Floats:
    actual = frame["actual"].to_numpy(float)
    errors = [actual - frame[name_of(q) + suffix].to_numpy(float) for q in TRAINED]
    if loss == "absolute":
        return np.asarray(np.abs(errors[1]))
    if loss != "quantile":
        raise ValueError(f"loss {loss!r} is not known; use 'absolute' or 'quantile'")
    return np.asarray(2 * np.mean([np.maximum(q * e, (q - 1) * e) for q, e in zip(TRAINED, errors, strict=True)], axis=0))


def tracking_signal(errors: Floats, smoothing: float = SMOOTHING) -> Floats:
    """Trigg's (1964) signal of each row (series x periods): smoothed error over smoothed absolute error, -1 .. 1; NaN for the
    first ``LEAST_ERRORS`` known periods. Unknown periods (NaN) keep it."""
    out, signed, absolute, known = np.full(errors.shape, np.nan), *np.zeros((3, len(errors)))
    for t in range(errors.shape[1]):
        there = np.isfinite(errors[:, t])
        error, step = np.where(there, errors[:, t], 0.0), np.where(there, smoothing, 0.0)
        signed, absolute, known = signed + step * (error - signed), absolute + step * (np.abs(error) - absolute), known + there
        np.divide(signed, absolute, out=out[:, t], where=(known >= LEAST_ERRORS) & (absolute > 0))
    return out


def cusum(errors: Floats) -> Floats:
    """Two-sided CUSUM of each row (Page 1954): the larger side, signed, in standard deviations of the errors before; passing
    ``DECISION`` it starts anew. The spread is 1.25 times the mean absolute error of the periods before (normal errors)."""
    out, absolute, known, up, down = np.full(errors.shape, np.nan), *np.zeros((4, len(errors)))
    for t in range(errors.shape[1]):
        there = np.isfinite(errors[:, t])
        error, spread = np.where(there, errors[:, t], 0.0), 1.2533 * absolute / np.maximum(known, 1)
        ready = there & (known >= LEAST_ERRORS) & (spread > 0)
        z = np.clip(np.divide(error, spread, out=np.zeros(len(error)), where=ready), -LARGEST_STEP, LARGEST_STEP)
        up, down = (np.where(ready, np.maximum(0, side + sign * z - SLACK), side) for side, sign in ((up, 1), (down, -1)))
        out[:, t] = np.where(up >= down, up, -down)
        again = np.maximum(up, down) > DECISION
        up, down = np.where(again, 0.0, up), np.where(again, 0.0, down)
        absolute, known = absolute + np.abs(error), known + there
    return out


def bias_alarms(past: pd.DataFrame, since: date) -> list[Alarm]:
    """Series whose forecasts lie to one side, noticed from ``since`` on: by the tracking signal or by the CUSUM of the errors
    of the mean (the median, where there is none), of each period's nearest forecast."""
    nearest = past.sort_values("h", kind="stable").drop_duplicates(KEYS)
    level = "mean" if "mean" in nearest else name_of(0.5)
    wide = nearest.assign(error=nearest["actual"] - nearest[level]).pivot(index=SERIES, columns=DATE, values="error")
    errors, dates = wide.to_numpy(float), pd.DatetimeIndex(wide.columns)
    signal, sums = tracking_signal(errors), cusum(errors)
    first, out = int(dates.searchsorted(pd.Timestamp(since))), []
    passed = _newly(np.abs(signal) > TRACKING) | (np.abs(sums) > DECISION)
    for row, t in _first_of_each(passed, first):
        location, item = wide.index[row]
        recent = errors[row, max(0, t - LEAST_ERRORS + 1) : t + 1]
        mean = float(np.nanmean(recent))
        size = float(sums[row, t] if abs(sums[row, t]) > DECISION else signal[row, t])
        test = "CUSUM" if abs(sums[row, t]) > DECISION else "tracking signal"
        seen = f"{abs(mean):.4g} units {'more' if mean > 0 else 'less'} sold per period than forecast ({test} {size:+.2f})"
        advice = "look for a change in the market, the price or the range; until the forecast has learnt it, set an override"
        out.append(Alarm("bias", str(location), str(item), dates[t].date(), size, "errors that cancel out", seen, advice))
    return out


def _newly(passed: Bools) -> Bools:
    """Passed in this period and not in the one before: a standing alarm is raised once."""
    out = passed.copy()
    out[:, 1:] &= ~passed[:, :-1]
    return out


def _first_of_each(passed: Bools, first: int) -> list[tuple[int, int]]:
    new = passed[:, first:]
    return [(int(row), first + int(new[row].argmax())) for row in np.flatnonzero(new.any(axis=1))]


def outlier_alarms(panel: Panel, new: int) -> list[Alarm]:
    """Single sales from period ``new`` on that do not fit the year before (Hampel's identifier on the root scale)."""
    found, out = outliers_of(panel, new), []
    for series, t, usual, bound, z in zip(found.series, found.period, found.usual, found.bound, found.z, strict=True):
        location, item = panel.series[SERIES].iloc[series]
        expected, seen = f"a sale of about {usual:.4g}, {bound:.4g} at most", f"{panel.quantity[series, t]:.4g} units"
        advice = "check it for a slip or a unit; if it was real and comes again, record it as a promotion or an override"
        out.append(Alarm("outlier", str(location), str(item), panel.dates[t].date(), float(z), expected, seen, advice))
    return out


def slip_alarms(panel: CleanPanel) -> list[Alarm]:
    """Every quantity that looks like a slip (see slips.py), with what was delivered and what it counts as."""
    advice = "correct it in the source; if it was real, leave it: it counts in full once something like it comes again"
    return [
        Alarm(
            "slip",
            str(row[LOCATION]),
            str(row[ITEM]),
            row[DATE].date(),
            float(row["delivered"] / row["counted"]),
            f"a sale of about {row['counted']:.4g}, as which it counts",
            f"{row['delivered']:.10g} units delivered",
            advice,
        )
        for row in slips_of(panel).to_dict("records")
    ]


def shift_alarms(panel: Panel, new: int) -> list[Alarm]:
    """Series whose recent mean (8 weeks, 3 months, 14 days) left that of the year before, noticed from period ``new`` on.

    The means of roots differ by more than ``SHIFT`` standard errors and the units by more than ``FACTOR``, after taking off how
    the partner's other series moved (within a factor of two), so that a season common to all is no shift of one.
    """
    beat, end = rhythm(panel.calendar), _end(panel)
    periods = np.arange(max(new - 1, 0), end) + 1  # windows end before these; the one before ``new`` tells what was standing
    recent, usual, z = _shifted(panel.quantity, periods, beat)
    passed = _newly((np.abs(z) > SHIFT) & (np.maximum(recent, usual) > FACTOR * np.minimum(recent, usual)))
    out = []
    for row, k in _first_of_each(passed, 1 if new > 0 else 0):
        location, item = panel.series[SERIES].iloc[row]
        expected, seen = (
            f"about {usual[row, k]:.4g} units a period",
            f"{recent[row, k]:.4g} over the last {beat.windows[1]} periods",
        )
        advice = (
            "find out whether it lasts (a customer won or lost, a new pack size, a stock-out); if it does not, set an override"
        )
        out.append(
            Alarm(
                "level_shift",
                str(location),
                str(item),
                panel.dates[periods[k] - 1].date(),
                float(z[row, k]),
                expected,
                seen,
                advice,
            )
        )
    return out


def _end(panel: Panel) -> int:
    """The period after the last one with a known quantity."""
    known = np.flatnonzero(np.isfinite(panel.quantity).any(axis=0))
    return int(known[-1]) + 1 if len(known) else 0


def _shifted(quantity: Floats, end: Ints, beat: Rhythm) -> tuple[Floats, Floats, Floats]:
    """Recent mean and the one to expect (units), and the distance of the means of roots in standard errors: series x ends."""
    units, roots = Running(quantity), Running(np.sqrt(quantity))
    short, long, start = beat.windows[1], beat.scale, np.maximum(end - beat.windows[1], 0)
    recent, before = units.mean(end, short), units.mean(start, long)
    known = _counts(units, start, long)
    moved = _others(recent, before)
    spread = np.sqrt(np.maximum(before - roots.mean(start, long) ** 2, 0.25 * (before > 0)))  # a count's is at least 1/2
    error = spread * np.sqrt(1 / np.maximum(_counts(units, end, short), 1) + 1 / np.maximum(known, 1))
    with np.errstate(divide="ignore", invalid="ignore"):
        z = (roots.mean(end, short) - np.sqrt(moved) * roots.mean(start, long)) / error
    ready = (known >= long / 2) & np.isfinite(z)
    return recent, before * moved, np.where(ready, z, 0.0)


def _counts(running: Running, end: Ints, window: int) -> Floats:
    return np.asarray(running.known[:, end] - running.known[:, np.maximum(end - window, 0)])


def _others(recent: Floats, before: Floats) -> Floats:
    """How all other series moved together, from half to double; 1 where there are no others."""
    both = np.isfinite(recent) & np.isfinite(before)
    now, then = np.where(both, recent, 0.0), np.where(both, before, 0.0)
    now, then = now.sum(axis=0) - now, then.sum(axis=0) - then
    return np.asarray(np.clip(np.divide(now, then, out=np.ones(now.shape), where=then > 0), 0.5, 2.0))


def psi(reference: Floats, recent: Floats) -> float:
    """Population stability index of two samples of not negative values: sum (b - a) ln(b / a) over the shares of zero and of
    nine bins with equal shares of the reference's positive values (Siddiqi 2006)."""
    positive = reference[reference > 0]
    inner = np.quantile(positive, np.linspace(0, 1, BINS)[1:-1]) if len(positive) else np.empty(0)
    edges = np.unique(np.concatenate([[0.0], inner]))
    counts = [
        np.bincount(np.searchsorted(edges, values, side="left"), minlength=len(edges) + 1) for values in (reference, recent)
    ]
    before, after = (np.maximum(count, 0.5) / max(count.sum(), 1) for count in counts)  # half a value in an empty bin
    return float(((after - before) * np.log(after / before)).sum())


def drift_alarms(panel: Panel, new: int) -> list[Alarm]:
    """Locations (and the partner as a whole) whose demand, in multiples of each series' own mean, is distributed otherwise than
    in the year before: index above ``PSI`` over the last 13 weeks, 6 months or 28 days. Raised once, when it is passed."""
    end, places = _end(panel), panel.series[LOCATION].astype(str).to_numpy()
    every = [EVERY, *np.unique(places)] if len(np.unique(places)) > 1 else [EVERY]
    out = []
    for place in every:
        rows = np.flatnonzero((places == place) | (place == EVERY))
        now, zeros = _drift(panel, rows, end)
        if now > PSI and end > new and not _drift(panel, rows, new)[0] > PSI:
            expected = (
                f"sizes and gaps as in the year before (index below {PSI}; {100 * zeros[0]:.0f} % of periods without a sale)"
            )
            seen = f"an index of {now:.2f}, {100 * zeros[1]:.0f} % of periods without a sale"
            advice = "check units, the range and the way of ordering; then judge the forecasters anew on the last origins"
            out.append(Alarm("drift", place, EVERY, panel.dates[end - 1].date(), now, expected, seen, advice))
    return out


def _drift(panel: Panel, rows: Ints, end: int) -> tuple[float, tuple[float, float]]:
    """The index at ``end``, and the shares of zeros before and after; 0 where there are too few values."""
    beat = rhythm(panel.calendar)
    start = max(0, end - beat.windows[2])
    before, after = panel.quantity[rows, max(0, start - beat.scale) : start], panel.quantity[rows, start:end]
    known = np.isfinite(before)
    mean = np.where(known, before, 0.0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
    kept = (mean > 0) & (known.sum(axis=1) >= beat.scale / 2)
    old, recent = (part[kept] / mean[kept, None] for part in (before, after))
    old, recent = old[np.isfinite(old)], recent[np.isfinite(recent)]
    if min(len(old), len(recent)) < LEAST_VALUES:
        return 0.0, (0.0, 0.0)
    return psi(old, recent), (float((old == 0).mean()), float((recent == 0).mean()))
