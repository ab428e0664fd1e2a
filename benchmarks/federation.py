"""All figures of the exact strategy, side by side with its peers in one run. Usage: federation.py [PART ...]

Parts: equality (figure 1), speed (1 with a million rows, 2, 3), link (3), growth (4), accuracy (5), nvflare (6); all without a
word. A part that is left out keeps its figures of the run before.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from federation_accuracy import accuracy
from federation_equal import equality
from federation_growth import growth
from federation_speed import against_nvflare, link, speed
from harness import HERE, write

Part = Callable[[Path], tuple[list[dict[str, Any]], Any]]
PARTS: dict[str, Part] = {
    "equality": equality,
    "speed": speed,
    "link": link,
    "growth": growth,
    "accuracy": accuracy,
    "nvflare": against_nvflare,
}


def main(parts: list[str]) -> None:
    began, tables = time.monotonic(), dict[str, Any]()
    for part in parts:
        print(f"{part} ({time.monotonic() - began:.0f} s so far)", flush=True)
        with TemporaryDirectory(prefix="decai-bench-") as folder:
            started = time.monotonic()
            figures, more = PARTS[part](Path(folder) / part)
        tables[part] = {"figures": figures, "more": more, "wall_seconds": round(time.monotonic() - started)}
        tables = _before(parts) | tables
        every = sorted((row for table in tables.values() for row in table["figures"]), key=lambda row: row["name"][0])
        write("federation", every, began, tables=tables)


def _before(parts: list[str]) -> dict[str, Any]:
    """What an earlier run measured of the parts that this one leaves out."""
    result = HERE / "results/federation.json"
    tables = json.loads(result.read_text()).get("tables", {}) if result.is_file() else {}
    return {name: table for name, table in tables.items() if name in PARTS and name not in parts}


if __name__ == "__main__":
    asked = sys.argv[1:] or list(PARTS)
    if unknown := [part for part in asked if part not in PARTS]:
        raise SystemExit(f"unknown part {unknown[0]!r}; there are {', '.join(PARTS)}")
    main(asked)
