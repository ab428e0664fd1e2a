"""The terms of a contract: what a use costs, who may use the data, for what and how often, and how much may be learned.

Whether each term can be kept is asked when the contract is published (``exchange/offer.py``): a contract that is not offered
may say more to people than a machine can keep.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

__all__ = ["Budget", "Price", "Role", "Terms", "Usage", "Valuation"]


@dataclass(frozen=True)
class Price:
    """``amount`` of ``currency`` (ISO 4217, major units) for each ``unit``, such as ``trainingRun``."""

    amount: Decimal
    currency: str
    unit: str


@dataclass(frozen=True)
class Usage:
    """``usagePolicy``. An empty tuple and None: the contract does not say. ``unread``: keys of it that nothing here knows."""

    permitted: tuple[str, ...] = ()  # purposes
    prohibited: tuple[str, ...] = ()
    parties: tuple[str, ...] = ()  # ids of participants; none: any
    min_contributors: int | None = None
    max_uses: int | None = None  # of one grant
    valid_days: int | None = None  # of one grant, from the day that it is given
    during_disruption: int | None = None  # days for which a disruption notification opens it
    unread: tuple[str, ...] = ()


@dataclass(frozen=True)
class Budget:
    """``privacyBudget``: epsilon at ``delta`` about one ``unit``. ``period``: ISO 8601, empty for all time."""

    epsilon: float
    delta: float
    unit: str
    period: str = ""
    mechanism: str = ""


@dataclass(frozen=True)
class Valuation:
    """``dataMarket``. ``revenue_share``: the part of each price, 0 to 1, for those whose data a model was trained on."""

    revenue_share: Decimal | None = None
    unread: tuple[str, ...] = ()


@dataclass(frozen=True)
class Role:
    """Who may do what by the contract's ``roles``, and who has to agree first."""

    name: str
    purposes: tuple[str, ...] = ()
    approver: str = ""


@dataclass(frozen=True)
class Terms:
    """``retention_days``: how long what was published is kept, where the contract says it."""

    price: Price | None = None
    usage: Usage = field(default_factory=Usage)
    budget: Budget | None = None
    valuation: Valuation = field(default_factory=Valuation)
    retention_days: float | None = None
    roles: tuple[Role, ...] = ()
