"""Founding a network: its sources, contracts and ``network.yaml``, from a table or from the built-in simulation."""

from decai_forecast.founding.add import add_participant, add_partner
from decai_forecast.founding.from_table import Columns, from_table
from decai_forecast.founding.named import found_named
from decai_forecast.founding.simulated import found_simulated

__all__ = ["Columns", "add_participant", "add_partner", "found_named", "found_simulated", "from_table"]
