"""`decai ledger ...`: what a participant has of the log: whom it believes, its receipts, its witness."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from decai_forecast.commands.audit import ancestry_command
from decai_forecast.errors import ConfigError
from decai_forecast.network import Network

if TYPE_CHECKING:
    from decai_forecast.ledger.anchors import Anchor

__all__ = ["ledger_app"]

ledger_app = typer.Typer(no_args_is_help=True, help="What a participant has of the log: policy, receipts, witness.")
Home = Annotated[Path | None, typer.Option(envvar="DECAI_HOME", help="The network's home.", show_default=".decai/demo")]
Partner = Annotated[str, typer.Option(envvar="DECAI_PARTNER", help="Which company; without it the coordinator.")]


ledger_app.command("ancestry")(ancestry_command)


@ledger_app.command("policy")
def policy(partner: Partner = "", home: Home = None) -> None:
    """Prints whom a participant believes, by the keys that it has pinned (C2SP tlog-policy), for `decai audit --policy`.

    Example: decai ledger policy --partner acme > policy.txt
    """
    from decai_forecast.one_machine.audited import own_policy

    print(own_policy(Network.load(home), partner).to_bytes().decode(), end="")


@ledger_app.command("receipts")
def receipts(
    partner: Annotated[str, typer.Option(envvar="DECAI_PARTNER", help="Whose statements.")],
    round_id: Annotated[str, typer.Option("--round", help="Of which round.")],
    into: Annotated[Path, typer.Option(help="The folder to write to.")] = Path("receipts"),
    home: Home = None,
) -> None:
    """Writes a receipt (C2SP tlog-proof) for each statement of a company, and one page that checks receipts offline.

    Example: decai ledger receipts --partner acme --round 2026-12-07 --into receipts
    """
    from decai_forecast.partner.context import partner_context
    from decai_forecast.partner.receipts import write_receipts

    company = partner_context(Network.load(home), partner)
    written = write_receipts(company, round_id, into)
    if not written:
        raise ConfigError(f"{partner}: no statement of round {round_id} is in a checkpoint that a quorum signed yet")
    print(f"{written} receipts and check.html in {into}")


class AnchorKind(StrEnum):
    """To whom a checkpoint is shown."""

    FILE = "file"
    RFC3161 = "rfc3161"
    EVM = "evm"


@ledger_app.command("anchor")
def anchor(
    kind: Annotated[AnchorKind, typer.Option(help="A copy at another place, a time stamp authority, a contract.")],
    to: Annotated[str, typer.Option(help="Address of the folder or bucket, of the authority, of a node of the chain.")],
    into: Annotated[Path, typer.Option(help="Where time stamps are kept.")] = Path("anchors"),
    contract: Annotated[str, typer.Option(help="Address of the contract (evm), as `decai ledger contract` prints it.")] = "",
    account: Annotated[str, typer.Option(help="The node's account that made the contract (evm).")] = "",
    home: Home = None,
) -> None:
    """Shows the newest checkpoint that a quorum signed to somebody outside of the network.

    Examples:

      decai ledger anchor --kind file --to /media/vault/anchors

      decai ledger anchor --kind evm --to http://127.0.0.1:8545 --contract 0x5CF7... --account 0x7E5F...
    """
    if kind is AnchorKind.EVM and not (contract and account):
        raise ConfigError("--kind evm needs --contract and --account: `decai ledger contract` makes one")
    from decai_forecast.ledger.files import public_files
    from decai_forecast.ledger.formats.note import Note

    data = public_files(Network.load(home).link_folders[1].removeprefix("file://")).read("log/checkpoint")
    if data is None:
        raise ConfigError("the log has no checkpoint that a quorum signed yet; run a round first")
    print(_anchor(kind, to, into, contract, account).publish(Note.parse(data)))


def _anchor(kind: AnchorKind, to: str, into: Path, contract: str, account: str) -> Anchor:
    from decai_forecast.ledger.anchors import FileAnchor, TimeStampAnchor
    from decai_forecast.ledger.evm import EvmAnchor
    from decai_forecast.ledger.evm.node import Node
    from decai_forecast.store import Store

    if kind is AnchorKind.EVM:
        return EvmAnchor(Node(to), contract, account)
    return TimeStampAnchor(to, into) if kind is AnchorKind.RFC3161 else FileAnchor(Store(to, "anchor"))


@ledger_app.command("contract")
def contract(
    to: Annotated[str, typer.Option(help="Address of a node's JSON-RPC.")],
    account: Annotated[str, typer.Option(help="The node's account that pays, and alone can anchor there.")],
) -> None:
    """Puts the contract for anchors on a chain of the Ethereum kind, once; prints its address.

    Keys stay with the node, or with a signer in front of it.

    Example: decai ledger contract --to http://127.0.0.1:8545 --account 0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf
    """
    from decai_forecast.ledger.evm import deploy
    from decai_forecast.ledger.evm.node import Node

    print(deploy(Node(to), account))


@ledger_app.command("take-over")
def take_over(
    partner: Annotated[str, typer.Option(envvar="DECAI_PARTNER", help="Who goes on as the coordinator.")],
    round_id: Annotated[str, typer.Option("--round", help="From which round on.")],
    home: Home = None,
) -> None:
    """Where the coordinator is gone for ever: a company goes on from its own copy of the log.

    Prints the new public key. The other companies compare it by another way, then run `decai ledger follow`.

    Example: decai ledger take-over --partner acme --round 2026-12-08
    """
    from decai_forecast.one_machine.take_over import take_over as step

    print(step(Network.load(home), partner, round_id))


@ledger_app.command("follow")
def follow(
    partner: Annotated[str, typer.Option(envvar="DECAI_PARTNER", help="Which company follows.")],
    key: Annotated[str, typer.Option(help="The new coordinator's public key, 64 hexadecimal digits.")],
    home: Home = None,
) -> None:
    """Believes the log that a new coordinator goes on with; the old key is kept, for what it signed before.

    Example: decai ledger follow --partner bolt --key 2caf72dc...
    """
    from decai_forecast.one_machine.take_over import follow as step

    try:
        raw = bytes.fromhex(key)
    except ValueError:
        raw = b""
    if len(raw) != 32:
        raise ConfigError("--key: expected 64 hexadecimal digits, the public key that `decai ledger take-over` made")
    step(Network.load(home), partner, raw)
    print(f"{partner} follows the coordinator with the key {key}")


@ledger_app.command("witness")
def witness(
    partner: Annotated[str, typer.Option(envvar="DECAI_PARTNER", help="Whose witness.")],
    listen: Annotated[str, typer.Option(help="Address to listen at.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen at.")] = 9099,
    home: Home = None,
) -> None:
    """Serves a company's witness over HTTP (C2SP tlog-witness), until it is stopped, for logs that come to it.

    In rounds no server is needed: a company looks at the log by itself.

    Example: decai ledger witness --partner acme --port 9099
    """
    from decai_forecast.ledger.witness_service import witness_server
    from decai_forecast.partner.context import partner_context
    from decai_forecast.partner.statements import witness_of

    own = witness_of(partner_context(Network.load(home), partner))
    print(f"http://{listen}:{port}: the witness {own.verifier}", flush=True)
    witness_server(own, listen, port).run()
