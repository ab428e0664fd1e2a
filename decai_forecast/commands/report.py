"""`decai report ...`: whether a report is what its participant signed, and what became of it on its way."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from decai_forecast.errors import ConfigError
from decai_forecast.identity import Keyring
from decai_forecast.network import Network
from decai_forecast.partner.context import partner_context
from decai_forecast.reports import erp_files
from decai_forecast.reports.send import Book, Entry, Status
from decai_forecast.reports.signature import BrokenReport, signed_by
from decai_forecast.reports.signature import verify as verify_folder
from decai_forecast.round import in_time

__all__ = ["report_app"]

report_app = typer.Typer(no_args_is_help=True, help="Resilience reports: check a signature, see what was sent.")
Home = Annotated[Path | None, typer.Option(envvar="DECAI_HOME", help="The network's home.", show_default=".decai/demo")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]


@report_app.command("verify")
def verify(
    folder: Annotated[Path, typer.Argument(help="The folder with manifest.json, manifest.sig and the files.")],
    key: Annotated[str, typer.Option(help="Public key of the participant, 64 hexadecimal digits.")] = "",
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Checks that every file is the one that the participant signed.

    The key is the one you give, or that of the participant in the network at --home. The key inside manifest.sig proves
    nothing: whoever changes a report can write another one there.

    Examples:

      decai report verify .decai/demo/stores/alder_foods/outbox/2026-11-24

      decai report verify ~/Downloads/report --key 5b1f...e0
    """
    name, stated = signed_by(folder)
    trusted = _hex(key) if key else _known(home, name, stated)
    files = verify_folder(folder, trusted)
    if as_json:
        print(json.dumps({"participant": name, "public_key": trusted.hex(), "files": files}, indent=1))
    else:
        print(f"{folder}: {len(files)} files as signed by {name} with the key {trusted.hex()}")


@report_app.command("export")
def export(
    folder: Annotated[Path, typer.Argument(help="The folder with report.json.")],
    system: Annotated[str, typer.Option("--for", help="odoo, erpnext or frepple.")],
    out: Annotated[Path, typer.Option(help="Where to write the files.", show_default="here")] = Path(),
) -> None:
    """Writes the ordering rules of a report in the columns that another system imports.

    Example: decai report export .decai/demo/stores/alder_foods/outbox/2026-11-24 --for odoo --out import

    For other systems take stock_targets.csv; docs/how-to/report.md says which column is which there.
    """
    for name, text in _exported(folder, system).items():
        out.mkdir(parents=True, exist_ok=True)
        (out / name).write_text(text, encoding="utf-8")
        print(f"{out / name}: {text.count(chr(10)) - 1} rows")


def _exported(folder: Path, system: str) -> dict[str, str]:
    """File name -> text."""
    try:
        return erp_files(json.loads((folder / "report.json").read_bytes()), system)
    except (OSError, ValueError):
        raise ConfigError(f"{folder}: expected the report.json of a report, such as those in outbox/<round>") from None
    except KeyError as missing:
        raise ConfigError(
            f"{folder / 'report.json'}: {missing} is not there; an older version wrote it, so export a later night's report"
        ) from None


@report_app.command("sent")
def sent(
    partner: Annotated[str, typer.Option("--partner", help="Whose report.")],
    round_id: Annotated[str, typer.Option("--round", help="YYYY-MM-DD; default: the newest one that was sent.")] = "",
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Shows, per target, whether a report arrived, how often it was tried, and why it did not.

    Example: decai report sent --partner alder_foods

    Exit code 1 if a target has not got it.
    """
    store = partner_context(Network.load(home), partner).store
    rounds = in_time(name for name in store.children("sent") if name != "owed")
    chosen = round_id or next(reversed(rounds), "")
    entries = Book(store).entries(chosen) if chosen else []
    if not entries:
        which = f"no report of round {chosen}" if chosen else "no report"
        raise ConfigError(f"{partner}: {which} was to be sent; its report.yaml says where to")
    print(json.dumps([asdict(entry) for entry in entries], indent=1) if as_json else "\n".join(map(_line, entries)))
    raise typer.Exit(1 if any(entry.status is not Status.SENT for entry in entries) else 0)


def _line(entry: Entry) -> str:
    tries = f"{entry.attempts} {'try' if entry.attempts == 1 else 'tries'}"
    return (
        f"{entry.round}  {entry.target:<16}  {entry.status:<5}  {tries}{f'  {entry.code}: {entry.text}' if entry.code else ''}"
    )


def _hex(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        raise ConfigError(f"--key {text!r} is not hexadecimal; a public key has 64 hexadecimal digits") from None


def _known(home: Path | None, name: str, stated: bytes) -> bytes:
    """The key of the participant in the network, where there is one."""
    try:
        store = partner_context(Network.load(home), name).store
    except ConfigError:
        store = None
    if store is None or not Keyring(store).has_identity:
        raise BrokenReport(
            f"nobody here vouches for the key {stated.hex()} of {name}; ask {name} for its key and give it with --key"
        )
    return Keyring(store).identity().public
