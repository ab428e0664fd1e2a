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
from decai_forecast.partner.context import DEMAND, SEED, PartnerContext
from decai_forecast.partner.newcomer import may_be_new
from decai_forecast.partner.newcomer_rows import series_of, serve_declared, serve_young
from decai_forecast.partner.notices import Notice, remember_channels, tell
from decai_forecast.round import Round
from decai_forecast.steps import Done, Writer, run_step

if TYPE_CHECKING:
    import pandas as pd

    from decai_forecast.demand import Budget

__all__ = ["pull", "train"]


def pull(company: PartnerContext, round: Round) -> Done:
    """Gets every contracted data set from the partner's own source, as it stood before ``as_of``.

    Only the demand data set is indispensable (of a newcomer that declares what it expects, not even that): another one that
    cannot be read is noted with its code, and the partner told.
    """
    contracts = company.contracts()
    remember_channels(company, contracts)
    with TemporaryDirectory(prefix="decai-pull-") as folder:
        found, missing = _fetch(company, contracts, round, Path(folder))
        inputs = {
            "as_of": round.as_of.isoformat(),
            "contracts": {name: contract.digest for name, contract in sorted(contracts.items())},
            "deliveries": {name: pulled.digest for name, pulled in sorted(found.items())},
            "missing": {name: error.code for name, error in missing.items()},
        }

        def work(writer: Writer) -> Mapping[str, Any]:
            for name in sorted(found):
                writer.file(f"{name}.parquet", Path(folder) / f"{name}.parquet")
            counted = ("rows", "held_back", "unreadable", "extra", "timed")
            return inputs | {key: {name: getattr(found[name], key) for name in sorted(found)} for key in counted}

        done = run_step(company.store, round.id, "pull", inputs, work, closed=company.closed(round.id))
    for name, error in missing.items():
        tell(company.store, contracts[name].channels, Notice(company.partner, round.id, name, "not_delivered", str(error)))
    return done


def _fetch(
    company: PartnerContext, contracts: Mapping[str, Contract], round: Round, folder: Path
) -> tuple[dict[str, Pulled], dict[str, DeliveryError]]:
    found: dict[str, Pulled] = {}
    missing: dict[str, DeliveryError] = {}
    for name, contract in sorted(contracts.items()):
        target = folder / f"{name}.parquet"
        try:
            found[name] = pull_delivery(
                contract, company.base, round.as_of, target, state=company.store, credentials=company.connections,
                allowed=company.allowed, closed=company.off_limits,
            )  # fmt: skip
        except DeliveryError as error:
            if name == DEMAND and not (isinstance(error, SourceAbsent) and may_be_new(company, contract, round.id)):
                raise
            missing[name] = error
    return found, missing


def train(company: PartnerContext, round: Round) -> Done:
    """Builds the demand table and trains the local models at every cut-off of the night.

    A cut-off with too little history is left out. Without the last one, which ships, a partner that never trained before is a
    newcomer: it gets rows to forecast with the shared forecaster and none to train on. One that did has lost its history:
    :class:`NotEnoughData`, as without anything to forecast from.
    """
    checked = required_step(company, round.id, "check")
    contract = company.contracts()[DEMAND]

    def work(writer: Writer) -> Mapping[str, Any]:
        clean = accepted_frame(company, checked, DEMAND)
        if clean is None or clean.empty:
            return serve_declared(company, round, checked, contract, writer)
        table, prices = _table(company, checked, clean, round, contract.missing_periods), accepted_frame(company, checked, "prices")
        writer.frame("table.parquet", table)
        facts: dict[str, Any] = {"rows": len(clean), "series": series_of(table)}
        try:
            tried = {c: _train_one(company, table, prices, c, round, writer) for c in company.calendar.cutoffs(round.as_of).all}
        except NotEnoughData as error:
            return facts | dict(serve_young(company, round, table, prices, error, writer))
        budgets = {c.isoformat(): asdict(budget) for c, budget in tried.items() if budget is not None}
        return facts | {"cutoffs": list(budgets), "budgets": budgets, "newcomer": ""}

    inputs = [checked.inputs, company.code_book.to_json()] if company.code_book else checked.inputs
    return run_step(company.store, round.id, "train", inputs, work, closed=company.closed(round.id))


def _table(company: PartnerContext, checked: Done, clean: pd.DataFrame, round: Round, missing: str) -> pd.DataFrame:
    """The demand table, with what the partner's other data sets say: stock-outs, categories, countries."""
    from decai_forecast.demand import build_table, mark_censored

    others = {name: accepted_frame(company, checked, name) for name in ("stock", "receipts", "items", "locations")}
    if (stock := others["stock"]) is not None:
        clean = mark_censored(clean, stock, others["receipts"], company.calendar)
    items, locations = others["items"], others["locations"]
    return build_table(clean, company.calendar, round.as_of, missing=missing, items=items, locations=locations)


def _train_one(
    company: PartnerContext, table: pd.DataFrame, prices: pd.DataFrame | None, cutoff: date, round: Round, writer: Writer
) -> Budget | None:
    """Writes models and rows of a cut-off; how many trees the models got, or None where the history is too short."""
    from decai_forecast.demand import prepare, train_own

    try:
        prepared = prepare(table, company.calendar, cutoff, seed=SEED, prices=prices, book=company.code_book)
    except NotEnoughData:
        if cutoff == company.calendar.cutoffs(round.as_of).ship:
            raise
        return None
    own = train_own(prepared.train, seed=SEED)
    writer.frame(f"rows-{cutoff}.parquet", prepared.train)
    writer.frame(f"future-{cutoff}.parquet", prepared.future)
    writer.bytes(f"local-{cutoff}.json", json.dumps({str(q): text for q, text in sorted(own.models.items())}).encode())
    writer.json(f"mean-{cutoff}.json", own.mean)
    return own.budget
