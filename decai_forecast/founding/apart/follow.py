"""A company follows what the coordinator tells of keys that were exchanged or taken back.

An exchanged key is believed because the one before has signed it, a key that was taken back because nobody gains by it: the
coordinator can leave a company out anyhow. How many companies the own quorum demands does not change by either.
"""

from __future__ import annotations

from collections.abc import Iterator

from decai_forecast.founding.apart.keys_papers import holds
from decai_forecast.identity import Keyring
from decai_forecast.link import Members

__all__ = ["follow"]


def follow(keyring: Keyring, members: Members) -> list[str]:
    """What changed by this, a line each."""
    return [*_taken_back(keyring, members), *_exchanged(keyring, members)]


def _taken_back(keyring: Keyring, members: Members) -> Iterator[str]:
    for one in members.revoked:
        if keyring.revoke(one.partner, bytes.fromhex(one.key), one.day):
            again = "it is known by none until the new one is compared (`decai federation enter`)"
            yield f"{one.partner}: its key was taken back on {one.day}; {again}"


def _exchanged(keyring: Keyring, members: Members) -> Iterator[str]:
    """Each in its turn: of several exchanges the newest key is the end of the chain."""
    waiting, back = list(members.successions), {one.key for one in members.revoked}
    while fitting := [
        one
        for one in waiting
        if (pinned := keyring.pinned().get(one.partner)) and pinned.hex() == one.old and one.new not in back
    ]:
        for one in fitting:
            waiting.remove(one)
            if holds(members.network, one):
                keyring.succeed(one.partner, bytes.fromhex(one.new))
                yield f"{one.partner}: has exchanged its key, and signed the new one with the old one"
