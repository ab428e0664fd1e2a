"""The standard sweep: every supplier and every site down, one at a time, for as long as it takes to recover."""

from __future__ import annotations

from math import ceil

from decai_forecast.shock_kinds import ShockKind
from decai_forecast.simulation.network.supply import FARTHEST, SITE, Place, SupplyNetwork
from decai_forecast.simulation.shocks.scenario import Scenario, Shock

__all__ = ["standard_sweep"]


def standard_sweep(network: SupplyNetwork) -> tuple[Scenario, ...]:
    """One scenario per place, by name; those that recover at once are left out. Of an outage of more than three years the
    first three count."""
    return tuple(_down(place) for place in network.places if place.recovery_days > 0)


def _down(place: Place) -> Scenario:
    kind = ShockKind.SITE_DOWN if place.kind == SITE else ShockKind.SUPPLIER_DOWN
    return Scenario(f"{place.name} down", (Shock(kind, place.name, 0, min(ceil(place.recovery_days), FARTHEST)),))
