"""What the companies agreed on for the simulation, for the privacy of the shared training, and for the link."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from decai_forecast.documents.constraints import Currency, Real, Text

__all__ = ["Assumptions", "LinkTerms", "Privacy"]

LONGEST_DAYS = 3_650  # ten years: whoever writes more has mixed up units
Days = Annotated[int, Field(ge=1, le=LONGEST_DAYS)]
Cost = Annotated[float, Field(gt=0)]
Epsilon = Annotated[Real, Field(gt=0, le=100)]


@dataclass(frozen=True)
class Assumptions:
    """What the simulation takes for granted where a partner delivered nothing; printed on every report."""

    lead_time_days: Days = 14
    holding_cost: Cost = 1.0  # per unit and period; only the ratio to the shortage cost matters
    shortage_cost: Cost = 9.0  # per unit short
    review_periods: Annotated[int, Field(ge=1, le=1_000)] = 1
    supplier_outage_days: Days = 28
    supplier_outages_per_year: Annotated[float, Field(ge=0, le=50)] = 0.0  # of each supplier, that stock targets reckon with
    currency: Currency = ""  # ISO 4217 code of the costs and prices that are delivered; empty: not said
    holding_rate: Annotated[float, Field(gt=0, le=1)] = 0.2  # cost of holding a unit for a year, as a share of its unit cost


@dataclass(frozen=True)
class Privacy:
    """Differential privacy of the shared training (docs/explanation/federation.md), for one training row.

    ``epsilon``: of all models of one cut-off together. ``budget``: the epsilon of all cut-offs that a company ever takes part
    in, by its own accountant; at least ``epsilon``. Both at ``delta``. The smaller, the less is learned of a row.
    """

    epsilon: Epsilon
    budget: Epsilon
    delta: Annotated[Real, Field(gt=0, lt=0.01)] = 1e-6

    @property
    def terms(self) -> str:
        """In words; equal ones are equal settings."""
        return f"epsilon {self.epsilon:g}, budget {self.budget:g}, delta {self.delta:g}"


@dataclass(frozen=True)
class LinkTerms:
    """How messages travel between the companies and the coordinator (docs/explanation/link.md).

    ``https``: to `decai coordinator serve`, each company from a machine of its own. ``folder``: through two folders that all
    reach, on one host or in buckets; ``inbox`` and ``public`` are their fsspec addresses.
    """

    way: Literal["folder", "https"] = "folder"
    inbox: Text = ""  # default: stores/coordinator/inbox in the network's home
    public: Text = ""  # default: stores/coordinator/public
