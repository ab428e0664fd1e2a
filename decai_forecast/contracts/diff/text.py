"""A diff as text."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from decai_forecast.contracts.diff.change import BUMPS, Change, is_version

if TYPE_CHECKING:
    from decai_forecast.contracts.diff.compare import Diff

__all__ = ["diff_text"]

HEADS = {"major": "BREAKING", "minor": "minor", "patch": "patch"}
LONGEST = 60  # characters of a value


def diff_text(diff: Diff) -> str:
    """The verdict on the version, then one block for each size of change."""
    lines = [_verdict(diff)]
    for bump in reversed(BUMPS[1:]):
        lines += [line for item in diff.changes if item.bump == bump for line in _lines(item)]
    return "\n".join(lines) + "\n"


def _verdict(diff: Diff) -> str:
    step = f"{diff.old_version} -> {diff.new_version}"
    if wrong := [version for version in (diff.old_version, diff.new_version) if not is_version(version)]:
        return f"{step}: {wrong[0]!r} is not a version of three numbers such as 1.0.0{_needed(diff.bump)}"
    if diff.bump == "none":
        return f"no change ({step})" + ("" if diff.version_ok else ": the version must not fall")
    if diff.version_ok:
        return f"{step}: right for a {diff.bump} change"
    return f"{step}: NOT ENOUGH for a {diff.bump} change; raise the {diff.bump} number of the version"


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
    return text if len(text) <= LONGEST else text[: LONGEST - 3] + "..."
