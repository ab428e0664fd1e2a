"""Local models that every forecaster has to beat: one file per model, each fitted on one company's own series.

A new model is one more file here, or anywhere else and named in ``DECAI_MODELS``, that registers a :class:`Model`. `decai
backtest` then compares with it and names it in its report; with ``candidate=True`` a night may choose it too.
"""

from importlib import import_module
from pkgutil import iter_modules

from decai_forecast.demand.models.added import load_added
from decai_forecast.demand.models.base import MODELS, Forecast, Model, as_frame, register

__all__ = ["MODELS", "Forecast", "Model", "as_frame", "register"]

for _file in sorted(module.name for module in iter_modules(__path__) if not module.ispkg):
    import_module(f"{__name__}.{_file}")
load_added()
