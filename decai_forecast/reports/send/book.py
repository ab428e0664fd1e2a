"""What was sent where, and what is still owed: one file per round and target in the participant's own store."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta

from decai_forecast.store import Store

__all__ = ["OWED", "SENT", "Book", "Entry"]

OWED, SENT = "owed", "sent"
LEASE = timedelta(minutes=15)  # longer than an attempt can take: who began one and is still silent is dead


@dataclass(frozen=True)
class Entry:
    """``code`` and ``text``: why the last attempt failed, empty where none did."""

    round: str
    target: str
    kind: str
    digest: str  # of the manifest: another one is another report of the same round
    status: str = OWED
    attempts: int = 0
    code: str = ""
    text: str = ""
    at: str = ""  # of the last attempt, UTC


class Book:
    """Entries lie under ``sent/<round>/<target>.json``; those owed have a mark under ``sent/owed/<target>/`` besides."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def entries(self, round_id: str) -> list[Entry]:
        names = [name for name in self._store.children(f"sent/{round_id}") if name.endswith(".json")]
        return [Entry(**self._store.read_json(f"sent/{round_id}/{name}")) for name in names]

    def owed(self, target: str) -> list[str]:
        """The rounds that ``target`` has not got, oldest first."""
        return [name.removesuffix(".json") for name in self._store.children(f"sent/owed/{target}")]

    def owe(self, round_id: str, target: str, kind: str, digest: str) -> None:
        """Notes that ``target`` is to get this report, unless it has it. A newer report of the round replaces the older."""
        there = self._entry(round_id, target)
        if there is None or there.digest != digest:
            there = Entry(round_id, target, kind, digest)
        elif there.status == SENT:
            return
        self._store.write_json(_mark(there), asdict(there))  # before the entry: after a death in between the mark stands for it
        self._write(there)

    def begin(self, round_id: str, target: str) -> Entry | None:
        """The entry to attempt now; None if it is done, or somebody else is at it."""
        entry = self._entry(round_id, target)
        if entry is None:
            entry = Entry(**self._store.read_json(f"sent/owed/{target}/{round_id}.json"))
            self._write(entry)
        if entry.status == SENT:
            self._store.remove(_mark(entry))
            return None
        if not self._claimed(entry):
            return None
        if self._entry(round_id, target) == entry:
            return entry
        self._store.remove(_claim(entry))  # whoever held the claim before has finished meanwhile
        return None

    def end(self, entry: Entry, *, code: str = "", text: str = "") -> Entry:
        """Writes down how the attempt went; without a code it was sent."""
        done = replace(
            entry, status=OWED if code else SENT, attempts=entry.attempts + 1, code=code, text=text, at=_now().isoformat()
        )
        self._write(done)
        if not code:
            self._store.remove(_mark(entry))
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

    def _entry(self, round_id: str, target: str) -> Entry | None:
        key = f"sent/{round_id}/{target}.json"
        return Entry(**self._store.read_json(key)) if self._store.exists(key) else None

    def _write(self, entry: Entry) -> None:
        self._store.write_json(f"sent/{entry.round}/{entry.target}.json", asdict(entry))


def _mark(entry: Entry) -> str:
    return f"sent/owed/{entry.target}/{entry.round}.json"


def _claim(entry: Entry) -> str:
    return f"sent/{entry.round}/{entry.target}.claim"


def _now() -> datetime:
    return datetime.now(UTC)
