"""A partner's step after the shared training: own and shared combined into its forecast."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any

from decai_forecast.code_book import coded_by
from decai_forecast.rounds.check import accepted_frame, clean_key, required_step
from decai_forecast.rounds.earlier import earlier_nights
from decai_forecast.rounds.explained import explained
from decai_forecast.rounds.federate import SharedModels
from decai_forecast.rounds.firsts import Firsts, first_forecasts
from decai_forecast.rounds.planned import overrides_of, planned_facts, scores_of, with_overrides
from decai_forecast.rounds.round import Round
from decai_forecast.rounds.seat import SEED, Seat
from decai_forecast.rounds.worth import worth
from decai_forecast.steps import Done, Writer, run_step

if TYPE_CHECKING:
    import pandas as pd

    from decai_forecast.demand import Choice, SharedBudget

    Candidates = Mapping[str, pd.DataFrame]

__all__ = ["can_forecast", "combine"]

MEDIAN = 0.5
PAST_SERIES = 2000  # that past stock-outs are learned from
ONE_BY_ONE = ("exact", "cyclic")  # their first trees are a model of their own; those of an average are some partners' trees
GROWN_ON = 300  # trees of a shared model that own trees are grown on; an average of many partners' trees is too slow for it


@dataclass(frozen=True)
class _Alone:
    """What a partner has by itself at one cut-off: the rows to forecast, and its own forecast of them (a newcomer has none)."""

    future: pd.DataFrame
    local: pd.DataFrame | None


@dataclass(frozen=True)
class _Origins:
    """The candidates of a night: at the choice origins, over the test window (empty where history does not reach), to ship.
    ``cutoffs``: of those that are judged."""

    cutoffs: Sequence[date]
    choice: Sequence[Candidates]
    test: Candidates
    ship: Candidates

    @property
    def judged(self) -> list[Candidates]:
        """All whose actuals are known, oldest first."""
        return [*self.choice, self.test] if self.test else list(self.choice)


def combine(seat: Seat, night: Round) -> Done:
    """Chooses among the candidates on the choice origins, scores the choice on the test window, forecasts.

    Writes ``forecast.parquet`` (the horizon after the last cut-off, all levels; new items and sites by similarity, overrides of
    planners applied, the model's own numbers beside them), ``hierarchy.parquet`` (totals by category, location and company),
    ``test.parquet`` (the choice over the test window), ``past.parquet`` (what would have shipped at the judged cut-offs, all
    levels; only with a delivery of stock) and ``drivers.json``. Neither choice, of the candidate and of how many of the shared
    trees it uses, sees the test window.
    """
    trained, checked = required_step(seat, night.id, "train"), required_step(seat, night.id, "check")
    shared, said, nights = SharedModels(seat.public, night.id), overrides_of(seat, night), earlier_nights(seat, night)
    used = [shared.manifest["models"], shared.manifest.get("ships")]
    inputs = [trained.inputs, *used, [one.id for one in said], [earlier.key for earlier in nights]]

    def work(writer: Writer) -> Mapping[str, Any]:
        from decai_forecast.demand import Choice, choose_groups

        table = trained.frame(seat.store, "table.parquet")
        alone = _alone(seat, night, trained)
        budget = _budget(seat, night, alone, shared)
        within = shared.within(budget.trees)  # by everything below: candidates, test, what ships, what moves it
        origins = _origins(seat, night, trained, within, alone)
        choice = choose_groups(origins.choice)
        choice = replace(choice, name=choice.name if choice.name in origins.ship else "local")
        if why := trained.facts.get("newcomer"):
            choice = Choice("shared", f"{why}; the shared forecaster from the first day", 0, {})
        firsts = first_forecasts(seat, night, checked, table)
        forecast = with_overrides(_shipped(origins, choice, firsts), said)
        writer.frame("forecast.parquet", forecast)
        writer.frame("hierarchy.parquet", _totals(seat, checked, table, forecast, origins, choice))
        writer.json("drivers.json", _drivers(seat, night, trained, within, choice, forecast))
        facts: dict[str, Any] = {"cutoff": seat.calendar.floor(night.as_of).isoformat(), "choice": asdict(choice)}
        facts |= {"shared_budget": asdict(budget)}
        facts |= _test(seat, night, (trained, checked), table, origins, choice, writer)
        past = _past(origins, choice)
        facts |= {"dependence": _dependence(list(past.values()))}
        if clean_key(checked, "stock") and past:
            writer.frame("past.parquet", _told(past))
        facts |= {"series": len(forecast) // seat.calendar.horizon, "overrides": planned_facts(forecast, said)}
        facts |= {"first": [asdict(one) for one in firsts.series()], "not_forecast": list(firsts.notes)}
        return facts | {"override_scores": scores_of(seat, nights, table)}

    return run_step(seat.store, night.id, "combine", inputs, work)


def can_forecast(seat: Seat, night: Round) -> bool:
    """Whether there is a forecaster for this partner: its own, or for a newcomer one that the network has published."""
    trained = required_step(seat, night.id, "train")
    ship = seat.calendar.floor(night.as_of)
    return not trained.facts.get("newcomer") or SharedModels(seat.public, night.id).for_cutoff(ship, ship=True) is not None


def _alone(seat: Seat, night: Round, trained: Done) -> dict[date, _Alone]:
    """By cut-off, oldest first, of those whose history sufficed."""
    from decai_forecast.demand import predict_own

    found, there = dict[date, _Alone](), set(trained.facts["cutoffs"])
    for cutoff in (c for c in seat.calendar.cutoffs(night.as_of).all if c.isoformat() in there):
        future, own = trained.frame(seat.store, f"future-{cutoff}.parquet"), _own(seat, trained, cutoff)
        found[cutoff] = _Alone(
            future, predict_own(own, trained.json(seat.store, f"mean-{cutoff}.json"), future) if own else None
        )
    return found


def _budget(seat: Seat, night: Round, alone: Mapping[date, _Alone], shared: SharedModels) -> SharedBudget:
    """How many of the shared trees to use; all, unless every model of the night has as many as a budget was measured for."""
    from decai_forecast.demand import FEATURES, TREES, SharedBudget, SharedOrigin, choose_shared_budget
    from decai_forecast.federation import validate

    cutoffs = seat.calendar.cutoffs(night.as_of)
    texts = {cutoff: shared.for_cutoff(cutoff, ship=cutoff == cutoffs.ship) or {} for cutoff in alone}
    names, coded = coded_by(seat.code_book, FEATURES)
    sizes = {len(validate(text, names, coded).trees) for models in texts.values() for text in models.values()}
    if not sizes:
        return SharedBudget(None, "no shared forecaster", 0)
    if sizes != {TREES} or shared.manifest.get("strategy", ONE_BY_ONE[0]) not in ONE_BY_ONE:
        return SharedBudget(None, f"not models of {TREES} trees, each grown on all before it: all trees", 0)
    judged = [(alone[c], texts[c]) for c in cutoffs.choice if c in alone and texts[c]]
    origins = [SharedOrigin(models, one.future, one.local) for one, models in judged if one.local is not None]
    return choose_shared_budget(origins, seed=SEED)


def _origins(seat: Seat, night: Round, trained: Done, shared: SharedModels, alone: Mapping[date, _Alone]) -> _Origins:
    cutoffs = seat.calendar.cutoffs(night.as_of)
    found = {c: _candidates(seat, trained, shared, c, one, ship=c == cutoffs.ship) for c, one in alone.items()}
    judged = [c for c in (*cutoffs.choice, cutoffs.test) if c in found]
    return _Origins(judged, [found[c] for c in cutoffs.choice if c in found], found.get(cutoffs.test, {}), found[cutoffs.ship])


def _shipped(origins: _Origins, choice: Choice, firsts: Firsts) -> pd.DataFrame:
    """All levels in units, with ``reason``: empty where a series was forecast from its own history."""
    import pandas as pd

    from decai_forecast.demand import finished, to_levels

    levels = to_levels(finished(origins.judged, origins.ship, choice)).drop(columns=["actual", "scale", "item_class"])
    parts = [levels.assign(reason=""), *([] if firsts.frame is None else [firsts.frame])]
    return pd.concat(parts, ignore_index=True)


def _totals(
    seat: Seat, checked: Done, table: pd.DataFrame, forecast: pd.DataFrame, origins: _Origins, choice: Choice
) -> pd.DataFrame:
    """What the series add up to, in bands that come from how the totals of the judged origins went."""
    import pandas as pd

    from decai_forecast.demand import LEVELS, chosen
    from decai_forecast.demand.quantiles import name_of
    from decai_forecast.demand.reconcile import totals_of

    known, items = table[["item_id", "category"]], accepted_frame(seat, checked, "items")
    if items is not None and "category" in items:
        known = pd.concat([known, items[["item_id", "category"]].astype(str)])
    groups = known.drop_duplicates("item_id", ignore_index=True)
    keys = ["location_id", "item_id", "date", "h"]
    shown = forecast[[*keys, "mean", *map(name_of, LEVELS)]]
    return totals_of(shown, [chosen(origin, choice) for origin in origins.judged], groups)


def _drivers(
    seat: Seat, night: Round, trained: Done, shared: SharedModels, choice: Choice, forecast: pd.DataFrame
) -> dict[str, Any]:
    ship = seat.calendar.floor(night.as_of)
    own, texts = _own(seat, trained, ship), shared.for_cutoff(ship, ship=True)
    future = trained.frame(seat.store, f"future-{ship}.parquet")
    return explained(own.get(MEDIAN), texts[MEDIAN] if texts else None, choice, future, forecast, seat.calendar.horizon)


def _test(
    seat: Seat,
    night: Round,
    steps: tuple[Done, Done],
    table: pd.DataFrame,
    origins: _Origins,
    choice: Choice,
    writer: Writer,
) -> dict[str, Any]:
    """Over the test window: scores of every candidate, what the choice adds over a moving average, and what that is worth."""
    from decai_forecast.demand import finished

    if not origins.test:
        return {"test": {}, "naive_wape": None, "value_added": None, "money": []}
    trained, checked = steps
    tested = {key: finished(origins.choice, origins.test, key) for key in origins.test}
    tested["combined"] = finished(origins.choice, origins.test, choice)
    writer.frame("test.parquet", tested["combined"])
    future = trained.frame(seat.store, f"future-{seat.calendar.cutoffs(night.as_of).test}.parquet")
    money = worth(seat, night, checked, table, tested)
    return {"test": _scores(tested), "money": money} | _against_naive(tested["combined"], future)


def _past(origins: _Origins, choice: Choice) -> dict[date, pd.DataFrame]:
    """Cut-off -> what the choice would have shipped there, calibrated on the cut-offs before it."""
    from decai_forecast.demand import finished

    judged = origins.judged
    return {cutoff: finished(judged[:k], judged[k], choice) for k, cutoff in enumerate(origins.cutoffs)}


def _told(past: Mapping[date, pd.DataFrame]) -> pd.DataFrame:
    """location_id, item_id, cutoff, date, mean and all levels, of some items if there are many."""
    import pandas as pd

    from decai_forecast.demand import LEVELS, to_levels
    from decai_forecast.demand.quantiles import name_of

    columns = ["location_id", "item_id", "date", "mean", *map(name_of, LEVELS)]
    frames = [to_levels(_some(frame))[columns].assign(cutoff=pd.Timestamp(cutoff)) for cutoff, frame in past.items()]
    return pd.concat(frames, ignore_index=True)


def _some(frame: pd.DataFrame) -> pd.DataFrame:
    """All sites of items evenly apart, so that there are about ``PAST_SERIES`` series: what they teach holds for the others."""
    items = sorted(frame["item_id"].unique())
    series = len(frame[["location_id", "item_id"]].drop_duplicates())
    return frame[frame["item_id"].isin(items[:: max(1, -(-series // PAST_SERIES))])]


def _dependence(past: Sequence[pd.DataFrame]) -> dict[str, Any]:
    """How far demand moved together beyond the forecast at the judged origins."""
    from decai_forecast.demand.quantiles import levels_at_actual
    from decai_forecast.simulation.demand import dependence_of

    known = [frame[frame["actual"].notna()] for frame in past]
    levels = [levels_at_actual(frame) for frame in known]
    return asdict(
        dependence_of([f.assign(level_low=low, level_high=high) for f, (low, high) in zip(known, levels, strict=True)])
    )


def _against_naive(ours: pd.DataFrame, future: pd.DataFrame) -> dict[str, Any]:
    """The WAPE of a moving average, which a planner has for nothing, and the forecast value added over it."""
    from decai_forecast.demand.watch import forecast_value_added

    average = future["mean3"].astype(float) * future["scale"]
    naive = future[["location_id", "item_id", "date", "h"]].assign(q10=average, q50=average, q90=average)
    found = forecast_value_added(ours, naive)
    sold, naive_loss = float(found["actual"].sum()), float(found["loss_naive"].sum())
    if not sold > 0:
        return {"naive_wape": None, "value_added": None}
    added = {"units": float(found["fva"].sum()), "share": float(found["fva"].sum()) / naive_loss if naive_loss > 0 else None}
    added |= {"series": len(found), "better": int((found["fva"] > 0).sum()), "worse": int((found["fva"] < 0).sum())}
    return {"naive_wape": naive_loss / sold, "value_added": added}


def _candidates(
    seat: Seat, trained: Done, shared: SharedModels, cutoff: date, alone: _Alone, *, ship: bool
) -> dict[str, pd.DataFrame]:
    """By name; of a newcomer only ``shared``."""
    from decai_forecast.demand import (
        FEATURES,
        candidate_models,
        candidates,
        implied_mean,
        local_candidates,
        predict,
        predict_on_top,
    )
    from decai_forecast.federation import validate

    future, local = alone.future, alone.local
    texts = shared.for_cutoff(cutoff, ship=ship) or {}
    names, coded = coded_by(seat.code_book, FEATURES)
    trees = [len(validate(text, names, coded).trees) for text in texts.values()]  # a malformed text aborts the interpreter
    found = [predict(texts, future)] if texts else []
    if texts and local is not None and max(trees) <= GROWN_ON:
        found.append(predict_on_top(texts, trained.frame(seat.store, f"rows-{cutoff}.parquet"), future, seed=SEED))
    both = [frame.assign(mean=implied_mean(frame)) for frame in found]
    if local is None:
        return {"shared": both[0]}
    if not both:
        return candidates(local, None)
    all_of_them = candidates(local, *both)
    if models := candidate_models():
        table = trained.frame(seat.store, "table.parquet")
        all_of_them |= local_candidates(models, table, seat.calendar, cutoff, local)
    return all_of_them


def _own(seat: Seat, trained: Done, cutoff: date) -> dict[float, str]:
    """Quantile -> text of the partner's own model; a newcomer has none."""
    if (name := f"local-{cutoff}.json") not in trained.outputs:
        return {}
    return {float(q): text for q, text in trained.json(seat.store, name).items()}


def _scores(tested: Mapping[str, pd.DataFrame]) -> dict[str, Any]:
    """Scores over the test window, of every candidate and of the chosen one as ``combined``."""
    from decai_forecast.demand import score

    found = {candidate: score(frame) for candidate, frame in tested.items()}
    return {candidate: asdict(scores) for candidate, scores in found.items() if scores is not None}
