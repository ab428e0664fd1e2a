"""A diff as text."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from decai_forecast.contracts.diff.change import BUMPS, Change, is_version

__all__ = ["diff_text"]

HEADS = {"major": "BREAKING", "minor": "minor", "patch": "patch"}
VALUE_CHARACTERS = 60  # characters of a value


def diff_text(changes: Sequence[Change], bump: str, versions: tuple[str, str], *, version_ok: bool) -> str:
    """The verdict on the version, then one block for each size of change. ``versions``: old and new."""
    lines = [_verdict(bump, versions, version_ok)]
    for size in reversed(BUMPS[1:]):
        lines += [line for item in changes if item.bump == size for line in _lines(item)]
    return "\n".join(lines) + "\n"


def _verdict(bump: str, versions: tuple[str, str], version_ok: bool) -> str:
    step = " -> ".join(versions)
    if wrong := [version for version in versions if not is_version(version)]:
        return f"{step}: {wrong[0]!r} is not a version of three numbers such as 1.0.0{_needed(bump)}"
    if bump == "none":
        return f"no change ({step})" + ("" if version_ok else ": the version must not fall")
    if version_ok:
        return f"{step}: right for a {bump} change"
    return f"{step}: NOT ENOUGH for a {bump} change; raise the {bump} number of the version"


def _needed(bump: str) -> str:
    return "" if bump == "none" else f"; the change is {bump}"


def _lines(item: Change) -> list[str]:
    values = f"{_shown(item.old)} -> {_shown(item.new)}"
    return [f"  {HEADS[item.bump]:<8}  {item.where}: {item.kind}, {values}", f"            {item.why}"]


def _shown(value: Any) -> str:
    if value is None:
        return "nothing"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    text = " ".join(text.split())
    return text if len(text) <= VALUE_CHARACTERS else text[: VALUE_CHARACTERS - 3] + "..."
