"""Pulling one contracted data set: the rows before the data cut-off, in the contract's column names, as Parquet."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from decai_forecast.contracts import Contract
from decai_forecast.contracts.reserved import UNREADABLE
from decai_forecast.delivery.credentials import Credentials, EnvironmentCredentials
from decai_forecast.delivery.errors import SourceFailed
from decai_forecast.delivery.increments import grow
from decai_forecast.delivery.landing import columns_of, connect, land, readable, write_sorted
from decai_forecast.delivery.request import Request
from decai_forecast.delivery.sources import Fetched, fetch
from decai_forecast.delivery.texts import timed_rows
from decai_forecast.errors import DecaiError
from decai_forecast.sql import literal, name, text
from decai_forecast.store import Store, digest_bytes

__all__ = ["Pulled", "pull"]

log = logging.getLogger(__name__)

STEP_DAYS = 31  # the longest period there is, a month: dates that follow each other closer are a calendar, not an error


@dataclass(frozen=True)
class Pulled:
    """What came: rows, newest date (None without a date column), SHA-256 of the file; and what did not come in.

    ``held_back`` rows are dated at or after the data cut-off and wait for a later night; ``unreadable`` rows hold a value
    (or are a line) that is not what the contract says, and go into quarantine. ``extra`` are the source's columns that
    nobody contracted; they stay where they are. ``timed`` rows had a time of day where the contract has a date.
    """

    rows: int
    newest: date | None
    digest: str
    held_back: int = 0
    unreadable: int = 0
    extra: tuple[str, ...] = ()
    timed: int = 0


def pull(
    contract: Contract, base: Path, as_of: date, target: Path, *, state: Store | None = None,
    credentials: Credentials | None = None, allowed: Sequence[Path] = (), closed: Sequence[Path] = (),
) -> Pulled:  # fmt: skip
    """Writes the delivery to ``target``; a relative source path starts at ``base``.

    A file lies below ``base`` or a folder in ``allowed``, links resolved, and never below one in ``closed``.

    Only contracted columns are taken. Rows come sorted by the contract's key, so that equal content gives equal bytes (the
    rows of a text file know their lines: there, equal lines).
    Types are left as the source has them (text is cast as the contract says): judging them is the check's part. ``state``
    is the partner's own store, for what must outlive the night and a crash; without one nothing does. Any fault of the
    source is a :class:`~decai_forecast.errors.DeliveryError` (see ``delivery/errors.py``).
    """
    with TemporaryDirectory(prefix="decai-pull-") as folder:
        scratch = Path(folder)
        keep = state if state is not None else Store(scratch / "state", contract.partner)
        request = Request(
            contract, base, as_of, scratch, credentials or EnvironmentCredentials(), keep,
            allowed=tuple(allowed), closed=tuple(closed),
        )  # fmt: skip
        with _told_plainly(request), closing(connect(scratch)) as con:
            query, fetched = grow(con, request) if request.watermark else _whole(con, request)
            with fetched.reading(), readable(request, fetched):
                found = _written(con, request, query, _extra(con, request, fetched), target)
            fetched.done()
            return found


@contextmanager
def _told_plainly(request: Request) -> Iterator[None]:
    """Whatever a library raises becomes a fault of the delivery: its text may hold an address, a query or a password."""
    try:
        yield
    except DecaiError:
        raise
    except Exception as error:
        log.debug("%s: the pull failed", request.name, exc_info=True)
        raise SourceFailed(
            f"{request.name}: reading the source failed in a way that nobody foresaw ({type(error).__name__}); it is tried "
            "again, and the log at level debug has the details"
        ) from None


def _whole(con: Any, request: Request) -> tuple[str, Fetched]:
    fetched = fetch(request)
    with fetched.reading():
        return land(con, request, fetched), fetched


def _extra(con: Any, request: Request, fetched: Fetched) -> tuple[str, ...]:
    wanted = {column.source_name for column in request.contract.columns}
    return tuple(sorted(set(columns_of(con, request, fetched)) - wanted))


def _written(con: Any, request: Request, query: str, extra: tuple[str, ...], target: Path) -> Pulled:
    kinds = {row[0]: row[1] for row in con.execute(f"DESCRIBE {query}").fetchall()}
    day, later = request.contract.date_column, "FALSE"
    if dated := kinds.get(day, "").startswith(("DATE", "TIMESTAMP")):
        later = f"coalesce({_later(con, request, query)}, FALSE)"  # a row without a date cannot be placed: it comes
    write_sorted(con, request, query, f"WHERE NOT {later}" if dated else "", target)
    held = con.execute(f"SELECT count(*) FROM ({query}) WHERE {later}").fetchone()[0] if dated else 0
    landed, past = f"read_parquet({text(str(target))})", f"{name(day)} < {_cut_off(request)}"
    torn = f"SELECT count(*) FROM {landed} WHERE cardinality({UNREADABLE}) > 0"
    unreadable = con.execute(torn).fetchone()[0] if UNREADABLE in kinds else 0
    newest = f"max({name(day)}) FILTER ({past})" if dated else "NULL"
    rows, last = con.execute(f"SELECT count(*), {newest} FROM {landed}").fetchone()
    last = last.date() if isinstance(last, datetime) else last
    digest = digest_bytes(target.read_bytes())
    return Pulled(int(rows), last, digest, int(held), int(unreadable), extra, timed_rows(con))


def _cut_off(request: Request) -> str:
    return literal(request.as_of)


def _later(con: Any, request: Request, query: str) -> str:
    """SQL: whether a row simply belongs to a later night.

    Its date lies at or after the cut-off, and the dates from there on lead to it in steps of at most ``STEP_DAYS`` (or the
    contract's latency, if that is longer): so a night can be repeated when the source has grown for months. A date beyond a
    longer step is a date from the future. It comes, and breaks the rule that says so; without such a rule it waits too.
    """
    rules, day = request.contract.rules, request.contract.date_column
    later = f"{name(day)} >= {_cut_off(request)}"
    if not any(rule.kind == "future" and rule.column == day for rule in rules):
        return later
    latency = [rule.bound.maximum or 0 for rule in rules if rule.kind == "freshness" and rule.column == day]
    days = f"SELECT DISTINCT CAST({name(day)} AS DATE) AS d FROM ({query}) WHERE {later}"
    steps = f"SELECT d, d - lag(d, 1, {_cut_off(request)}) OVER (ORDER BY d) AS step FROM ({days})"
    edge = con.execute(f"SELECT min(d) FROM ({steps}) WHERE step > {max([STEP_DAYS, *latency])!r}").fetchone()[0]
    return later if edge is None else f"({later} AND {name(day)} < {literal(edge)})"
