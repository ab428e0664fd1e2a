"""`decai contract ...` as a person types it: exit codes, files, JSON."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from deliveries import contract_text, demand
from support import NIGHT

from decai_forecast.founding import from_table
from decai_forecast.rounds import take_seat
from decai_forecast.rounds.check import check
from decai_forecast.rounds.deliver import pull

AS_OF = ("--as-of", "2026-06-29")


def decai(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).with_name("decai")), "contract", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


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
    seat = take_seat(network, "shop_0")
    pull(seat, NIGHT)
    check(seat, NIGHT)
    done = decai("history", "--partner", "shop_0", "--home", network.home)
    assert "quality score: 100.0 of 100" in done.stdout
    assert json.loads(decai("history", "--partner", "shop_0", "--home", network.home, "--json").stdout)["score"] == 100.0
