"""`decai contract ...`: writing, checking, comparing and explaining data contracts."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from shlex import quote
from typing import Annotated, Any

import typer

from decai_forecast.commands.contract_answers import GOOD, NOT_RUN, REFUSED, answered, show, write
from decai_forecast.commands.contract_check import Asked, checked, references_of
from decai_forecast.commands.contract_timing import timing_notes, windows_for
from decai_forecast.contracts import Contract, Verdict, load_contract
from decai_forecast.contracts.kind import CONTRACT
from decai_forecast.contracts.report import to_text
from decai_forecast.documents.document import Document
from decai_forecast.errors import ConfigError
from decai_forecast.network import Network

__all__ = ["contract_app"]

contract_app = typer.Typer(no_args_is_help=True, help="Data contracts: write, check, compare and explain them.")
ContractFile = Annotated[Path, typer.Argument(help="The contract file (*.odcs.yaml).")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Home = Annotated[Path | None, typer.Option(envvar="DECAI_HOME", help="The network's home.", show_default=".decai/demo")]


@contract_app.command("check")
def check(
    contract: ContractFile,
    data: Annotated[Path | None, typer.Option(help="A delivery to check against it (Parquet, CSV, CSV.gz).")] = None,
    as_of: Annotated[str, typer.Option(help="Data cut-off, exclusive (YYYY-MM-DD); default: tomorrow.")] = "",
    out: Annotated[Path | None, typer.Option(help="Folder for clean.parquet, quarantine.parquet and the reports.")] = None,
    history: Annotated[
        Path | None, typer.Option(help="The last accepted delivery (Parquet), for drift and unit slips.")
    ] = None,
    reference: Annotated[
        list[str] | None,
        typer.Option(help="Another data set for foreign keys, as NAME=FILE (items=items.parquet); repeatable."),
    ] = None,
    direct: Annotated[
        bool, typer.Option(help="Let Great Expectations scan the delivery itself: slower, the same verdict.")
    ] = False,
    home: Annotated[
        Path | None,
        typer.Option(envvar="DECAI_HOME", help="The network that it is for; default: the one in whose home the file lies."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Checks a contract file, and with --data a delivery against it.

    All faults of the file are shown at once, each as file:line:column; for a network also a time of delivery at which nothing
    can be in time for a round. Exit code 0: good (or accepted in part);
    1: the delivery is refused; 2: the contract is wrong; 3: the delivery could not be checked.

    Examples:

      decai contract check demand.odcs.yaml

      decai contract check demand.odcs.yaml --data sales.csv --out checked
    """
    with answered(as_json=as_json):
        windows = windows_for(contract, home)
        promised = load_contract(contract, windows=windows)
        if data is None:
            notes = timing_notes(promised, windows)
            good = {"contract": promised.id, "problems": [], "notes": notes}
            said = "".join(f"  - {note}\n" for note in notes)
            show(good, f"{contract}: good, {_described(promised)}\n{said}", as_json=as_json)
            return
        asked = Asked(data, _cut_off(as_of), out, history, references_of(reference or []), direct)
        found = checked(promised, asked)
        show(found.to_json(), to_text(found), as_json=as_json)
    raise typer.Exit({Verdict.REFUSED: REFUSED, Verdict.NOT_CHECKED: NOT_RUN}.get(found.verdict, GOOD))


def _described(contract: Contract) -> str:
    size = f"{len(contract.columns)} columns, {len(contract.rules)} rules"
    return f"{contract.data_set} of {contract.partner} {contract.version}, {size}"


def _cut_off(text: str) -> date:
    try:
        return date.fromisoformat(text) if text else datetime.now(UTC).date() + timedelta(days=1)
    except ValueError:
        raise ConfigError(f"--as-of {text!r} is not a date; use YYYY-MM-DD") from None


@contract_app.command("init")
def init(
    sample: Annotated[Path, typer.Argument(help="A sample delivery (Parquet, CSV, CSV.gz).")],
    partner: Annotated[str, typer.Option(help="Your id in the network.")],
    data_set: Annotated[str, typer.Option(help="demand, stock, items, receipts, ...; default: guessed from the columns.")] = "",
    source: Annotated[str, typer.Option(help="Where deliveries will lie; default: the sample's path.")] = "",
    schedule: Annotated[str, typer.Option(help="When they are there (cron).")] = "0 1 * * *",
    time_zone: Annotated[str, typer.Option(help="IANA time zone of the schedule.")] = "UTC",
    contact: Annotated[str, typer.Option(help="Who is told of a refused delivery.")] = "",
    encoding: Annotated[str, typer.Option(help="Encoding of a text file (cp1252, ...); default: UTF-8.")] = "",
    out: Annotated[Path | None, typer.Option(help="File to write; default: <data set>.odcs.yaml.")] = None,
    force: Annotated[bool, typer.Option(help="Overwrite the file.")] = False,
    as_json: Json = False,
) -> None:
    """Drafts a contract from a sample: types, key, ranges, codes, rhythm. Read it, sharpen it, then check.

    The sample itself is checked against the draft at the end.

    Example: decai contract init sales.csv --partner acme
    """
    from decai_forecast.contracts.draft import draft_from_sample

    with answered(as_json=as_json):
        draft = draft_from_sample(
            sample, partner=partner, data_set=data_set or None, source=source or str(sample.absolute()), schedule=schedule,
            time_zone=time_zone, contact=contact or None, encoding=encoding,
        )  # fmt: skip
        target = out or Path(f"{draft.data_set}.odcs.yaml")
        if target.exists() and not force:
            raise ConfigError(f"{target} is there already; choose another --out, or --force")
        write(target, draft.text)
        promised = load_contract(target)
        found = checked(promised, Asked(sample, draft.as_of or _cut_off("")))
        then = f"decai contract check {quote(str(target))} --data {quote(str(sample))}"
        then += f" --as-of {draft.as_of}" if draft.as_of else ""
        facts = {"contract": str(target), "data_set": draft.data_set, "notes": list(draft.notes), "check": found.to_json()}
        notes = "".join(f"  - {note}\n" for note in draft.notes)
        text = f"{target}: {_described(promised)}\n{notes}The sample: {to_text(found)}Next: {then}\n"
        show(facts | {"next": then}, text, as_json=as_json)


@contract_app.command("diff")
def diff(old: ContractFile, new: ContractFile, as_json: Json = False) -> None:
    """What changed for those who use the data, and by how much the version has to rise.

    Exit code 1 if the new version is too low for what changed (for CI).

    Example: decai contract diff demand-1.0.odcs.yaml demand.odcs.yaml
    """
    from decai_forecast.contracts.diff import compare

    with answered(as_json=as_json):
        load_contract(old), load_contract(new)
        found = compare(Document(old, CONTRACT).value, Document(new, CONTRACT).value)
        show(found.to_json(), found.to_text(), as_json=as_json)
    raise typer.Exit(0 if found.version_ok else 1)


@contract_app.command("explain")
def explain(contract: ContractFile, as_json: Json = False) -> None:
    """The contract in plain words.

    Example: decai contract explain demand.odcs.yaml
    """
    from decai_forecast.contracts.explain import explain as in_words

    with answered(as_json=as_json):
        promised = load_contract(contract)
        text = in_words(Document(contract, CONTRACT).value)
        show({"contract": promised.id, "version": promised.version, "text": text}, text, as_json=as_json)


@contract_app.command("schema")
def schema(
    out: Annotated[Path, typer.Argument(help="File to write.")] = Path("odcs-json-schema-v3.2.0.json"),
    as_json: Annotated[bool, typer.Option("--json", help="Print the schema itself; no file is written.")] = False,
) -> None:
    """Writes the JSON Schema of the standard beside your contracts, so that editors complete and check them.

    Example: decai contract schema contracts/odcs-json-schema-v3.2.0.json
    """
    from decai_forecast.contracts.standard import json_schema

    with answered(as_json=as_json):
        if not as_json:
            write(out, json.dumps(json_schema(), indent=1))
        said = f"{out}: put `# yaml-language-server: $schema={out.name}` on the first line of a contract beside it\n"
        show(json_schema(), said, as_json=as_json)


@contract_app.command("history")
def history(partner: Annotated[str, typer.Option(help="The partner's id.")], home: Home = None, as_json: Json = False) -> None:
    """The verdicts of a partner's deliveries, newest first, and its quality score (0 to 100).

    Example: decai contract history --partner acme
    """
    from decai_forecast.partner.context import partner_context
    from decai_forecast.partner.quality import history as of
    from decai_forecast.partner.quality import score

    deliveries = of(partner_context(Network.load(home), partner).store)
    rows: list[dict[str, Any]] = [vars(one) for one in deliveries]
    if as_json:
        print(json.dumps({"partner": partner, "score": score(deliveries), "deliveries": rows}, indent=1))
        return
    for one in deliveries:
        said = f"{one.rows:>10,} rows {one.quarantined:>8,} quarantined" if one.verdict != Verdict.ABSENT else ""
        why = " ".join(filter(None, [one.code, "late" if one.late else ""]))
        print(f"{one.round:<14} {one.data_set:<12} {one.verdict.words:<17}{said} {why}".rstrip())
    known = score(deliveries)
    print(f"quality score: {known:.1f} of 100" if known is not None else "no delivery yet")
