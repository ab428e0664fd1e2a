"""A passport: the public keys of a company, which others check before they admit it."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from decai_forecast.documents.message import read_message
from decai_forecast.errors import MalformedMessage
from decai_forecast.federation.superlink.passport import Files, Passport, apply
from decai_forecast.identity import Keyring
from decai_forecast.store import Store


@pytest.fixture
def passport(tmp_path: Path) -> Passport:
    return apply(Files(tmp_path / "files"), "acme", Keyring(Store(tmp_path / "store", "acme")))


def read(passport: Passport, **changes: Any) -> Passport:
    """As another participant reads it, some of it changed."""
    return read_message(json.dumps(asdict(passport) | changes).encode(), Passport, sender="acme")


def test_a_passport_is_read_as_it_was_written(passport: Passport, tmp_path: Path) -> None:
    """It shows the company's own identity, the same whenever it is made."""
    assert read(passport) == passport
    assert bytes.fromhex(passport.signing_key) == Keyring(Store(tmp_path / "store", "acme")).identity().public
    again = apply(Files(tmp_path / "files"), "acme", Keyring(Store(tmp_path / "store", "acme")))
    assert (again.node_key, again.fingerprint, again.algorithm) == (passport.node_key, passport.fingerprint, "Ed25519")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"algorithm": "ML-DSA-65"}, r"\$.algorithm: algorithm must be Ed25519, not 'ML-DSA-65'"),
        ({"host": "example.org"}, r"unknown key 'host'; known are algorithm, node_key, partner, request, signing_key"),
        ({"node_key": "ssh-rsa AAAA"}, r"\$.node_key: no public key of a node \(OpenSSH, P-384\)"),
        ({"request": "-----BEGIN"}, r"\$.request: no certificate request that is signed with its own key"),
    ],
)
def test_what_is_no_passport_is_refused(passport: Passport, changes: dict[str, str], said: str) -> None:
    """The error names what it is, and what is expected."""
    with pytest.raises(MalformedMessage, match=said):
        read(passport, **changes)


@pytest.mark.parametrize("key", ["", "ab" * 31, "ab" * 33, "AB" * 32, "zz" * 32])
def test_what_is_no_key_is_refused(passport: Passport, key: str) -> None:
    """64 hexadecimal digits, in small letters: one key has one text."""
    with pytest.raises(MalformedMessage, match="signing_key must be 64 hexadecimal digits in small letters, not "):
        read(passport, signing_key=key)


def test_a_request_that_another_key_signed_is_refused(passport: Passport) -> None:
    """One character of the signed part is another one."""
    lines = passport.request.splitlines()
    lines[2] = ("B" if lines[2][0] != "B" else "C") + lines[2][1:]
    with pytest.raises(MalformedMessage, match="no certificate request"):
        read(passport, request="\n".join(lines) + "\n")
