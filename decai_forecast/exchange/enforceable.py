"""From terms to an offer, or what of them no node can keep, each with its place and advice."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from decai_forecast.contracts.terms import Price, Terms
from decai_forecast.contracts.terms_reader import property_place
from decai_forecast.documents.fault import Fault, Where
from decai_forecast.documents.spelling import near
from decai_forecast.exchange.money import minor_units
from decai_forecast.exchange.offer import Offer
from decai_forecast.exchange.vocabulary import ACTIONS, UNITS, Action, Kind, Purpose
from decai_forecast.network import Privacy

__all__ = ["Asked", "offer_of", "unenforceable"]

ROW = "training-row"  # the unit that the noise of a private training protects
WORDS = tuple(purpose.value for purpose in Purpose)
PURPOSES = ", ".join(WORDS)
USAGE = ("permitted", "prohibited", "parties", "minContributors", "maxUses", "validDays", "duringDisruption")


@dataclass(frozen=True)
class Asked:
    """``raw``: the document as it is written, with ``terms`` read from it. ``participants`` and ``privacy``: of the network."""

    raw: Mapping[str, Any]
    terms: Terms
    kind: Kind
    participants: tuple[str, ...]
    privacy: Privacy | None = None

    def place(self, name: str, *keys: str | int) -> Where:
        return (*property_place(self.raw, name), *keys)


def unenforceable(asked: Asked) -> list[Fault]:
    """Everything that stands in the terms and that nothing would enforce."""
    return [fault for check in CHECKS for fault in check(asked)]


def offer_of(asked: Asked) -> Offer:
    """The offer of terms that :func:`unenforceable` has nothing against."""
    terms, usage = asked.terms, asked.terms.usage
    price = terms.price or Price(Decimal(0), "", "use")
    share = terms.valuation.revenue_share or Decimal(0)
    budget = terms.budget
    return Offer(
        purposes=tuple(map(Purpose, usage.permitted)), actions=_actions(asked, price),
        price=minor_units(price.amount, price.currency) or 0, currency=price.currency, share=str(share),
        parties=usage.parties, approvers=tuple(sorted({role.approver for role in terms.roles if role.approver})),
        min_contributors=usage.min_contributors or 0, max_uses=usage.max_uses, valid_days=usage.valid_days,
        during_disruption=usage.during_disruption, kept_days=terms.retention_days,
        epsilon=budget.epsilon if budget else None, delta=budget.delta if budget else None,
        said_to_people=_said_to_people(asked.raw),
    )  # fmt: skip


def _actions(asked: Asked, price: Price) -> tuple[Action, ...]:
    """Those of the kind; where one of them is paid for, or noise is drawn for one only, that one alone."""
    if asked.terms.budget:
        return (Action.TRAIN,)
    paid = UNITS.get(price.unit) if price.amount else None
    return (paid,) if paid else ACTIONS[asked.kind]


def _said_to_people(raw: Mapping[str, Any]) -> tuple[str, ...]:
    described = raw.get("description")
    texts = [described.get(key) for key in ("usage", "limitations")] if isinstance(described, Mapping) else []
    return tuple(text for text in texts if isinstance(text, str) and text)


def _purposes(asked: Asked) -> Iterator[Fault]:
    permitted = asked.terms.usage.permitted
    if not permitted:
        told = f"an offer needs usagePolicy with permitted: for which purposes may it be used? There are {PURPOSES}"
        yield Fault(asked.place("usagePolicy"), told)
    for k, word in enumerate(permitted):
        if word not in WORDS:
            advice = near(word, WORDS) or f"; use one of {PURPOSES}"
            yield Fault(
                asked.place("usagePolicy", "permitted", k), f"purpose {word!r} cannot be enforced: no use names it{advice}"
            )


def _prohibitions(asked: Asked) -> Iterator[Fault]:
    usage = asked.terms.usage
    for k, word in enumerate(usage.prohibited):
        where = asked.place("usagePolicy", "prohibited", k)
        if word in usage.permitted:
            yield Fault(where, f"{word!r} is permitted and prohibited; keep one of them")
        elif word not in WORDS:
            told = (
                f"prohibition {word!r} cannot be enforced: a node sees what it is asked for, and not what becomes of its answer"
            )
            yield Fault(where, f"{told}; write it under description: limitations, which is for people")


def _conditions(asked: Asked) -> Iterator[Fault]:
    for key in asked.terms.usage.unread:
        advice = near(key, set(USAGE)) or f"; conditions that are kept: {', '.join(USAGE)}"
        yield Fault(
            asked.place("usagePolicy", key), f"condition {key!r} cannot be enforced: nothing measures it{advice}", key=True
        )
    for k, party in enumerate(asked.terms.usage.parties):
        if party not in asked.participants:
            advice = near(party, set(asked.participants))
            told = f"party {party!r} is no participant of the network, so nobody could prove it{advice}"
            yield Fault(asked.place("usagePolicy", "parties", k), told)


def _price(asked: Asked) -> Iterator[Fault]:
    price, names = asked.terms.price, ACTIONS[asked.kind]
    if price is None or not price.amount:
        return
    if minor_units(price.amount, price.currency) is None:
        yield Fault(("price", "priceAmount"), f"priceAmount {price.amount} is finer than {price.currency} can be paid in")
    if price.unit not in UNITS:
        advice = near(price.unit, set(UNITS)) or f"; use one of {', '.join(UNITS)}"
        yield Fault(("price", "priceUnit"), f"priceUnit {price.unit!r} cannot be enforced: nothing counts it{advice}")
    elif (paid := UNITS[price.unit]) is not None and paid not in names:
        mine = ", ".join(unit for unit, action in UNITS.items() if action is None or action in names)
        yield Fault(
            ("price", "priceUnit"), f"priceUnit {price.unit!r} never comes up for a {asked.kind.value}; use one of {mine}"
        )


def _valuation(asked: Asked) -> Iterator[Fault]:
    for key in asked.terms.valuation.unread:
        told = f"{key!r} of dataMarket cannot be enforced: a use has one price; known is revenueShare"
        yield Fault(asked.place("dataMarket", key), told, key=True)


def _budget(asked: Asked) -> Iterator[Fault]:
    """The limit is kept by the accountant of the trainings, with the settings of network.yaml: it must be the stricter one."""
    budget, kept = asked.terms.budget, asked.privacy
    if budget is None:
        return
    where = asked.place("privacyBudget")
    if asked.kind is not Kind.DATA_SET:
        yield Fault(where, f"privacyBudget is for a data set; a {asked.kind.value} is trained already")
    if budget.period:
        told = (
            f"period {budget.period!r} cannot be enforced: what was learned is not unlearned, and the budget does not come back"
        )
        yield Fault((*where, "period"), f"{told}; leave it out")
    if budget.unit != ROW:
        yield Fault(
            (*where, "unit"), f"unit {budget.unit!r} cannot be enforced: noise is drawn for one {ROW}; write unit: {ROW}"
        )
    if budget.mechanism not in ("", "gaussian"):
        yield Fault((*where, "mechanism"), f"mechanism {budget.mechanism!r} cannot be enforced: noise is gaussian")
    if kept is None:
        yield Fault(where, "privacyBudget cannot be enforced: network.yaml has no privacy, so no noise is drawn")
    elif kept.budget > budget.epsilon or kept.delta > budget.delta:
        told = f"epsilon {budget.epsilon:g} at delta {budget.delta:g} cannot be enforced"
        yield Fault((*where, "epsilon"), f"{told}: trainings may cost {kept.budget:g} at {kept.delta:g} by network.yaml")


def _roles(asked: Asked) -> Iterator[Fault]:
    for k, role in enumerate(asked.terms.roles):
        if beyond := sorted(set(role.purposes) - set(asked.terms.usage.permitted)):
            told = (
                f"role {role.name!r} has purposes that usagePolicy does not permit: {', '.join(beyond)}; a node knows parties"
            )
            yield Fault(("roles", k), f"{told} and purposes, and no roles")


def _retention(asked: Asked) -> Iterator[Fault]:
    levels = asked.raw.get("slaProperties") or []
    for k, item in enumerate(levels):
        if isinstance(item, Mapping) and item.get("property") == "retention" and asked.terms.retention_days is None:
            where: Where = ("retention",) if "retention" in asked.raw else ("slaProperties", k)
            yield Fault(where, "retention cannot be enforced: it needs a number and unit h, d, w or y")
    if isinstance(_own_text(asked.raw), str):
        told = "retention in words cannot be enforced; write it under slaProperties with a value and a unit"
        yield Fault(asked.place("retention"), told)


def _own_text(raw: Mapping[str, Any]) -> Any:
    items = [item for item in raw.get("customProperties") or [] if isinstance(item, Mapping)]
    return next((item.get("value") for item in items if item.get("property") == "retention"), None)


CHECKS: tuple[Callable[[Asked], Iterator[Fault]], ...] = (
    _purposes, _prohibitions, _conditions, _price, _valuation, _budget, _roles, _retention,
)  # fmt: skip
