"""A participant as the witness of its network's log, by what is published: no connection to it is needed."""

from __future__ import annotations

from dataclasses import dataclass

from decai_forecast.errors import LedgerError
from decai_forecast.ledger.formats.checkpoint import Checkpoint
from decai_forecast.ledger.formats.note import Note, SignatureLine
from decai_forecast.ledger.tile_hashes import PENDING, LogFiles, TileHashes
from decai_forecast.ledger.witness import Request, Witness

__all__ = ["Cosigned", "watch_log"]


@dataclass(frozen=True)
class Cosigned:
    """The newest checkpoint, and the participant's signature of it."""

    checkpoint: Checkpoint
    line: SignatureLine


def watch_log(witness: Witness, origin: str, files: LogFiles) -> Cosigned | None:
    """Looks at the newest checkpoint and cosigns it, if it continues what was cosigned before; None before there is one, and
    where an older one is shown that agrees with it. :class:`LedgerError` where it does not, or is not the log's: then the log
    shows different things to different participants, or has changed what it had."""
    data = files.read(PENDING)
    if data is None:
        return None
    try:
        note = Note.parse(data)
        checkpoint = Checkpoint.parse(note.text)
        if not note.verified(witness.logs.get(origin, ())):
            raise ValueError("it is not signed by the log")
    except ValueError as error:
        raise LedgerError("log_pending", f"{PENDING} of the log {origin}: {error}") from None
    if checkpoint.origin != origin:
        raise LedgerError("log_pending", f"{PENDING} is a checkpoint of {checkpoint.origin[:60]!r}, not of {origin!r}")
    before = witness.latest(origin)
    return _cosigned(witness, note, checkpoint, before, files)


def _cosigned(witness: Witness, note: Note, checkpoint: Checkpoint, before: Note | None, files: LogFiles) -> Cosigned | None:
    seen = Checkpoint.parse(before.text) if before else None
    if before is not None and seen is not None and seen.text == checkpoint.text:
        return Cosigned(checkpoint, before.lines[-1])
    if seen is not None and checkpoint.size < seen.size:
        _check_older(checkpoint, seen, files)
        return None
    old = seen.size if seen else 0
    proof = TileHashes(files, checkpoint.size).consistency(old)
    return Cosigned(checkpoint, witness.add_checkpoint(Request(old, tuple(proof), note)))


def _check_older(checkpoint: Checkpoint, seen: Checkpoint, files: LogFiles) -> None:
    """A reader that is behind is shown an older checkpoint; one that is no part of what was seen is a rewound log."""
    if TileHashes(files, seen.size).root(checkpoint.size) != checkpoint.root:
        sizes = f"a checkpoint over {checkpoint.size} entries after one over {seen.size}"
        raise LedgerError("log_rewound", f"the log {checkpoint.origin} shows {sizes}, and it is no part of that")
