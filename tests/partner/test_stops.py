"""How far a company's context travels: the functions that see it during one combination, counted by a profiler.

A stop is a function of ours that receives the context, or an object holding it: as an attribute, as an item of a list, tuple or
mapping, as the object of a bound method, or as a variable of the function around it. A room is its top-level package.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import pytest
from support import NIGHT

import decai_forecast
from decai_forecast.network import Network
from decai_forecast.partner.combine import combine
from decai_forecast.partner.context import PartnerContext, partner_context

PACKAGE = Path(decai_forecast.__file__).parent
STOPS, ROOMS = 30, 10  # at most
COMPREHENSIONS = ("<genexpr>", "<listcomp>", "<dictcomp>", "<setcomp>")


@dataclass
class Stops:
    """The functions of a package that were given something that ``is_own``, as far as they ran under :func:`profiled`."""

    is_own: Callable[[object], bool]
    package: Path = PACKAGE
    codes: set[CodeType] = field(default_factory=set)

    @property
    def functions(self) -> set[str]:
        return {code.co_qualname for code in self.codes}

    @property
    def rooms(self) -> set[str]:
        """Packages, and the modules beside them."""
        return {Path(code.co_filename).relative_to(self.package).parts[0].removesuffix(".py") for code in self.codes}

    def see(self, frame: FrameType) -> None:
        """A call: looks at its arguments and at what it closes over."""
        code = frame.f_code
        if code in self.codes or not is_below(code, self.package):
            return
        if any(self.is_own(one) for value in frame.f_locals.values() for one in (value, *parts(value))):
            self.codes.add(code)


@cache
def is_below(code: CodeType, package: Path) -> bool:
    """Whether it is a function of the package; a comprehension is a part of the one around it."""
    return code.co_filename.startswith(str(package)) and code.co_name not in COMPREHENSIONS


@contextmanager
def profiled(*stops: Stops) -> Iterator[None]:
    """Every call in this thread and in those that it starts is seen."""

    def seen(frame: FrameType, event: str, argument: Any) -> None:  # None: no line of the function is of interest
        for one in stops:
            one.see(frame)

    before = sys.gettrace()
    threading.settrace(seen)
    sys.settrace(seen)  # unlike sys.setprofile it is not asked at every call into C
    try:
        yield
    finally:
        sys.settrace(before)
        threading.settrace(None)


def parts(value: object) -> Iterable[object]:
    """What an object holds, one level deep."""
    if isinstance(value, dict):
        return list(value.values())
    if isinstance(value, list | tuple | set | frozenset):
        return list(value)
    slots = [getattr(value, name, None) for name in getattr(type(value), "__slots__", ())]
    return [*getattr(value, "__dict__", {}).values(), *slots]


@pytest.fixture
def company(after: Network) -> PartnerContext:
    """Of a night whose combination is to be made again."""
    company = partner_context(after, "shop_0")
    company.store.remove(f"rounds/{NIGHT.id}/combine")
    return company


def test_a_companys_context_makes_few_stops(company: PartnerContext) -> None:
    """What computes gets what it needs of it, not the whole; its store and its link stay with those who keep files."""
    whole = Stops(lambda one: isinstance(one, PartnerContext))
    doors = Stops(lambda one: one is company or one is company.store or one is company.link)
    with profiled(whole, doors):
        assert not combine(company, NIGHT).repeated
    assert {"combine", "combine.<locals>.work"} <= whole.functions
    assert len(whole.codes) <= STOPS
    assert len(whole.rooms) <= ROOMS
    # the ledger keeps the keys of former coordinators in the company's store
    assert doors.rooms <= {"partner", "link", "identity", "ledger", "steps", "store"}


# the profiler itself


class Holder:
    def __init__(self, one: object) -> None:
        self.one = one

    def method(self) -> None:
        pass


class Slotted:
    __slots__ = ("one",)


def given(one: object) -> None:
    pass


def closing_over(one: object) -> Callable[[], object]:
    return lambda: one


def in_a_thread(one: object) -> None:
    thread = threading.Thread(target=given, args=(one,))
    thread.start()
    thread.join()


def slotted(one: object) -> Slotted:
    made = Slotted()
    made.one = one
    return made


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (given, "given"),
        (lambda one: given(Holder(one)), "given"),
        (lambda one: given(slotted(one)), "given"),
        (lambda one: Holder(one).method(), "Holder.method"),
        (lambda one: closing_over(one)(), "closing_over.<locals>.<lambda>"),
        (in_a_thread, "given"),
    ],
)
def test_a_stop_is_seen_however_the_context_comes(call: Callable[[object], None], name: str) -> None:
    """As an argument, in an object, as the object of a method, from the function around it, in another thread."""
    own = object()
    stops = Stops(lambda one: one is own, Path(__file__).parent)
    with profiled(stops):
        call(own)
    assert name in stops.functions


@pytest.mark.parametrize("wrapped", [lambda one: [one], lambda one: {"a": one}, lambda one: (one,), lambda one: {one}])
def test_a_stop_is_seen_in_a_collection(wrapped: Callable[[object], object]) -> None:
    """A list, a mapping, a tuple, a set."""
    own = object()
    argument, stops = wrapped(own), Stops(lambda one: one is own, Path(__file__).parent)
    with profiled(stops):
        Holder(argument)
    assert stops.functions == {"Holder.__init__"}


def test_what_is_not_given_is_no_stop() -> None:
    """Nor is a function of another package."""
    own = object()
    here, elsewhere = Stops(lambda one: one is own, Path(__file__).parent), Stops(lambda one: one is own)
    with profiled(here, elsewhere):
        given(object())
        given([object()])
        Holder(own)
    assert (here.functions, elsewhere.functions) == ({"Holder.__init__"}, set())
