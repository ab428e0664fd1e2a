"""A round: one night of one network, named by its date in the network's time zone."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, tzinfo

from decai_forecast.errors import ConfigError

__all__ = ["Round", "before", "in_time", "is_round", "round_at", "time_of"]

ID = re.compile(r"(\d{4}-\d{2}-\d{2})(\.[2-9]|\.[1-9]\d)?", re.ASCII)  # 2026-11-24, and 2026-11-24.2 for a further one


@dataclass(frozen=True)
class Round:
    """``as_of`` is the data cut-off, exclusive: freshness and features use it, never the clock."""

    id: str
    as_of: date

    @classmethod
    def of(cls, round_id: str, as_of: str | date | None = None) -> Round:
        """The round ``round_id``; without ``as_of`` its data end where its own day begins."""
        match = ID.fullmatch(round_id)
        try:
            day = date.fromisoformat(match.group(1) if match else "")
            cut = day if as_of is None or as_of == "" else as_of if isinstance(as_of, date) else date.fromisoformat(as_of)
        except ValueError:
            raise ConfigError(
                f"round {round_id!r}, as of {as_of!r}: expected YYYY-MM-DD, or YYYY-MM-DD.2 for a further round"
            ) from None
        return cls(round_id, cut)


def round_at(zone: tzinfo, now: datetime) -> Round:
    """The round of ``now`` (timezone-aware): the date on a wall in the network's time zone."""
    day = now.astimezone(zone).date()
    return Round(day.isoformat(), day)


def is_round(name: str) -> bool:
    """Whether ``name`` is the id of a round."""
    try:
        return Round.of(name).id == name
    except ConfigError:
        return False


def time_of(round_id: str) -> tuple[str, int]:
    """What rounds are sorted by: the day, then the number as a number: ``2026-01-05.10`` comes after ``2026-01-05.2``."""
    day, _, further = round_id.partition(".")
    return (day, int(further)) if further.isascii() and further.isdecimal() else (round_id, 1)


def in_time(rounds: Iterable[str]) -> list[str]:
    """Ids of rounds, oldest first."""
    return sorted(rounds, key=time_of)


def before(rounds: Iterable[str], round_id: str) -> list[str]:
    """Those of ``rounds`` that come before ``round_id``, oldest first."""
    return [one for one in in_time(rounds) if time_of(one) < time_of(round_id)]
