"""One page that checks receipts in a browser: no server, nothing from elsewhere, only the browser's own SHA-256 and Ed25519.

The page holds entries and receipts; whoever opens it pastes the policy that it believes, since a page could vouch for itself.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from decai_forecast.ledger.formats.receipt import Receipt

__all__ = ["receipt_page"]

PAGE = Path(__file__).with_name("receipt.html")
PLACE = "/*RECEIPTS*/[]"


def receipt_page(receipts: Sequence[tuple[bytes, Receipt]]) -> str:
    """HTML with these entries and their receipts."""
    values = [{"entry": entry.decode(), "receipt": receipt.to_bytes().decode()} for entry, receipt in receipts]
    text = json.dumps(values).replace("<", "\\u003c")  # nothing in it ends the script
    return PAGE.read_text(encoding="utf-8").replace(PLACE, text)
