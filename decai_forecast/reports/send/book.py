"""What was sent where, and what is still owed: one file per report and target in the participant's own store."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from pydantic import TypeAdapter

from decai_forecast.round import in_time
from decai_forecast.store import Store

__all__ = ["Book", "Entry", "Status"]

LEASE = timedelta(minutes=15)  # longer than an attempt can take: who began one and is still silent is dead


class Status(StrEnum):
    """Whether a target has a report."""

    OWED = "owed"
    SENT = "sent"


@dataclass(frozen=True)
class Entry:
    """``code`` and ``text``: why the last attempt failed, empty where none did."""

    round: str
    target: str
    kind: str
    digest: str  # of the manifest: another one is another report of the same round
    status: Status = Status.OWED
    attempts: int = 0
    code: str = ""
    text: str = ""
    at: str = ""  # of the last attempt, before the first one of when it was owed; UTC


ENTRY = TypeAdapter(Entry)


class Book:
    """Entries lie under ``sent/<round>/<target>/<digest>.json``; a target that is owed a round has a mark under
    ``sent/owed/<target>/`` besides. Several tasks may read and write it at once."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def entries(self, round_id: str) -> list[Entry]:
        """The newest of every target."""
        found = []
        for target in self._store.children(f"sent/{round_id}"):
            names = [name for name in self._store.children(f"sent/{round_id}/{target}") if name.endswith(".json")]
            found += [max((self._read(f"sent/{round_id}/{target}/{name}") for name in names), key=lambda entry: entry.at)]
        return found

    def owed(self, target: str) -> list[str]:
        """The rounds that ``target`` has not got, oldest first."""
        names = self._store.children(f"sent/owed/{target}")
        return in_time(name.removesuffix(".json") for name in names if name.endswith(".json"))

    def owe(self, round_id: str, target: str, kind: str, digest: str) -> None:
        """Notes that ``target`` is to get this report, unless it has it."""
        if self._entry(round_id, target, kind, digest).status is not Status.SENT:
            self._store.write_json(_mark(round_id, target), {})

    def begin(self, round_id: str, target: str, kind: str, digest: str) -> Entry | None:
        """The entry to attempt now; None if it is done, or somebody else is at it."""
        entry = self._entry(round_id, target, kind, digest)
        if entry.status is Status.SENT:
            self._store.remove(_mark(round_id, target))
            return None
        if not self._claimed(entry):
            return None
        if self._entry(round_id, target, kind, digest) == entry:
            return entry
        self._store.remove(_claim(entry))  # whoever held the claim before has finished meanwhile
        return None

    def end(self, entry: Entry, *, code: str = "", text: str = "") -> Entry:
        """Writes down how the attempt went; without a code it was sent."""
        done = replace(
            entry,
            status=Status.OWED if code else Status.SENT,
            attempts=entry.attempts + 1,
            code=code,
            text=text,
            at=_now().isoformat(),
        )
        self._write(done)
        if not code:
            self._store.remove(_mark(entry.round, entry.target))
        self._store.remove(_claim(entry))
        return done

    def _claimed(self, entry: Entry) -> bool:
        key = _claim(entry)
        if self._store.create_bytes(key, _now().isoformat().encode()):
            return True
        if not self._store.exists(key):
            return False
        since = datetime.fromisoformat(self._store.read_bytes(key).decode())
        if _now() - since < LEASE or not self._store.create_bytes(f"{key}-{since:%Y%m%dT%H%M%S%f}", b""):
            return False
        self._store.write_bytes(key, _now().isoformat().encode())  # taken over, by one only, from one that died
        return True

    def _entry(self, round_id: str, target: str, kind: str, digest: str) -> Entry:
        """The entry of this very report, made if it is not there: by one only, so that nobody undoes what another wrote."""
        new = Entry(round_id, target, kind, digest, at=_now().isoformat())
        if not self._store.exists(_key(new)):
            self._store.create_bytes(_key(new), json.dumps(asdict(new), indent=1, sort_keys=True).encode())
        return self._read(_key(new))

    def _read(self, key: str) -> Entry:
        return ENTRY.validate_python(self._store.read_json(key))

    def _write(self, entry: Entry) -> None:
        self._store.write_json(_key(entry), asdict(entry))


def _key(entry: Entry) -> str:
    return f"sent/{entry.round}/{entry.target}/{entry.digest[:16]}.json"


def _mark(round_id: str, target: str) -> str:
    return f"sent/owed/{target}/{round_id}.json"


def _claim(entry: Entry) -> str:
    return f"sent/{entry.round}/{entry.target}/claim"


def _now() -> datetime:
    return datetime.now(UTC)
