"""Where a contract may read files: below the network's home and the operator's folders, never what is another's."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from deliveries import AS_OF, contract, demand

from decai_forecast.contracts import Source
from decai_forecast.delivery import pull
from decai_forecast.delivery.errors import SourceAbsent, SourceUnsafe

OUT = (
    "leads out of the network's home; use a path below it, or ask the operator to add its folder to source_folders in "
    "network.yaml"
)
ANOTHERS = "leads into what belongs to the network or to another company; name a file of your own"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with a file of ours, one of another company, and one outside; links lead to both."""
    home = tmp_path / "home"
    for folder in ("home/sources", "home/stores/shop_1", "outside"):
        (tmp_path / folder).mkdir(parents=True)
        demand().to_csv(tmp_path / folder / "rows.csv", index=False)
    (home / "link.csv").symlink_to(tmp_path / "outside/rows.csv")
    (home / "folder").symlink_to(tmp_path / "outside")
    (home / "inside.csv").symlink_to(home / "stores/shop_1/rows.csv")
    return home


def read(home: Path, location: str, *allowed: Path) -> int:
    agreed = replace(contract(home.parent), source=Source("local", location, "csv"))
    out = home.parent / "out.parquet"
    return pull(agreed, home, AS_OF, out, allowed=allowed, closed=(home / "stores", home / "network.yaml")).rows


@pytest.mark.parametrize(
    ("location", "said"),
    [
        ("../outside/rows.csv", OUT),
        ("../outside/nothing.csv", OUT),
        ("sources/../../outside/rows.csv", OUT),
        ("../out*/rows.csv", OUT),
        ("*/../../outside/rows.csv", OUT),
        ("link.csv", OUT),
        ("folder/rows.csv", OUT),
        ("folder/r*.csv", OUT),
        ("li*.csv", OUT),
        ("/etc/hostname", OUT),
        ("/etc/nothing-of-that-name", OUT),
        ("stores/shop_1/rows.csv", ANOTHERS),
        ("stores/shop_1/nothing.csv", ANOTHERS),
        ("stores/*/rows.csv", ANOTHERS),
        ("s*/shop_1/rows.csv", ANOTHERS),
        ("sources/../stores/shop_1/rows.csv", ANOTHERS),
        ("inside.csv", ANOTHERS),
        ("network.yaml", ANOTHERS),
    ],
)
def test_what_lies_elsewhere_is_refused(home: Path, location: str, said: str) -> None:
    """Whether it is there or not: the answer tells nothing about files that are not ours."""
    with pytest.raises(SourceUnsafe) as error:
        read(home, location)
    assert str(error.value) == f"acme: demand: {location} {said}"


@pytest.mark.parametrize("location", ["file:///etc/hostname", "file://rows.csv", "rows\0.csv"])
def test_a_path_is_no_address(home: Path, location: str) -> None:
    """A local server names a path."""
    with pytest.raises(SourceUnsafe) as error:
        read(home, location)
    assert str(error.value) == f"acme: demand: {location!r} is not a path; use one below the network's home"


@pytest.mark.parametrize("location", ["sources/rows.csv", "sources/*.csv", "./sources/../sources/rows.csv"])
def test_what_is_ours_is_read(home: Path, location: str) -> None:
    """Below the home, by name or by pattern."""
    assert read(home, location) == 200


def test_an_absolute_path_below_the_home_is_read(home: Path) -> None:
    """As a draft has it."""
    assert read(home, str(home / "sources/rows.csv")) == 200


def test_the_operator_may_open_a_folder(home: Path) -> None:
    """Then absolute paths and links into it are read; what is closed stays closed."""
    outside = home.parent / "outside"
    for location in (str(outside / "rows.csv"), str(outside / "*.csv"), "link.csv", "../outside/rows.csv"):
        assert read(home, location, outside) == 200
    with pytest.raises(SourceUnsafe, match="belongs to the network"):
        read(home, str(home / "stores/shop_1/rows.csv"), home.parent)


def test_what_is_ours_and_not_there_is_named(home: Path) -> None:
    """With the place in the contract."""
    with pytest.raises(SourceAbsent) as error:
        read(home, "sources/later.csv")
    where, agreed = home / "sources/later.csv", home.parent / "demand.odcs.yaml"
    assert str(error.value) == f"acme: demand: {where} is not there; see servers[0].path in {agreed}"
