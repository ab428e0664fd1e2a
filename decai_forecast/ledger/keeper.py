"""Keeping a log: entries go in, cosignatures come in, and a checkpoint that a quorum has signed is what everybody reads."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from decai_forecast.errors import LedgerError
from decai_forecast.ledger.formats.checkpoint import Checkpoint
from decai_forecast.ledger.formats.note import Note, SignatureLine
from decai_forecast.ledger.formats.policy import Policy
from decai_forecast.ledger.log import Log, WritableLogFiles
from decai_forecast.ledger.tile_hashes import CHECKPOINT

__all__ = ["Keeper"]


@dataclass(frozen=True)
class Keeper:
    """``policy``: whose cosignatures count, by the keeper's own pinned keys."""

    log: Log
    files: WritableLogFiles
    policy: Policy

    def cosigned(self, size: int, lines: Iterable[str]) -> Note:
        """Takes signature lines of the checkpoint over ``size`` entries; each must hold, others are left out.
        :class:`LedgerError` (``log_size``) if the log never signed such a checkpoint."""
        note = self.log.checkpoint_of(size)
        if note is None:
            raise LedgerError("log_size", f"the log {self.log.origin} signed no checkpoint over {size} entries")
        grown = note.with_lines(self._valid(note, lines))
        if grown != note:
            self.log.keep(size, grown)
        self._publish(grown)
        return grown

    def _valid(self, note: Note, lines: Iterable[str]) -> list[SignatureLine]:
        valid = list[SignatureLine]()
        for text in lines:
            try:
                line = SignatureLine.parse(text.removesuffix("\n"))
                if Note(note.text, (line,)).verified(self.policy.witnesses.values()):
                    valid.append(line)
            except ValueError:
                continue
        return valid

    def _publish(self, note: Note) -> None:
        """As the checkpoint that everybody reads, once a quorum has signed it; never an older one than is there."""
        verdict = self.policy.judge(note)
        if not verdict.enough:
            return
        there = self.files.read(CHECKPOINT)
        if there is None or _further(note, Note.parse(there)):
            self.files.write(CHECKPOINT, note.to_bytes())


def _further(note: Note, there: Note) -> bool:
    """Whether ``note`` has more entries, or as many and more signatures."""
    size, before = Checkpoint.parse(note.text).size, Checkpoint.parse(there.text).size
    return (size, len(note.lines)) > (before, len(there.lines))
