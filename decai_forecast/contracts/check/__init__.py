"""Whether a delivery kept its contract."""

from decai_forecast.contracts.check.arrival import Arrival
from decai_forecast.contracts.check.result import Check, RuleResult
from decai_forecast.contracts.check.run import check_delivery

__all__ = ["Arrival", "Check", "RuleResult", "check_delivery"]
