"""A night's report is signed, sent to where its participant wants it, and gives figures only if it said so."""

from __future__ import annotations

from pathlib import Path

import pytest
from support import NIGHT, inbox, message, own
from typer.testing import CliRunner

from decai_forecast.cli import app
from decai_forecast.coordinator.comparison import publish_comparison
from decai_forecast.coordinator.context import coordinator_context
from decai_forecast.identity import Keyring
from decai_forecast.link import ClosingStatus
from decai_forecast.network import Network
from decai_forecast.one_machine.run import run_round
from decai_forecast.one_machine.summary import summarise
from decai_forecast.partner.context import partner_context
from decai_forecast.partner.report import hand_over
from decai_forecast.reports.signature import verify
from decai_forecast.round import Round

LATER = Round.of("2026-07-06")


def settle(network: Network, text: str, partners: tuple[str, ...] = ()) -> None:
    for partner in partners or network.partners:
        (network.home / "contracts" / partner / "report.yaml").write_text(f"version: 1\n{text}")


def outbox(network: Network, partner: str) -> Path:
    return Path(own(network, partner).path(f"outbox/{NIGHT.id}"))


def compared(network: Network) -> dict[str, int]:
    """How many companies each figure is of that a company reads in the next round."""
    publish_comparison(coordinator_context(network), LATER)
    comparison = partner_context(network, "shop_0").link.comparison(LATER.id)
    assert comparison is not None
    return {name: quartiles.companies for name, quartiles in comparison.measures.items()}


def test_the_outbox_holds_a_signed_report(finished: Network) -> None:
    """Every file as its participant signed it, days of supply among them."""
    key = Keyring(own(finished, "shop_1")).identity().public
    files = verify(outbox(finished, "shop_1"), key)
    assert files == ("days_of_supply.json", "orders.csv", "report.html", "report.json", "stock_targets.csv")


def test_the_command_verifies_with_a_key_that_somebody_vouches_for(finished: Network, tmp_path: Path) -> None:
    """The network's own; elsewhere the key must be given, since the one in the file proves nothing."""
    folder, key = outbox(finished, "shop_1"), Keyring(own(finished, "shop_1")).identity().public.hex()
    run = CliRunner().invoke
    done = run(app, ["report", "verify", str(folder), "--home", str(finished.home)])
    assert done.output.strip() == f"{folder}: 5 files as signed by shop_1 with the key {key}"
    elsewhere = run(app, ["report", "verify", str(folder), "--home", str(tmp_path)])
    assert str(elsewhere.exception) == (
        f"nobody here vouches for the key {key} of shop_1; ask shop_1 for its key and give it with --key"
    )
    assert run(app, ["report", "verify", str(folder), "--home", str(tmp_path), "--key", key]).exit_code == 0


def test_what_could_not_be_sent_is_seen(after: Network) -> None:
    """In the summary of the round, and by `decai report sent` with its words and exit code 1."""
    settle(after, "send:\n  - {name: disk, kind: folder, url: /nowhere}\n", ("shop_0",))
    _, entries = hand_over(partner_context(after, "shop_0"), NIGHT)
    assert [(entry.target, entry.status, entry.code) for entry in entries] == [("disk", "owed", "send_misdescribed")]
    shown = next(row for row in summarise(after, NIGHT)["partners"] if row["partner"] == "shop_0")
    assert shown["sent"] == [{"target": "disk", "kind": "folder", "status": "owed", "attempts": 1, "code": "send_misdescribed"}]
    done = CliRunner().invoke(app, ["report", "sent", "--partner", "shop_0", "--home", str(after.home)])
    assert done.exit_code == 1
    assert "1 try  send_misdescribed: disk: /nowhere is in none of the source_folders" in done.output


@pytest.mark.parametrize("count", [4, 5])
def test_figures_are_given_by_those_who_said_so(after: Network, count: int) -> None:
    """The report says that they left; quartiles of five are published to the next round, of four nothing is."""
    chosen = after.partners[:count]
    settle(after, "compare: true\n", chosen)
    done = {partner: hand_over(partner_context(after, partner), NIGHT)[0] for partner in after.partners}
    given = [partner for partner in after.partners if inbox(after).exists(f"{partner}/{NIGHT.id}/figures.json")]
    assert given == list(chosen)
    assert set(message(inbox(after), f"{chosen[0]}/{NIGHT.id}/figures.json")) == {"fill_rate", "wape"}
    told = [left["what"] for left in done[chosen[0]].json("report.json")["what_left"]]
    assert "service and forecast error of this report, two numbers" in told
    assert compared(after) == ({"fill_rate": 5, "wape": 5} if count == 5 else {})


def test_a_figure_that_is_none_stops_nobodys_night(after: Network) -> None:
    """What a company gives instead of a number is left out of the quartiles of the others."""
    settle(after, "compare: true\n")
    for partner in after.partners:
        hand_over(partner_context(after, partner), NIGHT)
    inbox(after).write_json(f"shop_9/{NIGHT.id}/figures.json", {"fill_rate": "all of it", "wape": float("nan")})
    assert compared(after) == {"fill_rate": 5, "wape": 5}


def test_settings_that_cannot_be_read_stop_only_their_own_report(after: Network) -> None:
    """A night in one process goes on with the next company, and says what is wrong with the first."""
    settle(after, "send: everywhere\n", ("shop_0",))
    said: list[str] = []
    assert run_round(after, NIGHT, said.append).status is ClosingStatus.CLOSED
    first, *others = [line for line in said if line.startswith("report ")]
    assert first.startswith("report shop_0: config: ")
    assert "send must be a list, not 'everywhere'; write [everywhere]" in first
    assert [Path(line.partition(": ")[2]).name for line in others] == ["report.html"] * 4
