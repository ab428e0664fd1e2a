"""At the end all sign the same, and a signature of something else is found."""

from dataclasses import replace

import pytest
from training_parties import companies, plan, roster_of, together, trained

from decai_forecast.federation.exact.certificate import LARGEST, Certificate, subject_of
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
    found = together([lambda session, model=model: session.certify("x", model) for model in (b"a" * 32, b"a" * 32, b"b" * 32)])
    assert all(isinstance(one, Differs) for one in found)
    assert "cyd" in str(found[0])


def test_a_certificate_says_what_it_is_of() -> None:
    """Cut-off and quantile are signed, so that it serves no other model."""
    mine = trained(companies(), plan(trees=1, subject="2026-06-22"))[0].certificate
    assert mine.subject == subject_of("2026-06-22", 0.5) == "2026-06-22/0.5"
    with pytest.raises(Tampered, match="ada: its signature of certificate"):
        replace(mine, subject="2026-06-29/0.5").verify(roster_of(3))
    assert subject_of("2026-06-22", None) == "2026-06-22/mean"


def test_a_certificate_comes_back_from_bytes() -> None:
    """Of another company's, nothing but a certificate is read."""
    mine = trained(companies(), plan(trees=1))[0].certificate
    data = mine.to_bytes()
    assert Certificate.from_bytes(data) == mine
    others = [data[:-1], data + b" " * LARGEST, data.replace(b"/1", b"/2"), data.replace(mine.model.hex().encode(), b"zz")]
    others.append(data.replace(b'"names": [', b'"names": 7, "n": ['))
    for wrong in (None, "x", b"", b"[]", b"{}", b"[" * 5_000, *others):
        with pytest.raises(Tampered, match="no certificate"):
            Certificate.from_bytes(wrong)
