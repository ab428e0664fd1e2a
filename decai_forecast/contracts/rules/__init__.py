"""From an ODCS contract to the rules of its deliveries; one file for each part of the contract that makes rules."""

from decai_forecast.contracts.rules.compile import compile_rules

__all__ = ["compile_rules"]
