"""Shocks to the supply network: scenarios from files, notifications and the standard sweep, as the engine takes them."""

from decai_forecast.simulation.shocks.compiled import Hit, check, compile_scenario, undisturbed
from decai_forecast.simulation.shocks.notification import read_notification
from decai_forecast.simulation.shocks.notify import Cause, files_of, notifications
from decai_forecast.simulation.shocks.read import read_scenario, scenario_of
from decai_forecast.simulation.shocks.scenario import Scenario, Shock
from decai_forecast.simulation.shocks.sweep import standard_sweep
from decai_forecast.simulation.shocks.words import ToldScenario, ToldShock, told

__all__ = [
    "Cause",
    "Hit",
    "Scenario",
    "Shock",
    "ToldScenario",
    "ToldShock",
    "check",
    "compile_scenario",
    "files_of",
    "notifications",
    "read_notification",
    "read_scenario",
    "scenario_of",
    "standard_sweep",
    "told",
    "undisturbed",
]
