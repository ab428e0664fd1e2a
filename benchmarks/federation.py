"""The exact strategy against one pool and against LightGBM's own distributed training: equality, seconds, bytes.

    python benchmarks/federation.py --rows 200000 --trees 60 --parties 4 --max-bin 255 --leaves 63 [--alpha 0.9]

Every participant is an OS process with one thread; all modes run one after the other on the same synthetic rows (four
unequal companies with shifted features) in the same bins. Prints one JSON line per mode.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing as mp
import os
import socket
import time
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

os.environ.setdefault("OMP_WAIT_POLICY", "passive")
SPAWN = mp.get_context("spawn")
SESSION = b"benchmark".ljust(32, b".")
NAMES = tuple(f"company{k:02d}" for k in range(64))


def make(folder: Path, rows: int, features: int, parties: int) -> None:
    """One file of rows per company, 40/30/20/10 % and so on, each with shifted features."""
    rng = np.random.default_rng(7)
    shares = np.array([0.4, 0.3, 0.2, 0.1])[:parties] if parties <= 4 else np.full(parties, 1 / parties)
    for k, size in enumerate((rows * shares / shares.sum()).astype(int)):
        X = rng.normal(size=(size, features)).astype(np.float32) + rng.normal(scale=0.5, size=features).astype(np.float32)
        X[:, 5], X[:, 6], X[:, 8] = np.round(X[:, 5] * 2), rng.poisson(3, size), np.maximum(X[:, 8], 0)
        X[rng.random(size) < 0.05, 7] = np.nan
        signal = 3 * np.sin(X[:, 0]) + X[:, 1] * X[:, 2] + 2 * (X[:, 5] > 1) + 0.5 * X[:, 6] + 0.3 * np.nan_to_num(X[:, 7])
        y = signal + (X[:, 8] > 0.5) * X[:, 9] + 0.1 * X[:, 10:20].sum(axis=1) + rng.normal(size=size)
        np.savez(folder / f"{k}.npz", X=X, y=y.astype(np.float32))


def load(folder: Path, parties: range) -> tuple[np.ndarray, np.ndarray]:
    files = [np.load(folder / f"{k}.npz") for k in parties]
    return np.concatenate([f["X"] for f in files]), np.concatenate([f["y"] for f in files])


def plan_of(options: argparse.Namespace) -> Any:
    from decai_forecast.federation.exact.plan import ExactPlan

    tree = {"num_leaves": options.leaves, "max_bin": options.max_bin, "learning_rate": 0.1, "lambda_l2": 0.0}
    names = tuple(f"f{k}" for k in range(options.features))
    return ExactPlan("benchmark", names, options.trees, 1, options.alpha, tree=tree)


def exact_party(k: int, port: int, folder: Path, options: argparse.Namespace, out: Any) -> None:
    from decai_forecast.federation.exact.desk import Desk
    from decai_forecast.federation.exact.group import Group
    from decai_forecast.federation.exact.host import HostWire
    from decai_forecast.federation.exact.identity import Identity, Roster
    from decai_forecast.federation.exact.train import Rows, train
    from decai_forecast.store import Store

    people = [Identity.from_bytes(NAMES[j], bytes([j + 1]) * 32) for j in range(options.parties)]
    pinned = {one.name: one.public for one in people}
    roster, marks = Roster.of(pinned), []
    X, y = load(folder, range(k, k + 1))
    began = time.perf_counter()
    group = Group(HostWire(port, SESSION, k, roster.names), people[k], roster, pinned, SESSION)

    def mark(_: int, sent: int) -> None:
        marks.append((time.perf_counter(), sent, group.traffic.received, group.traffic.steps, time.process_time()))

    trained = train(Rows(X, y), plan_of(options), group, Desk(Store(folder / NAMES[k], NAMES[k]), NAMES[k]), mark)
    first, last, n = marks[0], marks[-1], max(1, len(marks) - 1)
    per_tree = {"sent": (last[1] - first[1]) // n, "received": (last[2] - first[2]) // n, "steps": (last[3] - first[3]) / n}
    seconds = (last[0] - first[0]) * len(marks) / n  # the first tree is not timed: it has the start before it
    facts = {"train_s": seconds, "train_cpu_s": (last[4] - first[4]) * len(marks) / n, "whole_s": time.perf_counter() - began}
    out.put((k, trained.text, facts | {"per_tree": per_tree} | asdict(group.traffic)))


def exact(folder: Path, options: argparse.Namespace) -> tuple[str, dict[str, Any]]:
    from decai_forecast.federation.exact.host import HostRelay

    began = time.process_time()
    with HostRelay() as relay:
        found = parties(exact_party, relay.port, folder, options)
    relayed = time.process_time() - began
    if len({text for text, _ in found.values()}) != 1:
        raise SystemExit("participants ended with different models")
    text, facts = found[options.parties - 1]
    return text, facts | _worst_and_sum(found) | {"relay_cpu_s": relayed}


def _worst_and_sum(found: dict[int, tuple[str, dict[str, Any]]]) -> dict[str, Any]:
    """Seconds of the slowest participant, CPU seconds of all."""
    return {
        "train_s": max(facts["train_s"] for _, facts in found.values()),
        "train_cpu_s": sum(facts["train_cpu_s"] for _, facts in found.values()),
    }


def parties(target: Any, port: int, folder: Path, options: argparse.Namespace) -> dict[int, tuple[str, dict[str, Any]]]:
    out = SPAWN.Queue()
    all_of_them = [SPAWN.Process(target=target, args=(k, port, folder, options, out)) for k in range(options.parties)]
    for one in all_of_them:
        one.start()
    found = {k: (text, facts) for k, text, facts in (out.get(timeout=3600) for _ in all_of_them)}
    for one in all_of_them:
        one.join()
    return found


def native_party(k: int, port: int, folder: Path, options: argparse.Namespace, out: Any) -> None:
    """LightGBM's sockets between processes that trust each other, in the same bins."""
    import lightgbm as lgb

    data = pooled_data(folder, options, range(k, k + 1))
    machines = ",".join(f"127.0.0.1:{port + j}" for j in range(options.parties))
    params = stock_params(options) | {"tree_learner": "data", "num_machines": options.parties, "pre_partition": True}
    booster = lgb.Booster(params | {"machines": machines, "local_listen_port": port + k}, data)
    out.put((k, *updated(booster, options.trees)))


def updated(booster: Any, trees: int) -> tuple[str, dict[str, Any]]:
    began, cpu = time.perf_counter(), time.process_time()
    for _ in range(trees):
        booster.update()
    facts = {"train_s": time.perf_counter() - began, "train_cpu_s": time.process_time() - cpu}
    return booster.model_to_string(), facts


def native(folder: Path, options: argparse.Namespace) -> tuple[str, dict[str, Any]]:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    found = parties(native_party, port, folder, options)
    return found[0][0], _worst_and_sum(found)


def stock_params(options: argparse.Namespace) -> dict[str, Any]:
    params = {key: value for key, value in plan_of(options).params(0).items() if key not in ("tree_learner", "pre_partition")}
    loss = {"objective": "regression"} if options.alpha is None else {"objective": "quantile", "alpha": options.alpha}
    return params | loss | {"boost_from_average": True}


def pooled_data(folder: Path, options: argparse.Namespace, own: range) -> Any:
    from decai_forecast.federation.exact.bins import agree_bins

    X, _ = load(folder, range(options.parties))
    mine, y = load(folder, own)
    data = agree_bins(lambda _, numbers, __: numbers, X, options.max_bin).dataset(
        mine, options.max_bin, plan_of(options).feature_names
    )
    return data.set_label(y)


def pooled_party(k: int, _: int, folder: Path, options: argparse.Namespace, out: Any) -> None:
    import lightgbm as lgb

    booster = lgb.Booster(stock_params(options), pooled_data(folder, options, range(options.parties)))
    out.put((k, *updated(booster, options.trees)))


def pooled(folder: Path, options: argparse.Namespace) -> tuple[str, dict[str, Any]]:
    """One process, one thread, everybody's rows."""
    out = SPAWN.Queue()
    one = SPAWN.Process(target=pooled_party, args=(0, 0, folder, options, out))
    one.start()
    _, text, facts = out.get(timeout=3600)
    one.join()
    return text, facts


STRUCTURE = ("split_feature", "threshold", "decision_type", "left_child", "right_child")


def structure(text: str) -> list[list[str]]:
    blocks = text.split("parameters:", maxsplit=1)[0].split("\nTree=")[1:]
    return [[line for line in block.splitlines() if line.partition("=")[0] in STRUCTURE] for block in blocks]


def compare(text: str, other: str, folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    import lightgbm as lgb

    X, y = load(folder, range(options.parties))
    X, y = X[:: max(1, len(X) // 50_000)], y[:: max(1, len(y) // 50_000)]
    predicted = [lgb.Booster(model_str=one).predict(X, num_threads=1) for one in (text, other)]
    same = [a == b for a, b in zip(structure(text), structure(other), strict=True)]
    apart = float(np.abs(predicted[0] - predicted[1]).max() / np.abs(y).max())
    return {"identical_trees": sum(same), "trees": len(same), "max_difference_by_max_label": apart}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in {"rows": 200_000, "trees": 60, "parties": 4, "features": 30, "max_bin": 255, "leaves": 63}.items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=int, default=default)
    parser.add_argument("--alpha", type=float, help="a quantile; without it the mean")
    parser.add_argument("--modes", default="exact,native,pooled")
    options = parser.parse_args()
    with TemporaryDirectory() as name:
        folder, texts = Path(name), {}
        make(folder, options.rows, options.features, options.parties)
        for mode in options.modes.split(","):
            texts[mode], facts = {"exact": exact, "native": native, "pooled": pooled}[mode](folder, options)
            print(json.dumps({"mode": mode, "load": os.getloadavg()[0]} | facts), flush=True)
        if {"exact", "pooled"} <= set(texts):
            print(json.dumps({"exact against pooled": compare(texts["exact"], texts["pooled"], folder, options)}))


if __name__ == "__main__":
    main()
