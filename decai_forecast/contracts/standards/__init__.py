"""The standards of the trade that values can be held against, as SQL."""

from decai_forecast.contracts.standards.validity import STANDARDS, invalid_sql

__all__ = ["STANDARDS", "invalid_sql"]
