"""Another ``network.yaml`` that somebody offers: shown as a difference, and used once this home's operator has accepted it.

Nothing reads a proposal but the commands that show and accept it: whatever is offered, a company trains by its own file.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path

from decai_forecast.documents.fault import Fault
from decai_forecast.documents.files import read_yaml_file
from decai_forecast.network.agreement import NETWORK, Agreement
from decai_forecast.network.between_keys import CheckedAgreement, faults_of
from decai_forecast.network.common import OWN, common_part, differences, faults_of_common
from decai_forecast.network.network import Network, as_written

__all__ = ["Proposal", "accepted", "changes", "read_proposal"]

DIGITS = 16  # of the digest that names a proposal


@dataclass(frozen=True)
class Proposal:
    """``terms``: what all homes would have in common."""

    terms: Agreement

    def faults(self) -> Iterator[Fault]:
        """Terms that a network.yaml could not have, or that would reach into a home."""
        for fault in (*faults_of(self.terms), *faults_of_common(self.terms)):
            yield Fault(("terms", *fault.where), fault.text, fault.key)

    @property
    def digest(self) -> str:
        """Names what is accepted: of another proposal it is another one."""
        return hashlib.sha256(self.text.encode()).hexdigest()[:DIGITS]

    @property
    def text(self) -> str:
        """As it travels."""
        return json.dumps(as_written(asdict(self)), sort_keys=True)


def read_proposal(path: Path) -> Proposal:
    """Of a ``network.yaml`` that was sent; what is its home's own matter is left out.
    :class:`~decai_forecast.errors.DocumentError` with every fault."""
    return Proposal(common_part(read_yaml_file(path, NETWORK, CheckedAgreement)))


def changes(here: Network, proposal: Proposal) -> list[str]:
    """What it would change in this home, a line each; then what to think about."""
    there, lines = proposal.terms, list(differences(here, proposal.terms))
    if there.minimum < here.minimum:
        few = f"with as few as {there.minimum} companies in a training, in place of {here.minimum}"
        lines.append(f"note: {few}, all but two of them together learn the sum of these two")
    if there.strategy != here.strategy:
        lines.append(f"note: {there.strategy} lets something else leave than {here.strategy}: docs/explanation/federation.md")
    if here.privacy and not there.privacy:
        lines.append("note: sums would be exact, without noise")
    return lines


def accepted(here: Network, proposal: Proposal) -> Network:
    """The network of this home by the proposal's terms; what is its own stays: stores, sources, channels."""
    stores = {one.id: one.store for one in here.participants}
    people = tuple(replace(one, store=stores.get(one.id, "")) for one in proposal.terms.participants)
    common = {f.name: getattr(proposal.terms, f.name) for f in fields(Agreement) if f.name not in OWN}
    return replace(here, **common | {"participants": people})
