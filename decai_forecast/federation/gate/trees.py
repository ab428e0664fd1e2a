"""Models and trees of others: nothing is loaded before it has passed here (model_text.py says what is checked)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from decai_forecast.errors import ModelTextError
from decai_forecast.federation.model_text import ModelText, validate
from decai_forecast.federation.plan import Plan

__all__ = ["trees_of"]


def trees_of(values: Mapping[str, Any], key: str, plan: Plan, most: int) -> ModelText:
    """The ``key`` of a message as a model of the plan with at most ``most`` trees; else :class:`ModelTextError`."""
    text = values.get(key)
    if not isinstance(text, bytes):
        raise ModelTextError(f"{key}: no text of a model")
    try:
        model = validate(text.decode(), plan.feature_names, plan.coded)
    except UnicodeDecodeError:
        raise ModelTextError(f"{key}: not a text") from None
    if len(model.trees) > most:
        raise ModelTextError(f"{key}: {len(model.trees)} trees, at most {most}")
    return model
