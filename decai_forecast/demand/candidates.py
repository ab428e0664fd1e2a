"""What a night may choose among: own, shared, blends of both, and the local models whose record says so.

The one list of them: the choice, its explanation and all reports read it. A blend or a local model that is added here or in
``demand/models`` is known to all of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from decai_forecast.columns import KEYS
from decai_forecast.demand.models import MODELS, Forecast, Model, as_frame
from decai_forecast.demand.panel import Panel
from decai_forecast.demand.quantiles import MEAN, TRAINED, name_of
from decai_forecast.demand.slips import known_panel
from decai_forecast.errors import DecaiError, ModelFailed
from decai_forecast.periods import Calendar

__all__ = [
    "BLENDS", "COMBINED", "DEFAULT", "LOCAL", "ON_TOP", "SHARED", "Candidate", "all_candidates", "candidate_models",
    "local_candidates", "young_own",
]  # fmt: skip

LOCAL, DEFAULT, SHARED, ON_TOP = "local", "mean", "shared", "shared_and_local_trees"
COMBINED = "combined"  # what a partner has chosen, beside the candidates in tables of scores


@dataclass(frozen=True)
class Candidate:
    """``title``: in a table; ``words``: in a sentence; ``shared``: how much of it is the shared forecaster, from 0 to 1."""

    name: str
    title: str
    words: str
    shared: float


_OF_BOTH = (
    Candidate(LOCAL, "Own", "own", 0.0),
    Candidate("mostly_local", "Three quarters own", "three quarters own", 0.25),
    Candidate(DEFAULT, "Mean of both", "mean of own and shared", 0.5),
    Candidate("mostly_shared", "Three quarters shared", "three quarters shared", 0.75),
    Candidate(SHARED, "Shared", "shared", 1.0),
)
BLENDS: Mapping[str, Candidate] = {candidate.name: candidate for candidate in _OF_BOTH}  # by what part of it is shared


def candidate_models() -> list[Model]:
    """The local models that a night may choose."""
    return [model for model in MODELS.values() if model.candidate]


def all_candidates() -> dict[str, Candidate]:
    """By name, in the order in which ties are broken and tables are read."""
    on_top = Candidate(ON_TOP, "Shared with own trees", "shared with own trees", 1.0)
    models = [Candidate(model.name, model.heading, model.name.replace("_", " "), 0.0) for model in candidate_models()]
    return {**BLENDS, ON_TOP: on_top} | {candidate.name: candidate for candidate in models}


def local_candidates(
    models: Iterable[Model], table: pd.DataFrame, calendar: Calendar, cutoff: date, own: pd.DataFrame
) -> dict[str, pd.DataFrame]:
    """The forecast of each of ``models`` at ``cutoff``, by name, as frames like ``own`` (see :func:`predict_own`).

    ``table``: the partner's demand table; what it says of later periods is not looked at. A series that a model does not
    forecast has the forecast of ``own``: a candidate has an answer for every row. :class:`ModelFailed` names a model
    that fails.
    """
    asked = list(models)
    if not asked:
        return {}
    panel = known_panel(table, calendar, cutoff)
    origin = panel.index(cutoff)
    return {model.name: _instead(own, as_frame(panel, origin, _forecast(model, panel, origin))) for model in asked}


def _forecast(model: Model, panel: Panel, origin: int) -> Forecast:
    try:
        return model.forecast(panel, origin)
    except DecaiError:
        raise
    except Exception as error:  # whatever code that a company added may raise
        raise ModelFailed(f"model {model.name}: {type(error).__name__}: {error}") from error


def young_own(table: pd.DataFrame, calendar: Calendar, cutoff: date, future: pd.DataFrame) -> pd.DataFrame:
    """What a company too young to train knows by itself, as a frame like its own forecaster's: the quantiles of its items' own
    periods, on the rows ``future`` (see :func:`forecast_rows`)."""
    from decai_forecast.demand.local import in_units

    empty = in_units(future, [np.zeros(len(future))] * len(TRAINED)).assign(mean=0.0)
    model = MODELS["own_quantiles"]
    return local_candidates([model], table, calendar, cutoff, empty)[model.name]


def _instead(own: pd.DataFrame, forecast: pd.DataFrame) -> pd.DataFrame:
    """``own`` with the mean and the quantiles of ``forecast`` where it has any."""
    columns = [*map(name_of, TRAINED), MEAN]
    merged = own[KEYS].merge(forecast[[*KEYS, *columns]], on=KEYS, how="left", validate="one_to_one")
    there = np.isfinite(merged[MEAN].to_numpy(float))
    return own.assign(**{name: np.where(there, merged[name].to_numpy(float), own[name].to_numpy(float)) for name in columns})
