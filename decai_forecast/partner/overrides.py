"""Overrides of planners in a round: taken over into the forecast that ships, and scored when the sales are known."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from decai_forecast.partner.earlier import MODEL, Earlier, nearest_forecasts
from decai_forecast.partner.facts import OverrideEffect, OverrideScore
from decai_forecast.periods import Calendar
from decai_forecast.store import Store

if TYPE_CHECKING:
    import pandas as pd

    from decai_forecast.demand.overrides import Override

__all__ = ["effects_of", "overrides_in_force", "scores_of", "with_overrides"]


def overrides_in_force(store: Store, round_id: str) -> list[Override]:
    """The overrides in force in this round: those kept, and not withdrawn, when it first combined.

    They are written down then, so that a round that is repeated stays what it was.
    """
    from decai_forecast.demand.overrides import Override, read_overrides, withdrawals

    key = f"rounds/{round_id}/overrides.json"
    if not store.exists(key):
        gone = withdrawals(store)
        kept = [one.as_json() for one in read_overrides(store) if one.id not in gone]
        store.create_bytes(key, json.dumps(kept, sort_keys=True, ensure_ascii=False).encode())
    return [Override.from_json(kept) for kept in store.read_json(key)]


def with_overrides(forecast: pd.DataFrame, overrides: Sequence[Override]) -> pd.DataFrame:
    """The forecast that ships, with ``override`` and, beside the shipped numbers, those of the model as ``model_mean``,
    ``model_q10``, ``model_q50``, ``model_q90``."""
    from decai_forecast.demand.overrides import apply_overrides

    return apply_overrides(forecast, overrides).assign(**{f"model_{name}": forecast[name] for name in MODEL})


def effects_of(forecast: pd.DataFrame, overrides: Sequence[Override]) -> tuple[OverrideEffect, ...]:
    """What each override changes in this forecast; one that covers no row of this horizon is left out."""
    rows = forecast[forecast["override"] != ""]
    covered = {one.id: rows[rows["override"] == one.id] for one in overrides}
    return tuple(_effect(one, covered[one.id]) for one in overrides if len(covered[one.id]))


def _effect(one: Override, rows: pd.DataFrame) -> OverrideEffect:
    return OverrideEffect(
        one.id, one.location_id, one.item_id, one.first, one.last, one.reason, one.who, one.when, one.value, one.factor,
        len(rows), float(rows["model_q50"].sum()), float(rows["q50"].sum()),
    )  # fmt: skip


def scores_of(store: Store, earlier: Sequence[Earlier], table: pd.DataFrame, calendar: Calendar) -> tuple[OverrideScore, ...]:
    """Forecast value added of the overrides of earlier rounds, as far as the sales are known; the most harmful first."""
    from decai_forecast.demand.overrides import read_overrides, score_overrides

    touched = [one for one in earlier if one.combined.facts.overrides]
    past = nearest_forecasts(touched, table, calendar, overridden=True)
    if past is None:
        return ()
    scores = score_overrides(past, read_overrides(store))
    rows = scores[scores["rows"] > 0].to_dict("records")
    return tuple(OverrideScore(**{str(name): value for name, value in row.items()}) for row in rows)
