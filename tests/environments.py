"""Processes in which a library cannot be imported, as in an environment that it is not installed in."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping

BLOCKED = """
import sys

class Nowhere:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == {library!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Nowhere())
"""


def without(library: str, script: str, *arguments: str, environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """What a script says that runs where ``library`` is not installed; processes that it starts have it."""
    end = "\nimport os\nsys.stdout.flush()\nos._exit(0)\n"  # DuckDB's binding prints a page when it ends in order
    command = [sys.executable, "-W", "ignore", "-c", BLOCKED.format(library=library) + script + end, *arguments]
    return subprocess.run(command, env=dict(environment), capture_output=True, text=True, check=False)
