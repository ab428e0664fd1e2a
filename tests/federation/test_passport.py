"""A passport: the public keys of a company, as a file that others check before they pin or admit."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from decai_forecast.errors import ConfigError
from decai_forecast.federation.superlink.passport import Files, Passport, apply
from decai_forecast.identity import Keyring
from decai_forecast.store import Store


@pytest.fixture
def passport(tmp_path: Path) -> Passport:
    return apply(Files(tmp_path / "files"), "acme", Keyring(Store(tmp_path / "store", "acme")))


def read_changed(passport: Passport, tmp_path: Path, **changes: Any) -> str:
    """The message with which a changed passport is refused, without its place and the line."""
    path = tmp_path / "acme.passport.json"
    passport.write(path)
    path.write_text(json.dumps(json.loads(path.read_text()) | changes, indent=1))
    with pytest.raises(ConfigError) as error:
        Passport.read(path)
    place, _, text = str(error.value).splitlines()[0].partition(": ")
    assert place.startswith(f"{path}:")
    return text


def test_a_passport_is_read_as_it_was_written(passport: Passport, tmp_path: Path) -> None:
    """It shows the company's own identity, the same whenever it is made."""
    passport.write(tmp_path / "acme.passport.json")
    assert Passport.read(tmp_path / "acme.passport.json") == passport
    assert bytes.fromhex(passport.signing_key) == Keyring(Store(tmp_path / "store", "acme")).identity().public
    assert passport.algorithm == "Ed25519"


def test_a_key_of_another_algorithm_is_not_pinned(passport: Passport, tmp_path: Path) -> None:
    """The error names what it is, and what is known."""
    told = "algorithm must be Ed25519, not 'ML-DSA-65'"
    assert read_changed(passport, tmp_path, algorithm="ML-DSA-65") == told


@pytest.mark.parametrize("key", ["", "ab" * 31, "ab" * 33, "AB" * 32, "zz" * 32])
def test_what_is_no_key_is_not_pinned(passport: Passport, tmp_path: Path, key: str) -> None:
    """64 hexadecimal digits, in small letters: one key has one text."""
    told = "signing_key must be 64 hexadecimal digits in small letters, not "
    assert read_changed(passport, tmp_path, signing_key=key).startswith(told)


def test_another_file_is_no_passport(passport: Passport, tmp_path: Path) -> None:
    """A key too many, or one that is missing: the error says which keys a passport has."""
    told = "unknown key 'host'; known are algorithm, node_key, partner, request, signing_key"
    assert read_changed(passport, tmp_path, host="example.org") == told
    (tmp_path / "empty.json").write_text("{}")
    with pytest.raises(ConfigError, match="a passport needs partner, node_key, request, signing_key, algorithm"):
        Passport.read(tmp_path / "empty.json")
