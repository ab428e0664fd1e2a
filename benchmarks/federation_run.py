"""One training of one set of companies in four ways; every company an OS process with one thread, all in the same bins.

``exact``: ours. ``reference``: LightGBM's distributed learner on everybody's rows with our gradients, which must give the same
bytes; or its serial one, which does unless it skips a feature that gained nothing further up.
``stock``: ``lgb.train``'s learner with its own objective on everybody's rows. ``native``: LightGBM's own socket learner
between processes that trust each other.
"""

from __future__ import annotations

import multiprocessing as mp
import os
import socket
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

os.environ.setdefault("OMP_WAIT_POLICY", "passive")
os.environ.setdefault("OMP_NUM_THREADS", "1")
PROCESSES = mp.get_context("forkserver")  # of a process that has imported, and not used, LightGBM: after use a fork hangs
PROCESSES.set_forkserver_preload(["lightgbm", "pandas", "federation_run", "decai_forecast.federation.exact.train"])
SESSION = b"benchmark".ljust(32, b".")
NAMES = tuple(f"company{k:02d}" for k in range(64))
PATIENCE = 1800.0  # seconds: a busy machine must not end a benchmark
NATIVE_WAIT = 3600  # seconds that we wait for the processes of one mode
Facts = dict[str, Any]
Run = tuple[str, Facts]
"""model text; what was measured"""


@dataclass(frozen=True)
class Case:
    """``folder``: ``<k>.npz`` of each company (X, y and, if ``weighted``, w). ``demand``: with the parameters of our demand
    models, as a night trains them; ``alpha``: the quantile, or None for the mean. ``link``: round trip (s) and bytes per second
    each way of a slow line, which the relay makes up."""

    folder: Path
    parties: int
    trees: int
    features: int = 30
    leaves: int = 63
    max_bin: int = 255
    alpha: float | None = None
    weighted: bool = False
    demand: bool = False
    link: tuple[float, float] | None = None

    def plan(self) -> Any:
        from decai_forecast.demand import TREE_PARAMS
        from decai_forecast.federation.exact.plan import ExactPlan, from_demand

        names = tuple(f"f{k}" for k in range(self.features))
        if self.demand:
            return from_demand(TREE_PARAMS, "benchmark", names, self.trees, 1, self.alpha, self.weighted)
        tree = {"num_leaves": self.leaves, "max_bin": self.max_bin, "learning_rate": 0.1, "lambda_l2": 0.0}
        return ExactPlan("benchmark", names, self.trees, 1, self.alpha, self.weighted, tree=tree)


def make(folder: Path, rows: int, features: int = 30, parties: int = 4, seed: int = 7) -> None:
    """One file of rows per company, 40/30/20/10 % of four, equal ones of others, each with shifted features."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    shares = np.array([0.4, 0.3, 0.2, 0.1]) if parties == 4 else np.full(parties, 1 / parties)
    for k, size in enumerate((rows * shares).astype(int)):
        X = rng.normal(size=(size, features)).astype(np.float32) + rng.normal(scale=0.5, size=features).astype(np.float32)
        X[:, 5], X[:, 6], X[:, 8] = np.round(X[:, 5] * 2), rng.poisson(3, size), np.maximum(X[:, 8], 0)
        X[rng.random(size) < 0.05, 7] = np.nan
        signal = 3 * np.sin(X[:, 0]) + X[:, 1] * X[:, 2] + 2 * (X[:, 5] > 1) + 0.5 * X[:, 6] + 0.3 * np.nan_to_num(X[:, 7])
        y = signal + (X[:, 8] > 0.5) * X[:, 9] + 0.1 * X[:, 10:20].sum(axis=1) + rng.normal(size=size)
        np.savez(folder / f"{k}.npz", X=X, y=y.astype(np.float32))


def load(case: Case, parties: range | None = None) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    files = [np.load(case.folder / f"{k}.npz") for k in parties or range(case.parties)]
    weight = np.concatenate([f["w"] for f in files]) if case.weighted else None
    return np.concatenate([f["X"] for f in files]), np.concatenate([f["y"] for f in files]), weight


def people(case: Case) -> list[Any]:
    from decai_forecast.identity import Identity

    return [Identity.from_bytes(NAMES[k], bytes([k + 1]) * 32) for k in range(case.parties)]


@dataclass
class Marks:
    """Times and traffic after each tree; the first tree is not counted, since the start lies before it."""

    session: Any
    seen: list[tuple[float, ...]] = field(default_factory=list)

    def __call__(self, *_: Any) -> None:
        traffic = self.session.traffic
        self.seen.append((time.perf_counter(), time.process_time(), traffic.sent, traffic.received, traffic.steps))

    def facts(self) -> Facts:
        n = max(1, len(self.seen) - 1)
        each = [(last - first) / n for first, last in zip(self.seen[0], self.seen[-1], strict=True)]
        trees = len(self.seen)
        names = ("tree_s", "tree_cpu_s", "tree_sent", "tree_received", "tree_steps")
        return dict(zip(names, each, strict=True)) | {"train_s": each[0] * trees, "train_cpu_s": each[1] * trees}


def exact_party(k: int, port: int, case: Case, out: Any) -> None:
    from decai_forecast.federation.exact.host import HostWire
    from decai_forecast.federation.exact.loopback import LoopbackWire
    from decai_forecast.federation.exact.records import TrainingRecords
    from decai_forecast.federation.exact.roster import KeyRoster
    from decai_forecast.federation.exact.rows import Rows
    from decai_forecast.federation.exact.session import SecureSession
    from decai_forecast.federation.exact.train import train
    from decai_forecast.store import Store

    own, pinned = people(case)[k], {one.name: one.public for one in people(case)}
    roster, store = KeyRoster.of(pinned), Store(case.folder / f"store-{time.time_ns()}" / own.name, own.name)
    X, y, weight = load(case, range(k, k + 1))
    began, wire = time.perf_counter(), HostWire if case.link is None else LoopbackWire
    session = SecureSession(wire(port, SESSION, k, roster.names, PATIENCE), own, roster, pinned, SESSION)
    marks = Marks(session)
    trained = train(Rows(X, y, weight), case.plan(), session, TrainingRecords(store), marks)
    whole = {"whole_s": time.perf_counter() - began} | asdict(session.traffic)
    out.put((k, trained.text, marks.facts() | whole))


def exact(case: Case) -> Run:
    from decai_forecast.federation.exact.host import HostRelay

    began = time.process_time()
    with HostRelay(PATIENCE) if case.link is None else slow_relay(*case.link) as relay:
        found = _parties(exact_party, case, relay.port)
    relayed = time.process_time() - began
    if len({text for text, _ in found.values()}) != 1:
        raise SystemExit("participants ended with different models")
    text, facts = found[case.parties - 1]
    return text, facts | _worst_and_sum(found) | {"relay_cpu_s": relayed}


def slow_relay(round_trip: float, bandwidth: float) -> Any:
    """A relay at the far end of lines like this: it holds back every answer as long as such lines would take."""
    from decai_forecast.federation.exact.loopback import LoopbackRelay

    class Slow(LoopbackRelay):
        def _answers(self, given: Any) -> Any:
            answers = super()._answers(given)
            up, down = (max(len(frame.body) + 24 for frame in frames) for frames in (given, answers))
            time.sleep(round_trip + (up + down) / bandwidth)
            return answers

    return Slow(PATIENCE)


def _worst_and_sum(found: dict[int, Run]) -> Facts:
    """Seconds of the slowest participant, CPU seconds of all."""
    facts = [facts for _, facts in found.values()]
    return {"train_s": max(one["train_s"] for one in facts), "train_cpu_s": sum(one["train_cpu_s"] for one in facts)}


def _parties(target: Callable[..., None], case: Case, port: int) -> dict[int, Run]:
    out = PROCESSES.Queue()
    processes = [PROCESSES.Process(target=target, args=(k, port, case, out)) for k in range(case.parties)]
    for one in processes:
        one.start()
    found = {k: (text, facts) for k, text, facts in (out.get(timeout=NATIVE_WAIT) for _ in processes)}
    for one in processes:
        one.join()
    return found


def native_party(k: int, port: int, case: Case, out: Any) -> None:
    import lightgbm as lgb

    data = pooled_data(case, range(k, k + 1))
    machines = ",".join(f"127.0.0.1:{port + j}" for j in range(case.parties))
    params = stock_params(case) | {"tree_learner": "data", "num_machines": case.parties, "pre_partition": True}
    booster = lgb.Booster(params | {"machines": machines, "local_listen_port": port + k}, data)
    out.put((k, *updated(booster, case.trees)))


def native(case: Case) -> Run:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    found = _parties(native_party, case, port)
    return found[0][0], _worst_and_sum(found)


def updated(booster: Any, trees: int) -> Run:
    began, cpu = time.perf_counter(), time.process_time()
    for _ in range(trees):
        booster.update()
    facts = {"train_s": time.perf_counter() - began, "train_cpu_s": time.process_time() - cpu}
    return booster.model_to_string(), facts


def stock_params(case: Case) -> dict[str, Any]:
    plan = case.plan()
    params = {key: value for key, value in plan.params(0).items() if key not in ("tree_learner", "pre_partition")}
    loss = {"objective": "regression"} if case.alpha is None else {"objective": "quantile", "alpha": case.alpha}
    return params | loss | {"boost_from_average": True}


def pooled_data(case: Case, own: range | None = None) -> Any:
    from decai_forecast.federation.exact.bins import agree_bins

    X, _, _ = load(case)
    mine, y, _ = load(case, own)
    plan = case.plan()
    return agree_bins(alone, X, plan.max_bin).dataset(mine, plan.max_bin, plan.feature_names).set_label(y)


def alone(_: str, numbers: np.ndarray, __: int) -> np.ndarray:
    """The sum over one participant, who has everybody's rows."""
    return numbers


def _stock(case: Case, out: Any) -> None:
    import lightgbm as lgb

    out.put(updated(lgb.Booster(stock_params(case), pooled_data(case)), case.trees))


def _reference(learner: str, case: Case, out: Any) -> None:
    from federation_reference import pooled

    out.put((pooled(case, learner), {}))


def _single(target: Callable[..., None], case: Case) -> Run:
    out = PROCESSES.Queue()
    one = PROCESSES.Process(target=target, args=(case, out))
    one.start()
    found: Run = out.get(timeout=NATIVE_WAIT)
    one.join()
    return found


def stock(case: Case) -> Run:
    return _single(_stock, case)


def reference(case: Case, learner: str) -> Run:
    """``learner``: serial or distributed."""
    return _single(partial(_reference, learner), case)
