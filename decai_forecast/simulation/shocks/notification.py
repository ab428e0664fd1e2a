"""Disruption notifications of Catena-X as scenarios: CX-0157, DemandAndCapacityNotification 2.0.0 and 3.0.0.

A notification says who is hit, from when to when and in what way, but not how much. It is therefore read as the worst case
of capacity (nothing is shipped), or as a change of demand by half, unless the reader says how much.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from decai_forecast.documents.constraints import Name, Text
from decai_forecast.documents.document import JsonDocument
from decai_forecast.documents.fault import Fault, Where
from decai_forecast.documents.kind import Kind
from decai_forecast.documents.typed import typed
from decai_forecast.errors import DocumentError
from decai_forecast.shock_kinds import ShockKind
from decai_forecast.simulation.shocks.scenario import Scenario, Shock

__all__ = ["EFFECTS", "NotificationForm", "read_notification"]

NOTIFICATION = Kind("a disruption notification of CX-0157", "expected a disruption notification of CX-0157, a JSON object")
EFFECTS: Mapping[str, tuple[ShockKind, float]] = {  # effect -> kind of shock, factor where the reader says none
    "capacity-reduction": (ShockKind.CAPACITY, 0.0),
    "demand-reduction": (ShockKind.DEMAND, 0.5),
    "demand-increase": (ShockKind.DEMAND, 1.5),
}
WRAPPERS = ("content", "demandAndCapacityNotification")  # keys around the notification in a whole message


def _time(value: str) -> str:
    try:
        datetime.fromisoformat(value)
    except ValueError:
        raise ValueError from None
    return value


def _effect(value: str) -> str:
    if value == "capacity-increase":
        raise ValueError("is 'capacity-increase'; more capacity is no disruption")
    if value not in EFFECTS:
        raise ValueError
    return value


def _open(value: str) -> str:
    if value != "open":
        raise ValueError(f"is {value!r}; only an open notification can be simulated")
    return value


TIME = "a time such as 2026-12-07T08:00:00+01:00"
Numbers = tuple[Name, ...] | None


@dataclass(frozen=True)
class Material:
    """One of the materials of 3.0.0, by both partners' numbers."""

    of_customer: Annotated[Name | None, Field(alias="materialNumberCustomer")] = None
    of_supplier: Annotated[Name | None, Field(alias="materialNumberSupplier")] = None


@dataclass(frozen=True)
class NotificationForm:
    """What is read of a notification; it may have more. Field names are ours, the document's are their aliases."""

    id: Annotated[Text, Field(alias="notificationId")]
    effect: Annotated[str, AfterValidator(_effect), Field(description=f"one of {', '.join(EFFECTS)}")]
    status: Annotated[str, AfterValidator(_open), Field(description="open")]
    starts: Annotated[str, AfterValidator(_time), Field(alias="startDateOfEffect", description=TIME)]
    ends: Annotated[str | None, AfterValidator(lambda value: value and _time(value)),
                    Field(alias="expectedEndDateOfEffect", description=TIME)] = None  # fmt: skip
    cause: Annotated[Text, Field(alias="leadingRootCause")] = "disruption"
    items_of_customer: Annotated[Numbers, Field(alias="materialNumberCustomer")] = None
    items_of_supplier: Annotated[Numbers, Field(alias="materialNumberSupplier")] = None
    materials: Annotated[tuple[Material, ...] | None, Field(alias="materialsAffected")] = None
    sites_of_sender: Annotated[Numbers, Field(alias="affectedSitesSender")] = None
    sites_of_recipient: Annotated[Numbers, Field(alias="affectedSitesRecipient")] = None

    @property
    def kind(self) -> ShockKind:
        """The kind of shock."""
        return EFFECTS[self.effect][0]

    @property
    def days(self) -> tuple[date, date | None]:
        """The first day, and that of the expected end; None: no end is expected."""
        start = datetime.fromisoformat(self.starts).date()
        return start, datetime.fromisoformat(self.ends).date() if self.ends else None

    @property
    def items(self) -> tuple[str, ...]:
        """Our own numbers of the materials: the customer's where its supplier ships less, the supplier's where it is asked for
        another quantity. 2.0.0 lists them by themselves, 3.0.0 in pairs."""
        ours = self.kind is ShockKind.CAPACITY
        pairs = ((one.of_customer if ours else one.of_supplier) for one in self.materials or ())
        return (*((self.items_of_customer if ours else self.items_of_supplier) or ()), *(name for name in pairs if name))

    def faults(self) -> Iterator[Fault]:
        """An end before the start, and materials none of which has our number."""
        if self.materials and not self.items:
            key = "materialNumberCustomer" if self.kind is ShockKind.CAPACITY else "materialNumberSupplier"
            yield Fault(("materialsAffected",), f"no material has a {key}, which is yours; expected one")
        start, end = self.days
        if end is not None and end < start:
            said = f"expectedEndDateOfEffect {end} lies before startDateOfEffect {start}"
            yield Fault(("expectedEndDateOfEffect",), said)


def read_notification(path: Path, places: Mapping[str, str], factor: float | None = None) -> Scenario:
    """The scenario of a notification, with or without the header of its message.

    ``places``: business partner numbers (BPNS, BPNA or BPNL) -> our names of sites and suppliers. Of a capacity effect the
    sender's sites are hit (or the sender, where none is named), of a demand effect the recipient's. ``factor``: what is left
    of capacity, or demand as a multiple. :class:`ConfigError` with file, line and column of every fault.
    """
    document = JsonDocument(path, NOTIFICATION)
    at, content = _content(document.value)
    form, faults = typed(content, NotificationForm, NOTIFICATION.name, unknown="ignore")
    if form is None:
        raise _error(document, at, faults)
    usual, (start, end) = EFFECTS[form.effect][1], form.days
    length = None if end is None else max((end - start).days, 1)
    named = _names(document, at, form, places)
    shocks = tuple(
        Shock(form.kind, name, start, length, usual if factor is None else factor, form.items, str(path)) for name in named
    )
    return Scenario(f"{form.cause}: {form.effect}", shocks, None, tuple(_notes(form, usual, factor)))


def _notes(form: NotificationForm, usual: float, factor: float | None) -> Iterator[str]:
    """What the notification leaves open, and what is taken for it."""
    if factor is None:
        yield f"the notification does not say how much: factor {usual:g} of {form.kind} is assumed"
    if form.ends is None:
        yield "the notification expects no end: the shock lasts to the end of the forecast"


def _content(message: Mapping[str, Any]) -> tuple[Where, Any]:
    """The notification and its place in the message."""
    at: Where = ()
    content: Any = message
    for key in WRAPPERS:
        if key in content and isinstance(content[key], dict):
            at, content = (*at, key), content[key]
    return at, content


def _names(document: JsonDocument, at: Where, form: NotificationForm, places: Mapping[str, str]) -> list[str]:
    """Our names of the places that are hit; an empty one for all of them."""
    sender = form.kind is ShockKind.CAPACITY
    key, numbers = (
        ("affectedSitesSender", form.sites_of_sender) if sender else ("affectedSitesRecipient", form.sites_of_recipient)
    )
    where, numbers = (*at, key), numbers or ()
    header = document.value.get("header")
    if not numbers and sender and isinstance(header, dict) and isinstance(header.get("senderBpn"), str):
        where, numbers = ("header", "senderBpn"), (header["senderBpn"],)
    if unknown := [number for number in numbers if number not in places]:
        said = f"nobody said which site or supplier {unknown[0]} is; add it to the places by number"
        raise _error(document, (), [Fault(where, said)])
    if not numbers and sender:
        said = "the notification names no site of its sender; expected affectedSitesSender"
        raise _error(document, at, [Fault((), said)])
    return sorted({places[number] for number in numbers}) or [""]


def _error(document: JsonDocument, at: Where, faults: Iterable[Fault]) -> DocumentError:
    return document.error(document.problems(Fault((*at, *fault.where), fault.text, fault.key) for fault in faults))
