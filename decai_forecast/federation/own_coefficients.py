"""A company's answer under median and trimmed mean: the coefficients of additive models of its own rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from decai_forecast.federation import fitting
from decai_forecast.federation.asked import Asked
from decai_forecast.federation.coefficients import key_of
from decai_forecast.federation.fourier import Design

__all__ = ["answer"]


def answer(asked: Asked) -> Mapping[str, Any]:
    """Fits each quantile's additive model to the own rows; its coefficients leave."""
    rows, coefficients = asked.rows, dict[str, list[float]]()
    for quantile in asked.plan.quantiles:
        design = Design.of(asked.plan.feature_names, quantile)
        coefficients[key_of(quantile)] = fitting.fit(design, rows.X, rows.target, rows.weight, quantile).tolist()
    return coefficients
