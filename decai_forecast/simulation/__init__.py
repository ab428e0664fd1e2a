"""The partner's supply network as a simulated world: stock-outs today, and what happens when a supplier cannot ship.

One echelon (suppliers to stocking locations), periodic review, order-up-to levels, lost sales. Everything runs at the
partner, on its own forecast and stock; only numpy and pandas are loaded.
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
