"""Keys that are exchanged, taken back or lost: what they signed while they counted holds, and nothing after it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from made import NAMES, NETWORK, ORIGIN, Made, made

from decai_forecast.errors import IdentityError
from decai_forecast.identity import Identity, Keyring
from decai_forecast.ledger.admission import Door, written
from decai_forecast.ledger.audit import Auditing, Colour, audit
from decai_forecast.ledger.audit.key_times import KeyTimes
from decai_forecast.ledger.formats.policy import Policy
from decai_forecast.ledger.names import fingerprint, known_pins, policy_of
from decai_forecast.ledger.statements import Event, Membership, StepDone, public_subject
from decai_forecast.pins import OVERLAP, Pin
from decai_forecast.store import Store

NOW = datetime.now(UTC)


def exchanged(log: Made) -> tuple[Identity, Policy]:
    """acme has a new key; its old identity, and the policy of whoever knows."""
    old = log.identities["acme"]
    new = log.identities["acme"] = old.successor()
    pins = {name: Pin(one.public) for name, one in log.identities.items()}
    pins["acme"] = Pin(old.public).succeeded(new.public, NOW)
    event = Membership(*log.head("coordinator"), "acme", fingerprint(old.public), Event.EXCHANGED)
    log.keep([log.entry(event, public_subject("exchanged/acme", fingerprint(old.public)))], witnesses=("bolt", "cargo"))
    return old, policy_of(NETWORK, pins, NAMES)


def red(log: Made, policy: Policy) -> dict[str, list[str]]:
    lines = audit(Auditing(log.public, policy, all_known=True))
    return {line.check: [fault.code for fault in line.faults] for line in lines if line.colour is Colour.RED}


def test_what_an_exchanged_key_signed_stays_valid(tmp_path: Path) -> None:
    """And what it signs within the time of both; the cosignature of it counts, too."""
    log = made(tmp_path)
    old, policy = exchanged(log)
    assert red(log, policy) == {}
    new, log.identities["acme"] = log.identities["acme"], old
    late = log.step("acme", "report")
    log.identities["acme"] = new
    log.keep([late, log.step("acme", "watch")], witnesses=NAMES[1:])
    assert red(log, policy) == {}


def test_a_policy_with_older_keys_comes_back_as_it_was(tmp_path: Path) -> None:
    """As text, which an auditor is given; either key of acme is one witness."""
    log = made(tmp_path)
    old, policy = exchanged(log)
    assert Policy.parse(policy.to_bytes()) == policy
    assert policy.needed() == (2, 3)
    assert policy.groups["acme.keys"].members == ("acme", f"acme.{fingerprint(old.public)[:8]}")
    assert policy._reached("participants", {"bolt", f"acme.{fingerprint(old.public)[:8]}"})
    assert not policy._reached("participants", {"acme", f"acme.{fingerprint(old.public)[:8]}"})


@pytest.mark.parametrize(("days", "fault"), [(13, False), (15, True)])
def test_an_exchanged_key_ends_after_its_time(days: int, fault: bool) -> None:
    """14 days after the exchange, by the time of the statement."""
    times, said = KeyTimes(), Membership(NETWORK, "2026-06-29", "coordinator", written(NOW), "acme", "a" * 64, Event.EXCHANGED)
    times.note(7, said)
    late = StepDone(NETWORK, "2026-06-30", "acme", written(NOW + timedelta(days=days)), "check", "b" * 64, "c" * 64, {})
    assert timedelta(days=14) == OVERLAP
    assert (times.fault("a" * 64, late) is not None) is fault
    assert times.counted("a" * 64, 9)


def test_a_key_that_was_taken_back_vouches_for_older_models_only() -> None:
    """By the order of entries; a key that joins again counts again."""
    times = KeyTimes()
    head = (NETWORK, "2026-06-29", "coordinator", written(NOW), "acme", "a" * 64)
    times.note(7, Membership(*head, Event.REVOKED))
    assert (times.counted("a" * 64, 6), times.counted("a" * 64, 7)) == (True, False)
    times.note(8, Membership(*head, Event.JOINED))
    assert times.counted("a" * 64, 9)


def test_whoever_is_taken_back_still_counts_for_the_majority() -> None:
    """A coordinator that takes back three of five gets no majority of two."""
    keys = {name: Identity.create(name).public for name in "abcde"}
    pins = {name: Pin(key) for name, key in keys.items()}
    pins |= {name: Pin(keys[name]).without(keys[name], NOW.date()) for name in "abc"}
    assert policy_of(NETWORK, pins, tuple("abcde")).needed() == (2, 2)
    pins["a"] = Pin(keys["a"])
    pins["b"] = Pin(keys["b"])
    assert policy_of(NETWORK, pins, tuple("abcde")).needed() == (3, 4)


def test_a_participant_knows_itself_by_its_own_key(tmp_path: Path) -> None:
    """With what it had before."""
    ring = Keyring(Store(tmp_path, "acme"))
    first = ring.identity().public
    assert known_pins(ring) == {"acme": Pin(first)}
    ring.pin({"acme": first})
    second = ring.next_identity().public
    ring.promote()
    assert known_pins(ring)["acme"].ever == (second, first)


def test_a_lost_key_is_superseded_and_not_taken_any_more(tmp_path: Path) -> None:
    """What others of the ring are known by stays, with their older keys."""
    ring = Keyring(Store(tmp_path, "acme"))
    lost, new = Identity.create("coordinator").public, Identity.create("coordinator").public
    ring.pin({"coordinator": lost, "bolt": b"b" * 32})
    ring.succeed("bolt", b"c" * 32)
    ring.supersede("coordinator", new, NOW.date())
    assert ring.pinned() == {"coordinator": new, "bolt": b"c" * 32}
    assert ring.pins()["coordinator"].taken(NOW) == (new,)
    assert ring.pins()["bolt"].taken(NOW) == (b"c" * 32, b"b" * 32)
    with pytest.raises(IdentityError, match="taken back"):
        ring.pin({"coordinator": lost})


def test_the_door_takes_both_keys_and_no_claim_of_the_coordinator(tmp_path: Path) -> None:
    """A company that states a membership would make the log red for everybody, for ever."""
    log = Made(tmp_path)
    acme = log.identities["acme"]
    newer = acme.successor()
    claim = Membership(*log.head("acme"), "bolt", "a" * 64, Event.REVOKED)
    entries = [log.step("acme"), log.entry(claim, public_subject("revoked/bolt", "a" * 64))]
    admitted = Door(NETWORK, "2026-06-29", "acme", (newer.public, acme.public), log.now).admit(map(bytes.decode, entries))
    assert admitted.entries == (entries[0],)
    assert {place: error.code for place, error in admitted.refused.items()} == {1: "statement_sender"}
    assert str(admitted.refused[1]) == "acme states what only the coordinator can"


def test_who_states_what_belongs_to_somebody_else_is_red(tmp_path: Path) -> None:
    """The audit does not rest on the door."""
    log = made(tmp_path)
    claim = Membership(*log.head("acme"), "bolt", "a" * 64, Event.REVOKED)
    other = log.submitted("coordinator")
    log.keep([log.entry(claim, public_subject("revoked/bolt", "a" * 64)), other])
    assert [code for _, code in log.red()["statements"]] == ["statement_sender"] * 2
    assert log.policy.logs[0].name == ORIGIN
