"""Simple models that every forecaster has to beat, and that serve where it cannot: one file per model.

A new model is one more file here that calls :func:`register`; nothing else changes.
"""

from importlib import import_module
from pkgutil import iter_modules

from decai_forecast.demand.models.base import MODELS, Forecast, Model, as_frame, register

__all__ = ["MODELS", "Forecast", "Model", "as_frame", "register"]

for _found in sorted(module.name for module in iter_modules(__path__)):
    import_module(f"{__name__}.{_found}")
