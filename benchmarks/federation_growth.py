"""Figure 4: how computing and bytes grow with companies, rows, features and bins: fits and a picture beside the result."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from federation_run import Case, Facts, exact, make
from harness import HERE, figure

__all__ = ["growth"]

TREES = 6
BASE = {"companies": 4, "rows": 60_000, "features": 30, "bins": 63}
SERIES: Mapping[str, tuple[int, ...]] = {
    "companies": (3, 4, 8, 16, 32),
    "rows": (30_000, 60_000, 120_000, 240_000, 480_000),
    "features": (15, 30, 60, 120),
    "bins": (31, 63, 127, 255),
}
MOST = {"companies": 1.1, "rows": 1.1, "features": 1.1, "bins": 1.1}  # exponents up to which it is called linear
PICTURE = HERE / "results/federation-growth.svg"
Figures = list[dict[str, Any]]


def growth(folder: Path) -> tuple[Figures, dict[str, Any]]:
    """One training at each size, all others as in BASE; CPU is one company's, its bytes are those it sends."""
    figures, table = [], {}
    for name, sizes in SERIES.items():
        found = {size: _at(folder, BASE | {name: size}) for size in sizes}
        table[name] = found
        for what, unit in (("cpu_s", "CPU-s"), ("sent", "bytes")):
            slope = _slope({size: facts[what] for size, facts in found.items()})
            curve = ", ".join(f"{size:,}: {facts[what]:.4g}" for size, facts in found.items())
            told = f"{unit} per tree and company at {curve}"
            which = f"4-{what.removesuffix('_s')}-{name}"
            figures.append(figure(which, slope, "exponent", told, None, f"<= {MOST[name]}", slope <= MOST[name]))
        print(f"  {name}: {figures[-2]['peer']}", flush=True)
    _draw(table)
    return figures, table


def _at(folder: Path, size: Mapping[str, int]) -> Facts:
    rows = folder / "-".join(str(number) for number in size.values())
    make(rows, size["rows"], size["features"], size["companies"])
    case = Case(rows, size["companies"], TREES, size["features"], leaves=31, max_bin=size["bins"])
    facts = exact(replace(case, alpha=0.5))[1]
    return {"cpu_s": facts["train_cpu_s"] / TREES / size["companies"], "sent": facts["tree_sent"], "tree_s": facts["tree_s"],
            "steps": facts["tree_steps"]}  # fmt: skip


def _slope(curve: Mapping[int, float]) -> float:
    """The exponent of growth: the slope of the logarithms."""
    return float(np.polyfit(np.log(list(curve)), np.log(list(curve.values())), 1)[0])


def _draw(table: Mapping[str, Mapping[int, Facts]]) -> None:
    import matplotlib

    matplotlib.use("svg")
    from matplotlib import pyplot as plt

    plt.rcParams["svg.hashsalt"] = "growth"
    drawing, axes = plt.subplots(2, len(table), figsize=(14, 6), layout="constrained")
    for (name, found), column in zip(table.items(), axes.T, strict=True):
        for axis, (what, label, unit) in zip(column, (("cpu_s", "CPU ms", 1e3), ("sent", "kB sent", 1e-3)), strict=True):
            curve = {size: facts[what] * unit for size, facts in found.items()}
            slope = _slope(curve)
            sizes = np.array(list(curve))
            factor = np.exp(np.mean(np.log(list(curve.values())) - slope * np.log(sizes)))
            axis.loglog(sizes, list(curve.values()), "o", color="#1f5a8a")
            axis.loglog(sizes, factor * sizes**slope, "-", color="#b0b0b0")
            axis.set_title(f"{name}: exponent {slope:.2f}", fontsize=10)
            axis.set_ylabel(f"{label} per tree and company", fontsize=8)
            axis.set_xticks(sizes, [f"{size:,}" for size in sizes], fontsize=7)
            axis.minorticks_off()
            ends = [min(curve.values()), max(curve.values())]
            axis.set_yticks(ends, [f"{end:.3g}" for end in ends], fontsize=7)
    PICTURE.parent.mkdir(exist_ok=True)
    drawing.savefig(PICTURE, metadata={"Date": None})
    plt.close(drawing)
