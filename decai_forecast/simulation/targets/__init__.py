"""Stock targets by simulation: levels for a service or the least cost, of single sites and of whole networks, in money."""

from decai_forecast.simulation.targets.goal import Goal
from decai_forecast.simulation.targets.money import forecast_money
from decai_forecast.simulation.targets.network import Network, optimise
from decai_forecast.simulation.targets.policy import Terms
from decai_forecast.simulation.targets.single import stock_targets

__all__ = ["Goal", "Network", "Terms", "forecast_money", "optimise", "stock_targets"]
