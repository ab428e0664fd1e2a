"""Figures 2, 3 and 6: seconds against LightGBM's own sockets, one pool and NVFlare; bytes and round trips; a slow line."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

from federation_equal import compare, figures_of
from federation_run import Case, Facts, exact, make, native, stock
from harness import HERE, figure

from decai_forecast.demand import TREE_PARAMS

__all__ = ["against_nvflare", "link", "speed"]

ROWS, TREES = 1_000_000, 200
NIGHT = TREE_PARAMS  # fewer leaves and bins than the figure's 63 and 255
SKETCH_UP = 7.1e6  # bytes per tree and company of the sketch with words of eight bytes; half of it is wanted
ROUND_TRIP, BANDWIDTH = 0.03, 10e6 / 8  # s; bytes per second
LINK_TREES = 3
PYTHON = HERE.parent / ".venv/peers-federation/bin/python"
PEER_ROWS, PEER_TREES = 200_000, 20
Figures = list[dict[str, Any]]


def speed(folder: Path) -> tuple[Figures, Facts]:
    """The large training in three ways, its equality, bytes and round trips."""
    make(folder, ROWS)
    case, night = Case(folder, 4, TREES), Case(folder, 4, TREES, leaves=NIGHT["num_leaves"], max_bin=NIGHT["max_bin"])
    table, texts = _three_ways(case)
    found = compare(texts["exact"], texts["stock"], case)
    figures = figures_of("1m_mean", f"4 companies, {TREES} trees", found, 1e-8)
    figures += _seconds(table, "1m") + _bytes(table["exact"], case)
    smaller = _three_ways(night)[0]
    return figures + _seconds(smaller, "1m_as_at_night"), table | {"equality": found, "as_at_night": smaller}


def _three_ways(case: Case) -> tuple[dict[str, Facts], dict[str, str]]:
    """What was measured, and the model, of each way."""
    table, texts = {}, {}
    for name, way in (("exact", exact), ("native", native), ("stock", stock)):
        texts[name], table[name] = way(case)
        table[name]["load"] = os.getloadavg()[0]
        seconds = f"{table[name]['train_s']:.1f} s, {table[name]['train_cpu_s']:.1f} CPU-s"
        print(f"  {case.leaves} leaves, {case.max_bin} bins, {name}: {seconds}", flush=True)
    return table, texts


def _seconds(table: dict[str, Facts], which: str) -> Figures:
    ours, rows = table["exact"], []
    for name, most in (("native", 1.5), ("stock", 2.0)):
        peer = {"native": "LightGBM's sockets", "stock": "one pool, one thread"}[name]
        ratio = ours["train_s"] / table[name]["train_s"]
        cpu = (ours["train_cpu_s"] + ours["relay_cpu_s"], table[name]["train_cpu_s"])
        told = f"{peer}: {table[name]['train_s']:.1f} s of {ours['train_s']:.1f}; CPU-s of all {cpu[1]:.1f} of {cpu[0]:.1f}"
        rows.append(figure(f"2-wall_against_{name}-{which}", ratio, "x", told, 1.0, f"<= {most}", ratio <= most))
    return rows


def formula(case: Case) -> float:
    """Bytes up per tree: splits x bins x bytes of a bin (7 + 3 for a mean, 4 + 4 for a quantile) x share of the others."""
    per_bin = 10 if case.alpha is None else 8
    return (case.leaves - 1) * case.features * case.max_bin * per_bin * (case.parties - 1) / case.parties


def _bytes(ours: Facts, case: Case) -> Figures:
    up, wanted, splits = ours["tree_sent"], SKETCH_UP / 2, case.leaves - 1
    ratio = up / formula(case)
    told = f"{splits} splits x {case.features} x {case.max_bin} bins x 10 B x 3/4"
    return [
        figure("3-bytes_up-1m", up / 1e6, "MB per tree", f"sketch; down {ours['tree_received'] / 1e6:.2f} MB, sketch 1.9",
               SKETCH_UP / 1e6, f"<= {wanted / 1e6}", up <= wanted),
        figure("3-bytes_by_formula-1m", ratio, "x", told, None, "<= 1.05", ratio <= 1.05),
        figure("3-round_trips-1m", ours["tree_steps"], "per tree", "1 + 2 x splits", 1 + 2 * splits, "<= 126",
               ours["tree_steps"] <= 126),
    ]  # fmt: skip


def link(folder: Path) -> tuple[Figures, Facts]:
    """Over a line of 30 ms and 10 Mbit/s, made up by the relay: it holds answers back (no network emulation is asked for)."""
    make(folder, 20_000)
    figures, table = [], {}
    for which, leaves, bins, alpha in (("255_bins_mean", 63, 255, None), ("63_bins_median", 31, 63, 0.5)):
        case = Case(folder, 4, LINK_TREES, leaves=leaves, max_bin=bins, alpha=alpha, link=(ROUND_TRIP, BANDWIDTH))
        facts = exact(case)[1]
        wanted = facts["tree_steps"] * ROUND_TRIP + (facts["tree_sent"] + facts["tree_received"]) / BANDWIDTH
        seconds, told = facts["tree_s"], f"steps x 30 ms + bytes / 10 Mbit/s = {wanted:.2f} s"
        figures.append(figure(f"3-slow_line-{which}", seconds, "s per tree", told, None, "<= 1.25 x", seconds <= 1.25 * wanted))
        table[which] = facts
    return figures, table


def against_nvflare(folder: Path) -> tuple[Figures, Facts]:
    """The same rows, companies, leaves and bins in NVFlare's federated XGBoost, which sends its histograms in the clear."""
    make(folder, PEER_ROWS)
    case = Case(folder, 4, PEER_TREES)
    ours = exact(case)[1]
    peer = _nvflare(case)
    if peer is None:
        return [figure("6-wall_against_nvflare-200k", None, "x", "NVFlare could not run", None, "<= 1", False)], {"ours": ours}
    ratio = ours["whole_s"] / peer["train_s"]  # from rows in memory to the model, at both
    told = (
        f"NVFlare {peer['nvflare']}, XGBoost {peer['xgboost']}, not encrypted: {peer['train_s']:.1f} s of {ours['whole_s']:.1f}"
    )
    row = figure("6-wall_against_nvflare-200k", ratio, "x", told, 1.0, "<= 1", ratio <= 1)
    return [row], {"ours": ours, "nvflare": peer}


def _nvflare(case: Case) -> Facts | None:
    if not PYTHON.exists():
        return None
    shape = [str(number) for number in (case.parties, case.trees, case.leaves, case.max_bin)]
    command = [str(PYTHON), str(HERE / "peers/federation_nvflare.py"), str(case.folder), *shape]
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")} | {"PYTHONPATH": str(HERE / "peers")}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=3600)
    if done.returncode:
        print(f"  NVFlare failed: {done.stderr[-1000:]}", flush=True)
        return None
    found: Facts = json.loads(done.stdout.strip().splitlines()[-1])
    return found
