"""A real night of five companies ends with a log that is green, and a byte changed in a store makes the right line red."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
from support import NIGHT
from typer.testing import CliRunner

from decai_forecast.cli import app
from decai_forecast.network import Network
from decai_forecast.partner.context import partner_context
from decai_forecast.partner.own_records import own_rehearsal
from decai_forecast.partner.receipts import receipts_of

CHECKS = ["policy", "checkpoint", "consistency", "tree", "statements", "views", "published", "models"]


def audited(network: Network, *more: str) -> tuple[int, dict[str, dict[str, object]]]:
    """Exit code, and the lines of `decai audit --json` by check."""
    done = CliRunner().invoke(app, ["audit", "--home", str(network.home), "--json", *more])
    lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    return done.exit_code, {line["check"]: line for line in lines}


def test_a_night_is_green(finished: Network) -> None:
    """Every check, and every company's own store."""
    code, lines = audited(finished)
    assert (code, list(lines)) == (0, CHECKS + [f"own {partner}" for partner in finished.partners])
    assert {str(line["colour"]) for line in lines.values()} == {"green"}
    assert "5 of 5 witnesses" in str(lines["checkpoint"]["text"])


def test_everything_of_the_night_is_stated(finished: Network) -> None:
    """Seven steps, submission, disclosure and report of each company."""
    for partner in finished.partners:
        folder = Path(finished.address(partner)) / "ledger/statements" / NIGHT.id
        kinds = sorted(path.name.split("-")[0] for path in folder.iterdir())
        assert kinds == ["disclosed", "reportsent", *["stepdone"] * 7, "submitted"]


def test_a_third_party_needs_a_folder_and_a_policy(finished: Network, tmp_path: Path) -> None:
    """And sees later that the log continues what it saved."""
    policy = CliRunner().invoke(app, ["ledger", "policy", "--home", str(finished.home), "--partner", "shop_1"])
    (tmp_path / "policy").write_text(policy.stdout, encoding="utf-8")
    saved = tmp_path / "saved"
    base = ["audit", "--log", finished.link_folders[1], "--policy", str(tmp_path / "policy")]
    first = CliRunner().invoke(app, [*base, "--save", str(saved)])
    assert (first.exit_code, first.stdout.count("green")) == (0, 7)
    again = CliRunner().invoke(app, [*base, "--since", str(saved), "--round", NIGHT.id])
    assert (again.exit_code, again.stdout.count("green")) == (0, 8)


def own_files(network: Network) -> list[tuple[str, Path]]:
    """Files that a check names: of the public part, and of steps in companies' stores."""
    public = Path(network.link_folders[1])
    files = [("", path) for folder in ("log", "rounds", "shared") for path in (public / folder).rglob("*") if path.is_file()]
    for partner in network.partners:
        rounds = Path(network.address(partner)) / "rounds" / NIGHT.id
        folders = ("pull", "check", "train", "watch", "combine", "simulate", "report")
        files += [(f"own {partner}", path) for folder in folders for path in (rounds / folder).rglob("*") if path.is_file()]
    return [(check, path) for check, path in files if path.name != "progress.json"]


def test_a_byte_changed_anywhere_makes_the_right_line_red(after: Network) -> None:
    """Of a sample of files of all kinds; what is put back is green again."""
    chance = random.Random(3)
    files = own_files(after)
    public = [file for file in files if not file[0]]
    for check, path in [*public, *chance.sample([file for file in files if file[0]], 15)]:
        original = path.read_bytes()
        place = chance.randrange(len(original))
        path.write_bytes(original[:place] + bytes([original[place] ^ 32]) + original[place + 1 :])
        code, lines = audited(after)
        red = {name for name, line in lines.items() if line["colour"] == "red"}
        assert code == 1, path
        assert not check or red == {check}, (path, red)
        path.write_bytes(original)
    assert audited(after)[0] == 0


RIGHT = {
    "log/checkpoint": "checkpoint",
    "log/pending": "tree",
    "log/tile": "tree",
    "rounds": "published",
    "shared": "published",
}


@pytest.mark.long
def test_a_byte_changed_in_every_file_makes_the_right_line_red(after: Network) -> None:
    """Every file of the public part, and every file of a step in a company's store, one after the other."""
    chance, public = random.Random(8), Path(after.link_folders[1])
    for check, path in own_files(after):
        name = str(path.relative_to(public)) if not check else ""
        right = check or next(line for folder, line in RIGHT.items() if name.startswith(folder))
        original = path.read_bytes()
        place = chance.randrange(len(original))
        path.write_bytes(original[:place] + bytes([original[place] ^ (1 << chance.randrange(8))]) + original[place + 1 :])
        code, lines = audited(after)
        assert code == 1, path
        assert lines[right]["colour"] == "red", (path, place)
        path.write_bytes(original)
    assert audited(after)[0] == 0


def test_ancestry_names_no_company(finished: Network) -> None:
    """Of a real night, each with every delivery of its round."""
    done = CliRunner().invoke(app, ["ledger", "ancestry", "--home", str(finished.home), "--round", NIGHT.id, "--json"])
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert {len(one["deliveries"]) for one in told["ancestors"]} == {len(finished.partners)}
    assert not any(partner in done.stdout for partner in finished.partners)


def test_receipts_hold_for_their_entries(finished: Network) -> None:
    """All statements of a company, each for its own entry and no other."""
    receipts = receipts_of(partner_context(finished, "shop_2"), NIGHT.id)
    assert len(receipts) == 10
    (one, first), (other, second), *_ = receipts.items()
    assert first.holds_for(one)
    assert second.holds_for(other)
    assert not first.holds_for(other)


def test_wrong_use_is_answered_with_what_to_do(finished: Network, tmp_path: Path) -> None:
    """Of options that do not go together, and of files that are none."""
    (tmp_path / "none").write_text("hello\n", encoding="utf-8")
    for arguments, text in (
        (["--log", "x"], "needs --policy"), (["--mine"], "--partner"), (["--mine", "--partner", "shop_1"], "--round"),
        (["--policy", str(tmp_path / "none")], "is no policy"), (["--since", str(tmp_path / "gone")], "name the file"),
    ):  # fmt: skip
        done = CliRunner().invoke(app, ["audit", "--home", str(finished.home), *arguments])
        assert done.exit_code != 0
        assert text in str(done.exception), arguments


@pytest.mark.long
def test_a_company_makes_its_night_once_more(after: Network) -> None:
    """From its delivery, the same files; with one changed row another training comes out."""
    company = partner_context(after, "shop_1")
    line = own_rehearsal(company, NIGHT)
    assert (line.colour.value, line.count) == ("green", 0)
    assert "44 files" in line.text
