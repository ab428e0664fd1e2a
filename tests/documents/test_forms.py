"""What a form expects at a place, in words; and the place that the document has where pydantic names another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Annotated, Any, Literal

import pytest
from annotated_types import Ge, Gt, Le, Len, Lt, MinLen
from pydantic import Field

from decai_forecast.documents.constraints import OneOf
from decai_forecast.documents.forms import allowed, choices, form_at, key_form, keys


class Size(StrEnum):
    SMALL = "small"
    LARGE = "large"


@dataclass(frozen=True)
class Mail:
    kind: Literal["mail"]
    to: tuple[str, ...]


@dataclass(frozen=True)
class Webhook:
    kind: Literal["webhook"]
    url: str


Channel = Annotated[Mail | Webhook, Field(discriminator="kind")]


@dataclass(frozen=True)
class Root:
    count: Annotated[int, Ge(1), Le(2000)] = 1
    size: Size = Size.SMALL
    channels: tuple[Channel, ...] = ()
    limits: Mapping[str, Annotated[float, Gt(0)] | None] = field(default_factory=dict)
    renamed: Annotated[str, Field(alias="theName")] = ""
    made: int = field(init=False, default=0)


WORDS: list[tuple[Any, str]] = [
    (str, "text"),
    (bool, "true or false"),
    (int, "a whole number"),
    (float | None, "a number"),
    (date, "a date such as 2026-12-07"),
    (object, "another value"),
    (Annotated[int, Ge(0)], "a whole number of at least 0"),
    (Annotated[float, Gt(0)], "a number above 0"),
    (Annotated[float, Gt(0), Lt(1)], "a number above 0, below 1"),
    (Annotated[int, Ge(1000), Le(2000)], "a whole number from 1,000 to 2,000"),
    (Annotated[float, Field(ge=0, le=1)], "a number from 0 to 1"),
    (Annotated[str, Len(0, 2000)], "text of 0 to 2,000 characters"),
    (Annotated[str, MinLen(1)], "text that is not empty"),
    (Annotated[str, Field(min_length=1, description="a name")], "a name"),
    (Annotated[int, Ge(1)] | None, "a whole number of at least 1"),
    (Size, "one of small, large"),
    (Literal["W"], "W"),
    (Literal["D", "W"] | None, "one of D, W"),
    (Annotated[str, OneOf(lambda: ("exact", "median"))], "one of exact, median"),
    (tuple[str, ...], "a list"),
    (Annotated[tuple[str, ...], MinLen(1)], "a list that is not empty"),
    (Annotated[tuple[str, ...], Len(1, 5)], "a list of 1 to 5 entries"),
    (Mapping[str, int], "a mapping"),
    (Webhook, "a mapping of kind, url"),
    (Channel, "a mapping with kind, one of mail, webhook"),
]


@pytest.mark.parametrize(("form", "words"), WORDS)
def test_what_may_stand_there_in_words(form: object, words: str) -> None:
    """Type, range and length; None is left out; a description says it better."""
    assert allowed(form_at(form, ())[1]) == words


PLACES: list[tuple[tuple[str | int, ...], tuple[str | int, ...], str]] = [  # pydantic's place, the document's, what is allowed
    (("count",), ("count",), "a whole number from 1 to 2,000"),
    (("channels",), ("channels",), "a list"),
    (("channels", 2), ("channels", 2), "a mapping with kind, one of mail, webhook"),
    (("channels", 2, "mail", "to", 0), ("channels", 2, "to", 0), "text"),
    (("channels", 0, "webhook", "url"), ("channels", 0, "url"), "text"),
    (("limits", "north"), ("limits", "north"), "a number above 0"),
    (("theName",), ("theName",), "text"),
    (("nobody", "knows"), ("nobody", "knows"), "another value"),
]


@pytest.mark.parametrize(("loc", "where", "words"), PLACES)
def test_a_place_has_its_form(loc: tuple[str | int, ...], where: tuple[str | int, ...], words: str) -> None:
    """Without the tags of unions, which no document has."""
    place, form = form_at(Root, loc)
    assert (place, allowed(form)) == (where, words)


def test_keys_are_those_of_the_document() -> None:
    """By alias; what is computed is no key, and a free mapping has none."""
    assert keys(form_at(Root, ())[1]) == ("count", "size", "channels", "limits", "theName")
    assert keys(form_at(Root, ("limits",))[1]) == ()


def test_a_free_mapping_may_say_what_its_keys_are() -> None:
    """As that of a message whose keys are names of participants."""
    name = Annotated[str, Field(description="a name")]
    assert allowed(key_form(form_at(Mapping[name, int], ())[1])) == "a name"
    assert allowed(key_form(form_at(int, ())[1])) == "another value"


@pytest.mark.parametrize(
    ("form", "values"),
    [(Size, ("small", "large")), (Literal["a", 3], ("a", "3")), (Channel, ("mail", "webhook")), (str, ()), (Webhook, ())],
)
def test_choices_are_what_may_have_been_meant(form: object, values: tuple[str, ...]) -> None:
    """None where anything may stand."""
    assert choices(form_at(form, ())[1]) == values
