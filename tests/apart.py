"""A coordinator and companies on hosts of their own: homes that share nothing, and the link and the SuperLink between them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from superlinks import free_ports, running, wait_for
from support import orders

from decai_forecast.federation.superlink.link import Link, Ports
from decai_forecast.federation.superlink.node import Company
from decai_forecast.federation.superlink.passport import Files, apply
from decai_forecast.founding import from_table
from decai_forecast.identity import Keyring
from decai_forecast.network import COORDINATOR, Network
from decai_forecast.network.terms import LinkTerms
from decai_forecast.store import Store


@dataclass(frozen=True)
class Apart:
    """By participant its network, each with a home of its own. ``log``: where the coordinator's services write."""

    networks: dict[str, Network]
    log: Path

    @property
    def companies(self) -> tuple[str, ...]:
        return self.networks[COORDINATOR].partners

    def home(self, name: str = COORDINATOR) -> Path:
        return self.networks[name].home

    def store(self, name: str = COORDINATOR) -> Store:
        return Store(self.networks[name].address(name), name)

    def command(self, name: str, *arguments: str) -> list[str]:
        """A command line of a participant, at its home."""
        return [*arguments, "--home", str(self.home(name))]


def homes(folder: Path, names: Sequence[str], **settings: Any) -> dict[str, Network]:
    """A home for each: ``network.yaml``, and a company's own contracts and sources; nothing of anybody else."""
    table = orders(partners=len(names), items=2)
    table["partner_id"] = table["partner_id"].map(dict(zip(table["partner_id"].unique(), names, strict=True)))
    table.to_parquet(folder / "orders.parquet", index=False)
    whole = replace(from_table(folder / "whole", folder / "orders.parquet", name="apart"), **settings)
    made = {name: replace(whole, home=folder / name) for name in (COORDINATOR, *names)}
    for name, network in made.items():
        network.home.mkdir()
        network.save()
        for part in ("contracts", "sources") if name != COORDINATOR else ():
            shutil.copytree(whole.home / part / name, network.home / part / name)
    shutil.rmtree(whole.home)
    return made


@contextmanager
def apart(folder: Path, names: Sequence[str], **settings: Any) -> Iterator[Apart]:
    """Founded, admitted and pinned, as people do it by commands; the coordinator's SuperLink and link are running."""
    terms = {"link": LinkTerms("https"), "runtime": "superlink"}
    there = Apart(homes(folder, names, **terms, **settings), folder)
    link = Link(there.home() / "federation" / COORDINATOR)
    link.found("localhost", Ports(*free_ports(5)))
    ports = link.facts()[2]
    with ExitStack() as stack:
        for name, port in (("federation up", ports.control), ("coordinator serve", ports.link)):
            log = folder / f"{name.replace(' ', '_')}.log"
            stack.enter_context(running(*there.command(COORDINATOR, *name.split()), log=log))
            wait_for(port)
        _introduce(there, link)
        yield there


def _introduce(there: Apart, link: Link) -> None:
    """Everybody admitted, and everybody's key pinned by everybody."""
    rings = {name: Keyring(there.store(name)) for name in there.networks}
    files = {name: Files.of(there.home(name), name) for name in there.companies}
    shown = {name: apply(files[name], name, rings[name]) for name in there.companies}
    keys = {name: rings[name].identity().public for name in there.networks}
    for name in there.companies:
        answer = link.admit(shown[name], keys[COORDINATOR])
        Company(name, there.store(name).url, files[name]).enter(answer)
    for ring in rings.values():
        ring.pin(keys)
