"""Figures 1, 2, 4 and 6: the combination against what a planner would pick, in errors and in money, against our own local
models, and its calibration.

Everything on one set is scored on the same rows: those with a known actual that every peer forecast. Slow peers forecast a
seeded sample of the series; ours is scored on the same sample.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from forecast_orders import order_rows
from forecast_peers import PEERS, SAMPLED, run_peer
from forecast_sets import ORIGINS, DemandSet, load
from harness import figure

from decai_forecast.demand.backtest import backtest
from decai_forecast.demand.metrics import summarise

__all__ = ["Accuracy", "against_local", "against_peers", "calibration", "compare", "run_ours", "run_peers", "table"]

SAMPLE = 300  # series of a set that the slow peers forecast
OURS = ("combined", "shared", "local")
KEYS = ["partner", "unique_id", "date", "origin"]
LOSSES = ["actual", "mean", "q10", "q50", "q90"]
RECURSIVE = "mlforecast_recursive"  # loses to the direct strategy at a third of its cost; with FULL=1 on every set
MEASURES = ["wape", "wql", "rmsse", "bias", "coverage", "pit_coverage", "width", "cost"]
Frames = dict[str, pd.DataFrame]
ALONE = {"iowa": (0.96, 0.94)}  # set -> how far below mlforecast + LightGBM, in WAPE and WQL


@dataclass(frozen=True)
class Accuracy:
    """``scores``: one row per model and partner over all origins, of all series; ``sampled``: the same of the sample;
    ``whole``: one row per model, over all rows; ``orders``: what ordering by each model costs (see forecast_orders.py).
    ``rows`` of the combination, all levels. ``used``: what each peer took."""

    name: str
    scores: pd.DataFrame
    sampled: pd.DataFrame
    whole: pd.DataFrame
    orders: pd.DataFrame
    rows: pd.DataFrame
    used: dict[str, Any]


def run_ours(name: str) -> Frames:
    """Our models over the test origins of a set and, on a sample of the series that those forecast, the slow peers."""
    given = load(name)
    told = partial(print, f"  {name}", flush=True)
    found = backtest(given.tables, given.calendar, origins=ORIGINS, workers=1, models=(), progress=told).forecasts
    ours = found[found["model"].isin(OURS)]
    ours = ours.assign(unique_id=_ids(ours))
    sample = None if full_run() else _sample(_base(ours))
    return {model: ours[ours["model"] == model] for model in OURS} | _run(given, SAMPLED, sample)


def run_peers(name: str) -> Frames:
    """The peers that are quick enough for every series, over the test origins of a set."""
    return _run(load(name), [peer for peer in PEERS if peer not in SAMPLED and _wanted(peer, name)])


def _run(given: DemandSet, peers: Sequence[str], sample: set[str] | None = None) -> Frames:
    on = given.plain if sample is None else given.plain[given.plain["unique_id"].isin(sample)]
    asked = {"horizon": given.calendar.horizon, "frequency": given.frequency, "processes": 1}
    return {name: run_peer(name, on, given.origins, **asked) for name in peers}


def _wanted(peer: str, name: str) -> bool:
    """The recursive strategy is left out where it would cost a third of the hour."""
    return full_run() or peer != RECURSIVE or name != "iowa"


def compare(name: str, found: Frames) -> Accuracy:
    """What :func:`run_ours` and :func:`run_peers` forecast, scored on the same rows."""
    base, quick = _base(found["combined"]), [model for model in found if full_run() or model not in SAMPLED]
    peers = {model: frame for model, frame in found.items() if model not in OURS}
    common = _common(base, [found[model] for model in quick if model in peers])
    some = _common(common[common["unique_id"].isin(_sample(base))], [found[peer] for peer in SAMPLED])
    every = {model: found[model] for model in quick}
    scores, whole = _scores(common, every), _scores(common, every, by=())
    used = {peer: frame.attrs["used"] for peer, frame in peers.items()}
    return Accuracy(name, scores, _scores(some, found), whole, _orders(common, every), common, used)


def _orders(common: pd.DataFrame, models: Frames) -> pd.DataFrame:
    """What is in stock and on its way at an origin is what the moving average sells in a period, whoever orders then."""
    start = models["moving_average"].rename(columns={"ds": "date", "mean": "recent"})
    return order_rows(common.merge(start[[*KEYS, "recent"]], on=KEYS), models)


def _base(ours: pd.DataFrame) -> pd.DataFrame:
    """The rows of the combination that can be scored."""
    return ours[(ours["model"] == "combined") & np.isfinite(ours["actual"])]


def _ids(rows: pd.DataFrame) -> pd.Series:
    return rows["partner"].astype(str) + "|" + rows["location_id"].astype(str) + "|" + rows["item_id"].astype(str)


def _sample(base: pd.DataFrame) -> set[str]:
    """``SAMPLE`` series, the same share of every partner's (at least one each), by a fixed seed."""
    series = base[["partner", "unique_id"]].drop_duplicates().sort_values("unique_id")
    share = min(1.0, SAMPLE / len(series))
    drawn = [own.sample(max(1, round(share * len(own))), random_state=1) for _, own in series.groupby("partner")]
    return set(pd.concat(drawn)["unique_id"])


def _common(base: pd.DataFrame, peers: Sequence[pd.DataFrame]) -> pd.DataFrame:
    rows = base
    for peer in peers:
        rows = rows.merge(peer.rename(columns={"ds": "date"})[KEYS], on=KEYS)
    return rows


def _scores(common: pd.DataFrame, models: dict[str, pd.DataFrame], by: Sequence[str] = ("partner",)) -> pd.DataFrame:
    """One row per model and partner (or model alone), all on the rows of ``common``."""
    known = common[[*KEYS, "location_id", "item_id", "actual", "naive_abs", "naive_square"]]
    frames = []
    for name, frame in models.items():
        own = frame.rename(columns={"ds": "date"})
        extra = [c for c in ("level_low", "level_high") if c in own]
        frames.append(summarise(known.merge(own[[*KEYS, "mean", "q10", "q50", "q90", *extra]], on=KEYS), by=list(by)))
        frames[-1].insert(0, "model", name)
    return pd.concat(frames, ignore_index=True)


def against_peers(found: Accuracy) -> list[dict[str, Any]]:
    """Figure 1: below every peer, and on Iowa by a margin below mlforecast and LightGBM."""
    rows = []
    for metric in ("wape", "wql"):
        for peer in sorted(set(found.sampled["model"]) - set(OURS)):
            scores = found.scores if peer in set(found.scores["model"]) else found.sampled
            means = scores.groupby("model")[metric].mean()
            ours, theirs, most = means["combined"], means[peer], _most(found.name, metric, peer)
            told = f"below {most:g} x" if most < 1 else "below"
            name = f"1-{metric}_against_{peer}-{found.name}"
            rows.append(figure(name, ours, "partner mean", peer, round(theirs, 4), told, bool(ours < most * theirs)))
        whole = found.whole.set_index("model")[metric]
        for peer in sorted(set(whole.index) - set(OURS)):
            ours, theirs = float(whole["combined"]), float(whole[peer])
            name = f"1-{metric}_of_all_rows_against_{peer}-{found.name}"
            rows.append(figure(name, ours, "all rows", peer, round(theirs, 4), "below", ours < theirs))
    return rows


def _most(name: str, metric: str, peer: str) -> float:
    if name not in ALONE or not peer.startswith("mlforecast"):
        return 1.0
    return ALONE[name][metric == "wql"]


def against_local(found: Accuracy) -> list[dict[str, Any]]:
    """Figure 2: who gains from sharing, how much, and who loses."""
    rows = []
    for metric in ("wape", "wql"):
        wide = found.scores.pivot(index="partner", columns="model", values=metric)
        change, helps = wide["combined"] / wide["local"] - 1, wide["shared"].mean() < wide["local"].mean()
        better, gain, worst = float((change < 0).mean()), -float(change.median()), float(change.max())
        told, beats = f"{metric}-{found.name}", "yes" if helps else "no"
        rows += [
            figure(f"2-share_better_{told}", better, "of partners", "own local", None, ">= 0.75", better >= 0.75),
            figure(f"2-median_gain_{told}", gain, "of the loss", "shared mean beats local", beats, ">= 0.04",
                   not helps or gain >= 0.04),
            figure(f"2-worst_{told}", worst, "change", str(change.idxmax()), None, "<= 0.01", worst <= 0.01),
        ]  # fmt: skip
    return rows


def calibration(found: Accuracy) -> list[dict[str, Any]]:
    """Figure 4: does the 80 % interval hold, for the set and for its partners, and is each level where it says."""
    whole = summarise(found.rows).iloc[0]
    each = summarise(found.rows, by=["partner"])["pit_coverage"]
    inside = float(each.between(0.70, 0.90).mean())
    raw, width = f"raw coverage {whole['coverage']:.3f}", f"mean width {whole['width']:.3f} of the mean actual"
    covered = float(whole["pit_coverage"])
    rows = [
        figure(
            f"4-pit_coverage-{found.name}", covered, "of rows", f"{raw}, {width}", None, "0.77..0.83", 0.77 <= covered <= 0.83
        ),
        figure(f"4-partners_covered-{found.name}", inside, "of partners", "70..90 %", None, ">= 0.9", inside >= 0.9),
    ]
    for level in (10, 50, 90):
        below, upto = float(whole[f"below_q{level}"]), float(whole[f"upto_q{level}"])
        rows += [
            figure(f"4-below_q{level}-{found.name}", below, "of rows", "", None, f"<= {level / 100 + 0.03:.2f}",
                   below <= level / 100 + 0.03),
            figure(f"4-upto_q{level}-{found.name}", upto, "of rows", "", None, f">= {level / 100 - 0.03:.2f}",
                   upto >= level / 100 - 0.03),
        ]  # fmt: skip
    return rows


def table(found: Accuracy) -> list[dict[str, Any]]:
    """Partner means of every measure, and those over all rows: ours beside every peer, on all series and on the sample."""
    parts = {"all rows": found.whole, "all series": found.scores, "sample": found.sampled}
    return [
        {"set": found.name, "of": of, "model": model} | {m: round(float(v), 4) for m, v in row.items()}
        for of, scores in parts.items()
        for model, row in scores.groupby("model")[MEASURES].mean().iterrows()
    ]


def full_run() -> bool:
    """Whether the sample is lifted: ``FULL=1``."""
    return os.environ.get("FULL", "") == "1"
