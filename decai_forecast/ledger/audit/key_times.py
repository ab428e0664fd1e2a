"""While which key counts, by what the coordinator states of it: an order of entries, and for an exchanged key a time."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from decai_forecast.ledger.admission import moment, written
from decai_forecast.ledger.statements import Event, Head, Membership
from decai_forecast.pins import OVERLAP

__all__ = ["KeyTimes"]


@dataclass
class KeyTimes:
    """By digest of a key: since which entry it counts no more, and until when one that was exchanged is still taken."""

    out: dict[str, tuple[Event, int]] = field(default_factory=dict)
    until: dict[str, tuple[datetime, int]] = field(default_factory=dict)

    def note(self, index: int, said: Membership) -> None:
        """A key counts from here on, or not any more."""
        if said.event is Event.EXCHANGED:
            self.until[said.key] = (moment(said.at) + OVERLAP, index)
        elif said.event is Event.JOINED:
            self.out.pop(said.key, None)
            self.until.pop(said.key, None)
        else:
            self.out[said.key] = (said.event, index)

    def fault(self, key: str, said: Head) -> str | None:
        """Since when a key counts no more for what is said, in words; None if it counts."""
        if key in self.out:
            event, index = self.out[key]
            return f"entry {index} ({event})"
        if key in self.until and moment(said.at) > self.until[key][0]:
            end, index = self.until[key]
            return f"{written(end)}: it was exchanged at entry {index}"
        return None

    def counted(self, key: str, entry: int) -> bool:
        """Whether a key counted when this entry was written: what it signed before holds."""
        return key not in self.out or self.out[key][1] > entry
