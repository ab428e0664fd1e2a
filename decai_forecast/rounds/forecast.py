"""A partner's steps after the shared training: combine own and shared, then simulate the network on the forecast."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date
from typing import TYPE_CHECKING, Any

from decai_forecast.rounds.check import accepted_frame, required_step
from decai_forecast.rounds.deliver import SEED
from decai_forecast.rounds.federate import SharedModels
from decai_forecast.rounds.round import Round
from decai_forecast.rounds.seat import Seat
from decai_forecast.steps import Done, Writer, run_step

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["combine", "simulate"]

GROWN_ON = 300  # trees of a shared model that own trees are grown on; an average of many partners' trees is too slow for it


def combine(seat: Seat, night: Round) -> Done:
    """Chooses among local, shared and their mean on the choice origins, scores the choice on the test window, forecasts.

    Writes ``forecast.parquet`` (the horizon after the last cut-off, all levels) and ``test.parquet`` (the chosen
    candidate over the test window). The choice never sees the test window.
    """
    trained = required_step(seat, night.id, "train")
    shared = SharedModels(seat.public, night.id)

    def work(writer: Writer) -> Mapping[str, Any]:
        from decai_forecast.demand import choose_groups, chosen, finished, to_levels

        cutoffs = seat.calendar.cutoffs(night.as_of)
        there = {date.fromisoformat(day) for day in trained.facts["cutoffs"]}
        found = {c: _candidates(seat, trained, shared, c, ship=c == cutoffs.ship) for c in cutoffs.all if c in there}
        past = [found[c] for c in cutoffs.choice if c in found]
        choice, last, test = choose_groups(past), found[cutoffs.ship], found.get(cutoffs.test, {})
        name = choice.name if choice.name in last else "local"
        tested = {key: finished(past, test, key) for key in test}
        if test:
            tested["combined"] = finished(past, test, choice)
            writer.frame("test.parquet", tested["combined"])
        forecast = finished([*past, test] if test else past, last, choice)
        writer.frame("forecast.parquet", to_levels(forecast).drop(columns=["actual", "scale", "item_class"]))
        naive = _moving_average(seat, trained, cutoffs.test) if test else None
        band = _total_band([chosen(origin, choice) for origin in past])
        facts = {"choice": asdict(choice) | {"name": name}, "test": _scores(tested), "naive_wape": naive}
        return facts | {"series": len(forecast) // seat.calendar.horizon, "total_band": band}

    return run_step(seat.store, night.id, "combine", [trained.inputs, shared.manifest["models"]], work)


def _candidates(seat: Seat, trained: Done, shared: SharedModels, cutoff: date, *, ship: bool) -> dict[str, pd.DataFrame]:
    from decai_forecast.demand import FEATURES, candidates, implied_mean, predict, predict_on_top, predict_own
    from decai_forecast.federation import validate

    future = trained.frame(seat.store, f"future-{cutoff}.parquet")
    own = {float(q): text for q, text in trained.json(seat.store, f"local-{cutoff}.json").items()}
    local = predict_own(own, trained.json(seat.store, f"mean-{cutoff}.json"), future)
    texts = shared.for_cutoff(cutoff, ship=ship)
    if not texts:
        return candidates(local, None)
    trees = [len(validate(text, FEATURES).trees) for text in texts.values()]  # a malformed text aborts the interpreter
    both = [predict(texts, future)]
    if max(trees) <= GROWN_ON:
        both.append(predict_on_top(texts, trained.frame(seat.store, f"rows-{cutoff}.parquet"), future, seed=SEED))
    return candidates(local, *(frame.assign(mean=implied_mean(frame)) for frame in both))


def _total_band(past: Sequence[pd.DataFrame]) -> list[float]:
    """Where the partner's true total lay against its forecast at the choice origins: the 10 % and 90 % points of the ratio.

    Quantiles of single items do not add up to those of their total; the past errors of the total itself tell its band.
    """
    import numpy as np

    ratios: list[float] = []
    for frame in past:
        totals = frame[frame["actual"].notna()].groupby("date")[["actual", "mean"]].sum()
        ratios += (totals["actual"] / totals["mean"].where(totals["mean"] > 0)).dropna().tolist()
    return [float(np.quantile(ratios, q)) for q in (0.1, 0.9)] if ratios else [1.0, 1.0]


def _moving_average(seat: Seat, trained: Done, cutoff: date) -> float | None:
    """The WAPE of a moving average over the test window: what a planner has for nothing."""
    from decai_forecast.demand import wape

    future = trained.frame(seat.store, f"future-{cutoff}.parquet")
    known = future[future["actual"].notna()]
    actual = known["actual"].to_numpy(float)
    return wape(actual, (known["mean3"] * known["scale"]).to_numpy(float)) if actual.sum() > 0 else None


def _scores(tested: Mapping[str, pd.DataFrame]) -> dict[str, Any]:
    """Scores over the test window, of every candidate and of the chosen one as ``combined``."""
    from decai_forecast.demand import score

    found = {candidate: score(frame) for candidate, frame in tested.items()}
    return {candidate: asdict(scores) for candidate, scores in found.items() if scores is not None}


def simulate(seat: Seat, night: Round) -> Done:
    """Simulates the partner's network over the horizon: as it is, and with each supplier down."""
    combined = required_step(seat, night.id, "combine")
    checked = required_step(seat, night.id, "check")
    inputs = [combined.inputs, checked.inputs, asdict(seat.assumptions)]

    def work(writer: Writer) -> Mapping[str, Any]:
        from decai_forecast.simulation import simulate as run

        forecast = combined.frame(seat.store, "forecast.parquet")
        stock, items = _stock(seat, checked), accepted_frame(seat, checked, "items")
        found = run(forecast, stock, items, seat.assumptions, seat.calendar, seed=SEED)
        writer.json("simulation.json", found.to_json())
        before, after = found.fill_rate, found.worst["network_fill_rate"]
        exposure = f"{found.biggest} {before:.0%} → {after:.0%}"
        return {"exposure": exposure, "stock_delivered": stock is not None, "items_delivered": items is not None}

    return run_step(seat.store, night.id, "simulate", inputs, work)


def _stock(seat: Seat, checked: Done) -> pd.DataFrame | None:
    """The newest stock of each item and location, or None where no stock was delivered."""
    stock = accepted_frame(seat, checked, "stock")
    if stock is None:
        return None
    if "location_id" not in stock:
        stock = stock.assign(location_id="all")
    newest = stock.sort_values("date").groupby(["location_id", "item_id"], as_index=False, observed=True).last()
    return newest[["location_id", "item_id", "on_hand"]]
