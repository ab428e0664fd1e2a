"""By which keys somebody is known: exchanged ones for a while, taken back ones for nothing, and never another company's."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from decai_forecast.errors import IdentityError
from decai_forecast.identity import KEY_FILE, NEXT_FILE, PINNED_FILE, Identity, Keyring
from decai_forecast.pins import OVERLAP, Pin
from decai_forecast.store import Store

NOW, DAY = datetime(2026, 11, 30, 9, tzinfo=UTC), date(2026, 11, 30)
A, B, C = b"a" * 32, b"b" * 32, b"c" * 32


@pytest.fixture
def keyring(tmp_path: Path) -> Keyring:
    ring = Keyring(Store(tmp_path, "ada"))
    ring.pin({"ada": ring.identity().public, "bea": A})
    return ring


def test_both_keys_are_taken_for_a_while() -> None:
    """Then only the newest; all count under a model of the past."""
    pin = Pin(A).succeeded(B, NOW)
    assert pin.taken(NOW) == (B, A)
    assert pin.taken(NOW + OVERLAP) == (B,)
    assert pin.of_past(DAY) == (B, A)
    assert (pin.is_line(A, B), pin.is_line(A, C)) == (True, False)


def test_a_key_that_is_taken_back_ends_its_line() -> None:
    """With those it came from; under models of before that day its signature counts."""
    pin = Pin(A).succeeded(B, NOW).without(B, DAY)
    assert (pin.taken(NOW), pin.key) == ((), None)
    assert pin.of_past(DAY - timedelta(days=1)) == (A, B)
    assert pin.of_past(DAY) == ()
    assert not pin.is_line(A, B)
    assert pin.is_revoked(A)
    assert pin.without(B, DAY + timedelta(days=9)) == pin


def test_an_exchanged_key_can_be_taken_back_alone() -> None:
    """The newest one stays."""
    pin = Pin(A).succeeded(B, NOW).without(A, DAY)
    assert pin.taken(NOW) == (B,)
    assert not pin.is_line(A, B)


def test_pins_come_back_from_the_file(keyring: Keyring) -> None:
    """With all that happened to them; a file without any of it is as it was."""
    assert set(Store(keyring._store.root, "ada").read_json(PINNED_FILE)["bea"]) == {"algorithm", "public_key"}
    keyring.succeed("bea", B)
    assert keyring.revoke("bea", A, DAY)
    assert not keyring.revoke("bea", A, DAY)
    pin = keyring.pins()["bea"]
    assert (pin.key, pin.earlier, [one.key for one in pin.revoked]) == (B, (), [A])
    assert keyring.revoke("bea", B, DAY)
    assert keyring.pinned() == {"ada": keyring.identity().public}
    assert set(keyring.pins()) == {"ada", "bea"}


def test_a_key_that_was_taken_back_is_not_pinned_again(keyring: Keyring) -> None:
    """Another one is, and the old one stays what it is."""
    keyring.revoke("bea", A, DAY)
    with pytest.raises(IdentityError, match="bea: this key was taken back; ask for the new one"):
        keyring.pin({"bea": A})
    keyring.pin({"bea": B})
    assert (keyring.pinned()["bea"], keyring.pins()["bea"].is_revoked(A)) == (B, True)


def test_a_shown_key_is_taken_while_it_is(keyring: Keyring) -> None:
    """The newest one stands in the place of any other that is shown."""
    keyring.succeed("bea", B)
    assert keyring.taken({"bea": A})["bea"] == A
    assert keyring.taken({"bea": C})["bea"] == keyring.taken({})["bea"] == B


def test_the_own_key_is_exchanged_at_once(keyring: Keyring, tmp_path: Path) -> None:
    """Secrets stay; an interruption before the last step is made good."""
    old, bags = keyring.identity(), keyring.identity().secret("bags")
    new = keyring.next_identity()
    assert keyring.next_identity().public == new.public
    assert keyring.own_keys() == (old.public, new.public)
    data = (tmp_path / NEXT_FILE).read_bytes()
    keyring.promote()
    (tmp_path / NEXT_FILE).write_bytes(data)  # as if it had been interrupted before the file went
    keyring.promote()
    keyring.promote()
    assert (keyring.identity().public, keyring.identity().secret("bags")) == (new.public, bags)
    assert [one.key for one in keyring.pins()["ada"].earlier] == [old.public]
    assert (tmp_path / KEY_FILE).stat().st_mode & 0o777 == 0o600
    assert keyring.identity().successor().secret("bags") == bags


def test_a_retired_key_is_followed_by_another_line(keyring: Keyring) -> None:
    """With other secrets."""
    old = keyring.identity()
    assert not keyring.is_revoked
    keyring.revoke("ada", old.public, DAY)
    assert keyring.is_revoked
    keyring.retire()
    keyring.retire()
    new = keyring.identity()
    assert new.secret("bags") != old.secret("bags")
    assert not keyring.is_revoked


@pytest.mark.parametrize("damage", [{"earlier": [{"public_key": "zz"}]}, {"revoked": [{"day": 7}]}, {"earlier": 7}])
def test_damage_is_told(keyring: Keyring, damage: dict[str, object]) -> None:
    """With its place."""
    store = Store(keyring._store.root, "ada")
    records = store.read_json(PINNED_FILE)
    store.write_json(PINNED_FILE, records | {"bea": records["bea"] | damage})
    with pytest.raises(IdentityError, match=r"identity/pinned\.json, bea is damaged"):
        keyring.pins()


def test_nobody_has_an_identity_of_another_root() -> None:
    """The root is the first key, through any number of exchanges."""
    first = Identity.create("ada")
    assert first.successor().successor().root == first.to_bytes()
