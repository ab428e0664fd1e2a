"""Published models against the certificates that all who grew them signed, and what the log says of both."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from certificates import certificate
from made import NAMES, Made, made

from decai_forecast.ledger.statements import Certified, public_subject
from decai_forecast.store import digest_bytes

KEY, NAME, TEXT, ROUND = "shared/2026-06-22/ab.json", "2026-06-22/0.5", "tree\nversion=v4", "2026-06-30"
Change = Callable[[dict[str, Any]], None]


def published(
    folder: Path, change: Change = lambda models: None, signers: tuple[str, ...] = NAMES, certified: str = TEXT
) -> Made:
    """A log after a round by strategy exact, with one model that ``signers`` grew; ``change``: of the published file, before it
    is stated; ``certified``: the text that the coordinator states."""
    log = made(folder)
    signed = certificate([log.identities[name] for name in signers], NAME, TEXT).to_json()
    models: dict[str, Any] = {"cutoff": "2026-06-22", "models": {"0.5": TEXT}, "certificates": {"0.5": signed}, "mean": ""}
    change(models)
    named = {"strategy": "exact", "minimum": 3, "models": {"2026-06-22": {"key": KEY}}}
    said = Certified(*log.head("coordinator", ROUND), NAME, KEY, digest_bytes(b"certificate"))
    log.keep(
        [
            log.publish(KEY, json.dumps(models).encode(), round_id=ROUND),
            log.publish(f"rounds/{ROUND}/shared.json", json.dumps({"body": json.dumps(named)}).encode(), round_id=ROUND),
            log.entry(said, public_subject(NAME, digest_bytes(certified.encode()))),
        ]
    )
    return log


def test_a_model_that_all_signed_is_green(tmp_path: Path) -> None:
    """It is counted as signed."""
    log = published(tmp_path)
    assert log.red() == {}
    assert log.lines()["models"].text == "1 models, 1 of them signed by all who grew them"


def other_text(models: dict[str, Any]) -> None:
    models["models"]["0.5"] = "another tree"


def no_certificate(models: dict[str, Any]) -> None:
    models["certificates"] = {}


def half_a_certificate(models: dict[str, Any]) -> None:
    models["certificates"]["0.5"]["signatures"].pop()


def no_form(models: dict[str, Any]) -> None:
    models["certificates"]["0.5"] = {"format": 7}


def other_cutoff(models: dict[str, Any]) -> None:
    models["cutoff"] = "2026-06-15"


@pytest.mark.parametrize(
    ("change", "code"),
    [(other_text, "model_unstated"), (no_certificate, "model_unsigned"), (half_a_certificate, "model_certificate"),
     (no_form, "model_certificate"), (other_cutoff, "model_unstated")],
)  # fmt: skip
def test_a_model_that_its_companies_did_not_sign_is_red(tmp_path: Path, change: Change, code: str) -> None:
    """Though the coordinator states the file as it is: it alone cannot make a model."""
    red = published(tmp_path, change).red()
    assert list(red) == ["models"]
    assert code in [one for _, one in red["models"]]


def test_a_model_of_too_few_is_red(tmp_path: Path) -> None:
    """Two of three signed, and the network asks for three."""
    assert list(published(tmp_path, signers=("acme", "bolt")).red()) == ["models"]


def test_a_model_that_is_stated_otherwise_is_red(tmp_path: Path) -> None:
    """The log names another text than the file has."""
    red = published(tmp_path, certified="another tree").red()
    assert [code for _, code in red["models"]] == ["model_unstated"]


@pytest.mark.parametrize("data", [b"", b"[]", b'{"cutoff": 5}', b'{"cutoff": "x", "models": [], "certificates": {}}'])
def test_a_file_without_models_is_red(tmp_path: Path, data: bytes) -> None:
    """Named, and nothing falls over."""
    log = published(tmp_path)
    log.store("public").write_bytes(KEY, data)
    assert [code for _, code in log.red()["models"]] == ["file_malformed"]
