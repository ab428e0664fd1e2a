"""A version that is none cannot be compared, and the diff says so."""

from __future__ import annotations

import pytest

from decai_forecast.contracts.diff import compare

SAID = "is not a version of three numbers such as 1.0.0"
VERSIONS = [  # (old, new, other changes, the first line)
    ("1.0.0", "latest", {}, f"1.0.0 -> latest: 'latest' {SAID}"),
    ("1.0", "1.1.0", {}, f"1.0 -> 1.1.0: '1.0' {SAID}"),
    ("1.0.0", "latest", {"id": "y"}, f"1.0.0 -> latest: 'latest' {SAID}; the change is major"),
]


@pytest.mark.parametrize(("old", "new", "more", "said"), VERSIONS)
def test_a_version_that_is_none(old: str, new: str, more: dict[str, str], said: str) -> None:
    """It is not called too low."""
    found = compare({"id": "x", "version": old}, {"id": "x", "version": new, **more})
    assert not found.version_ok
    assert found.to_text().splitlines()[0] == said
