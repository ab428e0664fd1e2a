"""Size: how nights of Iowa's companies grow with companies and rows, and what 32 cost. Usage: scale.py [--small | --quarter]

``--small`` runs the smallest sizes with a strategy that is over in seconds, to see that all works; ``--quarter`` a quarter of
the rows of 4 and 8 companies. What they do not measure is null in the result.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from harness import HERE, figure, run_case, write

COMPANIES, FACTORS = (4, 8, 16, 32), (0.25, 0.5, 1.0, 2.0, 4.0)
AT = 4  # companies for which rows are varied
Sizes = tuple[tuple[int, float], ...]
WHOLE: Sizes = tuple(dict.fromkeys([*((n, 1.0) for n in COMPANIES), *((AT, f) for f in FACTORS)]))
SIZES: dict[str, Sizes] = {
    "": WHOLE,
    "--small": ((3, 0.05), (4, 0.05), (4, 0.1)),
    "--quarter": ((4, 0.25), (8, 0.25), (4, 0.125)),
}
LIMITS = {"first": 15 * 60.0, "second": 6 * 60.0}  # seconds of wall, 32 companies on two cores
MEMORY = 6_000  # MB in all
PAGE = 1.0  # seconds until a page of Airflow is there, with the DAGs of all companies
PAGED = 32  # companies whose DAGs the pages show
MOST = 1.1  # exponents up to which growth is called linear
PICTURE = HERE / "results/scale.svg"
Found = Mapping[tuple[int, float], Mapping[str, Any]]


def main(which: str = "") -> None:
    began, sizes, strategy = time.monotonic(), SIZES[which], "bagging" if which == "--small" else "exact"
    found = {size: run_case("scale_night.py", *map(str, size), strategy) for size in sizes}
    curves = {"companies": [one for one in found if one[1] == sizes[0][1]], "rows": [one for one in found if one[0] == AT]}
    paged = PAGED if which != "--small" else AT
    pages = run_case("scale_pages.py", str(paged))
    figures = [
        *targets(found.get((32, 1.0))),
        *pages_of(pages, whole=paged == PAGED),
        *(row for name, which in curves.items() for row in exponents(found, name, which)),
    ]
    draw(found, curves)
    table = [{"companies": companies, "factor": factor, **facts} for (companies, factor), facts in found.items()]
    write("scale", figures, began, table=table, strategy=strategy, sizes=which.strip("-") or "whole")


def targets(largest: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    """The nights of 32 companies, in one process; None where they were not run."""
    rows = []
    for night, limit in LIMITS.items():
        wall = largest[night]["wall"] if largest else None
        parts = ", ".join(f"{name} {largest[night][name]:.0f}" for name in ("deliver", "train", "report")) if largest else None
        rows.append(
            figure(f"{night}-night", wall, "s", f"CPU-s: {parts}", None, f"< {limit:.0f}", wall is not None and wall < limit)
        )
    peak = largest["memory_mb"] if largest else None
    rows.append(
        figure("memory", peak, "MB", "all processes at one time", None, f"< {MEMORY}", peak is not None and peak < MEMORY)
    )
    return rows


def pages_of(case: Mapping[str, Any], *, whole: bool) -> list[dict[str, Any]]:
    """How long each page takes; with the DAGs of fewer companies than wanted nothing is proven."""
    return [
        figure(
            f"page: {name}", one["seconds"], "s", f"{case['dags']} DAGs, {one['cpu']:.2f} CPU-s", None, f"< {PAGE:.0f}",
            whole and one["seconds"] < PAGE,
        )
        for name, one in case["pages"].items()
    ]  # fmt: skip


def exponents(found: Found, name: str, sizes: Sequence[tuple[int, float]]) -> list[dict[str, Any]]:
    """Of CPU and bytes of a company, over companies; of CPU and bytes in all, over rows."""
    rows = []
    for what in ("cpu", "bytes"):
        for night in LIMITS:
            curve = {found[size]["rows"]: found[size][night][what] for size in sizes}
            slope = growth(curve) if len(curve) > 1 else None
            told = ", ".join(f"{rows_:,} rows: {value:,.0f}" for rows_, value in curve.items())
            holds = slope is not None and slope <= MOST
            rows.append(figure(f"{what}-{night}-by-{name}", slope, "exponent", told, None, f"<= {MOST}", holds))
    return rows


def growth(curve: Mapping[int, float]) -> float:
    """The exponent: the slope of the logarithms."""
    return float(np.polyfit(np.log(list(curve)), np.log(list(curve.values())), 1)[0])


def draw(found: Found, curves: Mapping[str, Sequence[tuple[int, float]]]) -> None:
    import matplotlib

    matplotlib.use("svg")
    from matplotlib import pyplot as plt

    plt.rcParams["svg.hashsalt"] = "scale"
    drawing, axes = plt.subplots(1, len(curves), figsize=(10, 4), layout="constrained")
    for axis, (name, sizes) in zip(axes, curves.items(), strict=True):
        for night, mark in (("first", "o-"), ("second", "s--")):
            for part in ("deliver", "train", "report"):
                points = sorted((found[size]["rows"], found[size][night][part]) for size in sizes)
                axis.loglog(*zip(*points, strict=True), mark, label=f"{part}, {night} night")
        axis.set_title(f"more {name}", fontsize=10)
        axis.set_xlabel("rows")
        axis.set_ylabel("CPU seconds")
    axes[0].legend(fontsize=7)
    PICTURE.parent.mkdir(exist_ok=True)
    drawing.savefig(PICTURE, metadata={"Date": None})
    plt.close(drawing)


if __name__ == "__main__":
    main(*sys.argv[1:2])
