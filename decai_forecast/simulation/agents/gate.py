"""The gate of simulated experience: what must hold on worlds that nobody trained on before a forecaster may use it."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd

__all__ = ["LESS_IN_DISRUPTION", "MORE_IN_NORMAL", "GateResult", "judge"]

MORE_IN_NORMAL = 0.02  # relative: the error in normal weeks may be worse by so much
LESS_IN_DISRUPTION = 0.25  # relative: the error in disrupted weeks must be lower by so much
LEAST_ROWS = 200  # of either kind on the hold-out worlds


@dataclass(frozen=True)
class GateResult:
    """Errors are WAPE of the median on hold-out worlds, usual forecaster -> with experience; NaN: not measured."""

    passed: bool
    agents: str  # "rational" or "adaptive": with which the training worlds were simulated
    normal_usual: float
    normal: float
    disrupted_usual: float
    disrupted: float
    normal_rows: int
    disrupted_rows: int
    seed: int
    reason: str

    def as_json(self) -> dict[str, object]:
        """A small record for the report; NaN becomes null."""
        return {key: None if isinstance(value, float) and np.isnan(value) else value for key, value in asdict(self).items()}


def judge(rows: pd.DataFrame, agents: str, seed: int) -> GateResult:
    """``rows`` of hold-out worlds: ``actual``, ``usual`` and ``learned`` (units), ``disrupted``."""
    disrupted = rows["disrupted"].to_numpy(bool)
    counts = int((~disrupted).sum()), int(disrupted.sum())
    if min(counts) < LEAST_ROWS:
        few = f"{counts[0]} normal and {counts[1]} disrupted rows to judge on, {LEAST_ROWS} of each are needed"
        return GateResult(False, agents, np.nan, np.nan, np.nan, np.nan, counts[0], counts[1], seed, few)
    before, after = (_wape(rows[~disrupted], name) for name in ("usual", "learned"))
    worst, mended = (_wape(rows[disrupted], name) for name in ("usual", "learned"))
    more, less = after / before - 1, 1 - mended / worst
    passed = bool(more <= MORE_IN_NORMAL and less >= LESS_IN_DISRUPTION)
    margins = f"error {less:.0%} lower in disrupted weeks ({LESS_IN_DISRUPTION:.0%} is asked for), {more:+.1%} in normal ones"
    return GateResult(
        passed, agents, before, after, worst, mended, counts[0], counts[1], seed, f"{margins} (at most {MORE_IN_NORMAL:+.0%})"
    )


def _wape(rows: pd.DataFrame, name: str) -> float:
    return float((rows[name] - rows["actual"]).abs().sum() / max(float(rows["actual"].sum()), 1e-12))
