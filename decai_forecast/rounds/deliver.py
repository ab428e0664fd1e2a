"""The steps of a partner's delivery: pull, check, train. Each reads the one before and writes its own place only."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from decai_forecast.contracts import Check, Contract, check_delivery
from decai_forecast.delivery import pull as pull_delivery
from decai_forecast.errors import DecaiError, DeliveryError, NotEnoughData
from decai_forecast.rounds.round import Round
from decai_forecast.rounds.seat import DEMAND, Seat
from decai_forecast.steps import Done, Writer, read_done, run_step

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["COUNTED", "Refused", "check", "pull", "required_step", "train"]

COUNTED = ("accepted", "accepted_in_part")  # verdicts with which a partner counts for the quorum
SEED = 7


class Refused(DecaiError):
    """The partner's own contract refuses its demand delivery; the message is the report's first lines."""

    code = "refused"

    def __init__(self, message: str, reason: str) -> None:
        super().__init__(message)
        self.reason = reason


def required_step(seat: Seat, round_id: str, step: str) -> Done:
    """The finished step; :class:`DecaiError` names the one that is missing."""
    done = read_done(seat.store, round_id, step)
    if done is None:
        raise DecaiError(f"{seat.partner}: round {round_id} has no finished step {step!r}; run that one first")
    return done


def pull(seat: Seat, night: Round) -> Done:
    """Gets every contracted data set from the partner's own source, as it stood before ``as_of``.

    Only the demand data set is indispensable: another one that cannot be read is noted with its code.
    """
    contracts = seat.contracts()
    with TemporaryDirectory(prefix="decai-pull-") as folder:
        files, missing = _fetch(seat, contracts, night.as_of, Path(folder))
        inputs = {
            "as_of": night.as_of.isoformat(),
            "contracts": {name: contract.digest for name, contract in sorted(contracts.items())},
            "deliveries": {name: digest for name, (_, digest, _) in sorted(files.items())},
            "missing": missing,
        }

        def work(writer: Writer) -> Mapping[str, Any]:
            for name, (path, _, _) in sorted(files.items()):
                writer.file(f"{name}.parquet", path)
            return inputs | {"rows": {name: rows for name, (_, _, rows) in sorted(files.items())}}

        return run_step(seat.store, night.id, "pull", inputs, work, closed=seat.closed(night.id))


def _fetch(
    seat: Seat, contracts: Mapping[str, Contract], as_of: date, folder: Path
) -> tuple[dict[str, tuple[Path, str, int]], dict[str, str]]:
    files: dict[str, tuple[Path, str, int]] = {}
    missing: dict[str, str] = {}
    for name, contract in sorted(contracts.items()):
        target = folder / f"{name}.parquet"
        try:
            pulled = pull_delivery(contract, seat.base, as_of, target)
        except DeliveryError as error:
            if name == DEMAND:
                raise
            missing[name] = error.code
        else:
            files[name] = (target, pulled.digest, pulled.rows)
    return files, missing


def check(seat: Seat, night: Round) -> Done:
    """Checks every pulled data set against its contract; clean rows and quarantine are kept apart.

    Raises :class:`Refused` when the demand delivery is refused. A delivery that *could not be checked* is our fault, not
    the partner's: that raises too, and leaves the step undone so that it can be repeated.
    """
    contracts, pulled = seat.contracts(), required_step(seat, night.id, "pull")

    def work(writer: Writer) -> Mapping[str, Any]:
        return {"data_sets": {name: _check_one(seat, contracts[name], pulled, night, writer) for name in pulled.facts["rows"]}}

    done = run_step(seat.store, night.id, "check", pulled.inputs, work, closed=seat.closed(night.id))
    verdict = done.facts["data_sets"][DEMAND]
    if verdict["verdict"] not in COUNTED:
        text = done.bytes(seat.store, f"{DEMAND}.txt").decode()
        raise Refused("\n".join(text.splitlines()[:3]), verdict["code"])
    return done


def _check_one(seat: Seat, contract: Contract, pulled: Done, night: Round, writer: Writer) -> dict[str, Any]:
    name = contract.data_set
    with TemporaryDirectory(prefix="decai-check-") as folder, pulled.file(seat.store, f"{name}.parquet") as delivery:
        found: Check = check_delivery(contract, delivery, night.as_of, Path(folder))
        if found.verdict == "not_checked":
            raise DecaiError(
                f"{seat.partner}: {name} could not be checked ({found.code}); the delivery itself may be fine, repeat the step"
            )
        for part in ("clean", "quarantine"):
            if (path := Path(folder) / f"{part}.parquet").exists():
                writer.file(f"{name}-{part}.parquet", path)
    writer.bytes(f"{name}.txt", found.to_text().encode())
    writer.json(f"{name}.json", found.to_json())
    return {"verdict": found.verdict, "rows": found.rows, "quarantined": found.quarantined, "code": found.code}


def accepted_frame(seat: Seat, checked: Done, name: str) -> pd.DataFrame | None:
    """The clean rows of a data set, or None where it is absent or was refused."""
    facts = checked.facts["data_sets"].get(name)
    if facts is None or facts["verdict"] not in COUNTED:
        return None
    return checked.frame(seat.store, f"{name}-clean.parquet")


def train(seat: Seat, night: Round) -> Done:
    """Builds the demand table and trains the local models at every cut-off of the night.

    A cut-off with too little history is left out; without the last one, which ships, :class:`NotEnoughData` is raised.
    """
    from decai_forecast.demand import build_table

    checked = required_step(seat, night.id, "check")
    contract = seat.contracts()[DEMAND]

    def work(writer: Writer) -> Mapping[str, Any]:
        clean = accepted_frame(seat, checked, DEMAND)
        if clean is None:
            raise NotEnoughData(
                f"{seat.partner}: the demand delivery of round {night.id} was refused; there is nothing to train on"
            )
        table = build_table(clean, seat.calendar, night.as_of, missing=contract.missing_periods)
        writer.frame("table.parquet", table)
        cutoffs = [c for c in seat.calendar.cutoffs(night.as_of).all if _train_one(seat, table, c, night, writer)]
        return {"rows": len(clean), "series": _series(table), "cutoffs": [c.isoformat() for c in cutoffs]}

    return run_step(seat.store, night.id, "train", checked.inputs, work, closed=seat.closed(night.id))


def _series(table: pd.DataFrame) -> int:
    return len(table[["location_id", "item_id"]].drop_duplicates())


def _train_one(seat: Seat, table: pd.DataFrame, cutoff: date, night: Round, writer: Writer) -> bool:
    from decai_forecast.demand import prepare, train_local

    try:
        prepared = prepare(table, seat.calendar, cutoff, seed=SEED)
    except NotEnoughData:
        if cutoff == seat.calendar.cutoffs(night.as_of).ship:
            raise
        return False
    models = train_local(prepared.train, seed=SEED)
    writer.frame(f"rows-{cutoff}.parquet", prepared.train)
    writer.frame(f"future-{cutoff}.parquet", prepared.future)
    writer.bytes(f"local-{cutoff}.json", json.dumps({str(q): text for q, text in sorted(models.items())}).encode())
    return True
