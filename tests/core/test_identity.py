"""A participant's identity: one key in its own store, signatures for one purpose each, keys of others that do not change."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from decai_forecast.errors import IdentityError
from decai_forecast.identity import KEY_FILE, PINNED_FILE, Identity, Keyring, derive, is_signed_by
from decai_forecast.store import Store

ADA = Identity.from_bytes("ada", b"ada".ljust(32))
BEA = Identity.from_bytes("bea", b"bea".ljust(32))


@pytest.fixture
def keyring(tmp_path: Path) -> Keyring:
    return Keyring(Store(tmp_path, "ada"))


def store_of(tmp_path: Path) -> Store:
    return Store(tmp_path, "ada")


def refused(keyring: Keyring, what: str) -> str:
    with pytest.raises(IdentityError) as error:
        getattr(keyring, what)()
    return str(error.value)


def test_an_identity_is_made_once(keyring: Keyring) -> None:
    """Whoever asks for it again gets the same key, which is the participant's own."""
    assert not keyring.has_identity
    made = keyring.identity()
    assert keyring.has_identity
    assert (keyring.identity().to_bytes(), keyring.identity().name) == (made.to_bytes(), "ada")
    assert Identity.create("ada").to_bytes() != made.to_bytes()


def test_of_two_that_make_it_at_the_same_time_one_is_kept(tmp_path: Path) -> None:
    """All eight then sign with the same key."""
    with ThreadPoolExecutor(8) as pool:
        keys = list(pool.map(lambda _: Keyring(Store(tmp_path, "ada")).identity().to_bytes(), range(8)))
    assert len(set(keys)) == 1


def test_a_key_file_names_its_algorithm_and_is_its_users_only(keyring: Keyring, tmp_path: Path) -> None:
    """So that others can be added; nobody else on the machine reads it."""
    keyring.adopt(ADA)
    assert store_of(tmp_path).read_json(KEY_FILE) == {"algorithm": "Ed25519", "private_key": ADA.to_bytes().hex()}
    assert stat.S_IMODE((tmp_path / KEY_FILE).stat().st_mode) == 0o600


def test_an_identity_is_not_replaced(keyring: Keyring) -> None:
    """What others have pinned stays true."""
    assert keyring.adopt(ADA)
    assert not keyring.adopt(BEA)
    assert keyring.identity().to_bytes() == ADA.to_bytes()


def test_a_key_does_not_show_in_what_is_printed() -> None:
    """Neither in a log nor in a test's output."""
    assert repr(ADA) == "Identity(name='ada')"


def test_a_signature_serves_one_purpose_of_one_participant() -> None:
    """Not another purpose, other data or another key; what is no key or no signature is none."""
    signature = ADA.sign("hello", b"data")
    assert is_signed_by(ADA.public, "hello", b"data", signature)
    assert not is_signed_by(ADA.public, "certificate", b"data", signature)
    assert not is_signed_by(ADA.public, "hello", b"date", signature)
    assert not is_signed_by(BEA.public, "hello", b"data", signature)
    assert not is_signed_by(ADA.public, "hello", b"data", signature[:-1])
    assert not is_signed_by(ADA.public[:-1], "hello", b"data", signature)


def test_signatures_and_secrets_stay_what_they_were() -> None:
    """Reports that were signed, and bags that were drawn, depend on these bytes."""
    assert ADA.sign("report manifest", b"{}").hex()[:16] == "538b8c4612c68f55"
    assert ADA.secret("bags").hex()[:16] == "380b48754f8e50db"
    assert ADA.secret("bags") == derive(ADA.to_bytes(), "bags")
    assert derive(ADA.to_bytes(), "bags", b"salt") != ADA.secret("bags")


def test_others_are_known_by_their_pinned_keys(keyring: Keyring, tmp_path: Path) -> None:
    """Those that were pinned before stay; each record names its algorithm."""
    assert keyring.pinned() == {}
    keyring.pin({"bea": BEA.public})
    keyring.pin({"bea": BEA.public, "ada": ADA.public})
    assert keyring.pinned() == {"bea": BEA.public, "ada": ADA.public}
    assert store_of(tmp_path).read_json(PINNED_FILE)["bea"] == {"algorithm": "Ed25519", "public_key": BEA.public.hex()}


def test_a_pinned_key_does_not_change(keyring: Keyring) -> None:
    """The error says whom to ask, and which file to change; nothing of the call is kept."""
    keyring.pin({"bea": BEA.public})
    with pytest.raises(IdentityError) as error:
        keyring.pin({"bea": ADA.public, "cyd": ADA.public})
    told = "bea: known by another key; ask whether it has a new one, then take the old one out of identity/pinned.json in the "
    assert str(error.value) == f"{told}store of ada"
    assert keyring.pinned() == {"bea": BEA.public}


DAMAGED = {
    "not JSON": b"{",
    "not text": b"\xff",
    "a list": b"[]",
}


@pytest.mark.parametrize("data", DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_file_is_refused_by_name(keyring: Keyring, tmp_path: Path, data: bytes) -> None:
    """A new key in its place would not be the one that others know."""
    for file in (KEY_FILE, PINNED_FILE):
        store_of(tmp_path).write_bytes(file, data)
    told = "ada: identity/{} is damaged, expected a JSON object; put the file back from a backup"
    assert refused(keyring, "identity") == told.format("key.json")
    assert refused(keyring, "pinned") == told.format("pinned.json")


@pytest.mark.parametrize("key", [None, 7, "zz", "00" * 31, "00" * 33])
def test_a_record_without_a_key_is_refused(keyring: Keyring, tmp_path: Path, key: Any) -> None:
    """Too short, too long, not hexadecimal or missing; the error shows nothing of it."""
    record = {"algorithm": "Ed25519"} | ({"private_key": key, "public_key": key} if key is not None else {})
    store_of(tmp_path).write_json(KEY_FILE, record)
    store_of(tmp_path).write_json(PINNED_FILE, {"bea": record})
    told = "is damaged, expected {}: 64 hexadecimal digits; put the file back from a backup"
    assert refused(keyring, "identity") == f"ada: identity/key.json {told.format('private_key')}"
    assert refused(keyring, "pinned") == f"ada: identity/pinned.json, bea {told.format('public_key')}"


@pytest.mark.parametrize(("record", "named"), [({"algorithm": "ML-DSA-65"}, "'ML-DSA-65'"), ({}, "'None'"), ("00", "'None'")])
def test_another_algorithm_is_refused(keyring: Keyring, tmp_path: Path, record: Any, named: str) -> None:
    """A key of an algorithm that is added later is not taken for one of today's."""
    store_of(tmp_path).write_json(PINNED_FILE, {"bea": record})
    assert refused(keyring, "pinned") == (
        f"ada: identity/pinned.json, bea names the algorithm {named}; this release knows Ed25519. Install the release that "
        "wrote it, or put the file back from a backup"
    )
