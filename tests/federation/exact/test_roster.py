"""Who may train together: at least three companies, each known beforehand, each once."""

import pytest
from training_parties import IDENTITIES, SESSION, roster_of

from decai_forecast.federation.exact.errors import Refused
from decai_forecast.federation.exact.frames import Frame, Meanwhile, idle
from decai_forecast.federation.exact.roster import KeyRoster
from decai_forecast.federation.exact.session import SecureSession
from decai_forecast.identity import Identity

PINNED = {one.name: one.public for one in IDENTITIES}


class Untouched:
    """A wire on which nothing may be sent."""

    def exchange(self, frame: Frame, meanwhile: Meanwhile = idle) -> Frame:
        raise AssertionError("something was sent")

    def abort(self) -> None:
        raise AssertionError("others were told of an end without a beginning")

    close = abort


def refused(roster: KeyRoster, minimum: int = 3) -> str:
    """The message with which a participant refuses the roster, before it sends anything."""
    with pytest.raises(Refused) as error:
        SecureSession(Untouched(), IDENTITIES[0], roster, PINNED, SESSION, minimum)
    return str(error.value)


@pytest.mark.parametrize("count", [1, 2])
def test_two_do_not_train_together(count: int) -> None:
    """Each could subtract itself from the sum; no setting allows it."""
    assert "at least 3" in refused(roster_of(count), minimum=1)


def test_a_network_can_ask_for_more() -> None:
    """Its quorum holds at every participant."""
    assert "at least 4" in refused(roster_of(3), minimum=4)


def test_one_company_does_not_count_twice() -> None:
    """Neither under one name nor with one key under two."""
    ada, bea, cyd = ((one.name, one.public) for one in IDENTITIES[:3])
    assert "once" in refused(KeyRoster((ada, bea, bea)))
    with pytest.raises(Refused, match="same key"):
        KeyRoster((ada, bea, ("cyd", bea[1]))).check(PINNED | {"cyd": bea[1]})
    assert "alphabetical" in refused(KeyRoster((bea, ada, cyd)))


def test_a_key_that_is_not_pinned_is_refused_by_name() -> None:
    """A coordinator cannot fill a session with companies of its own, or with another key of a known one."""
    members = dict(roster_of(2).members)
    assert refused(KeyRoster.of(members | {"mallory": Identity.create("mallory").public})).startswith(
        "no key of mallory is pinned here"
    )
    assert refused(KeyRoster.of(members | {"cyd": Identity.create("cyd").public})).startswith("cyd:")


def test_who_is_not_on_the_roster_does_not_join() -> None:
    """The error says who is."""
    roster = KeyRoster.of({one.name: one.public for one in IDENTITIES[1:4]})
    assert "names bea, cyd, dot" in refused(roster)
