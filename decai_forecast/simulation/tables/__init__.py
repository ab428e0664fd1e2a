"""What the outcomes of a sweep say, as the tables of a :class:`Simulation`."""

from decai_forecast.simulation.tables.exposure import exposure_table
from decai_forecast.simulation.tables.run import Run
from decai_forecast.simulation.tables.series import series_table
from decai_forecast.simulation.tables.service import service_table
from decai_forecast.simulation.tables.spread import bullwhip_table, ripple_table
from decai_forecast.simulation.tables.supply import supply_path

__all__ = [
    "Run",
    "bullwhip_table",
    "exposure_table",
    "ripple_table",
    "series_table",
    "service_table",
    "supply_path",
]
