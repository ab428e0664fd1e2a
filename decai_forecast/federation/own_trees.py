"""A company's answer under bagging and cyclic: trees on its own rows, upon the score that all have reached so far."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from flwr.app import ArrayRecord, ConfigRecord

from decai_forecast.errors import FederationError, ModelTextError
from decai_forecast.federation.asked import Asked
from decai_forecast.federation.exact.records import TrainingRecords
from decai_forecast.federation.gate.questions import check_turn
from decai_forecast.federation.gate.trees import trees_of
from decai_forecast.federation.model_text import MAX_TREES, parse, sanitise
from decai_forecast.store import digest_json

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["MissedRound", "answer"]

TRAININGS = 8  # of one cut-off that a company grows trees for


class MissedRound(FederationError):
    """The node has not seen the trees of the rounds before: it must be left out, or its scores would be wrong."""

    code = "missed_round"


def answer(asked: Asked) -> Mapping[str, Any]:
    """Adds the trees that came since to the running scores, then grows new ones on them; sanitised ones leave, and a count."""
    plan, values = asked.plan, asked.values
    number, starts = int(values["boosting-round"]), [float(start) for start in values["starts"]]
    check_turn(plan, number, int(values["since"]), starts)
    texts = {q: bytes(values[f"trees-{q}"]) for q in plan.quantiles}
    _count(asked, number, starts, texts)
    grown: dict[str, bytes] = {}
    for quantile, start in zip(plan.quantiles, starts, strict=True):
        key = f"{asked.cutoff}/{quantile}"
        score = _score(asked, key, int(values["since"]), start)
        if texts[quantile]:
            score = score + _predicted(asked, quantile)
        asked.kept[key] = ArrayRecord([score])
        asked.kept[f"{key}/round"] = ConfigRecord({"round": number})
        grown[f"trees-{quantile}"] = _grow(asked, quantile, number, score).encode()
    return {"rows": len(asked.rows.target), **grown}


def _score(asked: Asked, key: str, since: int, start: float) -> npt.NDArray[np.float64]:
    """The running score of every row before boosting round ``since``; a node that does not have it says so by its code."""
    if since == 0:
        return np.full(len(asked.rows.target), start)
    kept = asked.kept.get(key)
    if kept is None or int(asked.kept[f"{key}/round"]["round"]) != since:
        raise MissedRound
    return np.asarray(kept.to_numpy_ndarrays()[0])


def _count(asked: Asked, number: int, starts: list[float], texts: Mapping[float, bytes]) -> None:
    """Another answer on the rows of a cut-off is another look at them: after a few trainings there is none."""
    which = [number, starts, *(hashlib.sha256(text).hexdigest() for text in texts.values())]
    most = TRAININGS * asked.plan.rounds
    TrainingRecords(asked.store, asked.plan.round_id).answer(asked.cutoff.isoformat(), digest_json(which), most)


def _predicted(asked: Asked, quantile: float) -> npt.NDArray[np.float64]:
    import lightgbm as lgb

    plan = asked.plan
    text = trees_of(asked.values, f"trees-{quantile}", plan, MAX_TREES).text()
    return np.asarray(lgb.Booster(model_str=text).predict(asked.rows.X, raw_score=True, num_threads=1))


def _grow(asked: Asked, quantile: float, number: int, score: npt.NDArray[np.float64]) -> str:
    import lightgbm as lgb

    plan, rows = asked.plan, asked.rows
    least = int(min(int(plan.params.get("min_data_in_leaf", 20)), max(5, len(rows.target) // 50)))
    params = dict(plan.params) | {
        "objective": "quantile",
        "alpha": quantile,
        "seed": plan.seed + number,
        "min_data_in_leaf": least,
    }
    rows.data.set_init_score(score)
    text = str(lgb.train(params, rows.data, plan.trees_per_round).model_to_string())
    try:
        return sanitise(parse(text)).text()
    except ModelTextError as error:
        raise FederationError(f"LightGBM wrote a text that is not understood: {error}") from None
