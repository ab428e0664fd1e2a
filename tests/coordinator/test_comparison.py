"""Quartiles over companies: of the last earlier round that has figures, of at least five companies, written once."""

from __future__ import annotations

from pathlib import Path

import pytest
from parties import ROUND, Parties, at_once

from decai_forecast.coordinator.comparison import publish_comparison
from decai_forecast.link import Comparison, Figures, Quartiles
from decai_forecast.link.envelope import Kind

BEFORE, LONG_BEFORE = "2026-06-28", "2026-06-27"
RATES = (0.9, 0.8, 0.7, 0.95, 0.85)
QUARTILES = Quartiles(5, 0.8, 0.85, 0.9)


@pytest.fixture
def parties(tmp_path: Path) -> Parties:
    return Parties(tmp_path, "abcdefgh")


def give(parties: Parties, round_id: str, number: int) -> None:
    """The first ``number`` companies give their service."""
    for company, rate in zip("abcde"[:number], RATES, strict=False):
        parties.company(company).link.give_figures(round_id, Figures(fill_rate=rate))


def published(parties: Parties) -> Comparison | None:
    publish_comparison(parties.coordinator, ROUND)
    return parties.company("a").link.comparison(ROUND.id)


def test_without_figures_nothing_is_published(parties: Parties) -> None:
    """Neither of no round before, nor of this round itself, nor of a later one."""
    give(parties, ROUND.id, 5)
    give(parties, "2026-06-30", 5)
    assert published(parties) is None


def test_quartiles_of_five_companies_are_published(parties: Parties) -> None:
    """Of the figure that all of them gave, rounded; of the other one nothing."""
    give(parties, BEFORE, 5)
    assert published(parties) == Comparison(BEFORE, {"fill_rate": QUARTILES})


@pytest.mark.parametrize("number", [1, 4])
def test_below_five_companies_not_even_their_number_is_told(parties: Parties, number: int) -> None:
    """The round is named, and no measure."""
    give(parties, BEFORE, number)
    assert published(parties) == Comparison(BEFORE, {})


@pytest.mark.parametrize("data", [b"{", b'{"fill_rate": 5}', b'{"fill_rate": null}', b"{}"])
def test_a_figure_that_cannot_be_read_makes_no_fifth_company(parties: Parties, data: bytes) -> None:
    """Nor one that is not there."""
    give(parties, BEFORE, 4)
    parties.send("f", data, Kind.FIGURES, BEFORE)
    assert published(parties) == Comparison(BEFORE, {})


def test_strangers_make_no_fifth_company(parties: Parties) -> None:
    """Else one company with many names could read the others' figures."""
    give(parties, BEFORE, 1)
    for k in range(9):
        parties.inbox.write_bytes(f"stranger_{k}/{BEFORE}/figures.json", b'{"fill_rate": 0.5}')
    assert published(parties) == Comparison(BEFORE, {})


def test_the_newest_round_with_figures_counts(parties: Parties) -> None:
    """A round of which only strangers' files, or none that can be read, are there is looked past."""
    give(parties, LONG_BEFORE, 5)
    parties.inbox.write_bytes(f"stranger/{BEFORE}/figures.json", b'{"fill_rate": 0.5}')
    parties.inbox.write_bytes(f"{BEFORE}.2/compare/a.json", b"{")
    assert published(parties) == Comparison(LONG_BEFORE, {"fill_rate": QUARTILES})


def test_a_folder_that_is_no_round_is_looked_past(parties: Parties) -> None:
    """No company could read what was published of it."""
    give(parties, "0000", 5)
    give(parties, "2026-06-28.1", 5)
    assert published(parties) is None


def test_once_published_it_never_changes(parties: Parties) -> None:
    """Nobody can watch one company come or go within a round."""
    give(parties, BEFORE, 5)
    first = published(parties)
    parties.company("f").link.give_figures(BEFORE, Figures(fill_rate=0.1))
    parties.inbox.remove(f"a/{BEFORE}/figures.json")
    assert published(parties) == first


def test_eight_at_once_publish_one(parties: Parties) -> None:
    """Though figures come while they read."""
    give(parties, BEFORE, 5)

    def publish() -> Comparison | None:
        found = published(parties)
        parties.company("f").link.give_figures(BEFORE, Figures(fill_rate=0.1))
        return found

    found = at_once(8, publish)
    assert all(one == published(parties) for one in found)
