"""Another network.yaml is a proposal: shown, and used by nobody before its operator accepts it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from decai_forecast.cli import app
from decai_forecast.commands.membership import company_of
from decai_forecast.coordinator.context import coordinator_context
from decai_forecast.errors import ConfigError, DocumentError, MalformedMessage
from decai_forecast.founding import found_named
from decai_forecast.identity import Keyring, introduced
from decai_forecast.network import COORDINATOR, FILE, LinkTerms, Network, Privacy
from decai_forecast.network.common import common_part
from decai_forecast.network.network import as_written
from decai_forecast.network.proposal import Proposal, accepted, changes
from decai_forecast.partner.context import partner_context
from decai_forecast.store import Store

TWELVE = tuple(f"co{k:02d}" for k in range(12))


def decai(*arguments: object, code: int = 0, answer: str = "") -> str:
    result = CliRunner().invoke(app, [str(one) for one in arguments], catch_exceptions=False, input=answer)
    assert result.exit_code == code, result.output
    return result.output


@pytest.fixture
def own(tmp_path: Path) -> Network:
    """A company's home; its coordinator has one of its own, and both reach two folders."""
    link = LinkTerms("folder", str(tmp_path / "inbox"), str(tmp_path / "public"))
    for name in ("own", "coordinator"):
        replace(found_named(tmp_path / name, "twelve", TWELVE, "W"), link=link, source_folders=()).save()
    mine, theirs = (Network.load(tmp_path / name) for name in ("own", "coordinator"))
    introduced([Keyring(Store(mine.address("co00"), "co00")), Keyring(Store(theirs.address(COORDINATOR), COORDINATOR))])
    return mine


def of_coordinator(own: Network, **terms: object) -> Network:
    """The coordinator's own file, changed."""
    changed = replace(Network.load(own.home.parent / "coordinator"), **terms)
    changed.save()
    return changed


def test_a_proposal_changes_nothing(own: Network) -> None:
    """Not the file, and not the quorum by which the company's node answers; the round tells of it."""
    before = (own.home / FILE).read_bytes()
    there = of_coordinator(own, quorum=3)
    assert "proposed as " in decai("network", "propose", "--home", there.home)
    printed = decai("network", "diff", "--home", own.home, code=1)
    assert "  quorum: nothing here, 3 there\n" in printed
    assert (
        "  note: with as few as 3 companies in a training, in place of 8, all but two of them together learn the sum" in printed
    )
    assert (own.home / FILE).read_bytes() == before
    assert company_of(Network.load(own.home), "co00")[0].quorum == 8


def test_it_is_used_once_it_is_accepted(own: Network) -> None:
    """By a yes, or by the digest of what was seen; what is the home's own stays."""
    mine = replace(own, source_folders=("/data",), late_minutes=7.0)
    mine.save()
    there = of_coordinator(own, quorum=9, early_stopping_rounds=5)
    decai("network", "propose", "--home", there.home)
    with pytest.raises(ConfigError, match="not accepted; nothing was changed"):
        decai("network", "accept", "--home", own.home, answer="n\n")
    digest = Proposal(common_part(there)).digest
    with pytest.raises(ConfigError, match=f"the proposal is {digest}, not 0000: look at it"):
        decai("network", "accept", "--digest", "0000", "--home", own.home)
    assert Network.load(own.home) == mine
    decai("network", "accept", "--digest", digest, "--home", own.home)
    assert Network.load(own.home) == replace(mine, quorum=9, early_stopping_rounds=5)
    assert "nothing would change" in decai("network", "accept", "--home", own.home)


def test_a_file_that_was_sent_is_a_proposal_too(own: Network, tmp_path: Path) -> None:
    """Whatever it says of stores and channels is left out; one with faults is refused with its lines."""
    text = (own.home / FILE).read_text()
    changed = text.replace("horizon: 13", "horizon: 4").replace("late_minutes: 60.0", "late_minutes: 1")
    (sent := tmp_path / "sent.yaml").write_text(changed)
    assert "  horizon: 13 here, 4 there\n" in decai("network", "diff", sent, "--home", own.home, code=1)
    decai("network", "accept", sent, "--home", own.home, answer="y\n")
    after = Network.load(own.home)
    assert (after.horizon, after.late_minutes) == (4, own.late_minutes)
    sent.write_text(text.replace("horizon: 13", "horizon: -1"))
    with pytest.raises(DocumentError, match=r"sent\.yaml:\d+"):
        decai("network", "diff", sent, "--home", own.home)


def test_what_reaches_into_a_home_is_no_proposal(own: Network) -> None:
    """A coordinator that offers where files lie is not read at all."""
    link = coordinator_context(of_coordinator(own)).link
    fine = common_part(own)
    stored = (replace(fine.participants[0], store="s3://x"), *fine.participants[1:])
    for terms in (replace(fine, late_minutes=1.0), replace(fine, participants=stored)):
        link.publish_proposal(Proposal(terms))
        with pytest.raises(MalformedMessage, match=r"late_minutes is each home|a store is its company's own matter"):
            partner_context(own, "co00").link.proposal()


def test_what_to_think_about_is_told(own: Network) -> None:
    """Fewer companies, another strategy, no noise."""
    private = replace(own, privacy=Privacy(3.0, 30.0))
    lines = changes(private, Proposal(common_part(replace(own, strategy="bagging"))))
    assert [line.split(": ")[1][:22] for line in lines if line.startswith("note")] == [
        "bagging lets something", "sums would be exact, w",
    ]  # fmt: skip
    assert as_written(common_part(accepted(own, Proposal(common_part(private))))) == as_written(common_part(private))


def test_without_a_proposal_there_is_none(own: Network) -> None:
    """And the message says what else there is."""
    with pytest.raises(ConfigError, match="the coordinator proposes nothing; name a file that was sent"):
        decai("network", "diff", "--home", own.home)
