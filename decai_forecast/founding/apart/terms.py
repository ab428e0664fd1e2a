"""What a company agrees to, in words."""

from __future__ import annotations

from collections.abc import Iterator

from decai_forecast.network import Agreement
from decai_forecast.strategies import strategy_of

__all__ = ["in_words"]

PERIODS = {"D": "days", "W": "weeks", "M": "months"}


def in_words(terms: Agreement) -> Iterator[str]:
    """A line for each thing that is agreed on and makes a difference for the company."""
    yield f"network: {terms.name}, with {', '.join(terms.partners)}"
    yield f"forecasts: {terms.horizon} {PERIODS[terms.frequency]} ahead; nights in the time zone {terms.time_zone}"
    yield f"nights: deliveries at {terms.deliver_at}, closed at {terms.close_at} (cron)"
    strategy = strategy_of(terms.strategy)
    yield f"training: strategy {strategy.name}, at least {terms.minimum} companies; what comes out: {strategy.model}"
    for one in strategy.discloses:
        yield f"what leaves you: {one.what} -- to {one.to}"
    yield f"privacy: {terms.privacy.terms if terms.privacy else 'sums are exact, no noise is added'}"
    if book := terms.code_book:
        yield f"code book: {len(book.names)} names of {book.column}, which everybody in the network reads"
