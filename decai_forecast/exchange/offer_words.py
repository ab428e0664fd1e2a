"""An offer in plain sentences: what the owner's node will enforce, and what is said to people and enforced by nothing."""

from __future__ import annotations

from collections.abc import Iterator

from decai_forecast.exchange.money import in_words
from decai_forecast.exchange.offer import Offer
from decai_forecast.exchange.vocabulary import Action

__all__ = ["enforced", "not_enforced"]

DONE: dict[Action, str] = {
    Action.TRAIN: "trained on together, where the rows lie", Action.EVALUATE: "used to score a forecaster or a solution",
    Action.QUOTE: "asked for the gain to expect", Action.FORECAST: "used for a forecast", Action.READ: "read",
    Action.RUN: "run",
}  # fmt: skip


def enforced(offer: Offer) -> list[str]:
    """A sentence for each term that a use is held against; what breaks one is refused."""
    return list(_enforced(offer))


def _enforced(offer: Offer) -> Iterator[str]:
    yield f"It can be {_or([DONE[action] for action in offer.actions])}."
    yield f"Each use names its purpose; only {_or(list(offer.purposes))} is answered."
    yield f"Only {_or(list(offer.parties))} can get a grant." if offer.parties else "Any participant can get a grant."
    yield "A use must be signed by the party that the grant is for."
    if offer.approvers:
        yield f"A grant needs the word of {_or(list(offer.approvers))}."
    yield _price(offer)
    if offer.max_uses:
        yield f"A grant is for {offer.max_uses:,} use{'s' * (offer.max_uses > 1)}."
    if offer.valid_days:
        yield f"A grant ends {_days(offer.valid_days)} after it was given."
    if offer.during_disruption:
        days = _days(offer.during_disruption)
        yield f"A grant is closed until a disruption notification opens it, and closes again after {days}."
    if offer.min_contributors:
        yield f"Nothing is answered to which fewer than {offer.min_contributors} companies contributed."
    if offer.kept_days:
        yield f"A version is deleted {_days(offer.kept_days)} after it was published, and then no longer used."
    if offer.epsilon:
        yield f"All trainings together cost at most epsilon {offer.epsilon:g} at delta {offer.delta:g} about one training row."
    else:
        yield "No noise is added: there is no formal guarantee of how much can be learned."


def _price(offer: Offer) -> str:
    if not offer.price:
        return "Nothing is charged."
    share = f", of which {float(offer.share):.0%} is noted for those whose data were trained on" if float(offer.share) else ""
    return f"Each use is entered in the owner's book at {in_words(offer.price, offer.currency)}{share}."


def not_enforced(offer: Offer) -> list[str]:
    """What the contract says to people beside it."""
    always = "What a party does with a file or a figure once it has it."
    return [*offer.said_to_people, always]


def _days(days: float) -> str:
    return f"{days:g} day{'' if days == 1 else 's'}"


def _or(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"
