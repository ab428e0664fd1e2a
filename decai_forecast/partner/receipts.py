"""Receipts of a company's own statements: to be checked years later, without the log, the coordinator or this software."""

from __future__ import annotations

from pathlib import Path

from decai_forecast.ledger.formats.checkpoint import Checkpoint
from decai_forecast.ledger.formats.note import Note
from decai_forecast.ledger.formats.receipt import Receipt
from decai_forecast.ledger.receipt_page import receipt_page
from decai_forecast.ledger.tile_hashes import CHECKPOINT, TileHashes, bundles, read_bundle
from decai_forecast.partner.context import PartnerContext
from decai_forecast.partner.statements import LogFilesOfLink, notebook_of

__all__ = ["receipts_of", "write_receipts"]


def receipts_of(company: PartnerContext, round_id: str) -> dict[bytes, Receipt]:
    """By entry; of all statements of the round that the newest checkpoint with a quorum has."""
    own, files = set(notebook_of(company, round_id).entries()), LogFilesOfLink(company)
    data = files.read(CHECKPOINT)
    if data is None:
        return {}
    note = Note.parse(data)
    size = Checkpoint.parse(note.text).size
    hashes, index, receipts = TileHashes(files, size), 0, dict[bytes, Receipt]()
    for tile in bundles(size):
        for entry in read_bundle(files, tile):
            if entry in own:
                receipts[entry] = Receipt(index, tuple(hashes.inclusion(index)), note)
            index += 1
    return receipts


def write_receipts(company: PartnerContext, round_id: str, into: Path) -> int:
    """An entry, its receipt, and a page that checks all of them; how many."""
    receipts = receipts_of(company, round_id)
    into.mkdir(parents=True, exist_ok=True)
    for entry, receipt in receipts.items():
        (into / f"{receipt.index:06}.json").write_bytes(entry)
        (into / f"{receipt.index:06}.tlog-proof").write_bytes(receipt.to_bytes())
    if receipts:
        (into / "check.html").write_text(receipt_page(list(receipts.items())), encoding="utf-8")
    return len(receipts)
