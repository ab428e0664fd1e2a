"""The audit from within a network's home: by the pinned keys of whoever's stores are there, with checks that only owners can
make."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from decai_forecast.errors import ConfigError
from decai_forecast.identity import Keyring
from decai_forecast.ledger.audit import Auditing, Line
from decai_forecast.ledger.audit.chronicle import Chronicle
from decai_forecast.ledger.files import PublicSource, public_files
from decai_forecast.ledger.formats.note import Note
from decai_forecast.ledger.formats.policy import Policy
from decai_forecast.ledger.names import former_keys, known_pins, origin_of, policy_of
from decai_forecast.network import COORDINATOR, Network
from decai_forecast.partner.context import PartnerContext, partner_context
from decai_forecast.partner.own_records import own_records, own_rehearsal
from decai_forecast.partner.own_round import round_of_company
from decai_forecast.partner.statements import witness_of
from decai_forecast.store import Store

__all__ = ["auditing", "own_policy"]


def auditing(
    network: Network,
    *,
    partner: str = "",
    round_id: str = "",
    mine: bool = False,
    policy: Policy | None = None,
    since: Note | None = None,
    progress: Callable[[int, int], None] = lambda _done, _of: None,
) -> Auditing:
    """``partner``: whose keys and store; without it those of all who are here. ``since``: by default what the company itself
    cosigned last. ``mine``: its night is made once more."""
    companies = _companies(network, partner)
    apart = companies[0] if network.link.way == "https" and companies else None
    public: PublicSource = _OverLink(apart) if apart else public_files(network.link_folders[1].removeprefix("file://"))
    more = tuple(_owned(company, round_id) for company in companies)
    if mine:
        more += (_rehearsal(_only(companies), round_id),)
    saved = since or (witness_of(companies[0]).latest(origin_of(network.name)) if companies else None)
    return Auditing(public, policy or own_policy(network, partner), saved, round_id, progress, more, all_known=policy is None)


def own_policy(network: Network, partner: str = "") -> Policy:
    """By the keys that a participant of this home has pinned: of ``partner``, else of the coordinator."""
    owner = partner or (network.partners[0] if network.link.way == "https" and network.partners else COORDINATOR)
    store = Store(network.address(owner), owner)
    ring = Keyring(store)
    if not ring.has_identity:
        raise ConfigError(f"{network.home}: {owner} has no key here yet; run a round first, or name --policy")
    return policy_of(network.name, known_pins(ring), network.partners, former_keys(store))


def _companies(network: Network, partner: str) -> list[PartnerContext]:
    names = [partner] if partner else [] if network.link.way == "https" else list(network.partners)
    return [partner_context(network, name) for name in names]


def _only(companies: list[PartnerContext]) -> PartnerContext:
    if len(companies) != 1:
        raise ConfigError("--mine makes the night of one company once more: name it with --partner")
    return companies[0]


def _owned(company: PartnerContext, round_id: str) -> Callable[[Chronicle], Line]:
    return partial(own_records, company, round_id=round_id)


def _rehearsal(company: PartnerContext, round_id: str) -> Callable[[Chronicle], Line]:
    if not round_id:
        raise ConfigError("--mine makes one night once more: name it with --round")
    return lambda _chronicle: own_rehearsal(company, round_of_company(company, round_id))


class _OverLink:
    """The public part, as it comes over a company's link."""

    def __init__(self, company: PartnerContext) -> None:
        self._link = company.link

    def read(self, name: str) -> bytes | None:
        return self._link.public_file(name)

    def names(self, folder: str) -> list[str]:
        return list[str]() if folder else []
