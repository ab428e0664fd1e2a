"""Private trainings over nights: every company keeps its own account, and sends nothing when its budget is spent."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from flwr.app import MessageType
from members import Member, plan, rows, train
from test_own_strategy import asked
from test_training import Overheard, serve

from decai_forecast.commands.membership import company_of
from decai_forecast.errors import FederationError
from decai_forecast.federation import train_shared
from decai_forecast.federation.exact.accountant import PrivacyAccountant, spending
from decai_forecast.federation.exact.errors import Begun, BudgetSpent
from decai_forecast.federation.exact.node import Call
from decai_forecast.federation.exact.privacy import epsilon_of, private_for, rho_of
from decai_forecast.federation.plan import Plan
from decai_forecast.federation.preflight import agreement
from decai_forecast.identity import Keyring
from decai_forecast.network import Network, Participant, Privacy
from decai_forecast.store import Store

NIGHTS = {f"2026-06-{day:02}": date(2026, 6, day) for day in (8, 15, 22)}  # round -> its only cut-off
TERMS = Privacy(epsilon=40.0, budget=70.0)  # two cut-offs cost 64, three 85


def companies(folder: Path) -> list[Member]:
    """Three, each with rows of three nights."""
    return [_member(Store(folder / f"p{k}", f"p{k}"), k) for k in range(3)]


def _member(store: Store, k: int) -> Member:
    for round_id, cutoff in NIGHTS.items():
        train(store, round_id, {cutoff: rows(10 * k + cutoff.day, 300)})
    return Member(store.owner, store.url)


def of_night(round_id: str, **changes: Any) -> Plan:
    private = {"epsilon": TERMS.epsilon, "budget": TERMS.budget, "strategy": "exact", "quantiles": (0.5,)}
    return plan(**{"round_id": round_id, "cutoffs": (NIGHTS[round_id],)} | private | changes)


def accountant(member: Member) -> PrivacyAccountant:
    return PrivacyAccountant(Store(member.store, member.partner))


def test_two_nights_train_and_the_third_is_refused(tmp_path: Path) -> None:
    """By every company, before it has told how many rows it has or met the others; what was spent stays as it was."""
    there, (first, second, third) = companies(tmp_path), NIGHTS
    for night in (first, second):
        assert train_shared(there, of_night(night)).models
    each = rho_of(TERMS.epsilon, TERMS.delta / 2)
    spent = [accountant(one).spending(second, TERMS.delta) for one in there]
    assert len(set(spent)) == 1
    assert spent[0].of_round == pytest.approx(TERMS.epsilon, rel=1e-6)
    assert spent[0].total == pytest.approx(epsilon_of(2 * each, TERMS.delta / 2))
    said: list[str] = []
    with pytest.raises(FederationError, match=r"p0 \(exact_budget\), p1 \(exact_budget\), p2 \(exact_budget\)"):
        train_shared(there, of_night(third), progress=said.append)
    assert sorted(said) == [f"p{k} cannot take part: exact_budget (its privacy budget is spent)" for k in range(3)]
    grid = Overheard(there, of_night(third))
    with pytest.raises(FederationError):
        serve(grid, of_night(third))
    heard = sorted(str(dict(one.content["config"])) for one in grid.heard)
    assert heard == [str({"partner": f"p{k}", "code": "exact_budget"}) for k in range(3)]
    assert [accountant(one).rho() for one in there] == [pytest.approx(2 * each)] * 3


def test_a_coordinator_that_does_not_ask_first_gets_no_more(tmp_path: Path) -> None:
    """Called to train at once, the company refuses before it connects to the relay, of which there is none here."""
    stores = {f"p{k}": Store(tmp_path / f"p{k}", f"p{k}") for k in range(3)}
    keys = {name: Keyring(store).identity().public for name, store in stores.items()}
    Keyring(stores["p0"]).pin(keys)
    private = private_for(TERMS.epsilon, TERMS.delta, 1, TERMS.budget)
    for night in ("one", "two"):
        PrivacyAccountant(stores["p0"]).spend(night, 0.5, private.rho, private, night)
    call = Call(0.5, bytes(32), 1, keys, "p0").to_config()
    which = plan(strategy="exact", quantiles=(0.5,), epsilon=TERMS.epsilon, budget=TERMS.budget)
    assert asked(tmp_path, which, "train.exact", call).error.reason == "exact_budget"


def test_a_repetition_counts_once(tmp_path: Path) -> None:
    """In the same round or a later one: a model is paid for once."""
    own, private = PrivacyAccountant(Store(tmp_path, "p0")), private_for(3, 1e-6, 1, 30)
    own.spend("2026-06-22", 0.5, private.rho, private, "2026-06-22")
    for night in ("2026-06-22", "2026-06-23"):
        with pytest.raises(Begun, match="a model is paid for once"):
            own.spend("2026-06-22", 0.5, private.rho, private, night)
        with pytest.raises(Begun):
            own.unpaid("2026-06-22", 0.5)
    assert own.rho() == private.rho
    assert own.spending("2026-06-22", 1e-6).of_round == pytest.approx(3, rel=1e-6)
    assert own.spending("2026-06-23", 1e-6).of_round == 0
    assert own.spending("2026-06-21", 1e-6).total == 0, "a replayed night does not see what came later"


def test_a_company_without_exact_trainings_has_no_spending(tmp_path: Path) -> None:
    """Which is not the same as having spent nothing; its key alone is no training."""
    store = Store(tmp_path, "p0")
    Keyring(store).identity()
    assert spending(store, "2026-06-22", 1e-6) is None
    private = private_for(3, 1e-6, 1, 30)
    PrivacyAccountant(store).spend("2026-06-22", 0.5, private.rho, private, "2026-06-22")
    assert spending(store, "2026-06-22", 1e-6) == PrivacyAccountant(store).spending("2026-06-22", 1e-6)


def test_of_two_at_the_same_time_no_more_than_fit_are_paid_for(tmp_path: Path) -> None:
    """Each is written before it is looked at whether all fit."""
    private, nights = private_for(40, 1e-6, 1, 70), [f"night {k}" for k in range(12)]

    def spend(night: str) -> bool:
        try:
            PrivacyAccountant(Store(tmp_path, "p0")).spend(night, 0.5, private.rho, private, night)
        except BudgetSpent:
            return False
        return True

    with ThreadPoolExecutor(12) as pool:
        paid = sum(pool.map(spend, nights))
    own = PrivacyAccountant(Store(tmp_path, "p0"))
    assert paid <= 2
    assert own.rho() == pytest.approx(paid * private.rho)


OTHERS = {
    "none": {"epsilon": 0.0, "budget": 0.0},
    "more epsilon": {"epsilon": 41.0},
    "more budget": {"budget": 71.0},
    "more delta": {"delta": 1e-5},
}


@pytest.mark.parametrize("which", OTHERS)
@pytest.mark.parametrize("kind", [MessageType.QUERY, "train.exact"])
def test_a_company_keeps_to_the_terms_of_its_own_network_yaml(tmp_path: Path, which: str, kind: str) -> None:
    """Whatever the coordinator's plan says: it says so, and no number of its own."""
    terms: dict[str, Any] = {"epsilon": TERMS.epsilon, "budget": TERMS.budget} | OTHERS[which]
    asked_for = plan(strategy="exact", quantiles=(0.5,), **terms)
    reply = asked(tmp_path, asked_for, kind, {}, strategy="exact", privacy=TERMS.terms)
    if kind == MessageType.QUERY:
        assert dict(reply.content["config"]) == {"partner": "p0", "code": "other_privacy"}
    else:
        assert reply.error.reason == "other_privacy"


def test_a_company_that_trains_in_private_gives_no_scores(tmp_path: Path) -> None:
    """They would be exact."""
    which = plan(strategy="exact", quantiles=(0.5,), epsilon=TERMS.epsilon, budget=TERMS.budget)
    reply = asked(tmp_path, which, MessageType.EVALUATE, {}, strategy="exact", privacy=TERMS.terms)
    assert reply.error.reason == "other_privacy"


def test_a_node_takes_the_terms_of_its_own_network_yaml(tmp_path: Path) -> None:
    """They are part of what all agreed on, too: the coordinator names who has other ones."""
    people = tuple(Participant(f"p{k}") for k in range(3))
    network = Network(tmp_path, "three", "W", 13, people, privacy=TERMS)
    company, _ = company_of(network, "p0")
    assert company.privacy == TERMS.terms == of_night("2026-06-08").privacy
    assert company.agreed == agreement("W", 13, TERMS.terms)
    others = (agreement("W", 13), agreement("W", 13, TERMS.terms, 10), agreement("W", 13, Privacy(3, 30).terms))
    assert company.agreed not in others


def test_the_tenth_round_of_a_day_comes_after_its_second(tmp_path: Path) -> None:
    """What is told as spent by the second round leaves out what the tenth cost."""
    own, private = PrivacyAccountant(Store(tmp_path, "p0")), private_for(3, 1e-6, 1, 30)
    own.spend("a", 0.5, private.rho, private, "2026-06-22.2")
    own.spend("b", 0.5, private.rho, private, "2026-06-22.10")
    assert own.spending("2026-06-22.2", 1e-6).total == pytest.approx(3, rel=1e-6)
    assert own.spending("2026-06-22.10", 1e-6).total > 4
