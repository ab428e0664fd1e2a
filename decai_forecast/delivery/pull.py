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
from decai_forecast.delivery.credentials import Credentials, EnvironmentCredentials
from decai_forecast.delivery.errors import SourceFailed
from decai_forecast.delivery.increments import grow
from decai_forecast.delivery.landing import columns_of, connect, land, write_sorted
from decai_forecast.delivery.request import Request
from decai_forecast.delivery.sources import Fetched, fetch
from decai_forecast.errors import DecaiError
from decai_forecast.sql import name, text
from decai_forecast.store import Store, digest_bytes

__all__ = ["Pulled", "pull"]

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Pulled:
    """What came: rows, newest date (None without a date column), SHA-256 of the file; and what did not come in.

    ``held_back`` rows are dated at or after the data cut-off and wait for a later night; ``unreadable`` rows hold a value
    (or are a line) that is not what the contract says, and go into quarantine. ``extra`` are the source's columns that
    nobody contracted; they stay where they are.
    """

    rows: int
    newest: date | None
    digest: str
    held_back: int = 0
    unreadable: int = 0
    extra: tuple[str, ...] = ()


def pull(
    contract: Contract, base: Path, as_of: date, target: Path, *, state: Store | None = None,
    credentials: Credentials | None = None, allowed: Sequence[Path] = (), closed: Sequence[Path] = (),
) -> Pulled:  # fmt: skip
    """Writes the delivery to ``target``; a relative source path starts at ``base``.

    A file lies below ``base`` or a folder in ``allowed``, links resolved, and never below one in ``closed``.

    Only contracted columns are taken. Rows come sorted by the contract's key, so that equal content gives equal bytes.
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
    have = {row[0] for row in con.execute(f"DESCRIBE {query}").fetchall()}
    day = request.contract.date_column
    dated = day in have
    before = f"{name(day)} < DATE '{request.as_of.isoformat()}'"  # a row without a date cannot be placed: it comes
    write_sorted(con, request, query, f"WHERE {name(day)} IS NULL OR {before}" if dated else "", target)
    held = con.execute(f"SELECT count(*) FROM ({query}) WHERE NOT {before}").fetchone()[0] if dated else 0
    landed = f"read_parquet({text(str(target))})"
    torn = f"SELECT count(*) FROM {landed} WHERE cardinality(_unreadable) > 0"
    unreadable = con.execute(torn).fetchone()[0] if "_unreadable" in have else 0
    rows, last = con.execute(f"SELECT count(*), {f'max({name(day)})' if dated else 'NULL'} FROM {landed}").fetchone()
    newest = last.date() if isinstance(last, datetime) else last if isinstance(last, date) else None
    return Pulled(int(rows), newest, digest_bytes(target.read_bytes()), int(held), int(unreadable), extra)
