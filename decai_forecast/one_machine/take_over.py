"""The coordinator is gone for ever, disk and key: a company goes on from its own copy of the log, and the others follow it.

Nobody has to be asked but the companies: the first checkpoint of the new keeper counts once a quorum of them has cosigned it,
and each cosigns only if it has confirmed the new key, whose fingerprint the companies compare by another way.
"""

from __future__ import annotations

from datetime import UTC, datetime

from decai_forecast.errors import ConfigError, IdentityError
from decai_forecast.identity import Identity, Keyring
from decai_forecast.ledger.admission import written
from decai_forecast.ledger.files import StoreFiles
from decai_forecast.ledger.formats.checkpoint import Checkpoint
from decai_forecast.ledger.formats.note import Note
from decai_forecast.ledger.mirror import MIRROR
from decai_forecast.ledger.names import fingerprint, former_keys, keep_former, key_of_log, origin_of
from decai_forecast.ledger.notebook import Notebook
from decai_forecast.ledger.statements import Event, Membership, TakenOver, public_subject
from decai_forecast.ledger.tile_hashes import PENDING
from decai_forecast.network import COORDINATOR, Network
from decai_forecast.store import Store

__all__ = ["follow", "take_over"]


def take_over(network: Network, partner: str, round_id: str) -> str:
    """Makes a new coordinator's store from the company's copy of the log; its public key (hexadecimal), for the others to
    compare.

    :class:`ConfigError` if there is a coordinator, or the company has no copy. ``round_id``: from which round on.
    """
    store, own = Store(network.address(partner), partner), Store(network.address(COORDINATOR), COORDINATOR)
    if Keyring(own).has_identity:
        raise ConfigError(f"{network.address(COORDINATOR)}: there is a coordinator with a key; nothing is taken over")
    last, former = _last(network, store), Keyring(store).pinned()[COORDINATOR]
    identity = Identity.create(COORDINATOR)
    public = Store(network.link_folders[1], "public")
    for key in store.keys(MIRROR):
        public.write_bytes(key.removeprefix(f"{MIRROR}/"), store.read_bytes(key))
        own.write_bytes(key, store.read_bytes(key))  # by which it knows messages of the coordinator before it
    StoreFiles(public).write(PENDING, last.note().signed(last.origin, identity.key).to_bytes())
    Keyring(own).adopt(identity)
    Keyring(own).pin({name: key for name, key in Keyring(store).pinned().items() if name != COORDINATOR})
    Keyring(own).pin({partner: Keyring(store).identity().public})
    keep_former(own, former)
    _state(network, own, store, identity, last, former, round_id)
    return identity.public.hex()


def follow(network: Network, partner: str, key: bytes) -> None:
    """The company believes the log that is signed with the new ``key`` (32 bytes) from now on; what the old one signed stays
    valid up to the entry at which the new keeper says that it counts no more."""
    store = Store(network.address(partner), partner)
    pinned = Keyring(store).pinned()
    if COORDINATOR not in pinned:
        raise IdentityError(f"{partner}: no key of a coordinator is pinned here; nothing is followed")
    if pinned[COORDINATOR] == key:
        return
    keep_former(store, pinned[COORDINATOR])
    Keyring(store).supersede(COORDINATOR, key, datetime.now(UTC).date())


def _last(network: Network, store: Store) -> Checkpoint:
    """The newest checkpoint of the company's copy, which the old log signed."""
    data = StoreFiles(store, f"{MIRROR}/log").read(PENDING)
    pinned = Keyring(store).pinned()
    if data is None or COORDINATOR not in pinned:
        raise ConfigError(f"{store.owner}: no copy of the log is in its store; let a company take over that has witnessed it")
    origin = origin_of(network.name)
    note, keys = Note.parse(data), [key_of_log(origin, key) for key in (pinned[COORDINATOR], *former_keys(store))]
    if not note.verified(keys):
        raise ConfigError(f"{store.owner}: its copy of the log is not signed by the coordinator that it knew")
    return Checkpoint.parse(note.text)


def _state(
    network: Network, own: Store, store: Store, identity: Identity, last: Checkpoint, former: bytes, round_id: str
) -> None:
    """Who goes on from where, and that the old key counts no more."""
    keeper, company = (
        Notebook(own, identity, network.name, round_id),
        Notebook(store, Keyring(store).identity(), network.name, round_id),
    )
    key = fingerprint(identity.public)
    company.state(TakenOver, (public_subject(f"takeover/{last.size}", key),), size=last.size, root=last.root.hex(), key=key)
    old = fingerprint(former)
    subject = public_subject(f"{Event.REVOKED}/{COORDINATOR}", old)
    keeper.state(Membership, (subject,), member=COORDINATOR, key=old, event=Event.REVOKED)
    own.write_json("ledger/taken_over.json", {"from": store.owner, "size": last.size, "at": written(datetime.now(UTC))})
