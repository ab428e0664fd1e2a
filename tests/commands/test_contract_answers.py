"""How `decai contract ...` answers when it cannot do what it was asked: text or JSON, and the exit code."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from support import NIGHT

from decai_forecast.commands.contract_answers import answered, show, write
from decai_forecast.commands.contract_check import Asked, references_of
from decai_forecast.contracts import Verdict
from decai_forecast.errors import ConfigError, ContractError, DeliveryError

FAULT = ContractError("demand.odcs.yaml", 3, "unknown key 'staus'")

ERRORS = [  # error, exit code, text, JSON
    (ConfigError("--out is a file"), 2, "--out is a file", {"code": "config", "message": "--out is a file"}),
    (
        FAULT, 2, "demand.odcs.yaml:3: unknown key 'staus'",
        {"problems": [{"file": "demand.odcs.yaml", "line": 3, "column": 1, "message": "unknown key 'staus'"}]},
    ),
    (
        DeliveryError("rows.csv: line 2"), 3, "rows.csv: line 2",
        {"verdict": "not_checked", "code": "delivery", "message": "rows.csv: line 2"},
    ),
    (
        ZeroDivisionError("x / 0"), 3, "this could not be done: ZeroDivisionError: x / 0",
        {"code": "error", "message": "this could not be done: ZeroDivisionError: x / 0"},
    ),
]  # fmt: skip


@pytest.mark.parametrize(("error", "code", "text", "value"), ERRORS)
def test_an_error_has_an_exit_code(
    error: Exception, code: int, text: str, value: dict[str, object], capsys: pytest.CaptureFixture[str]
) -> None:
    """2: wrong use or a wrong contract; 3: not our answer on the delivery. As text on stderr, as JSON on stdout."""
    with pytest.raises(typer.Exit) as ended, answered(as_json=False):
        raise error
    assert ended.value.exit_code == code
    assert capsys.readouterr() == ("", f"error: {text}\n")
    with pytest.raises(typer.Exit) as ended, answered(as_json=True):
        raise error
    assert ended.value.exit_code == code
    told = capsys.readouterr()
    assert (json.loads(told.out), told.err) == (value, "")


@pytest.mark.parametrize("ending", [typer.Exit(1), KeyboardInterrupt()])
def test_an_end_that_was_meant_stays(ending: BaseException) -> None:
    """A command's own exit code, and who interrupts it."""
    with pytest.raises(type(ending)) as ended, answered(as_json=False):
        raise ending
    assert ended.value is ending


def test_an_answer_is_text_or_json(capsys: pytest.CaptureFixture[str]) -> None:
    """Letters of other languages as they are; nothing stands behind the text's own line feed."""
    show({"verdict": Verdict.ACCEPTED, "item": "Käse"}, "ACCEPTED\n", as_json=False)
    assert capsys.readouterr().out == "ACCEPTED\n"
    show({"verdict": Verdict.ACCEPTED, "item": "Käse"}, "ACCEPTED\n", as_json=True)
    assert capsys.readouterr().out == '{\n "verdict": "accepted",\n "item": "Käse"\n}\n'


def test_a_file_is_written_with_its_folder(tmp_path: Path) -> None:
    """Where that cannot be made the path is told, and why."""
    write(tmp_path / "new/folder/report.txt", "é\n")
    assert (tmp_path / "new/folder/report.txt").read_bytes() == "é\n".encode()
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError) as error:
        write(tmp_path / "file/report.txt", "")
    assert str(error.value) == f"{tmp_path}/file/report.txt cannot be written (File exists)"


def test_references_are_named_files() -> None:
    """A path may hold the sign itself."""
    assert references_of(["items=a.parquet", "sites=b=c.parquet"]) == {"items": Path("a.parquet"), "sites": Path("b=c.parquet")}
    for wrong in ("items", "items="):
        with pytest.raises(ConfigError, match=r"--reference 'items': use NAME=FILE, such as items=items.parquet"):
            references_of([wrong])


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"data": Path("gone.csv")}, "--data: gone.csv is not there"),
        ({"history": Path("gone.parquet")}, "--history: gone.parquet is not there"),
        ({"references": {"items": Path("gone.parquet")}}, "--reference items: gone.parquet is not there"),
    ],
)
def test_a_file_that_is_not_there_is_told_by_its_option(tmp_path: Path, changes: dict[str, object], said: str) -> None:
    """Before anything is checked."""
    (rows := tmp_path / "rows.csv").touch()
    given: dict[str, object] = {"data": rows, "as_of": NIGHT.as_of} | changes
    with pytest.raises(ConfigError) as error:
        Asked(**given)
    assert str(error.value) == said


def test_the_output_is_a_folder(tmp_path: Path) -> None:
    """Which need not be there yet."""
    (rows := tmp_path / "rows.csv").touch()
    assert Asked(rows, NIGHT.as_of, tmp_path / "new").out == tmp_path / "new"
    with pytest.raises(ConfigError) as error:
        Asked(rows, NIGHT.as_of, rows)
    assert str(error.value) == f"--out: {rows} is a file; name a folder"
