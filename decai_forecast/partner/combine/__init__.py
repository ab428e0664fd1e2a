"""A company's step after the shared training: own and shared forecasters combined into the forecast that ships."""

from decai_forecast.partner.combine.step import can_forecast, combine

__all__ = ["can_forecast", "combine"]
