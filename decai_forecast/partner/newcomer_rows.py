"""What a newcomer's round is made of: rows to forecast with the shared forecaster, and none to train on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from decai_forecast.columns import SERIES
from decai_forecast.contracts import Contract
from decai_forecast.errors import NotEnoughData
from decai_forecast.partner.context import PartnerContext
from decai_forecast.partner.facts import CheckFacts, TrainFacts
from decai_forecast.partner.finished import accepted_frame
from decai_forecast.partner.newcomer import trained_before
from decai_forecast.round import Round
from decai_forecast.steps import Done, Writer

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["series_of", "serve_declared", "serve_young"]


def series_of(table: pd.DataFrame) -> int:
    """How many items at locations the demand table has."""
    return len(table[SERIES].drop_duplicates())


def serve_young(
    company: PartnerContext,
    round: Round,
    table: pd.DataFrame,
    prices: pd.DataFrame | None,
    error: NotEnoughData,
    writer: Writer,
) -> TrainFacts:
    """Writes the rows to forecast of a company with some sales; raises ``error`` if it has trained before, or sold nothing."""
    from decai_forecast.demand.prepare import forecast_rows
    from decai_forecast.reports.words import plural

    if trained_before(company.store, round.id):
        raise error
    ship = company.calendar.floor(round.as_of)
    try:
        future = forecast_rows(table, company.calendar, ship, prices=prices, book=company.code_book)
    except NotEnoughData:
        raise error from None
    writer.frame(f"future-{ship}.parquet", future)
    periods = plural(int(table["date"].nunique()), company.calendar)
    why = f"{periods} of own history do not reach for training"
    return TrainFacts(len(table), series_of(table), (ship,), newcomer=why)


def serve_declared(
    company: PartnerContext, round: Round, checked: Done[CheckFacts], contract: Contract, writer: Writer
) -> TrainFacts:
    """Writes an empty demand table, and rows to forecast that start from the total that the contract declares.

    :class:`NotEnoughData` where nothing is declared, or no items are delivered to spread it over.
    """
    from decai_forecast.demand.newcomers import declared_table
    from decai_forecast.demand.prepare import forecast_rows

    items, locations = (accepted_frame(checked, name) for name in ("items", "locations"))
    whose = f"{company.partner}: round {round.id} has no accepted demand"
    if not contract.expected_demand:
        raise NotEnoughData(f"{whose}; a partner without any declares expectedDemand in its demand contract")
    if items is None:
        raise NotEnoughData(f"{whose}, and no data set items to spread its expectedDemand over; deliver items")
    ship = company.calendar.floor(round.as_of)
    table = declared_table(contract.expected_demand, items, locations, company.calendar, ship, partner=company.partner)
    writer.frame("table.parquet", table.iloc[:0])
    writer.frame(f"future-{ship}.parquet", forecast_rows(table, company.calendar, ship, book=company.code_book))
    count = items["item_id"].nunique()
    why = f"no sales yet: the declared {contract.expected_demand:g} units a period, spread over {count} items"
    return TrainFacts(0, series_of(table), (ship,), newcomer=why)
