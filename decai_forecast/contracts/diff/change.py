"""One difference between two versions of a contract, and what a version of it may be called."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["BUMPS", "Change", "bump_of", "is_version", "version_ok"]

BUMPS = ("none", "patch", "minor", "major")  # Semantic Versioning 2.0.0, smallest first


@dataclass(frozen=True)
class Change:
    """``kind`` names the line of the policy, ``where`` the part of the contract, as in ``demand.quantity.required``."""

    kind: str
    where: str
    old: Any
    new: Any
    bump: str  # major, minor or patch
    why: str  # one plain sentence

    @property
    def breaking(self) -> bool:
        """Whether somebody who uses the data must agree again."""
        return self.bump == "major"

    def to_json(self) -> dict[str, Any]:
        """Plain values, for ``json.dumps``."""
        return {**vars(self), "breaking": self.breaking}


def bump_of(changes: Iterable[Change]) -> str:
    """The largest bump that one of ``changes`` needs; ``none`` without changes."""
    return BUMPS[max((BUMPS.index(change.bump) for change in changes), default=0)]


def version_ok(old: Mapping[str, Any], new: Mapping[str, Any], bump: str) -> bool:
    """Whether the new ``version`` is at least ``bump`` above the old one (Semantic Versioning 2.0.0, sections 6 to 8, 11).

    Before 1.0.0 nothing is promised yet (section 4): a larger version is enough.
    """
    before, after = _numbers(old.get("version")), _numbers(new.get("version"))
    if before is None or after is None:
        return False
    if bump == "none":
        return after >= before
    changed = BUMPS.index(bump) if before[0] else 1
    kept = len(before) - changed
    return after[: kept + 1] > before[: kept + 1]


def is_version(version: str) -> bool:
    """Whether ``version`` has the three numbers that two versions are compared by."""
    return _numbers(version) is not None


def _numbers(version: Any) -> tuple[int, int, int] | None:
    """Major, minor, patch; None for what is no such version. Build and pre-release parts are left out."""
    parts = str(version).split("+")[0].split("-")[0].split(".")
    if len(parts) != 3 or not all(part.isascii() and part.isdigit() for part in parts):
        return None
    return int(parts[0]), int(parts[1]), int(parts[2])
