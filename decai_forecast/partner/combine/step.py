"""The step: candidates, choice, test, the forecast that ships, and why it is what it is."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

from decai_forecast.columns import KEYS
from decai_forecast.partner.combine.cold_start import ColdStart, cold_start
from decai_forecast.partner.combine.cost import costs_of
from decai_forecast.partner.combine.drivers import explained
from decai_forecast.partner.combine.judged import dependence_of_past, judged, past_forecasts, past_levels
from decai_forecast.partner.combine.origins import Origins, origins_of, shared_tree_count
from decai_forecast.partner.combine.own import alone_of, own_models
from decai_forecast.partner.combine.shared import SharedForecasters
from decai_forecast.partner.context import PartnerContext
from decai_forecast.partner.earlier import earlier_forecasts
from decai_forecast.partner.facts import CHECK, COMBINE, TRAIN, CheckFacts, CombineFacts, TrainFacts
from decai_forecast.partner.finished import accepted_frame, clean_file, required_step
from decai_forecast.partner.notices import Notice, known_channels, tell
from decai_forecast.partner.overrides import effects_of, overrides_in_force, scores_of, with_overrides
from decai_forecast.partner.prices import prices_of
from decai_forecast.partner.trust import Trust
from decai_forecast.periods import Calendar
from decai_forecast.round import Round
from decai_forecast.steps import Done, Writer, run_step

if TYPE_CHECKING:
    import pandas as pd

    from decai_forecast.demand import Choice

__all__ = ["can_forecast", "combine"]

MEDIAN = 0.5


def combine(company: PartnerContext, round: Round) -> Done[CombineFacts]:
    """Chooses among the candidates on the choice origins, scores the choice on the test window, forecasts.

    Writes ``forecast.parquet`` (the horizon after the last cut-off, all levels; new items and sites by similarity, overrides of
    planners applied, the model's own numbers beside them), ``hierarchy.parquet`` (totals by category, location and company),
    ``test.parquet`` (the choice over the test window), ``past.parquet`` (what would have shipped at the judged cut-offs, all
    levels; only with a delivery of stock) and ``drivers.json``. Neither choice, of the candidate and of how many of the shared
    trees it uses, sees the test window.
    """
    trained, checked = required_step(company, round.id, TRAIN), required_step(company, round.id, CHECK)
    store, calendar, book = company.store, company.calendar, company.code_book
    shared, overrides = SharedForecasters.of(company.link, round.id, Trust.of(company)), overrides_in_force(store, round.id)
    earlier = earlier_forecasts(store, calendar, round)
    inputs = [
        trained.inputs,
        *shared.files,
        shared.refused,
        [one.id for one in overrides],
        [one.sha256 for one in earlier],
        _models(),
    ]

    def work(writer: Writer) -> CombineFacts:
        cutoffs, table = calendar.cutoffs(round.as_of), trained.frame("table.parquet")
        alone = alone_of(trained)
        count = shared_tree_count(cutoffs, alone, shared, book)
        within = shared.within(count.trees)  # by everything below: candidates, test, what ships, what moves it
        origins = origins_of(trained, calendar, cutoffs, alone, within, book)
        choice = _choice(origins, trained.facts.newcomer, short=_short(table, cutoffs.ship, calendar))
        new = cold_start(store, calendar, round, checked, table, partner=company.partner, newcomer=bool(trained.facts.newcomer))
        forecast = with_overrides(_shipped(origins, choice, new), overrides)
        tested = judged(origins, choice, alone[cutoffs.test].future if cutoffs.test in alone else None)
        past = past_forecasts(origins, choice)
        writer.frame("forecast.parquet", forecast)
        writer.frame("hierarchy.parquet", _totals(checked, table, forecast, origins, choice))
        writer.json("drivers.json", _drivers(trained, within, choice, forecast, calendar.horizon))
        if tested.forecasts:
            writer.frame("test.parquet", tested.forecasts["combined"])
        if clean_file(checked, "stock") and past:
            writer.frame("past.parquet", past_levels(past))
        return CombineFacts(
            cutoffs.ship, choice, count, len(forecast) // calendar.horizon, dependence_of_past(list(past.values())),
            tested.scores, tested.naive_wape, tested.value_added,
            costs_of(
                tested.forecasts, table, accepted_frame(checked, "items"), calendar, cutoffs.test, company.assumptions,
                prices_of(accepted_frame(checked, "prices"), table),
                dependence_of_past([frame for cutoff, frame in past.items() if cutoff < cutoffs.test]),
            ),
            new.series(), new.notes, effects_of(forecast, overrides), scores_of(store, earlier, table, calendar),
            shared.refused,
        )  # fmt: skip

    done = run_step(store, round.id, COMBINE, inputs, work)
    _tell_refused(company, round, shared)
    return done


def can_forecast(company: PartnerContext, round: Round) -> bool:
    """Whether there is a forecaster for this company: its own, or for a newcomer one that the network has published."""
    trained = required_step(company, round.id, TRAIN)
    if not trained.facts.newcomer:
        return True
    shared = SharedForecasters.of(company.link, round.id, Trust.of(company))
    models = shared.shipped()  # read, and so judged
    _tell_refused(company, round, shared)
    return models is not None


def _tell_refused(company: PartnerContext, round: Round, shared: SharedForecasters) -> None:
    """The company hears of every forecaster that it does not use, and why."""
    store = company.store
    if shared.refused:
        text = "\n".join(shared.refused)
        tell(store, known_channels(store, company.contract_files), Notice(store.owner, round.id, "forecaster", "refused", text))


def _models() -> list[str]:
    """The local models that are candidates, each with what it is made of."""
    from decai_forecast.demand import candidate_models

    return [f"{model.name} {model.version}".rstrip() for model in candidate_models()]


def _short(table: pd.DataFrame, cutoff: date, calendar: Calendar) -> bool:
    from decai_forecast.demand import short_history

    return table.empty or short_history(table["date"].min().date(), cutoff, calendar)


def _choice(origins: Origins, newcomer: str, *, short: bool) -> Choice:
    from decai_forecast.demand import Choice, choose_groups

    if newcomer:
        return Choice("shared", f"{newcomer}; the shared forecaster from the first day", 0, {})
    choice = choose_groups(origins.choice, short=short)
    told = [choice.reason, *(f"{why}; it was no candidate" for why in origins.failed.values())]
    return replace(choice, name=choice.name if choice.name in origins.ship else "local", reason=". ".join(told))


def _shipped(origins: Origins, choice: Choice, new: ColdStart) -> pd.DataFrame:
    """All levels in units, with ``reason``: empty where a series was forecast from its own history."""
    import pandas as pd

    from decai_forecast.demand import finished, to_levels

    levels = to_levels(finished(origins.judged, origins.ship, choice)).drop(columns=["actual", "scale", "item_class"])
    parts = [levels.assign(reason=""), *([] if new.frame is None else [new.frame])]
    return pd.concat(parts, ignore_index=True)


def _totals(
    checked: Done[CheckFacts], table: pd.DataFrame, forecast: pd.DataFrame, origins: Origins, choice: Choice
) -> pd.DataFrame:
    """What the series add up to, in bands that come from how the totals of the judged origins went."""
    import pandas as pd

    from decai_forecast.demand import LEVELS, chosen
    from decai_forecast.demand.quantiles import name_of
    from decai_forecast.demand.reconcile import totals_of

    known, items = table[["item_id", "category"]], accepted_frame(checked, "items")
    if items is not None and "category" in items:
        known = pd.concat([known, items[["item_id", "category"]].astype(str)])
    groups = known.drop_duplicates("item_id", ignore_index=True)
    keys = [*KEYS, "h"]
    shown = forecast[[*keys, "mean", *map(name_of, LEVELS)]]
    return totals_of(shown, [chosen(origin, choice) for origin in origins.judged], groups)


def _drivers(
    trained: Done[TrainFacts], shared: SharedForecasters, choice: Choice, forecast: pd.DataFrame, horizon: int
) -> dict[str, Any]:
    ship = max(trained.facts.cutoffs)
    own, texts = own_models(trained, ship), shared.shipped()
    future = trained.frame(f"future-{ship}.parquet")
    return explained(own.get(MEDIAN), texts[MEDIAN] if texts else None, choice, future, forecast, horizon)
