"""One participant's own rows of an exact training, checked against its plan before others begin."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from decai_forecast.federation.exact.code_book import check_codes
from decai_forecast.federation.exact.errors import Refused
from decai_forecast.federation.exact.objectives import to_steps
from decai_forecast.federation.exact.plan import ExactPlan
from decai_forecast.federation.exact.start import label_sum

__all__ = ["Rows"]


@dataclass(frozen=True)
class Rows:
    """One participant's own rows. ``X``: float32, rows x features. ``weight``: 1.0 on average; None: all alike. ``held``:
    held out, for a plan with patience."""

    X: npt.NDArray[np.float32]
    label: npt.NDArray[np.float32]
    weight: npt.NDArray[np.float64] | None = None
    held: npt.NDArray[np.bool_] | None = None

    def checked(self, plan: ExactPlan) -> Rows:
        """:class:`Refused` unless the rows fit the plan: all that one participant alone can find, before others begin."""
        X, label = (np.ascontiguousarray(part, np.float32) for part in (self.X, self.label))
        if X.shape != (len(label), len(plan.feature_names)) or not len(label):
            raise Refused(f"rows of {X.shape} with {len(label)} labels; the plan has {len(plan.feature_names)} features")
        for feature, book in plan.categories.items():
            check_codes(feature, X[:, plan.feature_names.index(feature)], len(book))
        if (self.weight is not None) != plan.weighted:
            raise Refused(f"the plan says that rows have {'' if plan.weighted else 'no '}weights; these rows do otherwise")
        if not np.isfinite(label).all() or np.isinf(X).any():
            raise Refused("a label is not finite, or a feature is infinite (a missing feature is NaN)")
        fitting = replace(self, X=X, label=label)
        if fitting.steps.shape != label.shape:
            raise Refused(f"{len(label)} rows with {len(fitting.steps)} weights")
        if (self.held is not None) != bool(plan.patience) or fitting.learned.shape != label.shape:
            raise Refused("rows are held out where the plan has patience, and only there: say of each row whether it is")
        if not fitting.learned.any():
            raise Refused("every row is held out, so that none is left to learn from; training rows say how far back they lie")
        label_sum(plan.objective.learned(label), fitting.steps)
        return fitting

    @property
    def steps(self) -> npt.NDArray[np.int64]:
        return to_steps(np.ones(len(self.label)) if self.weight is None else self.weight)

    @property
    def learned(self) -> npt.NDArray[np.bool_]:
        """The rows that are not held out."""
        return np.ones(len(self.label), bool) if self.held is None else ~np.asarray(self.held, bool)

    @property
    def digest(self) -> str:
        """SHA-256 of features, labels, weights, and which rows are held out."""
        return self.digest_without([])

    def digest_without(self, features: Iterable[int]) -> str:
        """As ``digest``, without some of the features (by number)."""
        whole = hashlib.sha256()
        for part in (np.delete(self.X, list(features), axis=1), self.label, self.steps):
            whole.update(part.tobytes())
        if self.held is not None:
            whole.update(self.held.tobytes())
        return whole.hexdigest()
