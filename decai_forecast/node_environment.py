"""Where Flower is installed: Airflow and Flower want other versions of the same packages, so each has an environment.

``airflow`` (pages, DAGs and their tasks) never imports Flower; what needs it runs in a process of the ``node`` environment.
That one is named by ``DECAI_NODE_PYTHON``, or lies in the folder ``node`` of the environment that runs (as `make` makes it), or
is the environment that runs, where both are installed side by side.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, distributions, version
from importlib.util import find_spec
from pathlib import Path

from decai_forecast.errors import ConfigError

__all__ = ["NODE_PYTHON", "go_on_with_flower", "has_flower", "node_python", "versions_of"]

NODE_PYTHON = "DECAI_NODE_PYTHON"  # the variable that names the interpreter of the node environment
BESIDE = Path("node", "bin", "python")  # from the folder of the environment that runs


def has_flower() -> bool:
    """Whether Flower can be imported here; it is not imported to find out."""
    try:
        return find_spec("flwr") is not None
    except (ImportError, ValueError):  # forbidden, or its place among the modules is taken by something that is none
        return False


def node_python(environment: Mapping[str, str] | None = None) -> Path:
    """The interpreter of the node environment, by ``environment`` (None: of this process).

    :class:`ConfigError` where there is none, or the named one is not there.
    """
    if named := (os.environ if environment is None else environment).get(NODE_PYTHON, ""):
        if not os.access(named, os.X_OK):
            raise ConfigError(
                f"{NODE_PYTHON} is {named!r}; expected a Python that can be started, of the environment with Flower"
            )
        return Path(named)
    if (beside := Path(sys.prefix) / BESIDE).exists():
        return beside
    if has_flower():
        return Path(sys.executable)
    raise ConfigError(
        f"Flower is not installed in {sys.prefix}, and there is no {beside}; install requirements/node.txt into an environment "
        f"of its own (`make .venv/base` does) and set {NODE_PYTHON} to its Python"
    )


def go_on_with_flower(arguments: Sequence[str]) -> None:
    """Lets the node environment's `decai` take over this process, where this environment has no Flower."""
    if has_flower():
        return
    python = node_python()
    if python.parent.parent == Path(sys.prefix):
        raise ConfigError(
            f"{NODE_PYTHON} is {str(python)!r}, an environment without Flower; install requirements/node.txt there"
        )
    os.execv(python, [str(python), "-m", "decai_forecast", *arguments])


def versions_of(names: Iterable[str]) -> dict[str, str]:
    """Distribution -> version, of those that are installed here or in the node environment, in the given order."""
    return {name: number for name in names if (number := _version(name))}


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return next((one.version for one in distributions(name=name, path=_node_packages())), "")


def _node_packages() -> list[str]:
    """The folders that the node environment's packages lie in; none where there is no such environment."""
    try:
        prefix = node_python().parent.parent
    except ConfigError:
        return []
    return [str(folder) for folder in sorted(prefix.glob("lib/python3.*/site-packages"))]
