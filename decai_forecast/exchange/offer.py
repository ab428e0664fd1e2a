"""An offer: the terms of a contract of which each one can be kept by the owner's node. What cannot be kept is refused when it
is published, at its line, so that nobody reads a term that nothing enforces."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from typing import Any

from decai_forecast.exchange.vocabulary import Action, Purpose

__all__ = ["Offer"]


@dataclass(frozen=True)
class Offer:
    """What a grant is given under, and a use is held against.

    ``price``: minor units of ``currency`` for each use; ``share``: the part of it for those whose data were trained on, as a
    decimal. Days are counted from the moment of the grant, of the notification, or of the publication. None: without limit.
    ``epsilon`` at ``delta``: of all trainings together, kept by the accountant of the training itself.
    """

    purposes: tuple[Purpose, ...]
    actions: tuple[Action, ...]
    price: int = 0
    currency: str = ""
    share: str = "0"
    parties: tuple[str, ...] = ()  # none: any participant
    approvers: tuple[str, ...] = ()  # none: the owner alone
    min_contributors: int = 0
    max_uses: int | None = None
    valid_days: int | None = None
    during_disruption: int | None = None
    kept_days: float | None = None
    epsilon: float | None = None
    delta: float | None = None
    said_to_people: tuple[str, ...] = field(default=())  # of which nothing is enforced

    @property
    def owner_keeps(self) -> Decimal:
        """The part of a price that is the owner's, 0 to 1."""
        return 1 - Decimal(self.share)

    def to_json(self) -> dict[str, Any]:
        """Plain values, as a card and a row have them."""
        plain: dict[str, Any] = json.loads(json.dumps(asdict(self)))
        return plain

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Offer:
        """Of :meth:`to_json`; ``ValueError`` for words that are none of the exchange."""
        plain: dict[str, Any] = {key: tuple(one) if isinstance(one, list) else one for key, one in value.items()}
        words: dict[str, Any] = {
            "purposes": tuple(map(Purpose, plain["purposes"])),
            "actions": tuple(map(Action, plain["actions"])),
        }
        return cls(**(plain | words))
