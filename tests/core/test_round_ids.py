"""Ids of rounds: their form, and their order in time."""

from __future__ import annotations

from datetime import date

import pytest

from decai_forecast.errors import ConfigError
from decai_forecast.round import Round, before, in_time, is_round


def test_rounds_stand_in_the_order_of_time() -> None:
    """As text 2026-06-29.10 stands before 2026-06-29.2; in time it comes after it."""
    rounds = ["2026-06-29", "2026-06-29.2", "2026-06-29.9", "2026-06-29.10", "2026-06-30"]
    assert sorted(rounds) != rounds
    assert in_time(reversed(rounds)) == rounds
    for k, one in enumerate(rounds):
        assert before(reversed(rounds), one) == rounds[:k]


def test_what_is_no_round_has_a_place_too() -> None:
    """A store's folders hold what others put there."""
    assert in_time(["x.y", ".put-1", "2026-06-29.2", "2026-06-29"])[-3:] == ["2026-06-29", "2026-06-29.2", "x.y"]


def test_a_round_without_a_cut_off_ends_where_its_day_begins() -> None:
    """``as_of`` is the id's own day unless it is given."""
    assert Round.of("2026-06-29.2") == Round("2026-06-29.2", date(2026, 6, 29))
    assert Round.of("2026-06-29", "2026-05-01").as_of == date(2026, 5, 1)


@pytest.mark.parametrize("name", ["2026-06-29", "2026-06-29.2", "2026-06-29.99"])
def test_ids_of_rounds_are_known(name: str) -> None:
    """A date, and from the second round of a day on its number."""
    assert is_round(name)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "x",
        "2026-6-29",
        "2026-02-30",
        "2026-06-29.1",
        "2026-06-29.02",
        "2026-06-29.100",
        "2026-06-29\n",
        "2026-06-2\uff19",
        "2026-06-29.1\u0662",
    ],
)
def test_whatever_else_is_no_round(name: str) -> None:
    """No day that does not exist, no first round with a number, no digits of other alphabets."""
    assert not is_round(name)
    with pytest.raises(ConfigError, match=r"expected YYYY-MM-DD, or YYYY-MM-DD\.2 for a further round"):
        Round.of(name)
