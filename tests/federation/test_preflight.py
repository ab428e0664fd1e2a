"""Before anything is trained: who has other versions, columns or settings is named, and what it has."""

from functools import partial
from pathlib import Path
from typing import Any

import pytest
from members import OLD, SHIP, Member, members, plan
from test_training import Overheard, serve

from decai_forecast.errors import FederationError
from decai_forecast.federation import train_shared
from decai_forecast.federation.preflight import PROTOCOL, agreement, compare, schema_of, versions
from decai_forecast.federation.run import InProcess
from decai_forecast.federation.state import RuntimeSetting

OTHERS = {
    "version": ({"version-lightgbm": "4.6.0"}, "other_version", "p0 has lightgbm 4.6.0; this training needs "),
    "no version": ({"version-lightgbm": "/etc\n"}, "other_version", "p0 has lightgbm something that is no version; "),
    "schema": ({"schema": schema_of(["a"])}, "other_features", "p0 has training rows with other columns; "),
    "agreement": ({"agreed": agreement("D", 28)}, "other_agreement", "p0 has another frequency or horizon in its network.yaml"),
}


@pytest.mark.parametrize("strategy", ["exact", "bagging"])
@pytest.mark.parametrize("which", OTHERS)
def test_a_node_with_something_else_is_left_out_by_name(tmp_path: Path, which: str, strategy: str) -> None:
    """Before its rows are used; the others train."""
    said, code, _ = OTHERS[which]
    asked = plan(rounds=1, turns=2, quantiles=(0.5,), strategy=strategy, agreed=agreement("W", 13))
    there = members(tmp_path, 4)
    with InProcess(there).open(asked, RuntimeSetting()):  # they learn each other's keys
        pass
    right = {node: {"agreed": agreement("W", 13)} for node in (1000, 1001, 1002, 1003)}
    found = serve(Overheard(there, asked, spoil=right | {1000: right[1000] | said}, workers=4), asked)
    assert dict(found.state["dropped"]) == {"p0": code}
    assert sorted(found.state["rows"]) == ["p1", "p2", "p3"]


@pytest.mark.parametrize("which", OTHERS)
def test_what_differs_is_said(which: str) -> None:
    """Who, what it has, what is expected, what to do; nothing that a stranger wrote."""
    said, code, text = OTHERS[which]
    right: dict[str, Any] = {f"version-{name}": found for name, found in versions().items()}
    right |= {"schema": schema_of(["a", "b"]), "agreed": agreement("W", 13)}
    compare("p0", right, [schema_of(["a", "b"])], agreement("W", 13))
    with pytest.raises(FederationError) as error:
        compare("p0", right | said, [schema_of(["a", "b"])], agreement("W", 13))
    assert str(error.value).startswith(text)
    assert error.value.code == code


def test_another_release_of_the_same_protocol_trains(tmp_path: Path) -> None:
    """So a company that takes a new release in mid-night stops nobody; one of another protocol is named with both."""
    right: dict[str, Any] = {f"version-{name}": found for name, found in versions().items()}
    right |= {"schema": schema_of(["a"]), "agreed": "x", "release": "9.9.9"}
    compare("p0", right, [schema_of(["a"])], "x")
    with pytest.raises(FederationError, match=rf"p0 has protocol 99 \(release 9\.9\.9\); this training needs {PROTOCOL}:"):
        compare("p0", right | {"version-protocol": "99"}, [schema_of(["a"])], "x")


def test_a_begun_cutoff_with_another_protocol_stops_itself_alone(tmp_path: Path) -> None:
    """All four began the old cut-off; before the night one takes a release of another protocol. It is named at once and nobody
    waits for it: the old cut-off is left, since its sums without one would show its share, and the new one is trained."""
    there = members(tmp_path, 4, (OLD, SHIP))
    asked = partial(plan, rounds=1, turns=2, quantiles=(0.5,), strategy="exact")
    train_shared(there, asked(cutoffs=(OLD,)))
    which, said = asked(cutoffs=(OLD, SHIP)), list[str]()
    grid = Overheard(there, which, spoil={1000: {"version-protocol": "99", "release": "9.9.9"}}, workers=4)
    found = serve(grid, which, RuntimeSetting(say=said.append))
    assert dict(found.state["dropped"]) == {"p0": "other_version"}
    assert sorted(found.state["rows"]) == ["p1", "p2", "p3"]
    assert (list(found.state[f"model/{OLD}"]), bool(found.state[f"model/{SHIP}"])) == ([], True)
    assert any(line.startswith("p0 has protocol 99 (release 9.9.9)") for line in said)
    assert not any("waits for" in line for line in said)


def test_a_begun_cutoff_that_ships_ends_by_name_where_one_has_another_protocol(tmp_path: Path) -> None:
    """Then the last shared forecaster serves on; the text says who has what."""
    there, which = members(tmp_path, 4), plan(rounds=1, turns=2, quantiles=(0.5,), strategy="exact")
    train_shared(there, which)
    grid = Overheard(there, which, spoil={1000: {"version-protocol": "99"}}, workers=4)
    with pytest.raises(FederationError) as error:
        serve(grid, which)
    assert str(error.value) == "p1, p2, p3 could not train 2026-06-22 together (exact_begun); dropped: p0 (other_version)"


def test_two_nodes_of_one_name_are_both_left_out(tmp_path: Path) -> None:
    """Nobody knows which of them is the company."""
    which = plan(rounds=1)
    there = members(tmp_path, 5)
    found = serve(Overheard([*there, Member("p0", there[1].store)], which), which)
    assert dict(found.state["dropped"]) == {"p0": "malformed"}
    assert sorted(found.state["rows"]) == ["p1", "p2", "p3", "p4"]


def test_two_do_not_train_exactly_whatever_they_are_told(tmp_path: Path) -> None:
    """Of two, each would read the other: a coordinator that asks for it is refused by both."""
    with pytest.raises(FederationError, match=r"p0 \(exact_below_quorum\), p1 \(exact_below_quorum\)"):
        train_shared(members(tmp_path, 2), plan(minimum=2, strategy="exact", turns=2, quantiles=(0.5,)))
