"""What a company knows of a round by itself: its data cut-off, and whether it gets a forecast."""

from __future__ import annotations

from decai_forecast.link import State
from decai_forecast.partner.context import PartnerContext
from decai_forecast.partner.own_submission import kept_submission
from decai_forecast.round import Round

__all__ = ["is_served", "round_of_company"]


def round_of_company(company: PartnerContext, round_id: str) -> Round:
    """The round by its id; ``as_of`` is that of what the company told of it, else of what was published in it, else its day."""
    if (told := kept_submission(company.store, round_id)) is not None:
        return Round.of(round_id, told.as_of)
    shared = company.link.shared(round_id)
    return Round.of(round_id, shared.as_of if shared else None)


def is_served(company: PartnerContext, round_id: str) -> bool:
    """Whether the company gets a forecast: its delivery is ready to train, or it is new."""
    told = kept_submission(company.store, round_id)
    return told is not None and told.state in (State.READY, State.NEWCOMER)
