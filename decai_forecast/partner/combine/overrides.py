"""What planners said, in a night: taken over into the forecast that ships, and scored when the sales are known."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from decai_forecast.partner.context import PartnerContext
from decai_forecast.partner.earlier import MODEL, Earlier, nearest_forecasts
from decai_forecast.round import Round

if TYPE_CHECKING:
    import pandas as pd

    from decai_forecast.demand.overrides import Override

__all__ = ["overrides_of", "planned_facts", "scores_of", "with_overrides"]


def overrides_of(company: PartnerContext, round: Round) -> list[Override]:
    """The overrides in force in this night: those kept, and not withdrawn, when it first combined.

    They are written down then, so that a night that is repeated stays what it was.
    """
    from decai_forecast.demand.overrides import Override, read_overrides, withdrawals

    key = f"rounds/{round.id}/overrides.json"
    if not company.store.exists(key):
        gone = withdrawals(company.store)
        kept = [one.as_json() for one in read_overrides(company.store) if one.id not in gone]
        company.store.create_bytes(key, json.dumps(kept, sort_keys=True, ensure_ascii=False).encode())
    return [Override.from_json(said) for said in company.store.read_json(key)]


def with_overrides(forecast: pd.DataFrame, said: Sequence[Override]) -> pd.DataFrame:
    """The forecast that ships, with ``override`` and, beside the shipped numbers, those of the model as ``model_mean``,
    ``model_q10``, ``model_q50``, ``model_q90``."""
    from decai_forecast.demand.overrides import apply_overrides

    return apply_overrides(forecast, said).assign(**{f"model_{name}": forecast[name] for name in MODEL})


def planned_facts(forecast: pd.DataFrame, said: Sequence[Override]) -> list[dict[str, Any]]:
    """What each override changes in this forecast: the rows in which it is in force, and the units (sums of medians) of the
    model and of what ships; one that covers no row of this horizon is left out."""
    rows = forecast[forecast["override"] != ""]
    mine = {one.id: rows[rows["override"] == one.id] for one in said}
    return [
        one.as_json()
        | {"id": one.id, "rows": len(found)}
        | {"model_units": float(found["model_q50"].sum()), "shipped_units": float(found["q50"].sum())}
        for one in said
        if len(found := mine[one.id])
    ]


def scores_of(company: PartnerContext, nights: Sequence[Earlier], table: pd.DataFrame) -> list[dict[str, Any]]:
    """Forecast value added of the overrides of earlier nights, as far as the sales are known; the most harmful first."""
    from decai_forecast.demand.overrides import read_overrides, score_overrides

    touched = [earlier for earlier in nights if earlier.combined.facts["overrides"]]
    past = nearest_forecasts(company, touched, table, overridden=True)
    if past is None:
        return []
    found = score_overrides(past, read_overrides(company.store))
    told = found[found["rows"] > 0].astype({"first": str, "last": str})
    return [{str(k): v for k, v in row.items()} for row in told.to_dict("records")]
