"""The combination: own, shared, or a blend of both, chosen by each partner on its own rolling origins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

import numpy as np
import pandas as pd

from decai_forecast.demand.calibrate import calibrate
from decai_forecast.demand.candidates import BLENDS, DEFAULT, LOCAL, ON_TOP, all_candidates
from decai_forecast.demand.metrics import Scores, score
from decai_forecast.demand.quantiles import TRAINED, name_of
from decai_forecast.periods import CHOICE_ORIGINS, Calendar

__all__ = ["Choice", "candidates", "choose", "choose_groups", "chosen", "finished", "short_history"]

CLEARLY = 0.01  # what leans on the own model must beat the mean by 1 % of its loss, in most origins
SURELY = 0.05  # all others by 5 %, in every origin: nobody must end up worse than with its own
GROUP_ROWS = 200  # known rows per origin that a group of items needs for a choice of its own
GROUP = "item_class"  # column of the forecast frames


@dataclass(frozen=True)
class Choice:
    """The chosen candidate, why, and the mean WAPE of each candidate over the origins it was chosen on.

    ``groups``: item class -> candidate where it differs.
    """

    name: str
    reason: str
    origins: int
    wape: Mapping[str, float]
    groups: Mapping[str, str] = field(default_factory=dict)


def candidates(local: pd.DataFrame, shared: pd.DataFrame | None, trees: pd.DataFrame | None = None) -> dict[str, pd.DataFrame]:
    """The candidates' forecasts of one cut-off, by name; without a shared one there is only ``local``.

    ``trees``: the shared forecaster with some trees of the partner's own on top.
    """
    if shared is None:
        return {LOCAL: local}
    frames = {name: _blend(local, shared, candidate.shared) for name, candidate in BLENDS.items()}
    return frames | ({ON_TOP: trees} if trees is not None else {})


def _blend(local: pd.DataFrame, shared: pd.DataFrame, weight: float) -> pd.DataFrame:
    """Quantile by quantile: Vincent's average keeps the shape of the distributions, that of probabilities would widen it."""
    if weight in (0.0, 1.0):
        return shared if weight else local
    out = local.copy()
    for name in [n for n in (*map(name_of, TRAINED), "mean") if n in local and n in shared]:
        out[name] = (1 - weight) * local[name].to_numpy(float) + weight * shared[name].to_numpy(float)
    return out


def short_history(first: date, cutoff: date, calendar: Calendar) -> bool:
    """Whether a company that began to record at ``first`` knows less than a year: then others know more than it does."""
    return calendar.between(calendar.floor(first), calendar.floor(cutoff)) < calendar.year


def choose(origins: Sequence[Mapping[str, pd.DataFrame]], *, short: bool = True) -> Choice:
    """Chooses on the candidates of the choice origins (oldest first), never on the test window.

    The mean of own and shared is the default, because three origins tell little and the mean is rarely worse than either.
    To lean on the own model is safe and needs a clear sign; anything else needs a sure one. With fewer than three
    origins it is own, since nothing shows that sharing would not hurt, and for a ``short`` history the mean; where the cut-off
    to forecast has no shared forecaster, the caller is left with local.
    """
    judged = [frames for frames in origins if DEFAULT in frames and score(frames[LOCAL]) is not None]
    there = [name for name in all_candidates() if all(name in frames for frames in judged)] if judged else []
    scores = {name: [_score(frames[name]) for frames in judged] for name in there}
    losses = {name: [(s.wape + s.wql) / 2 for s in values] for name, values in scores.items()}  # the median, and the width
    means = {name: float(np.mean([s.wape for s in values])) for name, values in scores.items()}
    if len(judged) < CHOICE_ORIGINS:
        few = f"{len(judged)} of {CHOICE_ORIGINS} origins to judge on"
        if not short:
            return Choice(LOCAL, f"{few}: the own one, until they show that sharing does not hurt", len(judged), means)
        why = f"{few}, and less than a year of history: the mean of both, or local where there is no shared one"
        return Choice(DEFAULT, why, len(judged), means)
    good = [name for name in there if _convinces(name, losses[name], losses[DEFAULT])]
    if not good:
        return Choice(DEFAULT, "no candidate is clearly better than the mean of both", len(judged), means)
    best = min(good, key=lambda name: (sum(losses[name]), there.index(name)))
    return Choice(best, f"better than the mean of both in {_wins(losses[best], losses[DEFAULT])}", len(judged), means)


def _convinces(name: str, losses: Sequence[float], default: Sequence[float]) -> bool:
    own = name in BLENDS and BLENDS[name].shared < BLENDS[DEFAULT].shared
    wins = sum(one < other for one, other in zip(losses, default, strict=True))
    needed, margin = (len(losses) // 2 + 1, CLEARLY) if own else (len(losses), SURELY)
    return name != DEFAULT and wins >= needed and sum(losses) < (1 - margin) * sum(default)


def _wins(losses: Sequence[float], default: Sequence[float]) -> str:
    wins = sum(one < other for one, other in zip(losses, default, strict=True))
    return f"{wins} of {len(losses)} origins"


def choose_groups(origins: Sequence[Mapping[str, pd.DataFrame]], *, short: bool = True) -> Choice:
    """As :func:`choose`, and a candidate of its own for every item class with enough rows at each origin to bear it."""
    whole = choose(origins, short=short)
    if not origins or any(GROUP not in frames[LOCAL] for frames in origins):
        return whole
    names = sorted(set().union(*(set(frames[LOCAL][GROUP]) for frames in origins)))
    parts = {name: [_of_class(frames, name) for frames in origins] for name in names}
    bear = {name: part for name, part in parts.items() if all(_known(frames[LOCAL]) >= GROUP_ROWS for frames in part)}
    by_class = {name: choose(part, short=short) for name, part in bear.items()}
    judged = {name: one.name for name, one in by_class.items() if one.origins >= CHOICE_ORIGINS}  # others have no say
    different = {name: candidate for name, candidate in judged.items() if candidate not in (whole.name, DEFAULT)}
    return Choice(whole.name, whole.reason, whole.origins, whole.wape, different)


def chosen(frames: Mapping[str, pd.DataFrame], choice: Choice) -> pd.DataFrame:
    """The forecast that ``choice`` picks out of the candidates, per item class where it says so; local where it is absent."""
    out = frames[choice.name if choice.name in frames else LOCAL].copy()
    for name, candidate in choice.groups.items():
        if candidate in frames:
            rows = (out[GROUP] == name).to_numpy()
            columns = [c for c in (*map(name_of, TRAINED), "mean") if c in out]
            out.loc[rows, columns] = frames[candidate].loc[rows, columns].to_numpy()
    return out


def finished(
    past: Sequence[Mapping[str, pd.DataFrame]], frames: Mapping[str, pd.DataFrame], choice: Choice | str
) -> pd.DataFrame:
    """A candidate of ``frames`` (or what ``choice`` picks), calibrated on how the same did at the ``past`` cut-offs."""
    there = [_picked(origin, choice) for origin in past if not isinstance(choice, str) or choice in origin]
    return calibrate(there).apply(_picked(frames, choice))


def _picked(frames: Mapping[str, pd.DataFrame], choice: Choice | str) -> pd.DataFrame:
    return frames[choice] if isinstance(choice, str) else chosen(frames, choice)


def _of_class(frames: Mapping[str, pd.DataFrame], name: str) -> dict[str, pd.DataFrame]:
    return {candidate: frame[(frame[GROUP] == name).to_numpy()] for candidate, frame in frames.items()}


def _known(frame: pd.DataFrame) -> int:
    return int(np.isfinite(frame["actual"].to_numpy(float)).sum())


def _score(forecast: pd.DataFrame) -> Scores:
    scores = score(forecast)
    assert scores is not None  # the rows of all candidates have the same actuals
    return scores
