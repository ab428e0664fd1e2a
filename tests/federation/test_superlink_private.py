"""Differential privacy between companies: nodes of their own, TLS, registered keys, our relay; each asks its own accountant."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from superlinks import Companies, companies
from test_privacy_budget import NIGHTS, TERMS, accountant, of_night
from test_privacy_budget import companies as with_rows

from decai_forecast.errors import FederationError
from decai_forecast.federation import Member, Plan, train_shared
from decai_forecast.federation.exact.privacy import rho_of
from decai_forecast.federation.preflight import agreement
from decai_forecast.network import Network, Participant, Privacy
from decai_forecast.store import Store

pytestmark = pytest.mark.long
FIRST, SECOND, THIRD = NIGHTS
EACH = rho_of(TERMS.epsilon, TERMS.delta / 2)  # of a night


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Companies]:
    """Three companies, whose network.yaml has terms of privacy."""
    home = tmp_path_factory.mktemp("private")
    members = with_rows(home / "stores")
    people = tuple(Participant(one.partner, store=one.store) for one in members)
    Network(home, "three", "W", 13, people, runtime="superlink", privacy=TERMS).save()
    with companies(home, members) as found:
        yield found


def asked(night: str) -> Plan:
    return of_night(night, agreed=agreement("W", 13, TERMS.terms), timeout=120.0, grace=5.0)


def entries(member: Member) -> dict[str, Any]:
    """What a company's account holds."""
    store = Store(member.store, member.partner)
    return {key: store.read_json(key) for key in store.keys("federation/exact/spent")}


def restarted(there: Companies, name: str, privacy: Privacy | None) -> None:
    """With a network.yaml of its own: the node reads the file when it starts."""
    ours = Network.load(there.home)
    for one in there.nodes:
        there.wait_for_node(one)
    replace(ours, privacy=privacy).save()
    there.nodes[name].terminate()
    there.nodes[name].wait(60)
    there.restart(name)
    there.wait_for_node(name)
    ours.save()


@pytest.mark.parametrize("other", [None, replace(TERMS, budget=80.0)], ids=["none", "a larger budget"])
def test_a_company_with_other_terms_of_its_own_refuses(there: Companies, other: Privacy | None) -> None:
    """It is named with the code, says no number of its own, and nobody has paid."""
    restarted(there, "p2", other)
    try:
        with pytest.raises(
            FederationError, match=r"2 partners can train together, 3 are needed; dropped: p2 \(other_privacy\)"
        ):
            train_shared(there.members, asked(FIRST), runtime=there.runtime)
    finally:
        restarted(there, "p2", TERMS)
    assert [entries(one) for one in there.members] == [{}] * 3


def test_a_private_night_is_paid_for_once_by_every_company(there: Companies, tmp_path: Path) -> None:
    """What is written down is what the same training in one process writes. The models are not the same, and are not with equal
    keys and seeds either: each company draws its noise afresh from its system."""
    alone = [
        Member(one.partner, shutil.copytree(Store(one.store, "").root, tmp_path / one.partner).as_uri())
        for one in there.members
    ]
    between = train_shared(there.members, asked(FIRST), runtime=there.runtime)
    here = train_shared(alone, asked(FIRST))
    assert (dict(between.rows), dict(between.dropped)) == (dict(here.rows), {})
    assert [sorted(one.models[NIGHTS[FIRST]]) for one in (between, here)] == [[0.5], [0.5]]
    assert between.models != here.models
    for one, same in zip(there.members, alone, strict=True):
        assert entries(one) == entries(same)
        assert [entry["round"] for entry in entries(one).values()] == [FIRST]
        assert accountant(one).rho() == pytest.approx(EACH)
    with pytest.raises(FederationError, match="exact_begun"):
        train_shared(there.members, asked(FIRST), runtime=there.runtime)
    assert [accountant(one).rho() for one in there.members] == [pytest.approx(EACH)] * 3


def test_a_spent_budget_is_told_by_its_code_and_every_company_is_named(there: Companies) -> None:
    """After two nights: no company has the third's sums leave it, or a text of its own."""
    said: list[str] = []
    assert train_shared(there.members, asked(SECOND), runtime=there.runtime).models
    with pytest.raises(FederationError, match=r"p0 \(exact_budget\), p1 \(exact_budget\), p2 \(exact_budget\)"):
        train_shared(there.members, asked(THIRD), runtime=there.runtime, progress=said.append)
    assert sorted(said) == [f"p{k} cannot take part: exact_budget (its privacy budget is spent)" for k in range(3)]
    assert [accountant(one).rho() for one in there.members] == [pytest.approx(2 * EACH)] * 3
    for one in there.members:
        assert f"train.exact, {NIGHTS[THIRD]}" not in (there.home / f"{one.partner}.log").read_text()
