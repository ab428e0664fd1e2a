"""What the choice is worth over the test window, which neither training nor choice has seen; and what the past teaches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from decai_forecast.columns import KEYS, SERIES
from decai_forecast.partner.combine.origins import Origins
from decai_forecast.partner.facts import ValueAdded

if TYPE_CHECKING:
    import pandas as pd

    from decai_forecast.demand import Choice, Scores
    from decai_forecast.simulation.demand import Dependence

__all__ = ["Judged", "dependence_of_past", "judged", "past_forecasts", "past_levels"]

PAST_SERIES = 2000  # that past stock-outs are learned from


@dataclass(frozen=True)
class Judged:
    """Over the test window: ``forecasts`` and ``scores`` of every candidate and, as ``combined``, of the choice; the error of a
    moving average, and what the choice adds over it. Empty where history does not reach."""

    forecasts: Mapping[str, pd.DataFrame]
    scores: Mapping[str, Scores]
    naive_wape: float | None = None
    value_added: ValueAdded | None = None


def judged(origins: Origins, choice: Choice, future: pd.DataFrame | None) -> Judged:
    """``future``: the rows that were forecast over the test window."""
    from decai_forecast.demand import finished, score

    if not origins.test or future is None:
        return Judged({}, {})
    tested = {key: finished(origins.choice, origins.test, key) for key in origins.test}
    tested["combined"] = finished(origins.choice, origins.test, choice)
    scores = {name: scored for name, frame in tested.items() if (scored := score(frame)) is not None}
    return Judged(tested, scores, *_against_naive(tested["combined"], future))


def _against_naive(ours: pd.DataFrame, future: pd.DataFrame) -> tuple[float | None, ValueAdded | None]:
    """The WAPE of a moving average, which a planner has for nothing, and the forecast value added over it."""
    from decai_forecast.demand.watch import forecast_value_added

    average = future["mean3"].astype(float) * future["scale"]
    naive = future[[*KEYS, "h"]].assign(q10=average, q50=average, q90=average)
    added = forecast_value_added(ours, naive)
    sold, naive_loss, units = (float(added[name].sum()) for name in ("actual", "loss_naive", "fva"))
    if not sold > 0:
        return None, None
    better, worse = int((added["fva"] > 0).sum()), int((added["fva"] < 0).sum())
    return naive_loss / sold, ValueAdded(units, units / naive_loss if naive_loss > 0 else None, len(added), better, worse)


def past_forecasts(origins: Origins, choice: Choice) -> dict[date, pd.DataFrame]:
    """Cut-off -> what the choice would have shipped there, calibrated on the cut-offs before it."""
    from decai_forecast.demand import finished

    candidates = origins.judged
    return {cutoff: finished(candidates[:k], candidates[k], choice) for k, cutoff in enumerate(origins.cutoffs)}


def past_levels(past: Mapping[date, pd.DataFrame]) -> pd.DataFrame:
    """location_id, item_id, cutoff, date, mean and all levels, of some items if there are many."""
    import pandas as pd

    from decai_forecast.demand import LEVELS, to_levels
    from decai_forecast.demand.quantiles import name_of

    columns = [*KEYS, "mean", *map(name_of, LEVELS)]
    frames = [to_levels(_some(frame))[columns].assign(cutoff=pd.Timestamp(cutoff)) for cutoff, frame in past.items()]
    return pd.concat(frames, ignore_index=True)


def _some(frame: pd.DataFrame) -> pd.DataFrame:
    """All sites of items evenly apart, so that there are about ``PAST_SERIES`` series: what they teach holds for the others."""
    items = sorted(frame["item_id"].unique())
    series = len(frame[SERIES].drop_duplicates())
    return frame[frame["item_id"].isin(items[:: max(1, -(-series // PAST_SERIES))])]


def dependence_of_past(past: Sequence[pd.DataFrame]) -> Dependence:
    """How far demand moved together beyond the forecast at the judged origins."""
    from decai_forecast.demand.quantiles import levels_at_actual
    from decai_forecast.simulation.demand import dependence_of

    known = [frame[frame["actual"].notna()] for frame in past]
    levels = [levels_at_actual(frame) for frame in known]
    return dependence_of([f.assign(level_low=low, level_high=high) for f, (low, high) in zip(known, levels, strict=True)])
