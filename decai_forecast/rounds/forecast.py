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


def combine(seat: Seat, night: Round) -> Done:
    """Chooses among local, shared and their mean on the choice origins, scores the choice on the test window, forecasts.

    Writes ``forecast.parquet`` (the horizon after the last cut-off, all levels) and ``test.parquet`` (the chosen
    candidate over the test window). The choice never sees the test window.
    """
    trained = required_step(seat, night.id, "train")
    shared = SharedModels(seat.public, night.id)

    def work(writer: Writer) -> Mapping[str, Any]:
        from decai_forecast.demand import choose, to_levels

        cutoffs = seat.calendar.cutoffs(night.as_of)
        there = {date.fromisoformat(day) for day in trained.facts["cutoffs"]}
        found = {c: _candidates(seat, trained, shared, c, ship=c == cutoffs.ship) for c in cutoffs.all if c in there}
        choice = choose([found[c] for c in cutoffs.choice if c in found])
        last = found[cutoffs.ship]
        series = len(last["local"]) // seat.calendar.horizon
        name = choice.name if choice.name in last else "local"
        test = found.get(cutoffs.test, {})
        writer.frame("forecast.parquet", to_levels(last[name].drop(columns="actual")))
        if test:
            writer.frame("test.parquet", test[name if name in test else "local"])
        naive = _moving_average(seat, trained, cutoffs.test) if test else None
        band = _total_band([found[c] for c in cutoffs.choice if c in found], name)
        facts = {"choice": asdict(choice) | {"name": name}, "test": _scores(test, name), "naive_wape": naive}
        return facts | {"series": series, "total_band": band}

    return run_step(seat.store, night.id, "combine", [trained.inputs, shared.manifest["models"]], work)


def _candidates(seat: Seat, trained: Done, shared: SharedModels, cutoff: date, *, ship: bool) -> dict[str, pd.DataFrame]:
    from decai_forecast.demand import FEATURES, candidates, predict
    from decai_forecast.federation import validate

    future = trained.frame(seat.store, f"future-{cutoff}.parquet")
    own = {float(q): text for q, text in trained.json(seat.store, f"local-{cutoff}.json").items()}
    texts = shared.for_cutoff(cutoff, ship=ship)
    for text in (texts or {}).values():
        validate(text, FEATURES)  # a malformed text aborts the interpreter
    return candidates(predict(own, future), predict(texts, future) if texts else None)


def _total_band(origins: Sequence[Mapping[str, pd.DataFrame]], name: str) -> list[float]:
    """Where the partner's true total lay against its forecast at the choice origins: the 10 % and 90 % points of the ratio.

    Quantiles of single items do not add up to those of their total; the past errors of the total itself tell its band.
    """
    import numpy as np

    from decai_forecast.demand import to_levels

    ratios: list[float] = []
    for found in origins:
        frame = to_levels(found[name if name in found else "local"])
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


def _scores(test: Mapping[str, pd.DataFrame], name: str) -> dict[str, Any]:
    """Scores over the test window, of every candidate and of the chosen one as ``combined``."""
    from decai_forecast.demand import score

    found = {candidate: score(frame) for candidate, frame in test.items()}
    found["combined"] = found.get(name, found.get("local"))
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
