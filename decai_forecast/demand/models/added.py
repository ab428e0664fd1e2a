"""Models that a company adds.

``DECAI_MODELS`` names their files, or those of ``extra/``, which need more than the product installs.
They are code that the company installed itself, and run with its rights; nothing that comes from outside names one.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import replace
from hashlib import sha256
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

from decai_forecast.demand.models.base import MODELS
from decai_forecast.errors import ConfigError

__all__ = ["EXTRA", "VARIABLE", "load_added"]

VARIABLE = "DECAI_MODELS"  # names and paths, separated as the system separates paths (`:`)
EXTRA = ("chronos", "ets", "nhits")  # files of extra/


def load_added(environment: Mapping[str, str] = os.environ) -> None:
    """Imports every file that the environment names; each registers its models.

    :class:`ConfigError` names the variable and the file that is missing, cannot be imported or registers nothing.
    """
    for name in filter(None, environment.get(VARIABLE, "").split(os.pathsep)):
        before = set(MODELS)
        if not _imported(name):
            continue
        if not (added := set(MODELS) - before):
            raise ConfigError(f"{VARIABLE}: {name} registers no model; end it with register(Model(...))")
        for one in added:
            MODELS[one] = replace(MODELS[one], version=MODELS[one].version or _digest(name))


def _digest(name: str) -> str:
    return "" if name in EXTRA else sha256(Path(name).read_bytes()).hexdigest()


def _imported(name: str) -> bool:
    """Imports what ``name`` stands for; False if that was done before."""
    try:
        return _of_extra(name) if name in EXTRA else _of_file(Path(name))
    except ConfigError:
        raise
    except Exception as error:  # whatever a file of somebody else may raise while it is imported
        raise ConfigError(f"{VARIABLE}: {name} cannot be imported: {type(error).__name__}: {error}") from error


def _of_extra(name: str) -> bool:
    module = f"decai_forecast.demand.models.extra.{name}"
    there = module in sys.modules
    import_module(module)
    return not there


def _of_file(path: Path) -> bool:
    """Under a name of its own, the same in every process: other processes find its functions by it."""
    if path.suffix != ".py" or not path.is_file():
        raise ConfigError(f"{VARIABLE}: {path} is no file; give the path of a Python file, or one of {', '.join(EXTRA)}")
    module = f"decai_added_{path.stem}_{sha256(str(path.resolve()).encode()).hexdigest()[:8]}"
    if module in sys.modules:
        return False
    spec = spec_from_file_location(module, path)
    assert spec is not None  # the suffix is .py
    assert spec.loader is not None
    sys.modules[module] = made = module_from_spec(spec)
    try:
        spec.loader.exec_module(made)
    except BaseException:
        del sys.modules[module]
        raise
    return True
