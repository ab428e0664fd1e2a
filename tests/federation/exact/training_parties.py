"""Companies with synthetic rows that train together in threads, and what training on their pooled rows gives."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread
from typing import Any, Protocol

import lightgbm as lgb
import numpy as np

from decai_forecast.federation.exact.bins import Bins, agree_bins
from decai_forecast.federation.exact.loopback import LoopbackRelay
from decai_forecast.federation.exact.plan import MIN_LEAF_ROWS, ExactPlan
from decai_forecast.federation.exact.records import TrainingRecords
from decai_forecast.federation.exact.roster import KeyRoster
from decai_forecast.federation.exact.rows import Rows
from decai_forecast.federation.exact.session import SecureSession, Wire
from decai_forecast.federation.exact.train import Trained, bag_of, train
from decai_forecast.federation.exact.trees import leaf_values, model_of, tree_of, with_values
from decai_forecast.identity import Identity
from decai_forecast.store import Store

FEATURES = ("lag", "mean", "promotion", "price", "h", "never")
SESSION = b"session of a test".ljust(32, b".")
IDENTITIES = tuple(Identity.from_bytes(name, name.encode().ljust(32)) for name in ("ada", "bea", "cyd", "dot", "eve"))


def roster_of(count: int) -> KeyRoster:
    return KeyRoster.of({one.name: one.public for one in IDENTITIES[:count]})


def rows(seed: int, size: int, *, weighted: bool = False) -> Rows:
    """Targets as the trees learn them: roots of demand, many of them zero; features with gaps, ties and a constant."""
    rng = np.random.default_rng(seed)
    X = rng.normal(seed / 4, 1, size=(size, len(FEATURES))).astype(np.float32)
    X[rng.random(size) < 0.15, 3] = np.nan
    X[:, 2], X[:, 4], X[:, 5] = rng.random(size) < 0.2, np.round(2 * X[:, 4]), 1.0
    demand = rng.poisson(np.exp(0.5 * X[:, 0] + 0.4 * X[:, 1] * (X[:, 4] > 0) + X[:, 2]))
    weight = rng.lognormal(0, 1.5, size) if weighted else None
    return Rows(X, np.sqrt(demand).astype(np.float32), None if weight is None else weight / weight.mean())


def companies(count: int = 3, size: int = 200, *, weighted: bool = False) -> list[Rows]:
    return [rows(k, size + 60 * k, weighted=weighted) for k in range(count)]


def plan(**changes: Any) -> ExactPlan:
    basis: dict[str, Any] = {"subject": "2026-06-22/q50", "feature_names": FEATURES, "trees": 6, "seed": 7, "alpha": 0.5}
    return ExactPlan(**basis | {"tree": {"num_leaves": 8, "learning_rate": 0.2}} | changes)


Part = Callable[[SecureSession], Any]
Grow = Callable[..., lgb.Booster]
"""One tree, from its parameters, the rows (twice, for who needs them so) and gradients."""


class Transport(Protocol):
    """A relay and how to reach it."""

    def __enter__(self) -> Any: ...

    def __exit__(self, *error: object) -> None: ...

    def wire(self, session: bytes, rank: int, names: Sequence[str], patience: float) -> Wire: ...


def together(parts: Sequence[Part], relay: Transport | None = None, patience: float = 20.0) -> list[Any]:
    """What each participant's part returned, or the exception it ended with; each in a thread of its own."""
    roster = roster_of(len(parts))
    out: list[Any] = [None] * len(parts)
    pinned = dict(roster.members)

    def run(k: int, there: Transport) -> None:
        wire = there.wire(SESSION, k, roster.names, patience)
        error = None
        try:
            session = SecureSession(wire, IDENTITIES[k], roster, pinned, SESSION)
            out[k] = parts[k](session)
        except Exception as raised:
            error = out[k] = raised
        if error is not None:
            wire.abort()
        wire.close()

    with relay or LoopbackRelay(patience) as there:
        threads = [Thread(target=run, args=(k, there)) for k in range(len(parts))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    return out


def records(k: int, folder: str | Path) -> TrainingRecords:
    """A participant's records in a folder of its own."""
    name = IDENTITIES[k].name
    return TrainingRecords(Store(Path(folder) / name, name))


def outcomes(parts: Sequence[Rows], which: ExactPlan, folder: str | Path, relay: Transport | None = None) -> list[Any]:
    """What a training ended with, at each participant: a result or an exception."""
    return together([partial(train, part, which, records=records(k, folder)) for k, part in enumerate(parts)], relay)


def trained(parts: Sequence[Rows], which: ExactPlan) -> list[Trained]:
    """Every participant's result; raises what the first one raised."""
    with TemporaryDirectory() as folder:
        found = outcomes(parts, which, folder)
    for one in found:
        if isinstance(one, Exception):
            raise one
    return found


def alone(_: str, numbers: np.ndarray, width: int) -> np.ndarray:
    """The sum over one participant, who has everybody's rows."""
    return numbers


def pool(parts: Sequence[Rows]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """All rows in one place: features, labels, weights in steps."""
    features, label, steps = ([getattr(part, name) for part in parts] for name in ("X", "label", "steps"))
    return np.concatenate(features), np.concatenate(label), np.concatenate(steps)


def bins_of(parts: Sequence[Rows], which: ExactPlan) -> Bins:
    return agree_bins(alone, pool(parts)[0], which.max_bin, which.coded)


def percentile(values: np.ndarray, steps: np.ndarray, which: ExactPlan) -> float:
    """By sorting: the first value at which the weight so far exceeds ``alpha`` of the whole; LightGBM's without weights."""
    alpha = float(np.float32(which.alpha or 0))
    if not which.weighted:
        falling, place = np.sort(values)[::-1], (len(values) - 1) * (1.0 - alpha)
        first, second = falling[int(place)], falling[min(int(place) + 1, len(values) - 1)]
        return float(first - (first - second) * (place - int(place)))
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(steps[order])
    return float(values[order][np.searchsorted(reached, reached[-1] * alpha, side="right")])


def serial(params: dict[str, Any], datasets: Sequence[lgb.Dataset], gradients: Any) -> lgb.Booster:
    """One tree of LightGBM's serial learner."""
    booster = lgb.Booster(params | {"tree_learner": "serial", "pre_partition": False}, datasets[0])
    booster.update(fobj=lambda *_: gradients)
    return booster


def pooled(parts: Sequence[Rows], which: ExactPlan, grow: Grow = serial) -> str:
    """The model of one company that has everybody's rows, on the same bins and bags."""
    X, root, steps = pool(parts)
    objective, alpha = which.objective, which.alpha
    label = root * root if which.tweedie else root
    start = float((np.rint(label.astype(float) * steps * 2**20)).sum() / 2**20 / steps.sum()) if alpha is None else 0.0
    if alpha is not None:
        start = percentile(label.astype(float), steps, which)
    furthest = float(label.max()) if which.tweedie else np.abs(label - start).max()
    start = float(np.log(start)) if which.tweedie else start
    form = objective.format(int(steps.sum()), 2.0 ** np.ceil(np.log2(furthest)), which.weighted)
    bins, score, trees = bins_of(parts, which), np.full(len(label), start), []
    datasets = [bins.dataset(X, which.max_bin, which.feature_names) for _ in range(2)]
    for number in range(which.trees):
        bags = [bag_of(IDENTITIES[k].secret("bags"), which, number, len(part.label)) for k, part in enumerate(parts)]
        learned = np.concatenate([part.learned for part in parts])
        counted = np.where(np.concatenate(bags) & learned, steps, 0)
        gradients = objective.gradients(score, label, counted, form)
        booster = grow(which.params(number), datasets, gradients)
        tree = tree_of(booster)
        values = leaf_values(tree)
        leaf = booster.predict(X, pred_leaf=True, num_threads=1).ravel()
        if which.tweedie:
            few = np.bincount(leaf[counted > 0], minlength=len(values)) < MIN_LEAF_ROWS
            values = np.where(few, 0.0, values)
            tree = with_values(tree, values)
        if alpha is not None:
            values = np.zeros(len(values))
            for k in range(len(values)):
                own = (leaf == k) & (counted > 0)
                if own.sum() >= MIN_LEAF_ROWS:
                    residual = (label - score)[own].astype(np.float32).astype(float)
                    values[k] = percentile(residual, counted[own], which) * which.learning_rate
            tree = with_values(tree, values)
        score += values[leaf]
        trees.append(tree)
    return model_of(which, start, trees).text()


def stock(parts: Sequence[Rows], which: ExactPlan) -> lgb.Booster:
    """``lgb.train`` as everybody knows it, with its own objective, on the pooled rows in the same bins."""
    X, label, steps = pool(parts)
    data = bins_of(parts, which).dataset(X, which.max_bin, FEATURES)
    data.set_label(label * label if which.tweedie else label)
    if which.weighted:
        data.set_weight(steps / 64)
    told = {key: value for key, value in which.params(0).items() if key not in ("tree_learner", "pre_partition", "objective")}
    loss: dict[str, Any] = (
        {"objective": "regression"} if which.alpha is None else {"objective": "quantile", "alpha": which.alpha}
    )
    if which.tweedie:
        loss = {"objective": "tweedie", "tweedie_variance_power": which.tweedie}
    return lgb.train(told | loss | {"boost_from_average": True}, data, which.trees)


STRUCTURE = ("split_feature", "threshold", "decision_type", "left_child", "right_child")


def structure(text: str) -> list[list[str]]:
    """The lines of each tree that say where it splits."""
    blocks = text.split("\nTree=")[1:]
    return [[line for line in block.splitlines() if line.partition("=")[0] in STRUCTURE] for block in blocks]
