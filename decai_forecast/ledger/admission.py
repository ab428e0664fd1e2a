"""The door of the log: which entries of a company it takes. What is wrong is named and left out, and stops nothing else."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from decai_forecast.errors import LedgerError
from decai_forecast.ledger.statements import BY_COORDINATOR, Head, Statement, read_statement
from decai_forecast.network import COORDINATOR

__all__ = ["AHEAD", "Admitted", "Door", "moment", "written"]

AHEAD = timedelta(minutes=5)  # that clocks may differ
FORM = "%Y-%m-%dT%H:%M:%SZ"


def written(time: datetime) -> str:
    """A moment as statements have it; ``time``: timezone-aware."""
    return time.astimezone(UTC).strftime(FORM)


def moment(text: str) -> datetime:
    """:class:`LedgerError` (``statement_time``) for a day or hour that there is not."""
    try:
        return datetime.strptime(text, FORM).replace(tzinfo=UTC)
    except ValueError:
        raise LedgerError("statement_time", f"{text!r} is no moment") from None


@dataclass(frozen=True)
class Admitted:
    """``entries`` to append, in their order; ``refused``: place in what was sent -> why."""

    entries: tuple[bytes, ...]
    refused: dict[int, LedgerError]


@dataclass(frozen=True)
class Door:
    """Of whom and for what entries come: ``sender`` with the public ``keys`` that are taken of it, in one ``round`` of
    ``network``."""

    network: str
    round: str
    sender: str
    keys: tuple[bytes, ...]
    now: datetime

    def admit(self, entries: Iterable[str]) -> Admitted:
        """Each entry by itself."""
        taken, refused = list[bytes](), dict[int, LedgerError]()
        for place, entry in enumerate(entries):
            try:
                taken.append(self._checked(entry.encode()))
            except LedgerError as error:
                refused[place] = error
        return Admitted(tuple(taken), refused)

    def _checked(self, entry: bytes) -> bytes:
        statement: Statement = read_statement(entry, *self.keys)
        self._check_head(statement.said)
        return entry

    def _check_head(self, said: Head) -> None:
        if said.participant != self.sender:
            raise LedgerError("statement_sender", f"a statement of {said.participant} came from {self.sender}")
        if isinstance(said, BY_COORDINATOR):
            raise LedgerError("statement_sender", f"{self.sender} states what only the {COORDINATOR} can")
        if (said.network, said.round) != (self.network, self.round):
            place = f"round {said.round} of {said.network}"
            raise LedgerError("statement_round", f"{self.sender} sent a statement of {place} for round {self.round}")
        if moment(said.at) > self.now + AHEAD:
            raise LedgerError("statement_time", f"{self.sender} sent a statement of {said.at}, which is in the future")
