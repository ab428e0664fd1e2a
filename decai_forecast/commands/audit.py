"""`decai audit`: whether the log of a network holds, for anybody who has its files and knows whom to believe."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from decai_forecast.errors import ConfigError
from decai_forecast.ledger.audit import Auditing, Colour, Line, audit, exit_code, shown
from decai_forecast.ledger.audit.anchored import AnchorCheck, ChainCheck, FolderCheck
from decai_forecast.ledger.audit.chronicle import Chronicle
from decai_forecast.ledger.files import PublicSource, public_files
from decai_forecast.ledger.formats.note import Note
from decai_forecast.ledger.formats.policy import Policy
from decai_forecast.network import Network

__all__ = ["ancestry_command", "audit_command", "audited"]

T = TypeVar("T")
Home = Annotated[Path | None, typer.Option(envvar="DECAI_HOME", help="The network's home.", show_default=".decai/demo")]
Log = Annotated[str, typer.Option(help="A copied folder of the public part, or its web address; needs --policy.")]
PolicyFile = Annotated[
    Path | None, typer.Option(help="Whom you believe (C2SP tlog-policy); default: by the pinned keys of the home.")
]
Since = Annotated[Path | None, typer.Option(help="A checkpoint that you saved: the log must continue it.")]
Save = Annotated[Path | None, typer.Option(help="Write the log's checkpoint to this file if all is green, for --since.")]
OneRound = Annotated[str, typer.Option("--round", help="Files and models of this round only; the log is read whole.")]
Anchors = Annotated[Path | None, typer.Option(help="A folder of anchored checkpoints and time stamps, to compare with.")]
Authority = Annotated[Path | None, typer.Option(help="Certificate (PEM) of the time stamp authority that you believe.")]
Chain = Annotated[str, typer.Option(help="A contract with anchored roots: address of a node, #, address of the contract.")]
Mine = Annotated[bool, typer.Option("--mine", help="Make the company's own night once more from its stored delivery.")]
Partner = Annotated[str, typer.Option(envvar="DECAI_PARTNER", help="Whose store and pinned keys; default: all of this home.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON, a line a check.")]


def audit_command(
    log: Log = "",
    policy: PolicyFile = None,
    since: Since = None,
    save: Save = None,
    round_id: OneRound = "",
    mine: Mine = False,
    partner: Partner = "",
    anchors: Anchors = None,
    authority: Authority = None,
    chain: Chain = "",
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Checks the log of a network: one line a check, and below it what does not hold, by entry or file.

    Exit code 0: all green; 1: something is red; 2: it could not be checked.

    Examples:

      decai audit

      decai audit --log /media/copy/public --policy policy.txt --since saved.checkpoint

      decai audit --mine --partner acme --round 2026-12-07

      decai audit --anchors /media/vault/anchors --authority tsa.pem
    """
    asked, files = _asked(log, policy, since, round_id, mine=mine, partner=partner, home=home)
    asked = replace(asked, anchors=tuple(_anchor_checks(anchors, authority, chain)))
    lines = list(_printed(audit(asked), as_json=as_json))
    code = exit_code(lines)
    if save and not code and (data := files.read("log/checkpoint")):
        save.write_bytes(data)
    raise typer.Exit(code)


def ancestry_command(
    round_id: Annotated[str, typer.Option("--round", help="Whose forecaster.")],
    log: Log = "",
    policy: PolicyFile = None,
    partner: Partner = "",
    home: Home = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """What the shared forecaster of a round comes from: files, rounds and deliveries by salted digests, no name of a company.

    The log is audited first; exit code 1, with what is red, where it does not hold.

    Examples:

      decai ledger ancestry --round 2026-12-07

      decai ledger ancestry --round 2026-12-07 --log /media/copy/public --policy policy.txt --json
    """
    from decai_forecast.ledger.ancestry import ancestry

    asked, files = _asked(log, policy, None, "", mine=False, partner=partner, home=home)
    seen = list[Chronicle]()

    def keep(chronicle: Chronicle) -> Line:
        seen.append(chronicle)
        return Line("ancestry", Colour.NONE, "")

    red = [line for line in audit(replace(asked, more=(keep,))) if line.colour is Colour.RED]
    for line in red:
        print(shown(line))
    if red:
        raise typer.Exit(1)
    forecaster = ancestry(files, seen[0], round_id)
    print(json.dumps(forecaster.to_json(), indent=1) if as_json else "\n".join(forecaster.lines()))


def audited(network: Network, round_id: str, tell: Callable[[str], None]) -> int:
    """The audit of a network whose stores are all here, a line a check; the exit code."""
    from decai_forecast.one_machine.audited import auditing

    lines = list[Line]()
    for line in audit(auditing(network, round_id=round_id)):
        tell(shown(line))
        lines.append(line)
    return exit_code(lines)


def _asked(
    log: str, policy: Path | None, since: Path | None, round_id: str, *, mine: bool, partner: str, home: Path | None
) -> tuple[Auditing, PublicSource]:
    saved = _read(since, Note.parse, "checkpoint") if since else None
    own = _read(policy, Policy.parse, "policy") if policy else None
    if log:
        if own is None:
            raise ConfigError(
                "--log needs --policy: whose log and whose witnesses you believe; a participant's is `decai ledger policy`"
            )
        files: PublicSource = public_files(log)
        return Auditing(files, own, saved, round_id, _progress), files
    from decai_forecast.one_machine.audited import auditing

    asked = auditing(
        Network.load(home), partner=partner, round_id=round_id, mine=mine, policy=own, since=saved, progress=_progress
    )
    return asked, asked.public


def _anchor_checks(folder: Path | None, authority: Path | None, chain: str) -> Iterator[AnchorCheck]:
    if folder:
        if not folder.is_dir():
            raise ConfigError(f"{folder}: no such folder; name the one with anchored checkpoints")
        yield FolderCheck(folder, authority)
    if chain:
        node, mark, contract = chain.partition("#")
        if not mark or not contract:
            raise ConfigError(f"--chain {chain}: expected the address of a node, #, and the address of the contract")
        yield ChainCheck(node, contract)


def _read(path: Path, parse: Callable[[bytes], T], what: str) -> T:
    try:
        return parse(path.read_bytes())
    except OSError as error:
        raise ConfigError(f"{path}: {(error.strerror or str(error)).lower()}; name the file of the {what}") from None
    except ValueError as error:
        raise ConfigError(f"{path}: it is no {what}: {error}") from None


def _printed(lines: Iterator[Line], *, as_json: bool) -> Iterator[Line]:
    """Each line as it is found."""
    for line in lines:
        print(json.dumps(line.to_json()) if as_json else shown(line), flush=True)
        yield line


def _progress(done: int, size: int) -> None:
    """On a terminal only, and in one line that goes away."""
    if sys.stderr.isatty():
        print(f"\r{done:,} of {size:,} entries" if done < size else "\r" + " " * 40 + "\r", end="", file=sys.stderr, flush=True)
