"""Two versions of a contract, from the view of whoever trains on the data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from decai_forecast.contracts.diff import change
from decai_forecast.contracts.diff.change import BUMPS, Change, bump_of
from decai_forecast.contracts.diff.columns import column_changes
from decai_forecast.contracts.diff.quality import quality_changes
from decai_forecast.contracts.diff.service import service_changes
from decai_forecast.contracts.diff.tables import table_changes
from decai_forecast.contracts.diff.terms import term_changes
from decai_forecast.contracts.diff.text import diff_text
from decai_forecast.contracts.diff.values import own, table_of

__all__ = ["Diff", "compare"]


@dataclass(frozen=True)
class Diff:
    """``changes``, the most serious first; ``bump`` is what the version has to rise by: none, patch, minor or major."""

    changes: tuple[Change, ...]
    bump: str
    old_version: str
    new_version: str
    version_ok: bool  # the new version is at least ``bump`` above the old one

    @property
    def breaking(self) -> bool:
        """Whether somebody who uses the data must agree again."""
        return self.bump == "major"

    def to_json(self) -> dict[str, Any]:
        """Plain values, for ``json.dumps``."""
        head = {key: value for key, value in vars(self).items() if key != "changes"}
        return {**head, "breaking": self.breaking, "changes": [item.to_json() for item in self.changes]}

    def to_text(self) -> str:
        """For a terminal: the verdict, then each change with its reason."""
        return diff_text(self.changes, self.bump, (self.old_version, self.new_version), version_ok=self.version_ok)


def compare(old: Mapping[str, Any], new: Mapping[str, Any]) -> Diff:
    """All differences of two parsed ODCS contracts; see the policy in ``docs/reference/contract-format.md``.

    The order of lists and keys never matters. Both are taken as they are: read them strictly first.
    """
    name = str(own(old).get("dataSet") or table_of(old).get("name") or "data")
    found = [
        *table_changes(old, new, name), *column_changes(old, new, name), *quality_changes(old, new, name),
        *service_changes(old, new), *term_changes(old, new),
    ]  # fmt: skip
    changes = tuple(sorted(found, key=lambda c: (-BUMPS.index(c.bump), c.where, c.kind, str(c.old), str(c.new))))
    bump = bump_of(changes)
    versions = str(old.get("version")), str(new.get("version"))
    return Diff(changes, bump, *versions, version_ok=change.version_ok(old, new, bump))
