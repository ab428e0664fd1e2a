"""How `decai contract ...` answers when it cannot do what it was asked: on stderr or as JSON, and with which exit code."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import typer

from decai_forecast.contracts import Verdict
from decai_forecast.errors import ConfigError, ContractError, DecaiError, DeliveryError

__all__ = ["GOOD", "NOT_RUN", "REFUSED", "USAGE", "answered", "show", "write"]

log = logging.getLogger(__name__)

GOOD, REFUSED, USAGE, NOT_RUN = 0, 1, 2, 3  # exit codes


def show(found: Any, text: str, *, as_json: bool) -> None:
    """One answer on stdout; ``text`` ends with a line feed."""
    print(json.dumps(found, indent=1, ensure_ascii=False, allow_nan=False) + "\n" if as_json else text, end="")


@contextmanager
def answered(*, as_json: bool) -> Iterator[None]:
    """Wrong use or a wrong contract ends with 2, a delivery that could not be read or checked with 3; never with a trace."""
    try:
        yield
    except (typer.Exit, KeyboardInterrupt):
        raise
    except DecaiError as error:
        _end(error, NOT_RUN if isinstance(error, DeliveryError) else USAGE, as_json=as_json)
    except Exception as error:  # ours: it says nothing about contract or data
        log.debug("the command failed", exc_info=True)
        _end(DecaiError(f"this could not be done: {type(error).__name__}: {error}"), NOT_RUN, as_json=as_json)


def _end(error: DecaiError, code: int, *, as_json: bool) -> None:
    if as_json:
        show(_as_json(error), "", as_json=True)
    else:
        print(f"error: {error}", file=sys.stderr)
    raise typer.Exit(code)


def _as_json(error: DecaiError) -> dict[str, Any]:
    if isinstance(error, ContractError):
        found = [(p.line, p.column, p.text) for p in error.problems]
        keys = ("file", "line", "column", "message")
        return {"problems": [dict(zip(keys, (str(error.path), *one), strict=True)) for one in found]}
    verdict = {"verdict": Verdict.NOT_CHECKED} if isinstance(error, DeliveryError) else {}
    return verdict | {"code": error.code, "message": str(error)}


def write(path: Path, text: str) -> None:
    """A file in a folder that is made where it is missing; :class:`ConfigError` if that cannot be."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"{path} cannot be written ({error.strerror or type(error).__name__})") from None
