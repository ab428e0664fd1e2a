"""The key columns of every long table of demand: what is sold where, and when. This imports nothing."""

from __future__ import annotations

__all__ = ["DATE", "ITEM", "KEYS", "LOCATION", "SERIES"]

LOCATION, ITEM, DATE = "location_id", "item_id", "date"
SERIES = [LOCATION, ITEM]  # one series is one item at one location
KEYS = [*SERIES, DATE]  # one row is one period of a series
