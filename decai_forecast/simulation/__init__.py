"""The partner's supply network as a simulated world: stock-outs today, and what happens when a supplier cannot ship.

A network of any depth (suppliers, sites, bills of material), order-up-to levels, every place down in turn. Everything runs at
the partner, on its own forecast, stock and master data; importing this loads numpy and pandas and nothing heavier.
"""

from decai_forecast.simulation.measures import days_of_supply, hhi, standard_error
from decai_forecast.simulation.result import FAILURE_LEVEL, RECOVERY_LEVEL, Simulation
from decai_forecast.simulation.simulate import REPLICATIONS, simulate

__all__ = [
    "FAILURE_LEVEL",
    "RECOVERY_LEVEL",
    "REPLICATIONS",
    "Simulation",
    "days_of_supply",
    "hhi",
    "simulate",
    "standard_error",
]
