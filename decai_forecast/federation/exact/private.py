"""Training under differential privacy: the same trees over sums that everybody has added noise to.

What differs from an exact training: bins come from a fixed grid, not from the rows; labels and weights are clipped to public
bounds; trees are few, and as deep as the plan says; the start and the leaves are read off noisy histograms on a fixed grid; no
bags, since a private choice of rows is not accounted. Everything is released once: a second attempt would be paid a second
time, so there is none.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from decai_forecast.federation.exact.bins import Bins
from decai_forecast.federation.exact.collectives import Collectives
from decai_forecast.federation.exact.dry_run import shares_of
from decai_forecast.federation.exact.errors import Denied, Refused
from decai_forecast.federation.exact.fixed_point import Column, Floats, Format
from decai_forecast.federation.exact.noise import Noise
from decai_forecast.federation.exact.objectives import WEIGHT_STEP, Quantile
from decai_forecast.federation.exact.plan import ExactPlan
from decai_forecast.federation.exact.privacy import Costs, Private
from decai_forecast.federation.exact.records import CHECKPOINT_TREES, TrainingRecords
from decai_forecast.federation.exact.session import SecureSession
from decai_forecast.federation.exact.trees import leaf_values, leaves_of_rows, model_of, tree_of, with_values
from decai_forecast.federation.gate.splits import Limits
from decai_forecast.federation.model_text import Tree

if TYPE_CHECKING:
    import lightgbm as lgb

    from decai_forecast.federation.exact.rows import Rows

__all__ = ["GRID", "public_bins", "train_privately"]

GRID_BITS = 3  # gradients and weights are whole multiples of an eighth
GRID = np.array([*(-(2.0 ** (k / 2)) for k in range(14, -15, -1)), 0.0, *(2.0 ** (k / 2) for k in range(-14, 15))])
"""Half octaves from 2^-7 to 2^7, both signs, and zero: 59 points. Features and targets are free of a company's scale."""
POINTS = 96  # of the grid of labels and residuals
LOSS_STEPS = 8  # of a row's loss, in units of the range of labels
LARGEST_SUM = 2**40  # steps that no own sum exceeds
CLEAR = 4.0  # standard deviations of its noise that a leaf's weight must exceed, or it learns nothing
Steps = npt.NDArray[np.int64]


def public_bins(features: int) -> Bins:
    """Bins at GRID for every feature, and one for missing values; nothing of anybody's rows."""
    return Bins(1, (0,) * features, np.tile(GRID, (features, 1)))


def costs_of(plan: ExactPlan, private: Private) -> Costs:
    """:class:`Refused` if the plan does not bound how often a row is looked at."""
    told = plan.params(0)
    depth, features = int(told["max_depth"]), len(plan.feature_names)
    if plan.alpha is None or plan.bag < 1 or not 1 <= depth <= 8:
        raise Refused("a private model is of a quantile, without bags, with a max_depth from 1 to 8")
    used = min(features, max(2, math.ceil(features * float(told["feature_fraction"]))))
    return Costs(private.rho, plan.trees, depth, used, math.ceil(plan.trees / CHECKPOINT_TREES))


def train_privately(rows: Rows, plan: ExactPlan, private: Private, session: SecureSession, records: TrainingRecords) -> str:
    """The model text, the same at all participants; ``plan`` is agreed. What it costs is written down before the first sum."""
    costs = costs_of(plan, private)
    records.spend(plan, costs.spent)
    grower = _Grower(rows, plan, private, costs, session)
    trees = grower.all()
    if not trees:
        raise Refused("no tree can be split: the noise is larger than what the rows say; take a larger epsilon or more rows")
    return model_of(plan, grower.start, trees).text()


class _Grower:
    def __init__(self, rows: Rows, plan: ExactPlan, private: Private, costs: Costs, session: SecureSession) -> None:
        self._plan, self._private, self._session, self._rows = plan, private, session, rows
        self._loss = Quantile(float(plan.alpha or 0))
        self._label = np.clip(rows.label, np.float32(private.least), np.float32(private.most))
        self._weight = _eighths(rows.steps, private.weight_cap)
        self._form = Format(Column(GRID_BITS, LARGEST_SUM), Column(GRID_BITS, LARGEST_SUM))
        self._leaf_noise = costs.sigma("leaf", private.weight_cap * 2**GRID_BITS)
        session.noise = self._noise = _noise(plan, private, costs, session.size)
        self._data = public_bins(len(plan.feature_names)).dataset(rows.X, plan.max_bin, plan.feature_names)
        bins = [int(self._data.feature_num_bin(feature)) for feature in range(len(plan.feature_names))]
        ridge = float(plan.params(0)["lambda_l2"])
        self._limits = Limits(bins, frozenset(), float(LARGEST_SUM), float(LARGEST_SUM), LARGEST_SUM, ridge, noisy=True)
        self._shares = shares_of(self._data, plan.params(0), session.size)
        self._reach = private.most - private.least
        labels = np.linspace(private.least, private.most, POINTS)
        self.start = float(self._read("start", self._label.astype(float), labels, np.zeros(len(self._label), np.int64), 1)[0])
        self._score: Floats = np.full(len(rows.label), self.start)
        self._everybody = 1.0

    def all(self) -> list[Tree]:
        trees = list[Tree]()
        with Collectives(self._session, self._form, self._limits, 0.0) as collectives:
            while len(trees) < self._plan.trees:
                self._noise.begin_tree()
                tree = self._grow(len(trees), collectives)
                if tree is None:
                    break
                trees.append(tree)
                if len(trees) % CHECKPOINT_TREES == 0 or len(trees) == self._plan.trees:
                    self._tell(len(trees))
        return trees

    def _grow(self, number: int, collectives: Collectives) -> Tree | None:
        import lightgbm as lgb

        gradients = self._loss.gradients(self._score, self._label, self._weight * 2 ** (6 - GRID_BITS), self._form)
        params = self._plan.params(number) | {"num_machines": self._session.size}
        booster = lgb.Booster(params, self._data)
        collectives.begin_tree(number, self._shares.of_tree(params))
        try:
            finished = booster.update(fobj=lambda *_: gradients)
        except lgb.basic.LightGBMError as error:
            collectives.end_tree()
            raise Denied(f"LightGBM gave up: {error}") from None
        collectives.end_tree()
        return None if finished else self._renewed(tree_of(booster), booster)

    def _renewed(self, tree: Tree, booster: lgb.Booster) -> Tree:
        values, outputs = leaf_values(tree), np.asarray(booster._Booster__inner_predict(data_idx=0)).copy()
        leaf = leaves_of_rows(values, outputs, booster, self._rows.X)
        residual = self._label - self._score
        points = np.linspace(-self._reach, self._reach, POINTS)
        # half of the points lie in the middle fifth, where residuals are
        points = self._reach * np.sign(points) * np.abs(points / self._reach) ** 2
        values = self._read("leaf", residual, points, leaf, len(values)) * self._plan.learning_rate
        self._score += values[leaf]
        return with_values(tree, values)

    def _read(self, phase: str, values: Floats, points: Floats, leaf: Steps, leaves: int) -> Floats:
        """The quantile of ``values`` in every leaf off one noisy histogram; 0 where it is not clear of the noise."""
        place = np.clip(np.searchsorted(points, values), 1, len(points) - 1) - 1  # between which two points
        cells = np.bincount(leaf * (len(points) - 1) + place, self._weight, minlength=leaves * (len(points) - 1))
        sums = self._session.secure_sum(phase, np.rint(cells).astype(np.int64), 8).reshape(leaves, -1)
        return np.array([self._quantile(one.astype(float), points) for one in sums])

    def _quantile(self, cells: Floats, points: Floats) -> float:
        upto = np.concatenate([[0.0], np.cumsum(cells)])
        if upto[-1] < CLEAR * self._leaf_noise * math.sqrt(len(cells)):
            return 0.0
        rising = np.maximum.accumulate(np.clip(upto, 0, upto[-1])) / upto[-1]
        rising += np.arange(len(rising)) * 1e-9  # no two alike, so that the inverse is one number
        return float(np.interp(float(self._plan.alpha or 0), rising, points))

    def _tell(self, trees: int) -> None:
        """How far all are; of a row's loss at most the range of labels counts."""
        alpha, residual = float(self._plan.alpha or 0), self._label - self._score
        loss = np.minimum(np.maximum(alpha * residual, (alpha - 1) * residual) / self._reach, 1.0)
        own = np.array([np.rint(loss * self._weight * LOSS_STEPS).sum(), self._weight.sum()]).astype(np.int64)
        sums = self._session.secure_sum("loss", own, 8)
        self._session.tell(trees, self._plan.trees, float(sums[0]) / LOSS_STEPS / max(1.0, float(sums[1])) * self._reach)


def _eighths(steps: Steps, cap: float) -> Steps:
    """Weights in whole eighths of a mean row, at least one and at most ``cap``."""
    return np.asarray(np.clip(np.rint(steps * WEIGHT_STEP * 2**GRID_BITS), 1, int(cap * 2**GRID_BITS)), dtype=np.int64)


def _noise(plan: ExactPlan, private: Private, costs: Costs, parties: int) -> Noise:
    """Noise in steps: what one row can weigh in each number, times what the accounting asks for."""
    share = Quantile(float(plan.alpha or 0))
    weight = private.weight_cap * 2**GRID_BITS
    gradient = weight * share.factor
    sigmas = {
        "start": [costs.sigma("start", weight)],
        "leaf": [costs.sigma("leaf", weight)],
        "loss": [costs.sigma("loss", weight * math.hypot(LOSS_STEPS, 1))],
        "root": [costs.sigma("root", bound) for bound in (weight, gradient, 1.0)],
        "hist": [costs.sigma("hist", bound) for bound in (gradient, weight)],
    }
    limits = {"start": 1, "leaf": 1, "loss": 1, "root": 1, "hist": 2 ** (costs.depth - 1)}
    return Noise(sigmas, parties, limits)
