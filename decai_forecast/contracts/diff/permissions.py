"""Lists of what is allowed or forbidden."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from decai_forecast.contracts.diff.change import Change

__all__ = ["words_changed"]


def words_changed(old: Any, new: Any, where: str, kind: str, *, permits: bool = True) -> Iterator[Change]:
    """Words gone from or come to a list of permissions or, without ``permits``, of prohibitions.

    None is no list at all. Whether that allows everything or nothing is not said: a list that comes or goes is breaking.
    """
    if (old is None) != (new is None):
        said = "It was not listed what is allowed." if old is None else "It is no longer listed what is allowed."
        yield Change(f"{kind} list", where, old, new, "major", said)
        return
    before, after = _words(old), _words(new)
    for word in sorted(before - after):
        yield Change(f"{kind} removed", where, word, None, *_effect(more=not permits))
    for word in sorted(after - before):
        yield Change(f"{kind} added", where, None, word, *_effect(more=permits))


def _words(value: Any) -> set[str]:
    if value is None:
        return set()
    return set(map(str, value)) if isinstance(value, Sequence) and not isinstance(value, str) else {str(value)}


def _effect(*, more: bool) -> tuple[str, str]:
    return ("minor", "More is allowed than before.") if more else ("major", "Less is allowed than before.")
