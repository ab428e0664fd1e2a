"""What private trainings have cost a company, by its own record."""

from __future__ import annotations

from dataclasses import dataclass

from decai_forecast.network import Privacy
from decai_forecast.store import Store

__all__ = ["Cost", "spending"]


@dataclass(frozen=True)
class Cost:
    """Epsilon at ``delta``: of one round (``tonight``), of it and all rounds before (``spent``), and the ``budget`` of all."""

    tonight: float
    spent: float
    budget: float
    delta: float

    def words(self) -> str:
        """``epsilon 2.97 tonight, 5.31 of 30 spent (delta 1e-06)``."""
        return f"epsilon {self.tonight:.2f} tonight, {self.spent:.2f} of {self.budget:g} spent (delta {self.delta:g})"


def spending(store: Store, round_id: str, privacy: Privacy) -> Cost | None:
    """By the company's own privacy accountant; None where it has never trained exactly."""
    from decai_forecast.federation.exact import accountant  # numpy: not when Airflow reads a DAG file

    cost = accountant.spending(store, round_id, privacy.delta)
    return Cost(cost.of_round, cost.total, privacy.budget, privacy.delta) if cost else None
