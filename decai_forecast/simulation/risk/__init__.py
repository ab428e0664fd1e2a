"""A year of random events: expected loss and value at risk, what mitigations buy, the best package under a budget; and which
smallest disturbance breaks a limit of service."""

from decai_forecast.simulation.risk.assessed import Assessed, Bought, assessed
from decai_forecast.simulation.risk.events import Event, Mitigation, Risks, read_risks
from decai_forecast.simulation.risk.limits import Against, Broken, smallest, stock_against
from decai_forecast.simulation.risk.years import Year, year_of

__all__ = [
    "Against", "Assessed", "Bought", "Broken", "Event", "Mitigation", "Risks", "Year", "assessed", "read_risks", "smallest",
    "stock_against", "year_of",
]  # fmt: skip
