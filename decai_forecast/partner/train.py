"""The step after the check: the demand table, and the company's own models at every cut-off of the round."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

from decai_forecast.errors import NotEnoughData
from decai_forecast.network import SEED
from decai_forecast.partner.context import DEMAND, PartnerContext
from decai_forecast.partner.facts import CHECK, TRAIN, CheckFacts, TrainFacts
from decai_forecast.partner.finished import accepted_frame, required_step
from decai_forecast.partner.newcomer_rows import series_of, serve_declared, serve_young
from decai_forecast.partner.own_training import earlier_training, own_models, write_trainer
from decai_forecast.round import Round
from decai_forecast.steps import Done, Writer, run_step

if TYPE_CHECKING:
    import pandas as pd

    from decai_forecast.demand import TreeCount

__all__ = ["train"]


def train(company: PartnerContext, round: Round) -> Done[TrainFacts]:
    """Builds the demand table and trains the local models at every cut-off of the round; where an earlier night trained them on
    the very same rows, it takes them over.

    A cut-off with too little history is left out. Without the last one, which ships, a company that never trained before is a
    newcomer: it gets rows to forecast with the shared forecaster and none to train on. One that did has lost its history:
    :class:`NotEnoughData`, as without anything to forecast from.
    """
    checked = required_step(company, round.id, CHECK)
    contract = company.contracts()[DEMAND]

    def work(writer: Writer) -> TrainFacts:
        clean = accepted_frame(checked, DEMAND)
        if clean is None or clean.empty:
            return serve_declared(company, round, checked, contract, writer)
        table, prices = _table(company, checked, clean, round, contract.missing_periods), accepted_frame(checked, "prices")
        writer.frame("table.parquet", table)
        write_trainer(writer)
        cutoffs, earlier = company.calendar.cutoffs(round.as_of).all, earlier_training(company.store, round.id)
        try:
            tried = {c: _train_one(company, table, prices, c, round, writer, earlier) for c in cutoffs}
        except NotEnoughData as error:
            young = serve_young(company, round, table, prices, error, writer)
            return replace(young, rows=len(clean))
        counts = {cutoff: count for cutoff, count in tried.items() if count is not None}
        return TrainFacts(len(clean), series_of(table), tuple(counts), counts)

    inputs = [checked.inputs, company.code_book and company.code_book.to_json()]
    return run_step(company.store, round.id, TRAIN, inputs, work, closed=company.link.closed(round.id))


def _table(company: PartnerContext, checked: Done[CheckFacts], clean: pd.DataFrame, round: Round, missing: str) -> pd.DataFrame:
    """The demand table, with what the company's other data sets say: stock-outs, categories, countries."""
    from decai_forecast.demand import build_table, mark_censored

    others = {name: accepted_frame(checked, name) for name in ("stock", "receipts", "items", "locations")}
    if (stock := others["stock"]) is not None:
        clean = mark_censored(clean, stock, others["receipts"], company.calendar)
    items, locations = others["items"], others["locations"]
    return build_table(clean, company.calendar, round.as_of, missing=missing, items=items, locations=locations)


def _train_one(
    company: PartnerContext,
    table: pd.DataFrame,
    prices: pd.DataFrame | None,
    cutoff: date,
    round: Round,
    writer: Writer,
    earlier: Done[TrainFacts] | None,
) -> TreeCount | None:
    """Writes models and rows of a cut-off; how many trees the models got, or None where the history is too short."""
    from decai_forecast.demand import prepare

    try:
        prepared = prepare(table, company.calendar, cutoff, seed=SEED, prices=prices, book=company.code_book)
    except NotEnoughData:
        if cutoff == company.calendar.cutoffs(round.as_of).ship:
            raise
        return None
    return own_models(prepared, cutoff, earlier, writer)
