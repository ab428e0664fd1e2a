"""A relay can stop a training; it cannot change it unseen. Who was interfered with is named."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from relays import Change, Hostile
from training_parties import IDENTITIES, SESSION, companies, outcomes, plan, roster_of, together

from decai_forecast.federation.exact.errors import PeerLost, Tampered
from decai_forecast.federation.exact.frames import Frame
from decai_forecast.federation.exact.keys import Hello
from decai_forecast.federation.exact.loopback import LoopbackRelay
from decai_forecast.federation.exact.session import SecureSession
from decai_forecast.identity import Identity

HELLO, SHARE, FIRST = 0, 1, 2  # steps


def sums(session: SecureSession) -> list[list[int]]:
    numbers = np.arange(8)
    scattered = [session.secure_reduce_scatter("part", [(numbers, 4)], [(0, 3), (3, 6), (6, 8)])[0].tolist() for _ in range(2)]
    return [*scattered, session.secure_sum("whole", numbers, 4).tolist()]


def add_to(relay: Hostile, tables: list[list[bytes]]) -> None:
    """What a relay that adds would do: another number in the sum that rank 0 gets, through rank 1's share."""
    tables[0][1] = bytes([tables[0][1][0] ^ 1]) + tables[0][1][1:]


def exchange(relay: Hostile, tables: list[list[bytes]]) -> None:
    tables[0][1], tables[0][2] = tables[0][2], tables[0][1]


def misdirect(relay: Hostile, tables: list[list[bytes]]) -> None:
    tables[0][2], tables[1][2] = tables[1][2], tables[0][2]


def repeat(relay: Hostile, tables: list[list[bytes]]) -> None:
    tables[0][1] = relay.answered[-2][0][1]


def leave_out(relay: Hostile, tables: list[list[bytes]]) -> None:
    tables[0][1] = b""


@pytest.mark.parametrize("change", [add_to, exchange, misdirect, repeat, leave_out])
def test_a_changed_message_is_found_and_its_sender_named(change: Change) -> None:
    """Altered, exchanged, sent to the wrong one, repeated, left out: the receiver raises before a number is used."""
    found = together([sums] * 3, Hostile(FIRST + 1, change))
    assert isinstance(found[0], Tampered)
    assert any(name in str(found[0]) for name in ("bea", "cyd"))
    assert all(isinstance(one, Tampered | PeerLost) for one in found)


def test_a_changed_cast_is_found() -> None:
    """The same of what goes to everybody."""
    found = together([sums] * 3, Hostile(FIRST + 2, add_to))
    assert isinstance(found[0], Tampered)
    assert "bea: its message of step 4 (whole)" in str(found[0])


def test_a_relay_in_the_middle_has_no_key_that_counts() -> None:
    """It puts an X25519 key of its own in a participant's place; it cannot sign for it."""
    stranger = Identity.create("bea")

    def forge(relay: Hostile, tables: list[list[bytes]]) -> None:
        tables[0][1] = Hello(stranger, roster_of(3), SESSION).body

    found = together([sums] * 3, Hostile(HELLO, forge))
    assert isinstance(found[0], Tampered)
    assert "bea: its signature of hello is not valid" in str(found[0])


def test_a_key_of_small_order_is_refused_by_name() -> None:
    """A company signs a key with which every secret is zero, so that whoever listens could read along."""
    ready = Hello(IDENTITIES[1], roster_of(3), SESSION)
    stated = bytes(32) + ready.body[32:64]
    weak = stated + IDENTITIES[1].sign("hello", ready._signed(1, stated))

    def weaken(relay: Hostile, tables: list[list[bytes]]) -> None:
        tables[0][1] = weak

    found = together([sums] * 3, Hostile(HELLO, weaken))
    assert isinstance(found[0], Tampered)
    assert str(found[0]) == "bea: its key makes a secret that anybody can know; it is not used"


def test_an_old_hello_played_again_gets_no_further() -> None:
    """Its signature is good, but who plays it has not its secret."""
    old = Hello(IDENTITIES[1], roster_of(3), SESSION).body

    def replay(relay: Hostile, tables: list[list[bytes]]) -> None:
        tables[0][1] = old

    found = together([sums] * 3, Hostile(HELLO, replay))
    assert isinstance(found[0], Tampered | PeerLost)
    assert all(isinstance(one, Tampered | PeerLost) for one in found)


@pytest.mark.parametrize("step", [40, 60])
def test_a_training_ends_everywhere_when_a_message_is_changed(tmp_path: Path, step: int) -> None:
    """In the agreement of bins and inside a tree: nobody ends with a model."""
    found = outcomes(companies(), plan(trees=3), tmp_path, Hostile(step, add_to))
    assert isinstance(found[0], Tampered)
    assert all(isinstance(one, PeerLost) for one in found[1:])


def test_a_relay_that_delivers_nothing_is_left(tmp_path: Path) -> None:
    """Nobody waits longer than its patience."""

    class Silent(LoopbackRelay):
        def _answers(self, given: Sequence[Frame]) -> list[Frame]:
            return [] if given[0].step == 3 else super()._answers(given)

    found = together([sums] * 3, Silent(0.5), patience=0.5)
    assert all(isinstance(one, PeerLost) for one in found)
