"""The coordinator invites a company: one file, to be handed over as a password is."""

from __future__ import annotations

from pathlib import Path

from decai_forecast.errors import ConfigError
from decai_forecast.federation.superlink.keys import new_key, private_pem
from decai_forecast.federation.superlink.link import Link
from decai_forecast.founding.apart.desk import FoundingDesk
from decai_forecast.founding.apart.papers import Invitation
from decai_forecast.identity import ALGORITHM, Identity
from decai_forecast.network import FILE, Network
from decai_forecast.network.common import common_part

__all__ = ["invite"]


def invite(network: Network, link: Link, desk: FoundingDesk, identity: Identity, partner: str, folder: Path, days: int) -> Path:
    """Writes the invitation of ``partner`` into ``folder``, in place of any earlier one; ``identity``: the coordinator's.

    :class:`ConfigError` if the company is no partner of the network or the network is not one of companies that are apart. A
    company that is admitted may be invited again, to fetch its admission; it stays the one whose key is pinned.
    """
    network.participant(partner)
    if (network.runtime, network.link.way) != ("superlink", "https"):
        raise ConfigError(f"{network.home / FILE}: companies that are apart need runtime: superlink and link: {{way: https}}")
    host, _, ports = link.facts()
    key, inviting = new_key(), link.inviting
    certificate = inviting.sign_invitation(partner, key, days)
    invitation = Invitation(
        partner, common_part(network), host, ports.fleet, ports.relay, ports.link, link.authority.decode(),
        inviting.pem.decode(), certificate.decode(), private_pem(key).decode(), identity.public.hex(), ALGORITHM,
    )  # fmt: skip
    path = folder / f"{partner}.invitation.json"
    invitation.write(path, identity)
    desk.offer(invitation)
    return path
