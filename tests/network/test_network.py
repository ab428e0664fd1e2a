"""network.yaml: what it says, and that what is saved is loaded."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from network_files import FULL, loaded, refused

from decai_forecast.code_book import CodeBook
from decai_forecast.errors import ConfigError
from decai_forecast.network import (
    Assumptions,
    LinkTerms,
    MailChannel,
    Network,
    Participant,
    Privacy,
    WebhookChannel,
    notes_of,
    valid_id,
)
from decai_forecast.network.supply import Component, Lane, Site, Supplier, Supply


@pytest.fixture
def network(tmp_path: Path) -> Network:
    people = tuple(Participant(name) for name in ("bolt", "acme", "corex", "dyna"))
    return Network(tmp_path, "four", "W", 13, people, assumptions=Assumptions(lead_time_days=21))


def test_every_key_is_read(tmp_path: Path) -> None:
    """Into its own type."""
    network = loaded(tmp_path, FULL)
    assert network == Network(
        tmp_path, "four", "W", 13,
        (Participant("acme"), Participant("bolt", store="s3://bolt/decai"), Participant("corex"), Participant("dyna"),
         Participant("auditor", ())),
        "Europe/Paris", quorum=3, late_minutes=60.5, retry_minutes=0.0, close_at="30 3 * * 1-5", replay_as_of="2026-03-02",
        source_folders=("/srv/exports",), assumptions=Assumptions(21, 1.0, 9.5, currency="EUR"),
        notify=(
            WebhookChannel("webhook", "HOOK"),
            MailChannel("smtp", "mail.example.com", "d@example.com", ("ops@example.com",), 587, "U", "P"),
        ),
        supply={"acme": Supply(
            (Supplier("V", 21.0, 100.0),), (Site("dc", 3.0),), (Lane("V", "dc", 10.0, "4711", 1.0),),
            (Component("kit", "part", 2.0, unit="EA"),),
        )},
        code_book=CodeBook("category", ("beer", "gin", "rum")),
        link=LinkTerms("folder", "memory://link/in", "memory://link/out"),
    )  # fmt: skip
    assert network.partners == ("acme", "bolt", "corex", "dyna")


def test_what_is_saved_is_loaded(tmp_path: Path, network: Network) -> None:
    """The file holds everything, and defaults where nothing was said; partners come sorted."""
    network.save()
    assert Network.load(network.home) == network
    assert network.partners == ("acme", "bolt", "corex", "dyna")
    full = loaded(tmp_path, FULL)
    full.save()
    assert Network.load(tmp_path) == full


@given(
    st.builds(
        Network,
        home=st.just(Path("/nowhere")),
        name=st.text("ab: #-é", min_size=1, max_size=100),
        frequency=st.sampled_from("DWM"),
        horizon=st.integers(1, 1_000),
        participants=st.lists(st.from_regex(r"[a-z0-9_]{1,9}", fullmatch=True).filter(lambda i: i[0] != "_"), unique=True).map(
            lambda ids: tuple(Participant(one) for one in ids)
        ),
        grace_minutes=st.floats(0, 10_080),
        simulated=st.booleans(),
        privacy=st.none() | st.floats(1e-9, 100).map(lambda e: Privacy(e, 100.0)),
        assumptions=st.builds(Assumptions, lead_time_days=st.integers(1, 3_650), holding_cost=st.floats(1e-9, 1e12)),
    )
)
def test_whatever_is_saved_is_loaded(tmp_path_factory: pytest.TempPathFactory, network: Network) -> None:
    """Ids such as 0715 and null, names such as "a: b" and "#", numbers such as 1e-9."""
    network = replace(network, home=tmp_path_factory.mktemp("saved"))
    network.save()
    assert Network.load(network.home) == network


def parts(value: Any, where: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """The places of all scalars in ``value``."""
    if isinstance(value, dict):
        return [place for key, item in value.items() for place in parts(item, (*where, key))]
    if isinstance(value, list):
        return [place for number, item in enumerate(value) for place in parts(item, (*where, number))]
    return [where]


PLAIN = yaml.safe_load(FULL.replace("2026-03-02", "'2026-03-02'"))
WRONG_TYPES = [{"a": 1}, [["x"]], None, 2.5, True, -7, "\x7f"]
TAKEN = {
    "NoneType": ("quorum", "recovery_days", "capacity", "item_id", "share", "unit"),
    "float": ("minutes", "cost", "days", "capacity", "quantity"),
    "bool": ("simulated",),
}


def stays_right(key: str, wrong: object) -> bool:
    """Whether this type may stand there."""
    by_type = any(part in key for part in TAKEN.get(type(wrong).__name__, ()))
    return (by_type and key not in ("lead_time_days", "supplier_outage_days")) or (key == "item_id" and wrong == -7)


@pytest.mark.parametrize("where", parts(PLAIN), ids=lambda where: ".".join(map(str, where)))
def test_any_value_of_a_wrong_type_is_refused_with_its_line(tmp_path: Path, where: tuple[str | int, ...]) -> None:
    """Each key of a file that says everything, changed into each type that it cannot be."""
    key = next(str(part) for part in reversed(where) if isinstance(part, str))
    for wrong in WRONG_TYPES:
        if not stays_right(key, wrong) and not (where[0] == "supply" and (wrong == 2.5 or isinstance(wrong, int))):
            text, line = text_with(where, wrong)
            assert line in [int(fault.split(":")[0]) for fault in refused(tmp_path, text)], wrong


def text_with(where: tuple[str | int, ...], wrong: object) -> tuple[str, int]:
    """The file with ``wrong`` at ``where``, each scalar on a line of its own; and the line of it."""
    value = yaml.safe_load(yaml.safe_dump(PLAIN))
    node = value
    for part in where[:-1]:
        node = node[part]
    node[where[-1]] = "MARK"
    text = yaml.safe_dump(value, sort_keys=False)
    line = text[: text.index("MARK")].count("\n") + 1
    return text.replace("MARK", yaml.safe_dump(wrong, default_flow_style=True).removesuffix("...\n").strip()), line


@pytest.mark.parametrize(("partners", "minimum"), [(3, 3), (4, 3), (5, 4), (6, 4), (15, 10), (32, 22)])
def test_the_quorum_is_two_thirds_and_at_least_three(network: Network, partners: int, minimum: int) -> None:
    """Fewer than three could read each other."""
    people = tuple(Participant(f"p{k}") for k in range(partners))
    assert replace(network, participants=people).minimum == minimum


def test_a_network_of_two_is_noted(network: Network) -> None:
    """It is right, and shares nothing."""
    assert notes_of(network) == ()
    two = replace(network, participants=network.participants[:2])
    assert notes_of(two) == ("2 partners: nothing is shared below 3; each company forecasts alone",)


def test_a_missing_network_says_how_to_make_one(tmp_path: Path) -> None:
    """The first thing a newcomer meets."""
    with pytest.raises(ConfigError, match="make a network with `decai network init` or set DECAI_HOME"):
        Network.load(tmp_path)


@pytest.mark.parametrize("name", ["coordinator", "a b", "A", "", "a" * 41, "../x", "_x"])
def test_an_id_can_be_a_folder_and_a_dag(name: str) -> None:
    """Everything else is refused."""
    with pytest.raises(ConfigError, match="cannot be a participant's id"):
        valid_id(name)


def test_an_unknown_participant_is_named(network: Network) -> None:
    """With those there are."""
    with pytest.raises(ConfigError, match="no participant 'x'; there are bolt, acme, corex, dyna"):
        network.address("x")


def test_a_small_number_may_be_written_with_an_exponent(network: Network) -> None:
    """YAML reads 1e-6 as text; it is the number."""
    private = replace(network, privacy=Privacy(3.0, 30.0))
    private.save()
    path = network.home / "network.yaml"
    assert "delta: 1.0e-06" in path.read_text()
    path.write_text(path.read_text().replace("delta: 1.0e-06", "delta: 1e-6"))
    assert Network.load(network.home) == private
