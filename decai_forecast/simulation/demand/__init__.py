"""Demand samples from the quantile forecast, correlated over periods and across sites."""

from decai_forecast.simulation.demand.dependence import INDEPENDENT, Dependence, dependence_of
from decai_forecast.simulation.demand.marginals import Marginals, marginals_of
from decai_forecast.simulation.demand.sample import sample
from decai_forecast.simulation.demand.sums import sums_of

__all__ = ["INDEPENDENT", "Dependence", "Marginals", "dependence_of", "marginals_of", "sample", "sums_of"]
