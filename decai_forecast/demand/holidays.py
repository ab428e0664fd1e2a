"""Public holidays per period."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pandas as pd

from decai_forecast.demand.panel import Floats
from decai_forecast.errors import ConfigError
from decai_forecast.periods import Calendar

__all__ = ["holidays_in"]


def holidays_in(country: str, periods: pd.DatetimeIndex, calendar: Calendar) -> Floats:
    """How many public holidays each period of ``country`` (ISO 3166-1 alpha-2; empty: unknown, NaN) holds.

    :class:`ConfigError` for a country that nobody keeps holidays of.
    """
    if not country:
        return np.full(len(periods), np.nan)
    days = pd.DatetimeIndex(_days(country, periods[0].year, periods[-1].year + 1))
    place = np.searchsorted(periods, days, side="right") - 1
    end = pd.Timestamp(calendar.add(periods[-1].date(), 1))
    inside = (place >= 0) & (days < end)
    return np.bincount(place[inside], minlength=len(periods)).astype(float)


@lru_cache(maxsize=64)
def _days(country: str, first: int, last: int) -> tuple[pd.Timestamp, ...]:
    import holidays

    try:
        found = holidays.country_holidays(country, years=range(first, last + 1))
    except NotImplementedError:
        raise ConfigError(f"no holidays are known for country {country!r}; use an ISO 3166-1 code such as DE or US") from None
    return tuple(pd.Timestamp(day) for day in sorted(found))
