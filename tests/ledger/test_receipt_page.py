"""The page that checks receipts, in a browser without a network: green for what holds, red for what does not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from made import Made, made

from decai_forecast.ledger.formats.merkle import hashes_of, leaf_hash, prove_inclusion
from decai_forecast.ledger.formats.note import Note
from decai_forecast.ledger.formats.receipt import Receipt
from decai_forecast.ledger.formats.tiles import entries_of
from decai_forecast.ledger.receipt_page import receipt_page

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def page(chromium: str) -> Iterator[Any]:
    """An empty page of the system's Chromium."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-background-networking"])
        context = browser.new_context(offline=True)
        yield context.new_page()
        browser.close()


def receipts(log: Made) -> list[tuple[bytes, Receipt]]:
    """Of all entries."""
    note = Note.parse(log.files.read("checkpoint") or b"")
    entries = entries_of((log.folder / "public/log/tile/entries/000.p/14").read_bytes())
    hash_of = hashes_of([leaf_hash(entry) for entry in entries])
    return [(entry, Receipt(at, tuple(prove_inclusion(at, 14, hash_of)), note)) for at, entry in enumerate(entries)]


def checked(page: Any, folder: Path, some: list[tuple[bytes, Receipt]], policy: bytes) -> str:
    """What the page says when the policy is pasted."""
    file = folder / "check.html"
    file.write_text(receipt_page(some), encoding="utf-8")
    page.goto(file.as_uri())
    page.fill("#policy", policy.decode())
    page.click("#check")
    page.wait_for_function("document.getElementById('sum').textContent")
    return str(page.inner_text("#sum"))


def test_receipts_of_a_log_are_green(page: Any, tmp_path: Path) -> None:
    """All of them, and each is named."""
    log = made(tmp_path)
    assert checked(page, tmp_path, receipts(log), log.policy.to_bytes()) == "14 of 14 receipts are green"
    assert "submission of acme, round 2026-06-29" in page.inner_text("#rows")


def test_what_does_not_hold_is_red(page: Any, tmp_path: Path) -> None:
    """An entry of another, another place, too few witnesses, another policy."""
    log = made(tmp_path)
    (one, first), (other, _), *_ = receipts(log)
    few = Receipt(first.index, first.proof, Note(first.note.text, first.note.lines[:2]))
    wrong = [(other, first), (one, Receipt(1, first.proof, first.note)), (one, few)]
    assert checked(page, tmp_path, [*wrong, (one, first)], log.policy.to_bytes()) == "1 of 4 receipts are green"
    assert "no quorum" in page.inner_text("#rows")
    strange = Made(tmp_path / "strange").policy.to_bytes()
    assert checked(page, tmp_path, [(one, first)], strange) == "0 of 1 receipts are green"


def test_an_entry_cannot_speak_to_the_page(tmp_path: Path) -> None:
    """Nothing in it ends the script."""
    text = receipt_page([(b"</script><b>", Receipt(0, (), Note("o\n0\nx\n")))])
    assert text.count("</script>") == 1
