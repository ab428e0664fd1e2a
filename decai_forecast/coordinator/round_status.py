"""How a round stands: who has delivered, who has no part in the training and why, and of whom nothing was heard."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from decai_forecast.coordinator.context import CoordinatorContext
from decai_forecast.link import State, Submission
from decai_forecast.round import Round

__all__ = ["ABSENT", "RoundStatus", "round_status", "rounds_of"]

ABSENT = "absent"  # nothing came that could be taken
OTHER_DAY = "other_as_of"  # the submission is for another data cut-off than the round's


@dataclass(frozen=True)
class RoundStatus:
    """``submissions``: those taken, by company. ``set_aside``: of whom something came that was not taken, with the code of why.
    ``partners``: of the network. ``as_of``: of the round; None before anybody submitted."""

    partners: tuple[str, ...]
    submissions: Mapping[str, Submission]
    set_aside: Mapping[str, str]
    as_of: date | None

    @property
    def ready(self) -> tuple[str, ...]:
        """Who can train, sorted."""
        return self._with(State.READY)

    @property
    def served(self) -> tuple[str, ...]:
        """Who gets a forecast: those who trained, and newcomers."""
        return (*self.ready, *self._with(State.NEWCOMER))

    @property
    def silent(self) -> tuple[str, ...]:
        """From whom nothing came that could be taken."""
        return tuple(partner for partner in self.partners if partner not in self.submissions)

    @property
    def settled(self) -> bool:
        """Nothing more is to come: waiting longer cannot change the roster."""
        return not self.silent

    def missing(self) -> dict[str, str]:
        """Company -> why it does not take part: ``failed:source_absent``, ``absent``, ``absent:malformed``."""
        out = {partner: one.reason for partner, one in self.submissions.items() if one.state is not State.READY}
        return out | {partner: self._absent(partner) for partner in self.silent}

    def _with(self, state: State) -> tuple[str, ...]:
        return tuple(
            partner for partner in self.partners if partner in self.submissions and self.submissions[partner].state is state
        )

    def _absent(self, partner: str) -> str:
        return f"{ABSENT}:{self.set_aside[partner]}" if partner in self.set_aside else ABSENT


def round_status(coordinator: CoordinatorContext, round_id: str, as_of: date | None = None) -> RoundStatus:
    """Reads the inbox of a round; what is for another data cut-off than ``as_of`` is set aside.

    Without ``as_of`` the round's is the one that most submissions are for, of equally many the earliest: one company's word
    moves nobody else's round.
    """
    inbox = coordinator.link.submissions(round_id)
    as_of = as_of or _usual(inbox.submissions)
    taken = {partner: one for partner, one in inbox.submissions.items() if one.as_of == as_of}
    others = dict.fromkeys(set(inbox.submissions) - set(taken), OTHER_DAY)
    return RoundStatus(coordinator.network.partners, taken, dict(inbox.set_aside) | others, as_of)


def rounds_of(coordinator: CoordinatorContext) -> list[Round]:
    """All rounds that anybody has delivered for, newest first."""
    from decai_forecast.round import in_time

    standings = {name: round_status(coordinator, name).as_of for name in coordinator.link.rounds()}
    return [Round.of(name, as_of) for name in reversed(in_time(standings)) if (as_of := standings[name]) is not None]


def _usual(submissions: Mapping[str, Submission]) -> date | None:
    days = Counter(one.as_of for one in submissions.values())
    return min(days, key=lambda day: (-days[day], day)) if days else None
