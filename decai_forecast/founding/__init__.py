"""Founding a network: its sources, contracts and ``network.yaml``, from a table or from the built-in simulation."""

from decai_forecast.founding.add import add_partner
from decai_forecast.founding.from_table import Columns, from_table
from decai_forecast.founding.simulated import found_simulated

__all__ = ["Columns", "add_partner", "found_simulated", "from_table"]
