"""`decai exchange`: offered, granted, used, withdrawn by two companies of one home."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from decai_forecast.cli import app
from decai_forecast.errors import ConfigError, DocumentError, ExchangeError
from decai_forecast.network import Network, Participant
from decai_forecast.one_machine.introduce import introduce

TERMS = """\
price: {priceAmount: 5, priceCurrency: EUR, priceUnit: report}
usagePolicy: {permitted: [resilience-simulation], maxUses: 2}
description: {limitations: No resale.}
"""
RUNNER = CliRunner()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    network = Network(tmp_path / "home", "n", "W", 13, (Participant("acme"), Participant("bolt"), Participant("corex")))
    network.save()
    introduce(network)
    (tmp_path / "terms.yaml").write_text(TERMS)
    (tmp_path / "risks.html").write_text("<p>risks</p>")
    return network.home


def run(home: Path, line: str) -> str:
    """What the command prints; what it raises is raised."""
    folder = home.parent
    words = [word.replace("+", " ") for word in line.format(at=folder).split()]
    done = RUNNER.invoke(
        app, ["exchange", *words, *([] if "--home" in words else ["--home", str(home)])], catch_exceptions=True
    )
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == 0, done.output
    return done.output


PUBLISH = (
    "publish {at}/terms.yaml --partner acme --kind report --file {at}/risks.html --name risks --title Supplier+risks "
    "--licence cc-by-4.0 --intended-use Planning"
)


def test_from_the_offer_to_the_file(home: Path) -> None:
    """Everything a user sees on the way, and the same key twice."""
    said = run(home, PUBLISH)
    assert said.startswith("acme/risks@1: published")
    assert "  - Each use is entered in the owner's book at 5.00 EUR." in said
    assert said.splitlines()[-2:] == ["  - No resale.", "  - What a party does with a file or a figure once it has it."]
    assert "acme/risks@1    report      5.00 EUR         CC-BY-4.0      Supplier risks" in run(home, "list")
    given = run(home, "grant acme/risks --to bolt --purpose resilience-simulation")
    (grant,) = re.findall(r"^grant (\w+): bolt may use acme/risks 2 times", given)
    catalogue = json.loads(run(home, "catalogue --partner acme --endpoint https://acme.example/dsp"))
    assert (catalogue["participantId"], len(catalogue["dataset"])) == ("acme", 1)
    use = f"use acme/risks@1 --grant {grant} --as bolt --purpose resilience-simulation --out {{at}}/got.html --key mine"
    assert f"use 1 of grant {grant}; key mine" in run(home, use)
    assert f"use 1 of grant {grant}; key mine" in run(home, use)
    assert (home.parent / "got.html").read_text() == "<p>risks</p>"
    assert f"grant {grant} for bolt (resilience-simulation): used 1 of 2" in run(home, "show acme/risks")
    card = json.loads(run(home, "show acme/risks --json"))
    assert (card["licence"], card["number"], card["size"]) == ("CC-BY-4.0", 1, 12)
    with pytest.raises(ExchangeError, match="the grant is for bolt, and corex asks"):
        run(home, use.replace("--as bolt", "--as corex"))
    assert run(home, f"withdraw {grant} --partner acme") == f"{grant}: withdrawn\n"
    with pytest.raises(ExchangeError, match="the grant was withdrawn"):
        run(home, use.replace("--key mine", "--key other"))
    run(home, "withdraw acme/risks")
    assert run(home, "list").startswith("nothing is offered")


def test_an_offer_in_words_and_as_a_policy(home: Path) -> None:
    """Nothing is published by looking at it."""
    assert "Nothing is answered" not in run(home, "offer {at}/terms.yaml --partner acme --kind report")
    policy = json.loads(run(home, "offer {at}/terms.yaml --partner acme --kind report --odrl"))
    assert policy["@type"] == "Offer"
    assert run(home, "list").startswith("nothing is offered")


def test_a_disruption_opens_and_closes(home: Path) -> None:
    """By the id of its notification."""
    (home.parent / "terms.yaml").write_text("usagePolicy: {permitted: [resilience-simulation], duringDisruption: 14}\n")
    run(home, PUBLISH)
    assert run(home, "open acme/risks --event flood").startswith("acme/risks: open by flood until ")
    assert run(home, "open acme/risks --event flood --close") == "acme/risks: flood is closed\n"
    assert run(home, "open acme/risks --event flood --close") == "acme/risks: flood held nothing open\n"


WRONG = [
    ("offer {at}/nothing.yaml --partner acme --kind report", DocumentError, "cannot be read"),
    ("publish {at}/terms.yaml --partner acme --kind report --name r --title t --licence MIT --intended-use u", ConfigError,
     "a report needs --file"),
    (PUBLISH.replace("cc-by-4.0", "free"), ConfigError, "is no licence of SPDX"),
    (PUBLISH.replace("--partner acme", "--partner amce"), ConfigError, "acme"),
    ("withdraw 4f0c", ConfigError, "for a grant name its owner with --partner"),
    ("show acme/none", ExchangeError, "acme lists no acme/none; see decai exchange list"),
]  # fmt: skip


@pytest.mark.parametrize(("line", "kind", "told"), WRONG)
def test_what_is_wrong_is_told(home: Path, line: str, kind: type[Exception], told: str) -> None:
    """With what to do."""
    with pytest.raises(kind, match=re.escape(told)):
        run(home, line)


def test_a_data_set_stays(home: Path) -> None:
    """Its rows are no file to be had."""
    with pytest.raises(ConfigError, match="the rows of a data set stay with their owner: leave out --file"):
        run(home, PUBLISH.replace("--kind report ", ""))
