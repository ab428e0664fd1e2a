"""Where the environments and weights of models in processes lie: the company says so in its environment."""

from __future__ import annotations

import os
from hashlib import sha256
from pathlib import Path

from decai_forecast.errors import ModelFailed

__all__ = ["PYTHON", "version", "weights", "worker"]

PYTHON = "DECAI_NEURAL_PYTHON"
WORKERS = Path(__file__).parent / "workers"


def worker(name: str) -> list[str]:
    """The Python of the neural models and the program ``name`` of ``workers/``."""
    return [_set(PYTHON, "the Python of an environment with its libraries"), str(WORKERS / f"{name}.py")]


def version(name: str) -> str:
    """Of the program ``name``."""
    return sha256((WORKERS / f"{name}.py").read_bytes()).hexdigest()


def weights(variable: str) -> str:
    """The folder of a model's weights."""
    folder = Path(_set(variable, "the folder of its weights"))
    if not folder.is_dir():
        raise ModelFailed(f"{variable}: {folder} is no folder; give the one with the weights and their config.json")
    return str(folder)


def _set(variable: str, what: str) -> str:
    if not (value := os.environ.get(variable, "")):
        raise ModelFailed(f"{variable} is not set; give {what}")
    return value
