"""`decai contract ...` as a person types it: exit codes, files, JSON."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pandas as pd
import pytest
import typed
from deliveries import contract_text, demand
from support import NIGHT

from decai_forecast.founding import from_table
from decai_forecast.partner.check import check
from decai_forecast.partner.context import partner_context
from decai_forecast.partner.pull import pull

AS_OF = ("--as-of", "2026-06-29")


def decai(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return typed.decai("contract", *arguments)


@pytest.fixture
def promised(tmp_path: Path) -> Path:
    path = tmp_path / "demand.odcs.yaml"
    path.write_text(contract_text(tmp_path))
    return path


def delivery(tmp_path: Path, frame: pd.DataFrame, name: str = "rows.csv") -> Path:
    frame.to_csv(tmp_path / name, index=False)
    return tmp_path / name


@pytest.mark.parametrize("command", ["check", "init", "diff", "explain", "schema", "history"])
def test_every_command_has_an_example(command: str) -> None:
    """--help says what it does, and shows it."""
    done = decai(command, "--help")
    assert done.returncode == 0
    assert "xample" in done.stdout


def test_a_wrong_contract_shows_all_faults(promised: Path) -> None:
    """Exit code 2, on stderr, no stack trace."""
    promised.write_text(
        promised.read_text().replace("status: active", "staus: active").replace("format: parquet", "format: avro")
    )
    done = decai("check", promised)
    assert done.returncode == 2
    assert "unknown key 'staus'; did you mean 'status'?" in done.stderr
    assert "format 'avro' is not supported" in done.stderr
    assert done.stderr.count("^") == 2
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("frame", "code", "verdict"),
    [
        (demand(), 0, "accepted"),
        (demand().assign(quantity=lambda f: f["quantity"].where(f.index != 3, -1.0)), 0, "accepted_in_part"),
        (demand().assign(quantity=lambda f: f["quantity"].where(f.index > 30, -1.0)), 1, "refused"),
        (demand().drop(columns="quantity"), 1, "refused"),
        (demand().iloc[:0], 1, "refused"),
    ],
)
def test_the_exit_code_is_the_verdict(tmp_path: Path, promised: Path, frame: pd.DataFrame, code: int, verdict: str) -> None:
    """For scripts; --json for programs."""
    done = decai("check", promised, "--data", delivery(tmp_path, frame), *AS_OF, "--json")
    assert (done.returncode, json.loads(done.stdout)["verdict"]) == (code, verdict), done.stderr


def test_a_faulty_rule_has_a_code_of_its_own(tmp_path: Path, promised: Path) -> None:
    """3: could not be checked."""
    rule = '      - {id: own, type: sql, query: "SELECT count(*) FROM elsewhere", mustBe: 1}\n\nslaProperties:'
    promised.write_text(promised.read_text().replace("\nslaProperties:", rule, 1))
    done = decai("check", promised, "--data", delivery(tmp_path, demand()), *AS_OF)
    assert done.returncode == 3
    assert "NOT CHECKED own" in done.stdout


def test_files_and_reports_are_written(tmp_path: Path, promised: Path) -> None:
    """Into the folder that is named; the page needs nothing from anywhere."""
    frame = demand().assign(quantity=lambda f: f["quantity"].where(f.index != 3, -1.0), secret="<b>")
    done = decai("check", promised, "--data", delivery(tmp_path, frame), *AS_OF, "--out", tmp_path / "out")
    assert "INFO columns.extra  expected: only contracted columns; secret stayed where they are" in done.stdout
    names = {"clean.parquet", "quarantine.parquet", "report.html", "report.json", "report.txt"}
    assert {path.name for path in (tmp_path / "out").iterdir()} == names
    page = (tmp_path / "out/report.html").read_text()
    assert "default-src 'none'" in page
    assert "http" not in page.replace("http-equiv", "")
    assert (tmp_path / "out/report.txt").read_text() == done.stdout


def test_references_and_history_can_be_named(tmp_path: Path, promised: Path) -> None:
    """The other files a rule needs."""
    text = promised.read_text().replace('name: "item_id"\n', 'name: "item_id"\n        relationships: [{to: items.item_id}]\n')
    promised.write_text(text.replace("value: 1\n", "value: 60\n"))
    pd.DataFrame({"item_id": ["a"]}).to_parquet(tmp_path / "items.parquet")
    demand().to_parquet(tmp_path / "before.parquet")
    done = decai(
        "check", promised, "--data", delivery(tmp_path, demand()), *AS_OF, "--reference", f"items={tmp_path}/items.parquet",
        "--history", tmp_path / "before.parquet",
    )  # fmt: skip
    assert "item_id.reference  100 rows" in done.stdout
    assert decai("check", promised, "--data", promised, "--reference", "items").returncode == 2


def test_both_ways_say_the_same(tmp_path: Path, promised: Path) -> None:
    """--direct lets Great Expectations scan the delivery."""
    data = delivery(tmp_path, demand().assign(quantity=lambda f: f["quantity"].where(f.index != 3, -1.0)))
    first, second = (decai("check", promised, "--data", data, *AS_OF, *way) for way in ([], ["--direct"]))
    assert first.stdout == second.stdout
    assert "ACCEPTED IN PART" in first.stdout


@pytest.mark.parametrize(("version", "code"), [("1.0.1", 1), ("2.0.0", 0)])
def test_a_breaking_change_needs_a_major_version(tmp_path: Path, promised: Path, version: str, code: int) -> None:
    """For the CI of whoever offers the data."""
    new = tmp_path / "new.odcs.yaml"
    new.write_text(
        promised.read_text().replace("priceAmount: 0", "priceAmount: 9").replace("version: 1.0.0", f"version: {version}")
    )
    done = decai("diff", promised, new, "--json")
    assert done.returncode == code
    found = json.loads(done.stdout)
    assert found["bump"] == "major"


def test_init_overwrites_nothing(tmp_path: Path, promised: Path) -> None:
    """Unless it is told to."""
    before = promised.read_text()
    sample = delivery(tmp_path, demand())
    refused = decai("init", sample, "--partner", "acme", "--out", promised)
    assert (refused.returncode, promised.read_text()) == (2, before)
    assert "is there already; choose another --out, or --force" in refused.stderr
    assert decai("init", sample, "--partner", "acme", "--out", promised, "--force").returncode == 0
    assert promised.read_text() != before


def test_the_history_has_a_score(orders_file: Path, tmp_path: Path) -> None:
    """Of a partner of a network."""
    network = from_table(tmp_path / "home", orders_file, name="five")
    company = partner_context(network, "shop_0")
    pull(company, NIGHT)
    check(company, NIGHT)
    done = decai("history", "--partner", "shop_0", "--home", network.home)
    assert "quality score: 100.0 of 100" in done.stdout
    assert json.loads(decai("history", "--partner", "shop_0", "--home", network.home, "--json").stdout)["score"] == 100.0


@pytest.mark.parametrize("name", ["ROWS.CSV", "rows.txt", "rows.tsv", "rows", "sales[1].csv"])
def test_a_file_by_any_name(tmp_path: Path, promised: Path, name: str) -> None:
    """The ending tells the format, in any case; without one it is the contract's."""
    promised.write_text(promised.read_text().replace("format: parquet", "format: csv"))
    done = decai("check", promised, "--data", delivery(tmp_path, demand(), name), *AS_OF)
    assert (done.returncode, done.stdout) == (0, "ACCEPTED  contract acme-demand 1.0.0  200 rows\n"), done.stderr


def test_wrong_use_ends_with_2(tmp_path: Path, promised: Path) -> None:
    """In the words of the command line, on one line."""
    rows = delivery(tmp_path, demand())
    (tmp_path / "rows.xlsx").write_bytes(b"PK")
    asked = [
        (("check", promised, "--data", "gone.csv"), "--data: gone.csv is not there"),
        (("check", promised, "--data", tmp_path / "rows.xlsx"),
         f"--data: {tmp_path / 'rows.xlsx'} is a spreadsheet; export the sheet as CSV or Parquet"),
        (("check", promised, "--data", rows, "--out", rows), f"--out: {rows} is a file; name a folder"),
        (("check", promised, "--data", rows, "--history", "gone.parquet"), "--history: gone.parquet is not there"),
        (("check", promised, "--data", rows, "--as-of", "29.6.2026"), "--as-of '29.6.2026' is not a date; use YYYY-MM-DD"),
        (("schema", "/proc/x/y.json"), "/proc/x/y.json cannot be written (No such file or directory)"),
    ]  # fmt: skip
    for arguments, message in asked:
        done = decai(*arguments)
        assert (done.returncode, done.stdout, done.stderr) == (2, "", f"error: {message}\n")


def test_a_delivery_that_cannot_be_read_ends_with_3(tmp_path: Path, promised: Path) -> None:
    """It was not checked: nothing is said about its rows. A program gets the same as JSON."""
    rows = tmp_path / "rows.csv"
    rows.write_bytes(demand().assign(item_id="Käse").to_csv(index=False).encode("cp1252"))
    message = (
        f"acme: demand: {rows}: byte 40 (line 2, bytes e4 73 65 2c) is not UTF-8; it looks like cp1252 (Western European), "
        "say so in servers[0].encoding"
    )
    done = decai("check", promised, "--data", rows, *AS_OF)
    assert (done.returncode, done.stdout, done.stderr) == (3, "", f"error: {message}\n")
    done = decai("check", promised, "--data", rows, *AS_OF, "--json")
    assert (done.returncode, done.stderr) == (3, "")
    assert json.loads(done.stdout) == {"verdict": "not_checked", "code": "source_unreadable", "message": message}


def test_faults_of_a_contract_as_json(promised: Path) -> None:
    """Each with its place."""
    promised.write_text(promised.read_text().replace("status: active", "staus: active"))
    done = decai("check", promised, "--json")
    assert (done.returncode, done.stderr) == (2, "")
    assert json.loads(done.stdout) == {
        "problems": [
            {"file": str(promised), "line": 8, "column": 1, "message": "unknown key 'staus'; did you mean 'status'?"}
        ]
    }  # fmt: skip


def test_json_has_no_infinity(tmp_path: Path, promised: Path) -> None:
    """A delivery without a single date is infinitely old; JSON has no word for it."""
    done = decai("check", promised, "--data", delivery(tmp_path, demand().assign(date=None)), *AS_OF, "--json")

    def unknown(word: str) -> None:
        raise AssertionError(word)

    found = json.loads(done.stdout, parse_constant=unknown)
    assert [r["value"] for r in found["results"] if r["rule"] == "date.freshness"] == [None]
    assert done.returncode == 1


def test_init_checks_its_sample_and_says_what_comes_next(tmp_path: Path) -> None:
    """The command it prints is typed as it stands; a program gets all of it as JSON."""
    sample, target = delivery(tmp_path, demand()), tmp_path / "new.odcs.yaml"
    done = decai("init", sample, "--partner", "acme", "--out", target)
    lines = done.stdout.splitlines()
    assert lines[-3] == "The sample: ACCEPTED  contract acme-demand 1.0.0  200 rows"
    assert lines[-1] == f"Next: decai contract check {target} --data {sample} --as-of 2026-06-29"
    assert decai(*lines[-1].removeprefix("Next: decai contract ").split()).returncode == 0
    found = json.loads(decai("init", sample, "--partner", "acme", "--out", target, "--force", "--json").stdout)
    assert (found["contract"], found["data_set"], found["check"]["verdict"]) == (str(target), "demand", "accepted")
    assert f"Next: {found['next']}" == lines[-1]


def test_the_other_commands_answer_in_json(promised: Path) -> None:
    """The explanation as text, the schema itself."""
    found = json.loads(decai("explain", promised, "--json").stdout)
    assert (found["contract"], found["version"]) == ("acme-demand", "1.0.0")
    assert found["text"] == decai("explain", promised).stdout
    assert json.loads(decai("schema", "--json").stdout)["title"]


def test_help_is_plain_text() -> None:
    """Without a backslash before its brackets."""
    assert "\\[" not in decai("init", "--help").stdout
