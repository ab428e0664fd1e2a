"""The supply network of one participant: places, suppliers and lanes, and per item what flows through them."""

from decai_forecast.simulation.network.build import build
from decai_forecast.simulation.network.graph import Graph
from decai_forecast.simulation.network.levels import Levels
from decai_forecast.simulation.network.section import read_section
from decai_forecast.simulation.network.stages import Group, OrderRule, Stages
from decai_forecast.simulation.network.supply import SITE, SUPPLIER, Assumption, Place, SupplyNetwork

__all__ = [
    "SITE",
    "SUPPLIER",
    "Assumption",
    "Graph",
    "Group",
    "Levels",
    "OrderRule",
    "Place",
    "Stages",
    "SupplyNetwork",
    "build",
    "read_section",
]
