"""Two steps of a partner's delivery: pull and train; between them stands the check."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from decai_forecast.contracts import Contract
from decai_forecast.delivery import Pulled
from decai_forecast.delivery import pull as pull_delivery
from decai_forecast.delivery.errors import SourceAbsent
from decai_forecast.errors import DeliveryError, NotEnoughData
from decai_forecast.partner.check import accepted_frame, required_step
from decai_forecast.partner.context import DEMAND, SEED, Seat
from decai_forecast.partner.newcomer import may_be_new
from decai_forecast.partner.newcomer_rows import series_of, serve_declared, serve_young
from decai_forecast.partner.notices import Notice, remember_channels, tell
from decai_forecast.round import Round
from decai_forecast.steps import Done, Writer, run_step

if TYPE_CHECKING:
    import pandas as pd

    from decai_forecast.demand import Budget

__all__ = ["pull", "train"]


def pull(seat: Seat, night: Round) -> Done:
    """Gets every contracted data set from the partner's own source, as it stood before ``as_of``.

    Only the demand data set is indispensable (of a newcomer that declares what it expects, not even that): another one that
    cannot be read is noted with its code, and the partner told.
    """
    contracts = seat.contracts()
    remember_channels(seat, contracts)
    with TemporaryDirectory(prefix="decai-pull-") as folder:
        found, missing = _fetch(seat, contracts, night, Path(folder))
        inputs = {
            "as_of": night.as_of.isoformat(),
            "contracts": {name: contract.digest for name, contract in sorted(contracts.items())},
            "deliveries": {name: pulled.digest for name, pulled in sorted(found.items())},
            "missing": {name: error.code for name, error in missing.items()},
        }

        def work(writer: Writer) -> Mapping[str, Any]:
            for name in sorted(found):
                writer.file(f"{name}.parquet", Path(folder) / f"{name}.parquet")
            counted = ("rows", "held_back", "unreadable", "extra", "timed")
            return inputs | {key: {name: getattr(found[name], key) for name in sorted(found)} for key in counted}

        done = run_step(seat.store, night.id, "pull", inputs, work, closed=seat.closed(night.id))
    for name, error in missing.items():
        tell(seat.store, contracts[name].channels, Notice(seat.partner, night.id, name, "not_delivered", str(error)))
    return done


def _fetch(
    seat: Seat, contracts: Mapping[str, Contract], night: Round, folder: Path
) -> tuple[dict[str, Pulled], dict[str, DeliveryError]]:
    found: dict[str, Pulled] = {}
    missing: dict[str, DeliveryError] = {}
    for name, contract in sorted(contracts.items()):
        target = folder / f"{name}.parquet"
        try:
            found[name] = pull_delivery(
                contract, seat.base, night.as_of, target, state=seat.store, credentials=seat.connections,
                allowed=seat.allowed, closed=seat.off_limits,
            )  # fmt: skip
        except DeliveryError as error:
            if name == DEMAND and not (isinstance(error, SourceAbsent) and may_be_new(seat, contract, night.id)):
                raise
            missing[name] = error
    return found, missing


def train(seat: Seat, night: Round) -> Done:
    """Builds the demand table and trains the local models at every cut-off of the night.

    A cut-off with too little history is left out. Without the last one, which ships, a partner that never trained before is a
    newcomer: it gets rows to forecast with the shared forecaster and none to train on. One that did has lost its history:
    :class:`NotEnoughData`, as without anything to forecast from.
    """
    checked = required_step(seat, night.id, "check")
    contract = seat.contracts()[DEMAND]

    def work(writer: Writer) -> Mapping[str, Any]:
        clean = accepted_frame(seat, checked, DEMAND)
        if clean is None or clean.empty:
            return serve_declared(seat, night, checked, contract, writer)
        table, prices = _table(seat, checked, clean, night, contract.missing_periods), accepted_frame(seat, checked, "prices")
        writer.frame("table.parquet", table)
        facts: dict[str, Any] = {"rows": len(clean), "series": series_of(table)}
        try:
            tried = {c: _train_one(seat, table, prices, c, night, writer) for c in seat.calendar.cutoffs(night.as_of).all}
        except NotEnoughData as error:
            return facts | dict(serve_young(seat, night, table, prices, error, writer))
        budgets = {c.isoformat(): asdict(budget) for c, budget in tried.items() if budget is not None}
        return facts | {"cutoffs": list(budgets), "budgets": budgets, "newcomer": ""}

    inputs = [checked.inputs, seat.code_book.to_json()] if seat.code_book else checked.inputs
    return run_step(seat.store, night.id, "train", inputs, work, closed=seat.closed(night.id))


def _table(seat: Seat, checked: Done, clean: pd.DataFrame, night: Round, missing: str) -> pd.DataFrame:
    """The demand table, with what the partner's other data sets say: stock-outs, categories, countries."""
    from decai_forecast.demand import build_table, mark_censored

    others = {name: accepted_frame(seat, checked, name) for name in ("stock", "receipts", "items", "locations")}
    if (stock := others["stock"]) is not None:
        clean = mark_censored(clean, stock, others["receipts"], seat.calendar)
    items, locations = others["items"], others["locations"]
    return build_table(clean, seat.calendar, night.as_of, missing=missing, items=items, locations=locations)


def _train_one(
    seat: Seat, table: pd.DataFrame, prices: pd.DataFrame | None, cutoff: date, night: Round, writer: Writer
) -> Budget | None:
    """Writes models and rows of a cut-off; how many trees the models got, or None where the history is too short."""
    from decai_forecast.demand import prepare, train_own

    try:
        prepared = prepare(table, seat.calendar, cutoff, seed=SEED, prices=prices, book=seat.code_book)
    except NotEnoughData:
        if cutoff == seat.calendar.cutoffs(night.as_of).ship:
            raise
        return None
    own = train_own(prepared.train, seed=SEED)
    writer.frame(f"rows-{cutoff}.parquet", prepared.train)
    writer.frame(f"future-{cutoff}.parquet", prepared.future)
    writer.bytes(f"local-{cutoff}.json", json.dumps({str(q): text for q, text in sorted(own.models.items())}).encode())
    writer.json(f"mean-{cutoff}.json", own.mean)
    return own.budget
