"""A company takes an invitation: its home, its keys and its answer."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

from decai_forecast.errors import ConfigError
from decai_forecast.federation.superlink.passport import Files, Passport, apply
from decai_forecast.founding.apart.guest import Guest
from decai_forecast.founding.apart.papers import Answer, Invitation, sealed_answer
from decai_forecast.identity import Keyring
from decai_forecast.network import FILE, Agreement, Network
from decai_forecast.network.common import differences
from decai_forecast.store import digest_bytes

__all__ = ["home_of", "join"]


def home_of(home: Path, invitation: Invitation) -> Network:
    """The company's network: made from what is agreed where there is none; :class:`ConfigError` names what in one that is
    there says something else, and nothing is overwritten."""
    if not (home / FILE).exists():
        terms = invitation.terms
        network = Network(home, **{field.name: getattr(terms, field.name) for field in fields(Agreement)})
        network.save()
        return network
    network = Network.load(home)
    if other := [f"\n  {line}" for line in differences(network, invitation.terms)]:
        raise ConfigError(
            f"{home / FILE} says something else than the invitation; make them equal, or take another home:{''.join(other)}"
        )
    return network


def _retire(files: Files, keyring: Keyring) -> None:
    """Lays keys aside that were taken back: the company begins with new ones."""
    aside = files.folder / "retired" / digest_bytes(files.admission.read_bytes())[:16]
    aside.mkdir(parents=True, exist_ok=True)
    for path in (files.node_key, files.tls_key, files.tls_certificate):
        if path.exists():
            path.replace(aside / path.name)
    keyring.retire()
    files.admission.replace(aside / files.admission.name)  # last: whoever is interrupted does it again


def join(network: Network, keyring: Keyring, path: Path, invitation: Invitation) -> tuple[Guest, Passport]:
    """Makes the company's keys where there are none, and its answer; the same one as often as it is asked for."""
    name = invitation.partner
    network.participant(name)
    files = Files.of(network.home, name)
    if files.admission.exists() and keyring.is_revoked:
        _retire(files, keyring)
    if files.admission.exists():
        raise ConfigError(f"{files.admission}: {name} is admitted already; an invitation is answered once")
    guest = Guest(files)
    guest.keep(path, invitation)
    shown = apply(files, name, keyring)
    if not guest.answer.exists():
        guest.answer.write_bytes(sealed_answer(Answer(invitation.serial, shown), keyring.identity()))
    return guest, shown
