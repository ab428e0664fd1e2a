"""Whether a use is allowed: every term of a grant, held against what is asked and when. Nothing is read or written here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from decai_forecast.exchange.offer import Offer
from decai_forecast.exchange.request import Request
from decai_forecast.exchange.vocabulary import Purpose

__all__ = ["Refused", "Terms", "refusal"]


@dataclass(frozen=True)
class Terms:
    """A grant as it stands, at the moment ``now``; moments are seconds since 1970. ``opened``: whether a disruption
    notification holds it open; ``kept_until``: of the version; ``contributors``: companies in what would be answered."""

    listing: str
    party: str
    purposes: tuple[Purpose, ...]
    offer: Offer
    used: int
    quota: int | None
    ends: int | None
    withdrawn: int | None
    kept_until: int | None
    opened: bool
    contributors: int
    now: int


@dataclass(frozen=True)
class Refused:
    """``code`` goes to the party, ``text`` stays with the owner."""

    code: str
    text: str


Rule = Callable[[Terms, Request], str]


def refusal(terms: Terms, asked: Request) -> Refused | None:
    """The first term that stands against the use; None: it is allowed."""
    for code, rule in RULES.items():
        if text := rule(terms, asked):
            return Refused(code, text)
    return None


def _party(terms: Terms, asked: Request) -> str:
    return f"the grant is for {terms.party}, and {asked.party} asks" if asked.party != terms.party else ""


def _listing(terms: Terms, asked: Request) -> str:
    return f"the grant is for {terms.listing}, not for {asked.listing}" if asked.listing != terms.listing else ""


def _withdrawn(terms: Terms, _asked: Request) -> str:
    return "the grant was withdrawn" if terms.withdrawn is not None else ""


def _expired(terms: Terms, _asked: Request) -> str:
    return "the grant has ended" if terms.ends is not None and terms.now >= terms.ends else ""


def _purpose(terms: Terms, asked: Request) -> str:
    allowed = ", ".join(terms.purposes)
    return f"the grant is for {allowed}, not for {asked.purpose.value}" if asked.purpose not in terms.purposes else ""


def _action(terms: Terms, asked: Request) -> str:
    allowed = ", ".join(terms.offer.actions)
    return f"the grant is to {allowed}, not to {asked.action.value}" if asked.action not in terms.offer.actions else ""


def _quota(terms: Terms, _asked: Request) -> str:
    return f"all {terms.quota:,} uses are used up" if terms.quota is not None and terms.used >= terms.quota else ""


def _opened(terms: Terms, _asked: Request) -> str:
    closed = bool(terms.offer.during_disruption) and not terms.opened
    return "the grant is closed: no disruption notification holds it open" if closed else ""


def _kept(terms: Terms, asked: Request) -> str:
    over = terms.kept_until is not None and terms.now >= terms.kept_until
    return f"version {asked.number} was kept to its end" if over else ""


def _contributors(terms: Terms, _asked: Request) -> str:
    few, least = terms.contributors, terms.offer.min_contributors
    return f"{few} companies contributed, and the terms ask for {least}" if few < least else ""


RULES: dict[str, Rule] = {  # in this order, so that a stranger learns nothing of a grant
    "wrong_party": _party, "wrong_listing": _listing, "grant_withdrawn": _withdrawn, "grant_expired": _expired,
    "wrong_purpose": _purpose, "wrong_action": _action, "quota_used_up": _quota, "grant_closed": _opened,
    "version_expired": _kept, "too_few_contributors": _contributors,
}  # fmt: skip
