"""Sending a participant's report to the targets of its settings; what fails is owed, and tried again the next night."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_exponential

from decai_forecast.delivery import Connection, Credentials
from decai_forecast.errors import DecaiError, StoreError
from decai_forecast.reports.send.book import Book, Entry
from decai_forecast.reports.send.bundle import Bundle, bundle_of
from decai_forecast.reports.send.errors import Unreachable
from decai_forecast.reports.send.folder import put_into_folder
from decai_forecast.reports.send.mail import send_by_mail
from decai_forecast.reports.send.settings import Target
from decai_forecast.reports.send.webhook import post
from decai_forecast.store import Store

__all__ = ["send_report"]

log = logging.getLogger(__name__)
ATTEMPTS = 3  # in one night; the next night tries again
PAUSE, LONGEST_PAUSE = 2.0, 20.0  # seconds before the second attempt; then twice as many, up to the longest


def send_report(
    store: Store,
    participant: str,
    round_id: str,
    targets: Sequence[Target],
    credentials: Credentials,
    *,
    allowed: Sequence[Path] = (),
) -> list[Entry]:
    """Sends the round's report to every target, after what earlier rounds owe it; returns this round's entries.

    Nothing is raised for a target that fails: its entry says why, and the report stays owed. A target that failed once is left
    alone for the rest of the night.
    """
    book, bundle = Book(store), bundle_of(store, participant, round_id)
    for target in targets:
        book.owe(round_id, target.name, target.kind, bundle.digest)
    for target in targets:
        for owed in book.owed(target.name):
            if not _sent(book, store, participant, owed, target, credentials, allowed):
                break
    return book.entries(round_id)


def _sent(
    book: Book, store: Store, participant: str, round_id: str, target: Target, credentials: Credentials, allowed: Sequence[Path]
) -> bool:
    """Whether to go on with this target."""
    try:
        bundle = bundle_of(store, participant, round_id)
    except StoreError as error:  # somebody has emptied the outbox: the other rounds may still go
        log.warning("report of round %s cannot be sent to %s: %s", round_id, target.name, error)
        return True
    entry = book.begin(round_id, target.name, target.kind, bundle.digest)
    if entry is None:
        return True
    try:
        connection = credentials.get(target.connection) if target.connection else Connection()
        _with_patience(target, connection, bundle, allowed)
    except DecaiError as error:
        log.warning("report of round %s: %s", round_id, error)
        book.end(entry, code=error.code, text=str(error))
        return False
    except Exception as error:
        log.debug("sending failed", exc_info=True)  # libraries put addresses and keys into their texts
        book.end(
            entry, code="send_failed", text=f"{target.name}: failed with {type(error).__name__}; see the log at level debug"
        )
        return False
    book.end(entry)
    return True


def _with_patience(target: Target, connection: Connection, bundle: Bundle, allowed: Sequence[Path]) -> None:
    tries = Retrying(
        retry=retry_if_exception_type(Unreachable), stop=stop_after_attempt(ATTEMPTS), reraise=True,
        wait=wait_exponential(PAUSE, max=LONGEST_PAUSE),
    )  # fmt: skip
    tries(_once, target, connection, bundle, allowed)


def _once(target: Target, connection: Connection, bundle: Bundle, allowed: Sequence[Path]) -> None:
    if target.kind == "folder":
        put_into_folder(target, connection, bundle, allowed)
    elif target.kind == "webhook":
        post(target, connection, bundle)
    else:
        send_by_mail(target, connection, bundle)
