"""What all homes of one network have in common; the rest of ``network.yaml`` is each home's own matter."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, replace

from decai_forecast.documents.fault import Fault
from decai_forecast.network.agreement import Agreement
from decai_forecast.network.network import as_written

__all__ = ["common_part", "differences", "faults_of_common"]

OWN = ("simulated", "late_minutes", "retry_minutes", "replay_as_of", "source_folders", "notify", "supply")  # of each home
DEFAULTS = Agreement("none", "W", 1, ())


def common_part(agreed: Agreement) -> Agreement:
    """Without what is one home's own: those keys have their defaults, and no participant has a store."""
    people = tuple(replace(participant, store="") for participant in agreed.participants)
    given = {field.name: getattr(agreed, field.name) for field in fields(Agreement)}
    return Agreement(**given | {name: getattr(DEFAULTS, name) for name in OWN} | {"participants": people})


def faults_of_common(agreed: Agreement) -> Iterator[Fault]:
    """What somebody else's agreement must not say: where a home keeps its files, what it reads, and whom it tells."""
    for name in OWN:
        if getattr(agreed, name) != getattr(DEFAULTS, name):
            yield Fault((name,), f"{name} is each home's own matter and does not belong into what is agreed on", key=True)
    for number, participant in enumerate(agreed.participants):
        if participant.store:
            yield Fault(("participants", number, "store"), "a store is its company's own matter")


def differences(here: Agreement, there: Agreement) -> Iterator[str]:
    """``here`` against ``there`` in what they should have in common, key by key."""
    ours, others = common_part(here), common_part(there)
    for field in fields(Agreement):
        own, other = getattr(ours, field.name), getattr(others, field.name)
        if field.name == "participants":
            own, other = (tuple(sorted(one.id for one in each)) for each in (own, other))
        if own != other:
            yield f"{field.name}: {_shown(own)} here, {_shown(other)} there"


def _shown(value: object) -> str:
    return "nothing" if value is None else str(as_written(value))
