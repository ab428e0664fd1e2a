"""`decai contract ...`: writing, checking, comparing and explaining data contracts."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import typer

from decai_forecast.contracts import Arrival, Check, Contract, Source, check_delivery, load_contract
from decai_forecast.contracts.document import Document
from decai_forecast.contracts.house import format_of
from decai_forecast.errors import ConfigError
from decai_forecast.network import Network

__all__ = ["contract_app"]

contract_app = typer.Typer(no_args_is_help=True, help="Data contracts: write, check, compare and explain them.")
ContractFile = Annotated[Path, typer.Argument(help="The contract file (*.odcs.yaml).")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Home = Annotated[Path | None, typer.Option(envvar="DECAI_HOME", help="The network's home.", show_default=".decai/demo")]
GOOD = ("accepted", "accepted_in_part")


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
    as_json: Json = False,
) -> None:
    """Checks a contract file, and with --data a delivery against it.

    All faults of the file are shown at once, each as file:line:column. Exit code 0: good (or accepted in part);
    1: the delivery is refused; 2: the contract is wrong; 3: the delivery could not be checked.

    Examples:

      decai contract check demand.odcs.yaml

      decai contract check demand.odcs.yaml --data sales.csv --out checked
    """
    promised = load_contract(contract)
    if data is None:
        print(json.dumps({"contract": promised.id, "problems": []}) if as_json else f"{contract}: good, {_described(promised)}")
        return
    cut_off = _day(as_of) if as_of else datetime.now(UTC).date() + timedelta(days=1)
    found = _checked(promised, data, cut_off, out, history, _references(reference or []), direct=direct)
    print(json.dumps(found.to_json(), indent=1) if as_json else found.to_text(), end="\n" if as_json else "")
    raise typer.Exit({"refused": 1, "not_checked": 3}.get(found.verdict, 0))


def _described(contract: Contract) -> str:
    size = f"{len(contract.columns)} columns, {len(contract.rules)} rules"
    return f"{contract.data_set} of {contract.partner} {contract.version}, {size}"


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ConfigError(f"--as-of {text!r} is not a date; use YYYY-MM-DD") from None


def _references(given: list[str]) -> dict[str, Path]:
    found = dict(item.partition("=")[::2] for item in given)
    if wrong := [name for name, path in found.items() if not path]:
        raise ConfigError(f"--reference {wrong[0]!r}: use NAME=FILE, such as items=items.parquet")
    return {name: Path(path) for name, path in found.items()}


def _as_source(contract: Contract, data: Path) -> Source:
    """The file that was named, read as the contract says of its own source where that is the same format."""
    form = format_of({"path": str(data)})
    server = contract.source.server if contract.source.format == form else {}
    return Source("local", str(data.absolute()), form, server)


def _checked(
    contract: Contract, data: Path, as_of: date, out: Path | None, history: Path | None, references: dict[str, Path], *,
    direct: bool,
) -> Check:  # fmt: skip
    from decai_forecast.delivery import pull

    with TemporaryDirectory(prefix="decai-contract-") as folder:
        landed = Path(folder) / "delivery.parquet"
        promised = replace(contract, source=_as_source(contract, data))
        pulled = pull(promised, data.absolute().parent, as_of, landed, allowed=(data.resolve(),))  # the user's own file
        arrival = Arrival(pulled.extra, pulled.held_back, pulled.timed)
        if out is not None:
            out.mkdir(parents=True, exist_ok=True)
        found = check_delivery(
            contract, landed, as_of, out, references=references, history=history, direct=direct, arrival=arrival
        )
    if out is not None:
        (out / "report.html").write_text(found.to_html(), encoding="utf-8")
        (out / "report.txt").write_text(found.to_text(), encoding="utf-8")
        (out / "report.json").write_text(json.dumps(found.to_json(), indent=1))
    return found


@contract_app.command("init")
def init(
    sample: Annotated[Path, typer.Argument(help="A sample delivery (Parquet, CSV, CSV.gz).")],
    partner: Annotated[str, typer.Option(help="Your id in the network.")],
    data_set: Annotated[str, typer.Option(help="demand, stock, items, receipts, ...; default: guessed from the columns.")] = "",
    source: Annotated[str, typer.Option(help="Where deliveries will lie; default: the sample's path.")] = "",
    schedule: Annotated[str, typer.Option(help="When they are there (cron).")] = "0 1 * * *",
    time_zone: Annotated[str, typer.Option(help="IANA time zone of the schedule.")] = "UTC",
    contact: Annotated[str, typer.Option(help="Who is told of a refused delivery.")] = "",
    out: Annotated[Path | None, typer.Option(help="File to write; default: <data set>.odcs.yaml.")] = None,
    force: Annotated[bool, typer.Option(help="Overwrite the file.")] = False,
) -> None:
    """Drafts a contract from a sample: types, key, ranges, codes, rhythm. Read it, sharpen it, then check.

    Example: decai contract init sales.csv --partner acme
    """
    from decai_forecast.contracts.draft import draft_from_sample

    more = {"contact": contact} if contact else {}
    draft = draft_from_sample(
        sample, partner=partner, data_set=data_set or None, source=source or str(sample.absolute()), schedule=schedule,
        time_zone=time_zone, **more,
    )  # fmt: skip
    target = out or Path(f"{draft.data_set}.odcs.yaml")
    if target.exists() and not force:
        raise ConfigError(f"{target} is there already; choose another --out, or --force")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(draft.text, encoding="utf-8")
    print(f"{target}: {_described(load_contract(target))}")
    for note in draft.notes:
        print(f"  - {note}")
    print(f"Next: decai contract check {target} --data {sample}")


@contract_app.command("diff")
def diff(old: ContractFile, new: ContractFile, as_json: Json = False) -> None:
    """What changed for those who use the data, and by how much the version has to rise.

    Exit code 1 if the new version is too low for what changed (for CI).

    Example: decai contract diff demand-1.0.odcs.yaml demand.odcs.yaml
    """
    from decai_forecast.contracts.diff import compare

    load_contract(old), load_contract(new)
    found = compare(Document(old).value, Document(new).value)
    print(json.dumps(found.to_json(), indent=1) if as_json else found.to_text(), end="\n" if as_json else "")
    raise typer.Exit(0 if found.version_ok else 1)


@contract_app.command("explain")
def explain(contract: ContractFile) -> None:
    """The contract in plain words.

    Example: decai contract explain demand.odcs.yaml
    """
    from decai_forecast.contracts.explain import explain as in_words

    load_contract(contract)
    print(in_words(Document(contract).value), end="")


@contract_app.command("schema")
def schema(
    out: Annotated[Path, typer.Argument(help="File to write.")] = Path("odcs-json-schema-v3.2.0.json"),
) -> None:
    """Writes the JSON Schema of the standard beside your contracts, so that editors complete and check them.

    Example: decai contract schema contracts/odcs-json-schema-v3.2.0.json
    """
    from decai_forecast.contracts.standard import json_schema

    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(json_schema(), indent=1))
    print(f"{out}: put `# yaml-language-server: $schema={out.name}` on the first line of a contract beside it")


@contract_app.command("history")
def history(partner: Annotated[str, typer.Option(help="The partner's id.")], home: Home = None, as_json: Json = False) -> None:
    """The verdicts of a partner's deliveries, newest first, and its quality score (0 to 100).

    Example: decai contract history --partner acme
    """
    from decai_forecast.rounds.quality import history as of
    from decai_forecast.rounds.quality import score
    from decai_forecast.rounds.seat import take_seat

    deliveries = of(take_seat(Network.load(home), partner))
    rows: list[dict[str, Any]] = [vars(one) for one in deliveries]
    if as_json:
        print(json.dumps({"partner": partner, "score": score(deliveries), "deliveries": rows}, indent=1))
        return
    for one in deliveries:
        said = f"{one.rows:>10,} rows {one.quarantined:>8,} quarantined" if one.verdict != "absent" else ""
        why = " ".join(filter(None, [one.code, "late" if one.late else ""]))
        print(f"{one.round:<14} {one.data_set:<12} {one.verdict.replace('_', ' '):<17}{said} {why}".rstrip())
    known = score(deliveries)
    print(f"quality score: {known:.1f} of 100" if known is not None else "no delivery yet")
