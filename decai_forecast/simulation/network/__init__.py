"""The supply network of one participant: places, suppliers and lanes, and per item what flows through them."""

from decai_forecast.simulation.network.graph import Graph
from decai_forecast.simulation.network.stages import Group, Stages

__all__ = ["Graph", "Group", "Stages"]
