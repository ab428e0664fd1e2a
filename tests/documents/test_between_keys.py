"""A form that knows what is wrong between its keys is asked even where single keys are wrong."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any

import pytest
from pydantic import Field

from decai_forecast.documents import Fault
from decai_forecast.documents.complaints import Complaints
from decai_forecast.documents.spelling import near
from decai_forecast.documents.typed import typed


@dataclass(frozen=True)
class Partner:
    id: str
    role: str = "partner"


@dataclass(frozen=True)
class Network:
    partners: tuple[Partner, ...] = ()
    quorum: int | None = None
    limits: Mapping[str, Annotated[float, Field(gt=0)]] = field(default_factory=dict)

    def faults(self) -> Iterator[Fault]:
        if self.quorum is not None and self.quorum > len(self.partners):
            yield Fault(("quorum",), f"quorum is {self.quorum}; there are {len(self.partners)} partners")
        for name in self.limits:
            if name not in {one.id for one in self.partners}:
                yield Fault(("limits", name), f"no partner {name}", key=True)


def said(value: Mapping[str, Any], **options: Any) -> list[tuple[tuple[str | int, ...], str]]:
    read, faults = typed(value, Network, "a network", **options)
    assert (read is None) == bool(faults)
    return [(fault.where, fault.text) for fault in faults]


PARTNERS = [{"id": "a"}, {"id": "b"}]


def test_keys_that_do_not_go_together_are_told() -> None:
    """At the key that the form names."""
    assert said({"partners": PARTNERS, "quorum": 2}) == []
    assert said({"partners": PARTNERS, "quorum": 3, "limits": {"c": 1}}) == [
        (("quorum",), "quorum is 3; there are 2 partners"),
        (("limits", "c"), "no partner c"),
    ]


def test_a_wrong_key_hides_no_other_fault() -> None:
    """The form is asked as if what is wrong by itself were not there."""
    assert said({"partners": PARTNERS, "quorum": 3, "limits": {"a": -1, "c": 1}}) == [
        (("limits", "a"), "a must be a number above 0, not -1"),
        (("quorum",), "quorum is 3; there are 2 partners"),
        (("limits", "c"), "no partner c"),
    ]


def test_one_place_has_one_fault() -> None:
    """What is wrong by itself is not blamed for what it does to others."""
    assert said({"partners": PARTNERS, "quorum": "3"}) == [(("quorum",), "quorum must be a whole number, not '3'")]


def test_a_key_of_an_entry_may_be_wrong() -> None:
    """One that it can do without: the others are held against each other all the same."""
    assert said({"partners": [{"id": "a", "role": 5}, {"id": "b"}], "quorum": 3}) == [
        (("partners", 0, "role"), "role must be text, not 5; put it into quotes"),
        (("quorum",), "quorum is 3; there are 2 partners"),
    ]


def test_without_a_needed_key_the_form_is_not_asked() -> None:
    """There is none to ask: what an entry is without its id nobody knows."""
    assert said({"partners": [{"id": 5}, {"id": "b"}], "quorum": 3}) == [
        (("partners", 0, "id"), "id must be text, not 5; put it into quotes"),
    ]


def test_keys_of_others_are_let_through_where_a_standard_may_have_more() -> None:
    """Only if the reader says so."""
    assert said({"partners": PARTNERS, "color": 1}, unknown="ignore") == []
    assert said({"partners": PARTNERS, "color": 1}) == [(("color",), "unknown key 'color'; known are limits, partners, quorum")]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (2**70, f"{2**70} is no number of 64 bits"),
        (float("nan"), "nan is no number of 64 bits"),
        (b"x", "a value of type bytes is not allowed; write text, a number, true or false"),
    ],
)
def test_values_that_no_form_takes(value: object, text: str) -> None:
    """Numbers beyond 64 bits, and YAML's own types."""
    assert said({"partners": PARTNERS, "quorum": value}) == [(("quorum",), text)]


def test_a_character_that_moves_a_cursor_is_told() -> None:
    """By its number."""
    assert said({"partners": [{"id": "a\x1b[2J"}]}) == [(("partners", 0, "id"), "the character U+001B is not allowed")]


def test_complaints_are_collected() -> None:
    """Of columns and keys that nobody knows: where, what, and what may have been meant."""
    complain = Complaints()
    assert complain.column("quantity", {"quantity": 1, "price": 2}, ("rules", 0))
    assert not complain.column("quantty", {"quantity": 1, "price": 2}, ("rules", 1))
    complain.keys({"maxmum": 1, "colour": 2, "minimum": 3}, ("minimum", "maximum"), ("rules", 2))
    assert complain.found == [
        Fault(("rules", 1), "'quantty' is not a column; did you mean 'quantity'?; there are quantity, price"),
        Fault(("rules", 2, "maxmum"), "unknown key 'maxmum'; did you mean 'maximum'?", key=True),
        Fault(("rules", 2, "colour"), "unknown key 'colour'; known are minimum, maximum", key=True),
    ]


@pytest.mark.parametrize(
    ("word", "advice"),
    [("demnd", "; did you mean 'demand'?"), ("DEMAND", ""), ("xyz", ""), ("", "")],
)
def test_the_nearest_known_word_is_proposed(word: str, advice: str) -> None:
    """Or none, where nothing is near."""
    assert near(word, {"demand", "stock", "items"}) == advice
    assert near(word, ()) == ""
