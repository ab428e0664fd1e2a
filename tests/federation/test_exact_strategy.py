"""The exact strategy under Flower: what the members train is the model of their pooled rows."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from members import FEATURES, OLD, SHIP, Member, member, members, plan, predicted, rows

from decai_forecast.demand import TREE_PARAMS
from decai_forecast.errors import ConfigError, FederationError, ModelTextError
from decai_forecast.federation import MEAN_OBJECTIVE, Plan, train_shared, validate
from decai_forecast.federation.client_app import app as client
from decai_forecast.federation.exact import coordinate
from decai_forecast.federation.exact.coordinate import Together
from decai_forecast.federation.exact.roster import KeyRoster
from decai_forecast.federation.local_grid import LocalGrid
from decai_forecast.federation.state import Node, State
from decai_forecast.identity import KEY_FILE, Identity, Keyring
from decai_forecast.store import Store


def exact(**changes: Any) -> Plan:
    return plan(**{"strategy": "exact", "turns": 6, "params": dict(TREE_PARAMS) | {"num_leaves": 6}} | changes)


def keyring_of(one: Member) -> Keyring:
    return Keyring(Store(one.store, one.partner))


def test_members_train_one_model(tmp_path: Path) -> None:
    """Its trees are the same whoever is asked first and however many work at a time; it beats a constant."""
    there = members(tmp_path)
    found = train_shared(there, exact(turns=12, params=dict(TREE_PARAMS) | {"num_leaves": 6, "learning_rate": 0.2}))
    assert dict(found.rows) == {"p0": 100, "p1": 160, "p2": 220, "p3": 280}
    assert dict(found.dropped) == {}
    target = rows(99)["target"].to_numpy()
    for quantile, text in found.models[SHIP].items():
        assert len(validate(text, FEATURES).trees) == 12
        error, constant = (target - np.asarray(p) for p in (predicted(text), np.quantile(target, quantile)))
        loss, other = (np.maximum(quantile * e, (quantile - 1) * e).mean() for e in (error, constant))
        assert loss < 0.9 * other


def test_members_train_the_mean_of_demand_beside_the_quantiles(tmp_path: Path) -> None:
    """Of what the targets are roots of; its text is one that LightGBM reads, and gives the mean of."""
    there = members(tmp_path)
    found = train_shared(there, exact(turns=12, quantiles=(0.5,), mean=True))
    assert list(found.models[SHIP]) == [0.5]
    assert len(validate(found.means[SHIP], FEATURES, frozenset(), MEAN_OBJECTIVE).trees) == 12
    with pytest.raises(ModelTextError, match="objective"):
        validate(found.means[SHIP], FEATURES)
    demand = rows(99)["target"].to_numpy() ** 2
    assert abs(predicted(found.means[SHIP]).mean() / demand.mean() - 1) < 0.15


def test_without_a_mean_the_quantiles_stay(tmp_path: Path) -> None:
    """Squares of these targets are beyond exact sums: no mean is learned, nobody is put out, and the quantiles imply one."""
    large = [member(tmp_path, f"p{k}", {SHIP: rows(k).assign(target=lambda one: 1e5 * one["target"])}) for k in range(3)]
    said: list[str] = []
    found = train_shared(large, exact(quantiles=(0.5,), mean=True), progress=said.append)
    assert (list(found.models[SHIP]), found.means, found.dropped) == ([0.5], {}, {})
    assert any(line.startswith(f"no mean is trained for {SHIP}") for line in said)


@pytest.mark.parametrize("changes", [{"strategy": "bagging"}, {"epsilon": 3.0}])
def test_a_mean_is_not_trained_otherwise(changes: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="the mean is not trained"):
        replace(exact(), mean=True, **changes)


def test_the_same_members_train_the_same_model_again(tmp_path: Path) -> None:
    """Byte for byte: bags come from each member's own key, not from chance."""
    there = members(tmp_path, 3)
    which = exact(quantiles=(0.5,))
    assert train_shared(there[::-1], which).models == train_shared(there, which).models


def test_who_cannot_begin_is_named_and_the_others_train(tmp_path: Path) -> None:
    """A target that is no number, a column that is missing: found before the first sum."""
    broken = member(tmp_path, "odd", {SHIP: rows(5).assign(target=np.nan)})
    other = member(tmp_path, "old", {SHIP: rows(6).drop(columns="b")})
    found = train_shared([*members(tmp_path, 3), broken, other], exact(quantiles=(0.5,)))
    assert dict(found.dropped) == {"odd": "exact_refused", "old": "other_features"}
    assert sorted(found.rows) == ["p0", "p1", "p2"]


def test_what_some_began_is_not_trained_without_them(tmp_path: Path) -> None:
    """Four trained the old cut-off; three of them do not train it again: the difference would be the fourth's. The cut-off
    that ships was not begun and is trained."""
    four = members(tmp_path, 4, (OLD, SHIP))
    which = exact(quantiles=(0.5,))
    train_shared(four, replace(which, cutoffs=(OLD,)))
    found = train_shared(four[:3], replace(which, cutoffs=(OLD, SHIP)))
    assert list(found.models) == [SHIP]
    assert dict(found.dropped) == {}
    with pytest.raises(FederationError, match=r"p0, p1, p3 could not train 2026-06-22 together \(exact_begun\)"):
        train_shared([*four[:2], four[3]], replace(which, cutoffs=(SHIP,)))


def test_another_quantile_of_what_was_begun_needs_the_same_members(tmp_path: Path) -> None:
    """The sums for counts and bins are the same for every quantile: three would see the fourth's."""
    four, which = members(tmp_path, 4), exact(quantiles=(0.1,))
    train_shared(four, which)
    with pytest.raises(FederationError, match=r"p0, p1, p2 could not train 2026-06-22 together \(exact_begun\)"):
        train_shared(four[:3], replace(which, quantiles=(0.9,)))
    assert list(train_shared(four, replace(which, quantiles=(0.9,))).models[SHIP]) == [0.9]


def test_who_was_lost_is_told_with_what_stopped_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """The others' refusal alone does not say whom to ask."""
    lost = Together({}, frozenset({"p0", "p1", "p2"}), {"p3": "timeout"}, "exact_begun")
    monkeypatch.setattr(coordinate, "train_together", lambda *_: lost)
    there = State((Node(1, "p0", 10, key=bytes(32)),), dropped={"p4": "other_features"})
    with pytest.raises(FederationError, match=r"\(exact_begun\); dropped: p3 \(timeout\), p4 \(other_features\)$"):
        coordinate.train_exactly(LocalGrid(client, [], {}, workers=1), exact(), SHIP, there)


def test_a_weight_that_is_none_puts_out_its_owner_only(tmp_path: Path) -> None:
    """Found before the others write down with whom they train."""
    whole = [member(tmp_path, f"p{k}", {SHIP: rows(k).assign(weight=1.0)}) for k in range(3)]
    broken = member(tmp_path, "odd", {SHIP: rows(5).assign(weight=0.0)})
    found = train_shared([*whole, broken], exact(quantiles=(0.5,)))
    assert dict(found.dropped) == {"odd": "exact_refused"}
    assert list(found.models) == [SHIP]


def test_a_member_with_another_key_than_is_known_is_refused(tmp_path: Path) -> None:
    """Neither its own say nor the coordinator's changes a pinned key."""
    there = members(tmp_path, 3)
    train_shared(there, exact(quantiles=(0.5,)))
    (tmp_path / "p1" / KEY_FILE).unlink()
    with pytest.raises(FederationError, match="p1: known by another key"):
        train_shared(there, exact(quantiles=(0.5,), seed=8))
    with pytest.raises(FederationError, match="mallory"):
        KeyRoster.of(keyring_of(there[0]).pinned() | {"mallory": Identity.create("m").public}).check(
            keyring_of(there[0]).pinned()
        )


def test_a_damaged_key_is_told_and_not_replaced(tmp_path: Path) -> None:
    """A new key would be one that nobody knows."""
    there = members(tmp_path, 3)
    (tmp_path / "p1" / KEY_FILE).parent.mkdir(parents=True)
    (tmp_path / "p1" / KEY_FILE).write_text("{}")
    with pytest.raises(FederationError, match=r"p1: identity/key.json names the algorithm 'None'; this release knows Ed25519"):
        train_shared(there, exact(quantiles=(0.5,)))


def test_only_keys_counts_digests_and_the_model_cross(tmp_path: Path) -> None:
    """No start of one's own, no tree of one's own, no path."""
    from test_training import Overheard, serve

    which = exact(quantiles=(0.5,))
    there = members(tmp_path, 3)
    keys = {one.partner: keyring_of(one).identity().public for one in there}
    for one in there:
        keyring_of(one).pin(keys)
    grid = Overheard(there, which, workers=3)
    serve(grid, which)
    names = {name for message in grid.heard for name in message.content["config"]}
    said = {"partner", "rows", "key", "schema", "agreed", "release", "version-protocol", "version-flwr", "version-lightgbm"}
    assert names == said | {"digest", "model", "certificate"}
    assert not re.search(re.escape(str(tmp_path)), str([dict(message.content["config"]) for message in grid.heard]))


def test_an_unknown_strategy_is_told() -> None:
    """With those that are known."""
    with pytest.raises(ConfigError, match="'fedavg' is not known; there are exact, bagging, "):
        plan(strategy="fedavg")
