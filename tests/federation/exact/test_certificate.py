"""At the end all sign the same, and a signature of something else is found."""

from dataclasses import replace

import pytest
from training_parties import companies, plan, roster_of, together, trained

from decai_forecast.federation.exact.errors import Differs, Tampered


def test_all_sign_the_model_they_ended_with() -> None:
    """One certificate, valid for the roster; a bit of anything changed makes it worthless."""
    found = trained(companies(), plan(trees=2))
    assert len({one.certificate for one in found}) == 1
    mine = found[0].certificate
    mine.verify(roster_of(3))
    with pytest.raises(Tampered, match="ada: its signature of certificate"):
        replace(mine, model=bytes(32)).verify(roster_of(3))
    with pytest.raises(Tampered, match="bea"):
        replace(mine, signatures=(mine.signatures[0], mine.signatures[2], mine.signatures[1])).verify(roster_of(3))
    with pytest.raises(Tampered, match="another roster"):
        mine.verify(roster_of(4))


def test_who_ends_with_another_model_is_found() -> None:
    """Nobody gets a certificate."""
    found = together([lambda session, model=model: session.certify(model) for model in (b"a" * 32, b"a" * 32, b"b" * 32)])
    assert all(isinstance(one, Differs) for one in found)
    assert "cyd" in str(found[0])
