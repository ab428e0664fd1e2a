"""`decai federation open | audit`: one tree is opened on request of all, and who put in what no rows have is named."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from decai_forecast.errors import ConfigError
from decai_forecast.network import Network
from decai_forecast.store import Store

__all__ = ["opening_app"]

opening_app = typer.Typer()
Home = Annotated[Path | None, typer.Option(envvar="DECAI_HOME", help="The network's home.", show_default=".decai/demo")]


@opening_app.command("open")
def open_(
    partner: Annotated[str, typer.Argument(help="The company.")],
    model: Annotated[str, typer.Option(help="Cut-off and quantile, or mean: 2026-06-22/0.5.")],
    out: Annotated[Path, typer.Option(help="The file for the auditor.")],
    tree: Annotated[int, typer.Option(help="Which tree, from 0 on; all companies open the same.", min=0)] = 0,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    home: Home = None,
) -> None:
    """A company opens one tree of a training for an auditor, when all companies have asked for it.

    The file holds the company's own sums at the beginning of that tree: of all its rows, and of each bin. Whoever has it learns
    this much of the company. Of one model no second tree is opened.

    Example: decai federation open acme --model 2026-06-22/0.5 --tree 3 --out acme.opening.json
    """
    from decai_forecast.federation.exact.records import TrainingRecords
    from decai_forecast.federation.superlink.keys import write_private
    from decai_forecast.identity import Keyring
    from decai_forecast.partner.opened_tree import open_tree

    network = Network.load(home)
    network.participant(partner)
    store = Store(network.address(partner), partner)
    asked = f"The auditor will see the own sums of {partner} at the beginning of tree {tree}. Open it?"
    if not yes and not typer.confirm(asked):
        raise ConfigError("not opened")
    write_private(out, open_tree(TrainingRecords(store), Keyring(store), model, tree))
    print(f"{out}: for the auditor alone; all others open the same tree.")


@opening_app.command("audit")
def audit(
    files: Annotated[list[Path], typer.Argument(help="What each company opened; of all that trained.")],
    partner: Annotated[str, typer.Option(help="Whose pinned keys; default: the coordinator's.")] = "coordinator",
    rows: Annotated[list[str] | None, typer.Option(help="NAME=ROWS, as a company's contract check counted; repeat it.")] = None,
    home: Home = None,
) -> None:
    """Judges what all companies opened of one tree: whose part no rows have, or is not what it sent.

    Example: decai federation audit acme.opening.json bolt.opening.json corex.opening.json --rows acme=14615

    Exit code 1 if somebody is named.
    """
    from decai_forecast.documents.message import read_message
    from decai_forecast.identity import Keyring
    from decai_forecast.link.envelope import Envelope
    from decai_forecast.partner.opened_tree import LARGEST, judge, read_opened

    network = Network.load(home)
    pins = Keyring(Store(network.address(partner), partner)).pins()
    keys = {name: pin.ever for name, pin in pins.items()}
    given = {}
    for path in files:
        data = path.read_bytes()
        name = read_message(data, Envelope, sender=str(path), largest=LARGEST).sender
        if name not in keys:
            raise ConfigError(f"{path}: of {name}, whose key is not pinned by {partner}")
        given[name] = read_opened(data, name, keys[name])
    if unknown := sorted(set(next(iter(given.values())).names) - set(keys)):
        raise ConfigError(f"{', '.join(unknown)}: trained, but no key is pinned by {partner}")
    named = judge(given, keys, dict(_counted(one) for one in rows or []))
    for who, what in sorted(named.items()):
        print(f"{who}: {what}")
    if not named:
        print(f"{len(given)} companies: every part can be that of rows, and is what was sent")
    raise typer.Exit(1 if named else 0)


def _counted(text: str) -> tuple[str, int]:
    name, _, count = text.partition("=")
    if not count.isdecimal():
        raise ConfigError(f"--rows {text!r}: expected a company and its rows, such as acme=14615")
    return name, int(count)
