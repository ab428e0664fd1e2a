"""Rolling-origin backtest of a whole network on one machine: what local, shared and combined forecasts would have been.

At every origin only what was known then is used: the shared forecaster is trained on the pooled rows before it (which the
lossless federated training is to equal), and a partner's choice and calibration come from earlier origins. The first
``warm`` origins only feed those; the later ones are scored.

All shared trees are used, where a night may use fewer of them for a company: docs/decisions/0013.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field
from datetime import date
from hashlib import sha256
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd

from decai_forecast.columns import DATE, KEYS
from decai_forecast.demand.candidates import COMBINED, LOCAL, SHARED, local_candidates, young_own
from decai_forecast.demand.combine import Choice, candidates, choose_groups, finished, short_history
from decai_forecast.demand.local import fit, predict, predict_on_top, predict_own
from decai_forecast.demand.metrics import with_history
from decai_forecast.demand.models import MODELS, Model, as_frame
from decai_forecast.demand.panel import to_panel
from decai_forecast.demand.prepare import MAX_TRAINING_ROWS, Prepared, forecast_rows, prepare
from decai_forecast.demand.quantiles import levels_at_actual, to_levels
from decai_forecast.demand.shared_mean import fit_shared_mean, with_shared_mean
from decai_forecast.demand.slips import clean_slips, known_panel, slips_of
from decai_forecast.demand.tree_count import train_own
from decai_forecast.errors import ConfigError, NotEnoughData
from decai_forecast.periods import CHOICE_ORIGINS, Calendar

__all__ = ["Backtest", "backtest", "origins_of"]

Progress = Callable[[str], None]
HISTORY = "history"
OWN = (LOCAL, SHARED)  # reported beside the combination, each calibrated on its own past
UNSOLD = "no row has a sale: there is nothing to forecast from"
WORKERS = 2  # origins at work at the same time: one per core of the smallest machine this runs on
Frames = dict[str, pd.DataFrame]


@dataclass(frozen=True)
class Backtest:
    """``forecasts``: one row per partner, origin, model, series and period: ``actual``, ``mean`` and all levels in units,
    ``level_low`` and ``level_high`` (see levels_at_actual), and what the measures need of the history. ``choices``: partner,
    origin, candidate, reason. ``skipped``: partner, origin and why there is no forecast. ``rows``: training rows of the shared
    forecaster by origin. ``slips``: what looks like one, by partner (see slips.py)."""

    forecasts: pd.DataFrame
    choices: pd.DataFrame
    skipped: pd.DataFrame
    rows: Mapping[date, int]
    slips: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=["partner", *KEYS, "delivered", "counted"]))


def origins_of(tables: Mapping[str, pd.DataFrame], calendar: Calendar, count: int) -> tuple[date, ...]:
    """The last ``count`` non-overlapping cut-offs whose horizon is known, oldest first."""
    last = max(table[DATE].max() for table in tables.values()).date()
    end = calendar.add(last, 1)
    return tuple(calendar.add(end, -calendar.horizon * k) for k in range(count, 0, -1))


def backtest(
    tables: Mapping[str, pd.DataFrame],
    calendar: Calendar,
    *,
    origins: int = 6,
    warm: int = CHOICE_ORIGINS,
    seed: int = 7,
    max_rows: int = MAX_TRAINING_ROWS,
    workers: int = WORKERS,
    models: Sequence[Model] | None = None,
    progress: Progress | None = None,
) -> Backtest:
    """Backtests the partners' demand tables (see table.py) at the last ``origins`` cut-offs, ``warm`` more before them.

    ``models``: the local models to run beside, and to choose among where their record says so; None: all. The result is the
    same for every number of workers.
    :class:`ConfigError` without a table or with no origin to score.
    """
    there = {partner: table for partner, table in sorted(tables.items()) if len(table)}
    if not there or origins < 1:
        raise ConfigError("a backtest needs at least one partner with demand and one origin")
    cutoffs = _possible(there, calendar, origins_of(there, calendar, origins + warm))
    with TemporaryDirectory(prefix="decai-backtest-") as name:
        folder = Path(name)
        for partner, table in there.items():
            table.to_parquet(_file(folder, partner), index=False)
        made = _all_origins(
            folder,
            sorted(there),
            calendar,
            cutoffs,
            seed,
            max_rows,
            workers,
            list(MODELS.values()) if models is None else models,
            progress,
        )
        scored = [_partner(partner, there[partner], calendar, made, cutoffs[-origins:]) for partner in sorted(there)]
    skipped = [row for origin in made.values() for row in origin.skipped]
    skipped += [(partner, cutoff, UNSOLD) for partner in sorted(set(tables) - set(there)) for cutoff in cutoffs]
    nobody = pd.DataFrame(columns=["partner", "origin", "model", "actual"])
    return Backtest(
        pd.concat([f for forecasts, _ in scored for f in forecasts] or [nobody], ignore_index=True),
        pd.DataFrame([row for _, choices in scored for row in choices], columns=["partner", "origin", "choice", "reason"]),
        pd.DataFrame(skipped, columns=["partner", "origin", "reason"]),
        {cutoff: origin.rows for cutoff, origin in sorted(made.items())},
        _slips(there, calendar),
    )


def _possible(tables: Mapping[str, pd.DataFrame], calendar: Calendar, cutoffs: Sequence[date]) -> tuple[date, ...]:
    """The cut-offs before which anything is known; :class:`ConfigError` without one."""
    first, last = (sorted(ends(table[DATE]) for table in tables.values()) for ends in (min, max))
    known = tuple(cutoff for cutoff in cutoffs if cutoff > first[0].date())
    if not known:
        count = calendar.between(first[0].date(), last[-1].date()) + 1
        raise ConfigError(
            f"{count} periods of history are no more than the horizon of {calendar.horizon}, so that there is nothing to judge "
            f"by; take a shorter one, such as --horizon {max(1, count // 4)}"
        )
    return known


def _slips(tables: Mapping[str, pd.DataFrame], calendar: Calendar) -> pd.DataFrame:
    found = [slips_of(clean_slips(to_panel(table, calendar))).assign(partner=name) for name, table in tables.items()]
    return pd.concat(found, ignore_index=True)


@dataclass(frozen=True)
class _Origin:
    """At one cut-off, partner -> its candidates, and what stands beside them: local models and HISTORY. ``young``: why a
    partner could not train, and was forecast as a newcomer."""

    candidates: Mapping[str, Frames]
    beside: Mapping[str, Frames]
    skipped: Sequence[tuple[str, date, str]]
    rows: int
    young: Mapping[str, str] = field(default_factory=dict)


def _all_origins(
    folder: Path,
    partners: Sequence[str],
    calendar: Calendar,
    cutoffs: Sequence[date],
    seed: int,
    max_rows: int,
    workers: int,
    models: Sequence[Model],
    progress: Progress | None,
) -> dict[date, _Origin]:
    made: dict[date, _Origin] = {}

    def take(cutoff: date, origin: _Origin) -> None:
        made[cutoff] = origin
        if progress:
            progress(
                f"origin {cutoff}: {len(origin.candidates)} partners, {origin.rows:,} rows ({len(made)} of {len(cutoffs)})"
            )

    if workers == 1:
        for cutoff in cutoffs:
            take(cutoff, _one_origin(folder, partners, calendar, cutoff, seed, max_rows, models))
        return made
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:  # LightGBM must not be forked after use
        jobs = {pool.submit(_one_origin, folder, partners, calendar, c, seed, max_rows, models): c for c in reversed(cutoffs)}
        for job in as_completed(jobs):
            take(jobs[job], job.result())
    return made


def _one_origin(
    folder: Path,
    partners: Sequence[str],
    calendar: Calendar,
    cutoff: date,
    seed: int,
    max_rows: int,
    models: Sequence[Model],
) -> _Origin:
    known = _Known()
    for partner in partners:
        known.add(partner, pd.read_parquet(_file(folder, partner)), calendar, cutoff, seed, max_rows, models)
    pooled = pd.concat([rows.train for rows in known.prepared.values()], ignore_index=True) if known.prepared else None
    shared = None if pooled is None else fit(pooled, seed=seed)
    mean = "" if pooled is None else fit_shared_mean(pooled, seed=seed)
    made = {partner: _candidates(rows, shared or {}, mean, seed) for partner, rows in known.prepared.items()}
    made |= {partner: _newcomer(own, known.future[partner], shared, mean) for partner, own in known.young.items()}
    if choosable := [model for model in models if model.candidate]:
        for partner, frames in made.items():
            table = pd.read_parquet(_file(folder, partner))
            made[partner] = frames | local_candidates(choosable, table, calendar, cutoff, frames[LOCAL])
    return _Origin(made, known.beside, known.skipped, 0 if pooled is None else len(pooled), known.why)


@dataclass
class _Known:
    """What the partners know at a cut-off: rows to train on or, of one too ``young`` for that, its own quantiles and why."""

    prepared: dict[str, Prepared] = field(default_factory=dict)
    young: Frames = field(default_factory=dict)
    why: dict[str, str] = field(default_factory=dict)
    future: Frames = field(default_factory=dict)
    beside: dict[str, Frames] = field(default_factory=dict)
    skipped: list[tuple[str, date, str]] = field(default_factory=list)

    def add(
        self,
        partner: str,
        table: pd.DataFrame,
        calendar: Calendar,
        cutoff: date,
        seed: int,
        max_rows: int,
        models: Sequence[Model],
    ) -> None:
        """One partner more; who has not sold anything yet is skipped."""
        try:
            self.prepared[partner] = prepare(table, calendar, cutoff, seed=seed, max_rows=max_rows)
            self.future[partner] = self.prepared[partner].future
        except NotEnoughData as error:
            try:
                self.future[partner] = forecast_rows(table, calendar, cutoff)
            except NotEnoughData:
                self.skipped.append((partner, cutoff, str(error)))
                return
            self.young[partner] = young_own(table, calendar, cutoff, self.future[partner])
            self.why[partner] = str(error)
        self.beside[partner] = _beside(table, calendar, cutoff, self.future[partner], models)


def _newcomer(own: pd.DataFrame, future: pd.DataFrame, shared: Mapping[float, str] | None, mean: str) -> Frames:
    """Of a company too young to train: its items' own quantiles and, where others trained, the shared forecaster, which is what
    its night ships."""
    if shared is None:
        return candidates(own, None)
    return {LOCAL: own, SHARED: with_shared_mean(predict(shared, future), mean, future)}


def _beside(table: pd.DataFrame, calendar: Calendar, cutoff: date, future: pd.DataFrame, models: Sequence[Model]) -> Frames:
    """The local ``models``, on the rows of ``future`` and with what the measures need of the history, under HISTORY."""
    panel = known_panel(table, calendar, cutoff)
    origin = panel.index(cutoff)
    rows, judged = future[KEYS], future[[*KEYS, "actual"]]
    frames = {
        model.name: judged.merge(as_frame(panel, origin, model.forecast(panel, origin)).drop(columns="actual"), on=KEYS)
        for model in models
    }
    return frames | {HISTORY: with_history(rows.assign(h=future["h"]), panel, origin, _naive_season(calendar))}


def _file(folder: Path, partner: str) -> Path:
    """Where a partner's table lies: its name may hold anything, a slash too."""
    return folder / f"{sha256(partner.encode()).hexdigest()}.parquet"


def _naive_season(calendar: Calendar) -> int:
    """The season of the naive error in MASE and RMSSE: the week of days; otherwise the last period (M5's choice)."""
    return 7 if calendar.frequency == "D" else 1


def _candidates(rows: Prepared, shared: Mapping[float, str], mean: str, seed: int) -> Frames:
    own = train_own(rows.train, seed=seed)
    local = predict_own(own.models, own.mean, rows.future)
    both = (predict(shared, rows.future), predict_on_top(shared, rows.train, rows.future, seed=seed))
    return candidates(local, *(with_shared_mean(frame, mean, rows.future) for frame in both))


def _partner(
    partner: str, table: pd.DataFrame, calendar: Calendar, made: Mapping[date, _Origin], scored: Sequence[date]
) -> tuple[list[pd.DataFrame], list[tuple[str, date, str, str]]]:
    """Goes through the origins in time: what is chosen and calibrated at one comes from those before it."""
    past: list[Frames] = []
    forecasts, choices = [], []
    first = table[DATE].min().date()
    for cutoff in sorted(made):
        origin = made[cutoff]
        if (frames := origin.candidates.get(partner)) is None:
            continue
        known, why = past[-CHOICE_ORIGINS:], origin.young.get(partner, "")
        if cutoff in scored:
            short = short_history(first, cutoff, calendar)
            choice = _of_young(frames, why) if why else choose_groups(known, short=short)
            choices.append((partner, cutoff, _told(choice), choice.reason))
            forecasts += _scored(partner, cutoff, frames, origin.beside[partner], known, choice)
        if not why:  # a night has no past to judge by either before it could train
            past.append(frames)
    return forecasts, choices


def _of_young(frames: Frames, why: str) -> Choice:
    """What the night of a company too young to train ships; where nobody could train, what it knows by itself."""
    name = SHARED if SHARED in frames else LOCAL
    return Choice(name, f"too young to train ({why})", 0, {})


def _told(choice: Choice) -> str:
    return ", ".join([choice.name, *(f"{name}: {candidate}" for name, candidate in sorted(choice.groups.items()))])


def _scored(
    partner: str, cutoff: date, frames: Frames, beside: Frames, past: Sequence[Frames], choice: Choice
) -> list[pd.DataFrame]:
    own = {name: finished(past, frames, name if name in frames else LOCAL) for name in OWN}  # nobody could train: no shared one
    forecasts = own | {COMBINED: finished(past, frames, choice)}
    forecasts |= {name: frame for name, frame in beside.items() if name != HISTORY}
    history = beside[HISTORY].drop(columns="h")
    out = []
    for name, frame in forecasts.items():
        levels = to_levels(frame).drop(columns=["scale", "item_class"], errors="ignore")
        levels["level_low"], levels["level_high"] = levels_at_actual(frame)
        out.append(levels.merge(history, on=KEYS).assign(partner=partner, origin=pd.Timestamp(cutoff), model=name))
    return out
