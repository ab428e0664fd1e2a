"""Envelopes: whoever changes one, or lays it where it does not belong, makes it a message that is not taken."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from parties import ROUND, Parties, submission

from decai_forecast.coordinator.close import close
from decai_forecast.coordinator.round_status import round_status
from decai_forecast.errors import DecaiError, IdentityError, LinkError, MalformedMessage
from decai_forecast.identity import PINNED_FILE, Identity, Keyring
from decai_forecast.link import Figures, Submission
from decai_forecast.link.envelope import FORMAT, Heading, Kind, opened, sealed
from decai_forecast.link.messages import encoded
from decai_forecast.one_machine.introduce import introduce

DORA, EVE = (Identity.from_bytes("d", bytes([k]) * 32) for k in (4, 5))
HEADING = Heading(Kind.SUBMISSION, "d", ROUND.id)
SENT = submission("d")
DATA = sealed(SENT, Kind.SUBMISSION, ROUND.id, DORA)
ENVELOPE: dict[str, Any] = json.loads(DATA)


def changed(**changes: Any) -> bytes:
    return json.dumps(ENVELOPE | changes).encode()


def take(data: bytes, key: bytes | None = DORA.public) -> Submission:
    return opened(data, Submission, HEADING, key)


def test_what_is_sealed_is_opened() -> None:
    """The same message; the same message is the same envelope."""
    assert take(DATA) == SENT
    assert sealed(SENT, Kind.SUBMISSION, ROUND.id, DORA) == DATA


def test_the_outside_says_what_it_is() -> None:
    """All of it, and the message as text inside."""
    assert json.loads(ENVELOPE["body"]) == json.loads(encoded(SENT))
    assert {key: value for key, value in ENVELOPE.items() if key not in ("body", "signature")} == {
        "format": "decai-link/1", "kind": "submission", "sender": "d", "round": "2026-06-29", "algorithm": "Ed25519",
    }  # fmt: skip
    assert len(bytes.fromhex(ENVELOPE["signature"])) == 64


def sealed_as(kind: Kind = Kind.SUBMISSION, round_id: str = ROUND.id, identity: Identity = DORA) -> bytes:
    return sealed(SENT, kind, round_id, identity)


WRONG: list[tuple[bytes, str, str]] = [
    (changed(signature=""), "unsigned", "d sent a message without a signature; it is not used"),
    (changed(signature="ab" * 64), "wrong_signature", "d sent a message that is not signed with the key pinned for it"),
    (changed(signature="no digits"), "wrong_signature", "not signed"),
    (changed(signature=ENVELOPE["signature"][:-2]), "wrong_signature", "not signed"),
    (changed(algorithm="none"), "wrong_signature", "not signed"),
    (changed(body=ENVELOPE["body"].replace('"rows": 10', '"rows": 11')), "wrong_signature", "not signed"),
    (changed(round="2026-06-30"), "wrong_signature", "not signed"),
    (changed(kind="figures"), "wrong_signature", "not signed"),
    (changed(sender="e"), "other_sender", "a message of sender 'e' where one of 'd' belongs"),
    (sealed_as(identity=Identity("d", EVE.key)), "wrong_signature", "not signed"),
    (sealed_as(round_id="2026-06-22"), "other_round", "a message of round '2026-06-22' where one of '2026-06-29' belongs"),
    (sealed_as(kind=Kind.FIGURES), "other_kind", "a message of kind 'figures' where one of 'submission' belongs"),
    (sealed_as(identity=Identity("e", DORA.key)), "other_sender", "a message of sender 'e' where one of 'd' belongs"),
    (changed(format="decai-link/2"), "other_format", "format 'decai-link/2'; this release reads decai-link/1"),
    (b'{"format": "decai-link/2", "what": 1}', "other_format", "install the same one everywhere"),
]  # fmt: skip


@pytest.mark.parametrize(("data", "code", "said"), WRONG)
def test_what_does_not_hold_has_its_code(data: bytes, code: str, said: str) -> None:
    """Unsigned, changed, signed by somebody else, replayed as another round, kind or sender, of another format."""
    with pytest.raises(LinkError) as error:
        take(data)
    assert (error.value.code, said in str(error.value)) == (code, True)


def test_a_sender_without_a_pinned_key_is_unknown() -> None:
    """Its own word for its key is worth nothing."""
    with pytest.raises(LinkError, match="no key of d is pinned here") as error:
        take(DATA, None)
    assert error.value.code == "unknown_sender"


@pytest.mark.parametrize("data", [b"", b"[]", b'{"format": ["decai-link/1"]}', changed(body=None), changed(more=1)])
def test_what_is_no_envelope_is_malformed(data: bytes) -> None:
    """Whatever its format would be."""
    with pytest.raises(DecaiError) as error:
        take(data)
    assert error.value.code in ("malformed", "other_format")


def test_a_body_that_is_no_message_is_malformed() -> None:
    """However well it is signed; the sender and the place are told."""
    with pytest.raises(MalformedMessage, match=r"^d sent a malformed message: \$: the message needs partner"):
        opened(sealed(Figures(), Kind.SUBMISSION, ROUND.id, DORA), Submission, HEADING, DORA.public)


@given(st.integers(0, len(DATA) - 1), st.integers(0, 255))
def test_no_byte_can_be_changed(place: int, byte: int) -> None:
    """The message is the one that was signed, or there is none."""
    assert outcome(DATA[:place] + bytes([byte]) + DATA[place + 1 :]) in (
        SENT,
        "malformed",
        "wrong_signature",
        "other_format",
        "other_sender",
    )


def outcome(data: bytes) -> Submission | str:
    """The message, or why it is not taken."""
    try:
        return take(data)
    except DecaiError as error:
        return error.code


# in a round


@pytest.fixture
def parties(tmp_path: Path) -> Parties:
    """Of four companies three are ready."""
    parties = Parties(tmp_path, quorum=3)
    parties.submit("abc")
    return parties


def unsigned(parties: Parties) -> None:
    parties.send("d", encoded(SENT), signature="")


def forged(parties: Parties) -> None:
    parties.send("d", encoded(SENT), signature="ab" * 64)


def anothers(parties: Parties) -> None:
    parties.inbox.write_bytes(f"d/{ROUND.id}/submission.json", parties.inbox.read_bytes(f"a/{ROUND.id}/submission.json"))


def replayed(parties: Parties) -> None:
    parties.submit("d", round="2026-06-22")
    parties.inbox.write_bytes(f"d/{ROUND.id}/submission.json", parties.inbox.read_bytes("d/2026-06-22/submission.json"))


def unpinned(parties: Parties) -> None:
    parties.submit("d")
    store = parties.coordinator.store
    store.write_json(PINNED_FILE, {name: one for name, one in store.read_json(PINNED_FILE).items() if name != "d"})


def newer(parties: Parties) -> None:
    parties.send("d", encoded(SENT), format="decai-link/2")


@pytest.mark.parametrize(
    ("put", "code"),
    [
        (unsigned, "unsigned"),
        (forged, "wrong_signature"),
        (anothers, "other_sender"),
        (replayed, "other_round"),
        (unpinned, "unknown_sender"),
        (newer, "other_format"),
    ],
)
def test_whose_signature_does_not_hold_is_absent(parties: Parties, put: Callable[[Parties], None], code: str) -> None:
    """Everybody reads why; the others train as if nothing had come."""
    put(parties)
    status = round_status(parties.coordinator, ROUND.id)
    assert (status.ready, status.missing()) == (("a", "b", "c"), {"d": f"absent:{code}"})
    assert f"missing: d (absent:{code})" in close(parties.coordinator, ROUND).note


@pytest.mark.parametrize(("changes", "code"), [({"signature": ""}, "unsigned"), ({"body": "{}"}, "wrong_signature")])
def test_a_company_takes_nothing_that_the_coordinator_did_not_sign(
    parties: Parties, changes: dict[str, str], code: str
) -> None:
    """Whoever serves the public part can keep it back, and change nothing in it."""
    close(parties.coordinator, ROUND)
    key = f"rounds/{ROUND.id}/closed.json"
    parties.public.write_json(key, parties.public.read_json(key) | changes)
    for link in (parties.company("a").link, parties.coordinator.link):
        with pytest.raises(LinkError, match=r"^the coordinator sent a message ") as error:
            link.closing(ROUND.id)
        assert error.value.code == code


# who knows whom


def test_participants_of_one_host_know_one_another(tmp_path: Path) -> None:
    """By one key each, which a second introduction does not change."""
    parties = Parties(tmp_path, "ab")
    stores = [parties.coordinator.store, parties.company("a").store, parties.company("b").store]
    before = [store.read_bytes(PINNED_FILE) for store in stores]
    introduce(parties.network)
    assert [store.read_bytes(PINNED_FILE) for store in stores] == before == [before[0]] * 3
    assert sorted(Keyring(stores[0]).pinned()) == ["a", "b", "coordinator"]


def test_a_new_key_of_a_company_is_refused(tmp_path: Path) -> None:
    """Until the old one is taken out by hand."""
    parties = Parties(tmp_path, "ab")
    parties.company("b").store.remove("identity/key.json")
    with pytest.raises(IdentityError, match="b: known by another key; ask whether it has a new one"):
        introduce(parties.network)


def test_the_format_has_a_number() -> None:
    """Another one is refused; this test changes with it."""
    assert FORMAT == "decai-link/1"
