"""A company uses a shared forecaster only if those who grew it signed it, by the keys and the quorum that it knows itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from certificates import certificate
from members import grown
from parties import ROUND, Parties
from pydantic import TypeAdapter

from decai_forecast.federation.exact.certificate import Certificate, subject_of
from decai_forecast.federation.exact.errors import Tampered
from decai_forecast.identity import Identity, Keyring
from decai_forecast.link import ModelCertificate, ModelFile, SharedModels, SharedRound, SharedStatus
from decai_forecast.partner.combine.shared import SharedForecasters
from decai_forecast.partner.trust import Trust
from decai_forecast.pins import Pin
from decai_forecast.store import digest_bytes

OLD, SHIP = date(2025, 7, 28), date(2026, 6, 29)
TEXT = grown(1)
FORM = TypeAdapter(ModelCertificate)


@pytest.fixture
def parties(tmp_path: Path) -> Parties:
    """Of four companies three are needed."""
    return Parties(tmp_path, quorum=3)


def identities(parties: Parties, names: str = "abcd") -> list[Identity]:
    return [Keyring(parties.company(name).store).identity() for name in names]


def signed(parties: Parties, cutoff: date = SHIP, names: str = "abcd", text: str = TEXT, **changes: Any) -> SharedModels:
    """Models that these companies have signed; ``changes`` by field of the certificate, after it was signed."""
    one = replace(certificate(identities(parties, names), subject_of(cutoff, 0.5), text), **changes)
    return SharedModels(cutoff, {0.5: text}, {0.5: FORM.validate_python(one.to_json())})


def read(parties: Parties, models: SharedModels, cutoff: date | None = None) -> SharedForecasters:
    """As company ``a`` reads what the coordinator publishes and signs; ``cutoff``: for which it says that they are."""
    link, company = parties.coordinator.link, parties.company("a")
    file = link.publish_models(models)
    shared = SharedRound(ROUND.id, ROUND.as_of, SharedStatus.TRAINED, ("a", "b", "c", "d"), 3, ("a", "b", "c", "d"))
    assert link.publish_shared(replace(shared, models={cutoff or models.cutoff: file}, ships=file))
    return SharedForecasters.of(company.link, ROUND.id, Trust.of(company))


def test_what_all_have_signed_is_used(parties: Parties) -> None:
    """For its cut-off and to ship."""
    shared = read(parties, signed(parties))
    assert shared.at(SHIP) == shared.shipped() == {0.5: TEXT}
    assert shared.refused == ()


def test_who_signed_may_be_fewer_than_all(parties: Parties) -> None:
    """As many as the company's own quorum; the reader need not be one of them."""
    assert read(parties, signed(parties, names="bcd")).refused == ()


def test_a_company_that_exchanged_its_key_has_still_signed(parties: Parties) -> None:
    """And one whose key was taken back has, what is older than that day, and nothing after it."""
    models, ring = signed(parties), Keyring(parties.company("a").store)
    ring.succeed("b", Identity.create("b").public)
    assert read(parties, models).refused == ()
    for day, told in ((SHIP + timedelta(days=1), True), (SHIP, False)):
        other = Keyring(parties.company("a").store)
        key = Keyring(parties.company("c").store).identity().public
        other._write(other.pins() | {"c": Pin(key).without(key, day)})
        forecasters = SharedForecasters.of(parties.company("a").link, ROUND.id, Trust.of(parties.company("a")))
        assert (forecasters.refused == ()) is told


def scaled(parties: Parties) -> SharedModels:
    """Every leaf times 1.35, with the certificate of the model that all grew."""
    lines = TEXT.splitlines(keepends=True)
    leaves = [line for line in lines if line.startswith("leaf_value=")]
    values = {line: "leaf_value=" + " ".join(repr(1.35 * float(v)) for v in line[11:].split()) + "\n" for line in leaves}
    text = "".join(values.get(line, line) for line in lines)
    assert text != TEXT
    return replace(signed(parties), models={0.5: text})


def another_key(parties: Parties) -> SharedModels:
    made = [*identities(parties, "abc"), Identity.create("d")]
    one = certificate(made, subject_of(SHIP, 0.5), TEXT)
    return SharedModels(SHIP, {0.5: TEXT}, {0.5: FORM.validate_python(one.to_json())})


def strangers(parties: Parties) -> SharedModels:
    """Enough of them, all made up by the coordinator."""
    one = certificate([Identity.create(name) for name in ("x", "y", "z")], subject_of(SHIP, 0.5), TEXT)
    return SharedModels(SHIP, {0.5: TEXT}, {0.5: FORM.validate_python(one.to_json())})


def other_quantile(parties: Parties) -> SharedModels:
    """The median, given as the upper quantile."""
    models = signed(parties)
    return SharedModels(SHIP, {0.9: TEXT}, {0.9: models.certificates[0.5]})


def as_the_mean(parties: Parties) -> SharedModels:
    """The median, given as the mean."""
    models = signed(parties)
    return replace(models, mean=TEXT, mean_certificate=models.certificates[0.5])


ATTACKS: list[tuple[Callable[[Parties], SharedModels], str]] = [
    (scaled, "2026-06-29/0.5: the model is not the one that was signed"),
    (lambda parties: replace(signed(parties), certificates={}), "2026-06-29/0.5: no company has signed it"),
    (lambda parties: signed(parties, names="ab"), "2 participants; at least 3"),
    (another_key, "the certificate belongs to another roster"),
    (strangers, "signed by 'x', whose key is not pinned here"),
    (other_quantile, "the certificate is of '2026-06-29/0.5', the model is given as '2026-06-29/0.9'"),
    (as_the_mean, "the certificate is of '2026-06-29/0.5', the model is given as '2026-06-29/mean'"),
    (lambda parties: replace(signed(parties), mean=TEXT), "2026-06-29/mean: no company has signed it"),
    (lambda parties: replace(signed(parties), cutoff=OLD), "the model is given as '2025-07-28/0.5'"),
    (lambda parties: signed(parties, signatures=(b"s" * 64,) * 4), "a: its signature of certificate is not valid"),
    (lambda parties: signed(parties, transcript=b"u" * 32), "a: its signature of certificate is not valid"),
    (lambda parties: signed(parties, names="abcd", signatures=()), "signatures must be a list"),
    (lambda parties: signed(parties, signatures=(b"s" * 64,) * 3), "the certificate belongs to another roster"),
]


@pytest.mark.parametrize(("attack", "said"), ATTACKS)
def test_what_they_did_not_sign_is_not_used(parties: Parties, attack: Callable[[Parties], SharedModels], said: str) -> None:
    """Though the coordinator signed the round and its digests are right. The reason is a sentence for people."""
    if said.startswith("signatures must"):
        with pytest.raises(ValueError, match="signatures"):  # it cannot even be published
            attack(parties)
        return
    shared = read(parties, attack(parties))
    assert shared.shipped() is None
    assert all(shared.at(cutoff) is None for cutoff in shared.published.models)
    (reason,) = shared.refused
    assert reason.startswith("A shared forecaster is not used: ")
    assert reason.endswith(". Ask the coordinator and the other companies")
    assert said in reason


def test_it_is_not_given_for_another_cut_off(parties: Parties) -> None:
    """Signed by all, and of a year before."""
    shared = read(parties, signed(parties, cutoff=OLD), cutoff=SHIP)
    assert shared.at(SHIP) is None
    assert "the coordinator gives the forecaster of 2025-07-28 as that of 2026-06-29" in shared.refused[0]
    assert shared.shipped() == {0.5: TEXT}  # an old one may be in use, and its cut-off is what it says


def test_a_changed_file_is_not_used(parties: Parties) -> None:
    """By whoever serves the public part; nothing of it is loaded, and the company goes on by itself."""
    shared = read(parties, signed(parties))
    file = shared.published.models[SHIP]
    parties.public.write_bytes(file.key, parties.public.read_bytes(file.key).replace(b"Tree=0", b"Tree=7"))
    assert shared.shipped() is None
    assert "is not the file that was published" in shared.refused[0]


def test_a_file_that_is_no_forecaster_is_not_used(parties: Parties) -> None:
    """Its digest is right and it holds no models."""
    shared = read(parties, signed(parties))
    data = b'{"cutoff": "2026-06-29"}'
    file = ModelFile("shared/2026-06-29/abababababababab.json", digest_bytes(data))
    parties.public.write_bytes(file.key, data)
    other = replace(shared, published=replace(shared.published, models={SHIP: file}, ships=file), read={}, reasons={})
    assert (other.shipped(), "the message needs models" in other.refused[0]) == (None, True)


def test_the_companys_own_quorum_counts(parties: Parties) -> None:
    """Its own network.yaml says four; the round says three."""
    parties.network = replace(parties.network, quorum=4)
    shared = read(parties, signed(parties, names="bcd"))
    assert (shared.shipped(), "3 participants; at least 4" in shared.refused[0]) == (None, True)


def test_strategies_without_signatures_have_none(tmp_path: Path) -> None:
    """By the company's own network.yaml, whatever the round says of its strategy."""
    parties = Parties(tmp_path, quorum=3, strategy="bagging")
    assert read(parties, replace(signed(parties), certificates={})).refused == ()


def test_a_certificate_is_kept_as_text() -> None:
    """Whole; what is none is refused."""
    made = [Identity.create(name) for name in ("a", "b", "c")]
    one = certificate(made, "2026-06-29/0.5", TEXT)
    assert Certificate.from_bytes(one.to_bytes()) == one
    with pytest.raises(Tampered):
        Certificate.from_bytes(b"{}")
