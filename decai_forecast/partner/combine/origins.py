"""The candidates of a round at each of its cut-offs: own, shared, and what can be made of both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

from decai_forecast.code_book import CodeBook, coded_by
from decai_forecast.errors import ModelFailed
from decai_forecast.network import SEED
from decai_forecast.partner.combine.own import Alone
from decai_forecast.partner.combine.shared import SharedForecasters, Texts
from decai_forecast.partner.facts import TrainFacts
from decai_forecast.periods import Calendar, Cutoffs
from decai_forecast.steps import Done
from decai_forecast.strategies import DEFAULT, strategy_of

if TYPE_CHECKING:
    import pandas as pd

    from decai_forecast.demand import SharedTreeCount

    Candidates = Mapping[str, pd.DataFrame]

__all__ = ["Origins", "origins_of", "shared_tree_count"]

MOST_TREES_BELOW = 300  # of a shared model, for own trees on top of it: more take too long to score the training rows


@dataclass(frozen=True)
class Origins:
    """The candidates by name: at the choice origins, over the test window (empty where history does not reach), to ship.
    ``cutoffs``: of those that are judged. ``failed``: models that are no candidates tonight, and why."""

    cutoffs: Sequence[date]
    choice: Sequence[Candidates]
    test: Candidates
    ship: Candidates
    failed: Mapping[str, str] = field(default_factory=dict)

    @property
    def judged(self) -> list[Candidates]:
        """All whose actuals are known, oldest first."""
        return [*self.choice, self.test] if self.test else list(self.choice)


def shared_tree_count(
    cutoffs: Cutoffs, alone: Mapping[date, Alone], shared: SharedForecasters, book: CodeBook | None
) -> SharedTreeCount:
    """How many of the shared trees to use; all, unless every model of the round has as many as a choice was measured for."""
    from decai_forecast.demand import TREES, SharedOrigin, SharedTreeCount, choose_shared_tree_count

    texts = {cutoff: _texts(shared, cutoff, cutoffs) for cutoff in alone}
    sizes = {count for models in texts.values() for count in _tree_counts(models, book)}
    if not sizes:
        return SharedTreeCount(None, "no shared forecaster", 0)
    if sizes != {TREES} or not strategy_of(shared.published.strategy or DEFAULT).first_trees_are_a_model:
        return SharedTreeCount(None, f"not models of {TREES} trees, each grown on all before it: all trees", 0)
    judged = [(alone[c], texts[c]) for c in cutoffs.choice if c in alone and texts[c]]
    origins = [SharedOrigin(models, one.future, one.local) for one, models in judged if one.local is not None]
    return choose_shared_tree_count(origins, seed=SEED)


def origins_of(
    trained: Done[TrainFacts],
    calendar: Calendar,
    cutoffs: Cutoffs,
    alone: Mapping[date, Alone],
    shared: SharedForecasters,
    book: CodeBook | None,
) -> Origins:
    """The candidates at all cut-offs that have rows to forecast.

    The shared mean is one kind of mean at all of them: calibration learns from the earlier ones how far off it is. A local
    model that fails at one of them is a candidate at none.
    """
    texts = {c: _texts(shared, c, cutoffs) for c in alone}
    means = {c: _mean(shared, c, cutoffs, book) for c in alone}
    whole = all(means[c] for c in alone if texts[c])
    made = {c: _candidates(trained, c, one, texts[c], means[c] if whole else "", book) for c, one in alone.items()}
    failed = _with_models(made, trained, calendar, alone)
    judged = [c for c in (*cutoffs.choice, cutoffs.test) if c in made]
    choice, test = [made[c] for c in cutoffs.choice if c in made], made.get(cutoffs.test, {})
    return Origins(judged, choice, test, made[cutoffs.ship], failed)


def _with_models(
    made: Mapping[date, dict[str, pd.DataFrame]], trained: Done[TrainFacts], calendar: Calendar, alone: Mapping[date, Alone]
) -> dict[str, str]:
    """Adds the local models of the night where there is a shared forecaster to choose against; those that failed, and why."""
    from decai_forecast.demand import candidate_models, local_candidates

    models, failed = candidate_models(), dict[str, str]()
    there = {c: own for c, one in alone.items() if (own := one.local) is not None and len(made[c]) > 1}
    if not (models and there):
        return failed
    table = trained.frame("table.parquet")
    for model in models:
        try:
            frames = {c: local_candidates([model], table, calendar, c, own)[model.name] for c, own in there.items()}
        except ModelFailed as error:
            failed[model.name] = str(error)
            continue
        for c, frame in frames.items():
            made[c][model.name] = frame
    return failed


def _texts(shared: SharedForecasters, cutoff: date, cutoffs: Cutoffs) -> Texts:
    """The shared models for a cut-off: to ship, those in use; empty where there are none."""
    return (shared.shipped() if cutoff == cutoffs.ship else shared.at(cutoff)) or {}


def _mean(shared: SharedForecasters, cutoff: date, cutoffs: Cutoffs, book: CodeBook | None) -> str:
    """The text of the shared mean for a cut-off, as :func:`_texts`, validated; empty where there is none."""
    from decai_forecast.demand import FEATURES
    from decai_forecast.federation import MEAN_OBJECTIVE, validate

    text = shared.shipped_mean() if cutoff == cutoffs.ship else shared.mean_at(cutoff)
    if text:
        validate(text, *coded_by(book, FEATURES), MEAN_OBJECTIVE)
    return text


def _tree_counts(texts: Texts, book: CodeBook | None) -> list[int]:
    """Of each model; each is validated first, since a malformed text aborts the interpreter."""
    from decai_forecast.demand import FEATURES
    from decai_forecast.federation import validate

    names, coded = coded_by(book, FEATURES)
    return [len(validate(text, names, coded).trees) for text in texts.values()]


def _candidates(
    trained: Done[TrainFacts],
    cutoff: date,
    alone: Alone,
    texts: Texts,
    mean: str,
    book: CodeBook | None,
) -> dict[str, pd.DataFrame]:
    """By name; of a newcomer only ``shared``."""
    from decai_forecast.demand import candidates, predict, predict_on_top, with_shared_mean

    future, local, trees = alone.future, alone.local, _tree_counts(texts, book)
    forecasts = [predict(texts, future)] if texts else []
    if texts and local is not None and max(trees) <= MOST_TREES_BELOW:
        forecasts.append(predict_on_top(texts, trained.frame(f"rows-{cutoff}.parquet"), future, seed=SEED))
    shared = [with_shared_mean(frame, mean, future) for frame in forecasts]
    if local is None:
        return {"shared": shared[0]}
    if not shared:
        return candidates(local, None)
    return candidates(local, *shared)
