"""Figures that companies give for comparison: what cannot be read, or is a stranger's, is left out."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from parties import ROUND, Parties

from decai_forecast.link import Figures
from decai_forecast.link.envelope import Kind


@pytest.fixture
def parties(tmp_path: Path) -> Parties:
    return Parties(tmp_path)


def test_figures_come_over_as_they_were_given(parties: Parties) -> None:
    """One of each company, the last one; a figure that a company does not have is none."""
    parties.company("a").link.give_figures(ROUND.id, Figures(0.5, 0.5))
    parties.company("a").link.give_figures(ROUND.id, Figures(0.9, 0.2))
    parties.company("b").link.give_figures(ROUND.id, Figures(wape=1.5))
    assert parties.coordinator.link.figures(ROUND.id) == [Figures(0.9, 0.2), Figures(None, 1.5)]
    assert parties.coordinator.link.figures("2026-06-30") == []


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"{", "$: not JSON"),
        (b"\xff", "$: byte 0 is not UTF-8"),
        (b"[0.9]", "$: the message must be a mapping of fill_rate, wape, not a list"),
        (b'{"fill_rate": 1.5}', "$.fill_rate: fill_rate must be a number from 0 to 1, not 1.5"),
        (b'{"fill_rate": -0.1}', "$.fill_rate"),
        (b'{"fill_rate": true}', "$.fill_rate"),
        (b'{"fill_rate": "0.9"}', "$.fill_rate"),
        (b'{"wape": NaN}', "$.wape: NaN is no number of 64 bits"),
        (b'{"wape": 1e999}', "$.wape: 1e999 is no number of 64 bits"),
        (b'{"wape": -1}', "$.wape"),
        (b'{"wape": 1, "wape": 2}', "$: key 'wape' is there twice"),
        (b'{"fill_rate": 0.9, "items": 3}', "$: unknown key 'items'"),
        (b" " * 63_900, "a message of 64,"),
    ],
)
def test_malformed_figures_are_left_out(parties: Parties, data: bytes, said: str, caplog: pytest.LogCaptureFixture) -> None:
    """The others' figures stay; the log names the sender and the fault."""
    parties.company("a").link.give_figures(ROUND.id, Figures(0.9, 0.2))
    parties.send("b", data, Kind.FIGURES)
    with caplog.at_level(logging.WARNING, "decai_forecast.link.folder"):
        assert parties.coordinator.link.figures(ROUND.id) == [Figures(0.9, 0.2)]
    (record,) = caplog.records
    assert record.getMessage().startswith("figures for round 2026-06-29 are left out: b sent a ")
    assert said in record.getMessage()


@pytest.mark.parametrize("key", ["stranger/{}/figures.json", "A/{}/figures.json", "a/{}/figures.txt", "b/{}/figures.json/x"])
def test_figures_of_nobody_in_the_network_are_left_out(parties: Parties, key: str) -> None:
    """Whoever could add files could otherwise move the quartiles."""
    parties.inbox.write_bytes(key.format(ROUND.id), b'{"fill_rate": 0.1}')
    assert parties.coordinator.link.figures(ROUND.id) == []
