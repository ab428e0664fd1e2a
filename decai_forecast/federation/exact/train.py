"""The training itself: start, trees, renewed leaves, signatures. The same code runs at every participant."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from decai_forecast.federation.exact.audit import Evidence, Subject
from decai_forecast.federation.exact.bins import Bins, agree_bins
from decai_forecast.federation.exact.certificate import Certificate, subject_of
from decai_forecast.federation.exact.collectives import Collectives, check_library
from decai_forecast.federation.exact.dry_run import shares_of
from decai_forecast.federation.exact.errors import Denied, NoTree
from decai_forecast.federation.exact.fixed_point import Floats, Format
from decai_forecast.federation.exact.loss import mean_loss
from decai_forecast.federation.exact.objectives import Objective, Tweedie
from decai_forecast.federation.exact.order import Renewal
from decai_forecast.federation.exact.packed_ints import width_for
from decai_forecast.federation.exact.plan import MIN_LEAF_ROWS, ExactPlan
from decai_forecast.federation.exact.private import train_privately
from decai_forecast.federation.exact.records import CHECKPOINT_TREES, TrainingRecords
from decai_forecast.federation.exact.rows import Rows
from decai_forecast.federation.exact.session import SecureSession
from decai_forecast.federation.exact.start import Start, agree_start
from decai_forecast.federation.exact.stopping import EVERY, Stopping
from decai_forecast.federation.exact.transcript import SignedTree
from decai_forecast.federation.exact.trees import leaf_values, leaves_of_rows, model_of, tree_of, with_values
from decai_forecast.federation.gate.messages import counts
from decai_forecast.federation.gate.splits import Limits
from decai_forecast.federation.model_text import Tree

if TYPE_CHECKING:
    import lightgbm as lgb

__all__ = ["Trained", "bag_of", "train"]

RESIDUAL_GROWTH = 2.0  # how far a row's residual may exceed what it was expected to at most
Progress = Callable[[int, int], None]
"""(finished trees, bytes sent so far)"""


@dataclass(frozen=True)
class Trained:
    """The model as a standard LightGBM text, and all participants' signatures that they ended with it."""

    text: str
    certificate: Certificate


def train(
    rows: Rows,
    plan: ExactPlan,
    session: SecureSession,
    records: TrainingRecords,
    progress: Progress | None = None,
    expected: int | None = None,
) -> Trained:
    """Trains one model together with the other participants of ``session``; all end with the same text. ``expected``: rows of
    all, where all said beforehand how many they have.

    Goes on from the last tree that all have kept, if this training was interrupted. Raises an :class:`ExactError`; the
    session is then of no use any more.
    """
    check_library()
    rows = rows.checked(plan)
    session.agree("plan", plan.digest)
    records.begin(plan.subject, session.roster, rows.digest_without(plan.coded))
    if plan.categories:  # codes that changed since would show their change, too
        records.begin(plan.coded_subject, session.roster, rows.digest)
    if plan.private:
        text = train_privately(rows, plan, plan.private, session, records)
        return _signed(text, plan, session, records)
    bins = agree_bins(session.secure_sum, rows.X, plan.max_bin, plan.coded, expected)
    session.agree("bins", bins.digest)
    start = agree_start(session.secure_sum, plan, plan.objective.learned(rows.label), rows.steps, bins.rows)
    trees = _Grower(rows, plan, session, records, bins, start).all(progress)
    if not trees:
        raise NoTree("no tree can be split: too few rows, features that say nothing, or a company's wrong sums")
    text = model_of(plan, start.score, trees).text()
    trained = _signed(text, plan, session, records)
    records.finish(plan, session.roster)
    return trained


def _signed(text: str, plan: ExactPlan, session: SecureSession, records: TrainingRecords) -> Trained:
    """With the signatures of all, which each keeps."""
    digest = hashlib.sha256(text.encode()).digest()
    certificate = session.certify(subject_of(plan.subject, plan.alpha), digest)
    records.keep_certificate(certificate)
    return Trained(text, certificate)


def bag_of(private: bytes, plan: ExactPlan, number: int, rows: int) -> npt.NDArray[np.bool_]:
    """Which own rows tree ``number`` learns from: the same whenever it is grown again, known to nobody else."""
    if plan.bag >= 1:
        return np.ones(rows, bool)
    seed = hashlib.sha256(b"bag" + private + plan.digest + number.to_bytes(4, "big")).digest()
    return np.random.default_rng(np.frombuffer(seed, np.uint32)).random(rows) < plan.bag


def limits_of(data: lgb.Dataset, form: Format, plan: ExactPlan, rows: int) -> Limits:
    """What others may send of a training in these bins."""
    bins = [int(data.feature_num_bin(feature)) for feature in range(len(plan.feature_names))]
    gradient, hessian = (column.largest * 2.0**-column.bits for column in (form.gradient, form.hessian))
    return Limits(bins, frozenset(plan.coded), gradient, hessian, rows, float(plan.params(0)["lambda_l2"]))


def slope_of(objective: Objective, limits: Limits, form: Format) -> tuple[float, float]:
    """A row's largest gradient in hessians, and what rounding adds to the gradients of all rows; nothing for a quantile."""
    if objective.renews is not None:
        return limits.gradient / limits.hessian, 0.0
    slack = (limits.rows + 1) * 2.0**-form.gradient.bits
    if isinstance(objective, Tweedie):
        return RESIDUAL_GROWTH * max(1 / (2 - objective.power), 1 / (objective.power - 1)), slack + (
            limits.rows + 1
        ) * 2.0**-form.hessian.bits * 10
    return RESIDUAL_GROWTH * limits.gradient / limits.hessian, slack


class _Grower:
    """Grows tree after tree on the running score of the own rows."""

    def __init__(
        self, rows: Rows, plan: ExactPlan, session: SecureSession, records: TrainingRecords, bins: Bins, start: Start
    ) -> None:
        self._rows, self._plan, self._session, self._records, self._start = rows, plan, session, records, start
        self._signed: SignedTree | None = None
        self._stopping = Stopping(plan.patience, self._held_loss)
        self._private = session.identity.secret("bags")
        self._objective, self._steps = plan.objective, rows.steps
        self._label = plan.objective.learned(rows.label)
        self._everybody = start.steps + bins.rows
        self._form: Format = plan.objective.format(start.steps, start.largest, plan.weighted)
        self._data = bins.dataset(rows.X, plan.max_bin, plan.feature_names)
        self._score: Floats = np.full(len(rows.label), start.score)
        self._limits = limits_of(self._data, self._form, plan, bins.rows)
        self._shares = shares_of(self._data, plan.params(0), session.size)
        self._slope, self._slack = slope_of(plan.objective, self._limits, self._form)

    def all(self, progress: Progress | None) -> list[Tree]:
        """The trees; fewer than planned if one found nothing to split, which all participants see alike."""
        try:
            return self._grown(progress)
        finally:  # also of a training that ended before its last tree
            if self._signed:
                transcript, names = self._session.transcript, self._session.roster.names
                whose = Subject(subject_of(self._plan.subject, self._plan.alpha), len(self._rows.label), self._slope)
                kept = tuple(transcript.openings), tuple(transcript.heard), tuple(transcript.digests)
                self._records.keep_evidence(self._plan, Evidence(names, self._signed, *kept, whose))

    def _grown(self, progress: Progress | None) -> list[Tree]:
        trees = self._resumed()
        with Collectives(self._session, self._form, self._limits, self._slope, self._slack) as collectives:
            while len(trees) < self._plan.trees:
                tree = self._grow(len(trees), collectives)
                if tree is None:
                    break
                trees.append(tree)
                self._signed = self._session.sign_off()
                if len(trees) % CHECKPOINT_TREES == 0:
                    self._records.keep(self._plan, self._session.roster, trees)
                if len(trees) % CHECKPOINT_TREES == 0 or len(trees) == self._plan.trees:
                    self._tell(len(trees))
                if progress:
                    progress(len(trees), self._session.traffic.sent)
                if self._stopping.after(len(trees)):
                    break
        return trees[: self._stopping.kept(len(trees))]

    def _held_loss(self) -> float:
        """Over everybody's held-out rows, up to a factor that is the same at every look."""
        residual, steps = self._residual, np.where(self._rows.learned, 0, self._steps)
        return mean_loss(self._session.secure_sum, self._objective.renews, residual, steps, self._start)

    @property
    def _residual(self) -> Floats:
        """Of each own row, what is learned minus its forecast."""
        return self._label - self._objective.forecast(self._score)

    def _tell(self, trees: int) -> None:
        """How far all are, for who waits for the model."""
        loss = mean_loss(self._session.secure_sum, self._objective.renews, self._residual, self._steps, self._start)
        self._session.tell(trees, self._plan.trees, loss)

    def _resumed(self) -> list[Tree]:
        """The trees that all participants have kept of this training, and the score after them."""
        kept = self._records.trees(self._plan, self._session.roster)
        given = self._session.broadcast("resume", len(kept).to_bytes(4, "big"))
        kept = kept[: min(counts("resume", self._session.roster.names, given, self._plan.trees))]
        self._session.agree("kept trees", hashlib.sha256(json.dumps(kept).encode()).digest())
        if kept:
            import lightgbm as lgb

            booster = lgb.Booster(model_str=model_of(self._plan, self._start.score, kept).text())
            for trees in range(1, len(kept) + 1):
                if trees % EVERY == 0 or trees == len(kept):
                    self._score = booster.predict(self._rows.X, num_iteration=trees, raw_score=True, num_threads=1)
                    self._stopping.after(trees)
        return kept

    def _grow(self, number: int, collectives: Collectives) -> Tree | None:
        import lightgbm as lgb

        steps = np.where(self._rows.learned & bag_of(self._private, self._plan, number, len(self._steps)), self._steps, 0)
        gradients = self._objective.gradients(self._score, self._label, steps, self._form)
        params = self._plan.params(number) | {"num_machines": self._session.size}
        booster = lgb.Booster(params, self._data)
        collectives.begin_tree(number, self._shares.of_tree(params))
        try:
            finished = booster.update(fobj=lambda *_: gradients)
        except lgb.basic.LightGBMError as error:
            collectives.end_tree()
            raise Denied(f"LightGBM gave up: {error}") from None
        collectives.end_tree()
        return None if finished else self._renewed(tree_of(booster), booster, steps)

    def _renewed(self, tree: Tree, booster: lgb.Booster, steps: npt.NDArray[np.int64]) -> Tree:
        """The tree with its final leaf values, which are added to the score."""
        outputs, alpha = _outputs(booster), self._objective.renews
        if alpha is None and not self._objective.counts_leaves:
            self._score += outputs
            return tree
        values = leaf_values(tree)
        leaf = leaves_of_rows(values, outputs, booster, self._rows.X)
        if alpha is None:
            values = np.where(self._rows_in(leaf, steps, len(values)) >= MIN_LEAF_ROWS, values, 0.0)
            self._score += values[leaf]
            return with_values(tree, values)
        residual = self._residual
        rule = Renewal(alpha, self._plan.weighted, MIN_LEAF_ROWS, self._everybody)
        found = rule.values(self._session.secure_sum, residual, steps, leaf, len(values))
        values = np.nan_to_num(found, nan=0.0) * self._plan.learning_rate
        self._score += values[leaf]
        return with_values(tree, values)

    def _rows_in(self, leaf: npt.NDArray[np.int64], steps: npt.NDArray[np.int64], leaves: int) -> npt.NDArray[np.int64]:
        """Everybody's rows in each leaf that the tree learned from."""
        own = np.bincount(leaf[steps > 0], minlength=leaves).astype(np.int64)
        return self._session.secure_sum("leaf", own, width_for(self._everybody))


def _outputs(booster: lgb.Booster) -> Floats:
    """What the booster's one tree says of each training row; LightGBM has it at hand."""
    return np.asarray(booster._Booster__inner_predict(data_idx=0)).copy()
