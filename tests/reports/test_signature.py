"""The signature of a report: it holds for the files that were signed, with the key of who signed, and for nothing else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import sending

from decai_forecast.identity import Identity
from decai_forecast.reports.signature import BrokenReport, sign, verify

KEY = sending.KEY.public


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, data in sending.files_of().items():
        (tmp_path / name).write_bytes(data)
    return tmp_path


def broken(folder: Path, key: bytes = KEY) -> str:
    with pytest.raises(BrokenReport) as caught:
        verify(folder, key)
    return str(caught.value)


def test_a_report_as_signed_is_good(folder: Path) -> None:
    """All of its files are named."""
    assert verify(folder, KEY) == ("report.html", "report.json", "stock_targets.csv")


def test_a_changed_file_is_named(folder: Path) -> None:
    """One byte is enough."""
    (folder / "stock_targets.csv").write_bytes((folder / "stock_targets.csv").read_bytes() + b"\n")
    assert broken(folder) == f"{folder}/stock_targets.csv: changed after it was signed; get the report again"


def test_a_missing_and_a_strange_file_are_named(folder: Path) -> None:
    """What was signed is there, and nothing else is."""
    (folder / "extra.txt").write_text("x")
    assert broken(folder) == f"{folder}/extra.txt: not part of the signed report; take it out of the folder"
    (folder / "report.html").unlink()
    assert broken(folder) == f"{folder}/report.html: not there; get the report again"


def test_a_forged_manifest_is_refused(folder: Path) -> None:
    """Whoever changes manifest and signature has another key than the participant."""
    forger = Identity.from_bytes("alder_foods", bytes(32))
    (folder / "manifest.sig").write_bytes(sign((folder / "manifest.json").read_bytes(), forger))
    assert broken(folder) == f"{folder}/manifest.json: not signed with the key {KEY.hex()[:16]}...; do not use this report"
    assert verify(folder, forger.public)


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "7", "{}", '{"participant": "alder_foods"}', '{"participant": "a", "public_key": "xy"}']
)
def test_a_malformed_signature_is_refused(folder: Path, text: str) -> None:
    """A file that this program does not write is no signature of anybody, and the error names it."""
    (folder / "manifest.sig").write_text(text)
    assert broken(folder) == f"{folder}/manifest.sig: not a signature as decai writes it; get the report again"


def test_a_manifest_names_no_file_outside(folder: Path) -> None:
    """Not even one that its participant signed."""
    raw = json.loads((folder / "manifest.json").read_text())
    raw["files"]["../secret"] = {"sha256": "00", "bytes": 0}
    data = json.dumps(raw).encode()
    (folder / "manifest.json").write_bytes(data)
    (folder / "manifest.sig").write_bytes(sign(data, sending.KEY))
    assert broken(folder) == f"{folder}/manifest.json: names a file outside the report ('../secret'); do not use it"


def test_a_signature_of_another_algorithm_is_refused(folder: Path) -> None:
    """It is not checked as if it were one of today's."""
    raw = json.loads((folder / "manifest.sig").read_text())
    (folder / "manifest.sig").write_text(json.dumps(raw | {"algorithm": "ML-DSA-65"}))
    assert broken(folder) == (
        f"{folder}/manifest.sig: signed by 'ML-DSA-65'; this release checks Ed25519. Install the release that wrote the report"
    )
