"""`decai federation invite | join | admit | enter`: who belongs to a federation; one invitation and one answer a company."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from decai_forecast.errors import ConfigError, DecaiError, LinkError
from decai_forecast.network import COORDINATOR, Network, default_home
from decai_forecast.store import Store

if TYPE_CHECKING:  # these modules import gRPC
    from decai_forecast.federation.superlink.node import Company
    from decai_forecast.founding.apart import Answers, Entry, FoundingDesk, Guest
    from decai_forecast.identity import Keyring
    from decai_forecast.link import Members

__all__ = [
    "HURRY", "answers_of", "company_of", "desk_of", "follow_members", "joined", "membership_app", "news_of_members",
    "revoked_at_the_coordinator",
]  # fmt: skip

membership_app = typer.Typer()
Home = Annotated[Path | None, typer.Option(envvar="DECAI_HOME", help="The network's home.", show_default=".decai/demo")]
LOOK = 2.0  # seconds between two looks whether the coordinator has admitted somebody
TELL = 30.0  # seconds between two lines that say so
QUICK = 3.0  # seconds that a node tries to reach it, before it answers
HURRY = 20.0  # seconds that a command tries to reach the coordinator


@membership_app.command("invite")
def invite(
    partners: Annotated[list[str], typer.Argument(help="The companies, as network.yaml names them.")],
    out: Annotated[Path, typer.Option(help="The folder for one file a company.")],
    days: Annotated[int, typer.Option(help="Days that an invitation holds.", min=1, max=365)] = 14,
    home: Home = None,
) -> None:
    """The coordinator invites companies: one file each, which is a secret until it is answered.

    Hand each file over as you would a password. Whoever invites a company once more makes its earlier invitation worthless.

    Example: decai federation invite acme bolt corex dune --out invitations
    """
    from decai_forecast.founding.apart import invite as step

    answers = answers_of(Network.load(home))
    for partner in partners:
        answers.network.participant(partner)
    for partner in partners:
        path = step(answers.network, answers.link, answers.desk, answers.keyring.identity(), partner, out, days)
        print(f"{path}: hand it to {partner} as you hand over a password; it holds for {days} days.")
    answers.tell()
    print("Companies answer while `decai coordinator serve` runs.")
    _tell_own(answers)


@membership_app.command("join")
def join(
    file: Annotated[Path, typer.Argument(help="The invitation, as the coordinator handed it over.")],
    show: Annotated[bool, typer.Option("--show", help="Only show what is agreed to.")] = False,
    out: Annotated[Path | None, typer.Option(help="Write the answer into this file, to be carried, and send nothing.")] = None,
    home: Home = None,
) -> None:
    """A company takes an invitation: shows what it agrees to, makes its home and its keys, and answers.

    Where a network.yaml is there already, it must say what the invitation says; nothing in it is overwritten.

    Examples:

      decai federation join acme.invitation.json --show

      decai federation join acme.invitation.json
    """
    from decai_forecast.founding.apart import Invitation, home_of, in_words
    from decai_forecast.founding.apart import join as step
    from decai_forecast.identity import Keyring

    invitation, home = Invitation.read(file), (home or default_home()).absolute()
    invitation.check_time(file, datetime.now(UTC))
    print(f"{invitation.partner} is invited by the coordinator at {invitation.host}; who joins agrees to this:")
    print("".join(f"  {line}\n" for line in in_words(invitation.terms)), end="")
    print(f"Fingerprint of the coordinator, to be compared aloud: {invitation.fingerprint}")
    if show:
        return
    network = home_of(home, invitation)
    keyring = Keyring(Store(network.address(invitation.partner), invitation.partner))
    guest, passport = step(network, keyring, file, invitation)
    print(f"{network.home}: the home of {invitation.partner}; its keys are made and stay there.")
    _hand_over(guest, out)
    print(f"Fingerprint of {invitation.partner}, to be read aloud to the coordinator: {passport.fingerprint}")


def _hand_over(guest: Guest, out: Path | None) -> None:
    """The answer, over the link or as a file."""
    from decai_forecast.link.calls import Patience

    if out:
        out.write_bytes(guest.answer.read_bytes())
        print(
            f"{out}: the answer, no secret; carry it to the coordinator, who takes it with `decai federation admit {out.name}`."
        )
        return
    try:
        guest.link(Patience(step=HURRY, tries=HURRY)).give_answer(guest.answer.read_bytes())
    except LinkError as error:
        again = f"; run this again, or carry {guest.answer} to the coordinator"
        raise LinkError(error.code, f"{error}{again if error.passes else _advice(error.code)}") from None
    print("The coordinator has the answer. Next: `decai federation enter`, when you have read your fingerprint to it.")


def _advice(code: str) -> str:
    """What a company does about an answer that is not taken."""
    used = "; somebody has answered it with other keys: tell the coordinator at once, by telephone, and ask for another one"
    return {"invitation_used": used, "invitation_withdrawn": "; ask the coordinator for the newest one"}.get(code, "")


@membership_app.command("admit")
def admit(
    partners: Annotated[
        list[str] | None, typer.Argument(help="Companies, or files with answers; default: all that came.")
    ] = None,
    fingerprint: Annotated[
        list[str] | None, typer.Option(help="As the company reads it aloud; one for each company, in their order.")
    ] = None,
    home: Home = None,
) -> None:
    """The coordinator admits companies that have answered; the SuperLink must be running.

    Without --fingerprint it shows each company's fingerprint and asks whether the company reads the same one aloud.

    Examples:

      decai federation admit

      decai federation admit acme --fingerprint 1f3a-77c0-9e21-b5d4-08aa
    """
    answers = answers_of(Network.load(home))
    names = [_named(answers, partner) for partner in partners or answers.waiting()]
    if not names:
        raise ConfigError("no answer has come; `decai coordinator serve` takes them, or name the file that a company carried")
    for name, heard in zip(names, _heard(answers, names, fingerprint or []), strict=True):
        answers.admit(name, heard)
        print(f"{name} is admitted; it is known by {heard}.")
    members = answers.members()
    if members.waiting:
        print(f"Still to come: {', '.join(members.waiting)}.")
    _tell_members(members)


def _named(answers: Answers, given: str) -> str:
    """The company that is meant, by its name or by the file of its answer."""
    return answers.take_file(Path(given)) if given.endswith(".json") else given


def _heard(answers: Answers, names: Sequence[str], fingerprints: Sequence[str]) -> Iterator[str]:
    """Each company's fingerprint, once it is confirmed."""
    if fingerprints and len(fingerprints) != len(names):
        raise ConfigError(
            f"{len(names)} companies and {len(fingerprints)} times --fingerprint; give one for each, in their order"
        )
    for number, name in enumerate(names):
        shown = answers.passport(name).fingerprint
        if fingerprints:
            yield fingerprints[number]
        elif typer.confirm(f"{name} shows {shown}. Does {name} itself read the same aloud?"):
            yield shown
        else:
            raise LinkError("other_fingerprint", f"{name} is not admitted; `decai federation invite {name}` invites it anew")


@membership_app.command("enter")
def enter(
    partner: Annotated[str, typer.Argument(help="The company; default: the one that joined in this home.")] = "",
    fingerprint: Annotated[str, typer.Option(help="Of the membership, as the companies read it aloud.")] = "",
    wait: Annotated[float, typer.Option(help="Seconds to wait for the coordinator, and for all who are invited.", min=0)] = 0.0,
    home: Home = None,
) -> None:
    """A company takes its admission, and pins all members once their fingerprint was compared aloud.

    What a company pins is all that keeps a dishonest coordinator from putting a key of its own in a company's place: compare
    with the other companies, not only with the coordinator. Run it again when somebody joined later.

    Examples:

      decai federation enter --wait 600

      decai federation enter --fingerprint 0c3d-91f2-77ab-40e6-5d18-c2b9

    Exit code 1 while it is not admitted, or there is something to compare.
    """
    entry = _entry(Network.load(home), partner)
    members = _awaited(entry, time.monotonic() + wait)
    if members is None:
        print(
            f"{entry.company.partner}: not admitted yet; read your fingerprint aloud to the coordinator, then run this again."
        )
        raise typer.Exit(1)
    _tell_members(members)
    if members.waiting:
        print(f"Not admitted yet: {', '.join(members.waiting)}; the fingerprint is another one when they are.")
    raise typer.Exit(_pinned(entry, members, fingerprint))


def _awaited(entry: Entry, end: float) -> Members | None:
    """Who belongs to the federation, once all who are invited do; at ``end`` as many as do then; None if not even this one."""
    said = float("-inf")
    while True:
        members = _members(entry, end)
        if (members and not members.waiting) or time.monotonic() >= end:
            return members
        if time.monotonic() - said >= TELL:
            said = time.monotonic()
            missing = ", ".join(members.waiting) if members else entry.company.partner
            print(f"{entry.company.partner}: waits until the coordinator has admitted {missing}", file=sys.stderr, flush=True)
        time.sleep(LOOK)


def _members(entry: Entry, end: float) -> Members | None:
    """Who belongs to the federation; None as long as nobody says so, or the coordinator does not answer, until ``end``."""
    try:
        return entry.members() if entry.is_admitted or entry.fetch() else None
    except LinkError as error:
        if not error.passes or time.monotonic() >= end:
            raise
        return None


def _pinned(entry: Entry, members: Members, fingerprint: str) -> int:
    """Pins what was compared; the exit code."""
    from decai_forecast.founding.apart import fingerprint_of_members

    new, right = entry.new(members), fingerprint_of_members(members)
    if new and not fingerprint and sys.stdin.isatty() and typer.confirm("Do the other companies read the same fingerprint?"):
        fingerprint = right
    if fingerprint:
        entry.pin(members, fingerprint)
        new = {}
    if new:
        print(f"Not pinned: {', '.join(new)}. Read the fingerprint aloud with the other companies, not only the coordinator;")
        print(f"if all have the same: decai federation enter --fingerprint {right}")
        return 1
    print(f"Pinned: all of them. Next: `decai round run --partner {entry.company.partner}` every night.")
    return 0


def _tell_members(members: Members) -> None:
    from decai_forecast.federation.superlink.passport import fingerprint
    from decai_forecast.founding.apart import fingerprint_of_members

    width = max(map(len, (COORDINATOR, *members.keys)))
    for name, key in {COORDINATOR: members.coordinator, **members.keys}.items():
        print(f"  {name:<{width}}  {fingerprint(key)}")
    print(f"Fingerprint of the membership, to be read aloud by everybody: {fingerprint_of_members(members)}")


def _tell_own(answers: Answers) -> None:
    from decai_forecast.federation.superlink.passport import fingerprint

    own = fingerprint(answers.keyring.identity().public.hex())
    print(f"Fingerprint of the coordinator, for whoever wants to hear it from you: {own}")


def news_of_members(network: Network, partner: str) -> Iterator[str]:
    """Who belongs to the federation and is not pinned here by the key that the coordinator tells; nobody is pinned by this."""
    if network.link.way != "https":
        return
    entry = _entry(network, partner)
    try:
        yield from (f"{partner}: {line}" for line in (entry.follow() if entry.is_admitted else []))
        members = entry.members() if entry.is_admitted else None
        new = entry.new(members) if members else {}
    except DecaiError as error:  # it is for being told only: what is wrong with the link itself, the round tells
        yield f"{partner}: {error}"
        return
    if new:
        yield f"{partner}: {', '.join(new)}: not pinned; `decai federation enter` shows the keys, to be compared"


def follow_members(network: Network, partner: str) -> Iterator[str]:
    """Takes over which keys were exchanged and which taken back; a line for each. What the coordinator does not answer changes
    nothing: it cannot bring a key back that was taken back before."""
    from decai_forecast.link.calls import Patience

    if network.link.way != "https":
        return
    entry = replace(_entry(network, partner), patience=Patience(step=QUICK, tries=0.0))
    try:
        yield from entry.follow() if entry.is_admitted else []
    except DecaiError as error:
        yield str(error)


def desk_of(network: Network) -> FoundingDesk:
    """Where the coordinator keeps what companies answer and ask."""
    from decai_forecast.federation.superlink.register import Certificates
    from decai_forecast.founding.apart import FoundingDesk
    from decai_forecast.identity import Keyring

    folder, own = network.home / "federation" / COORDINATOR, Store(network.address(COORDINATOR), COORDINATOR)
    take_back = partial(revoked_at_the_coordinator, network)
    return FoundingDesk(Store(folder, COORDINATOR), Keyring(own), Certificates(folder), network.name, take_back)


def revoked_at_the_coordinator(network: Network, name: str) -> None:
    """Takes the keys of a company back, and tells everybody."""
    answers = answers_of(network)
    answers.changes.revoke(name)
    answers.tell()


def answers_of(network: Network) -> Answers:
    """The coordinator's side of who belongs to the federation; :class:`ConfigError` where none is founded."""
    from decai_forecast.coordinator.context import coordinator_context
    from decai_forecast.federation.superlink.link import Link
    from decai_forecast.founding.apart import Answers
    from decai_forecast.identity import Keyring

    coordinator, link = coordinator_context(network), Link(network.home / "federation" / COORDINATOR)
    link.facts()
    return Answers(network, link, desk_of(network), Keyring(coordinator.store), coordinator.link)


def _entry(network: Network, partner: str) -> Entry:
    from decai_forecast.founding.apart import Entry
    from decai_forecast.link.calls import Patience

    company, keyring = company_of(network, partner or joined(network))
    return Entry(network, company, keyring, Patience(step=HURRY, tries=HURRY))


def joined(network: Network) -> str:
    """The one company that has answered an invitation in this home."""
    from decai_forecast.federation.superlink.passport import Files
    from decai_forecast.founding.apart import Guest

    files = {name: Files.of(network.home, name) for name in network.partners}
    names = [name for name, own in files.items() if own.admission.exists() or Guest(own).is_expected()]
    if len(names) != 1:
        raise ConfigError(f"{network.home}: {', '.join(names) or 'no company'} joined here; name the one that is meant")
    return names[0]


def company_of(network: Network, partner: str) -> tuple[Company, Keyring]:
    """A company that takes part, and its keys."""
    from decai_forecast.federation.preflight import agreed_by
    from decai_forecast.federation.superlink.node import Company
    from decai_forecast.federation.superlink.passport import Files
    from decai_forecast.identity import Keyring

    network.participant(partner)
    store = Store(network.address(partner), partner)
    files = Files.of(network.home, partner)
    privacy = network.privacy.terms if network.privacy else ""
    return Company(partner, store.url, files, agreed_by(network), network.strategy, privacy, network.minimum), Keyring(store)
