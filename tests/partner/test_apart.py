"""A company's whole round where the coordinator is somewhere else: what it waits for, and what a second start finds."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from support import NIGHT, inbox, own, public

from decai_forecast.coordinator.close import close
from decai_forecast.coordinator.context import coordinator_context
from decai_forecast.coordinator.federate import keep_last
from decai_forecast.errors import LinkError
from decai_forecast.identity import Keyring
from decai_forecast.link import CompanyFolder, Progress, SharedRound, State, Submission
from decai_forecast.network import Network
from decai_forecast.partner.apart import Looks, NotPublished, run_apart
from decai_forecast.partner.context import PartnerContext, partner_context
from decai_forecast.partner.own_round import is_served, round_of_company
from decai_forecast.partner.own_submission import keep_submission
from decai_forecast.round import Round

HASTY = Looks(first=0.02, longest=0.1, tell=0.2)
NAME = "shop_1"


class Training:
    """Whether the company takes part; for real in tests/federation. ``meanwhile``: what the coordinator does, a bit later."""

    def __init__(self, meanwhile: Callable[[], object] | None = None) -> None:
        self.states, self._meanwhile = list[str](), meanwhile

    @contextmanager
    def taking_part(self) -> Iterator[None]:
        self.states.append("in")
        if self._meanwhile:
            threading.Timer(0.5, self._meanwhile).start()
        yield
        self.states.append("out")


class Unreliable(CompanyFolder):
    """A link by folder that does not get through a number of ``times``, at one of its verbs."""

    def __init__(self, network: Network, verb: str, times: int, code: str = "link_unreachable") -> None:
        super().__init__(inbox(network), public(network), Keyring(own(network, NAME)), NAME)
        self.states = list[State]()
        self.verb, self.times, self.code = verb, times, code

    def submit(self, submission: Submission) -> None:
        self._try("submit")
        self.states.append(submission.state)
        super().submit(submission)

    def closed(self, round_id: str) -> bool:
        self._try("closed")
        return super().closed(round_id)

    def shared(self, round_id: str) -> SharedRound | None:
        self._try("shared")
        return super().shared(round_id)

    def progress(self, round_id: str) -> Progress | None:
        self._try("progress")
        return super().progress(round_id)

    def _try(self, verb: str) -> None:
        if verb == self.verb and self.times:
            self.times -= 1
            raise LinkError(self.code, "https://link.example.org:9096 does not answer (ConnectError)")


@pytest.fixture
def company(network: Network) -> PartnerContext:
    return partner_context(network, NAME)


@pytest.fixture
def lines() -> list[str]:
    return []


def until(seconds: float = 600.0) -> datetime:
    return datetime.now(UTC) + timedelta(seconds=seconds)


def publish_last(network: Network) -> None:
    """No training: everybody forecasts alone."""
    keep_last(coordinator_context(network), NIGHT, "below_quorum")


def report(network: Network) -> Any:
    return own(network, NAME).read_json(f"outbox/{NIGHT.id}/report.json")


def test_it_delivers_takes_part_waits_and_reports(network: Network, company: PartnerContext, lines: list[str]) -> None:
    """In this order; the training ends for it when something is published."""
    training = Training(lambda: publish_last(network))
    where = run_apart(company, NIGHT, training.taking_part(), until(), lines.append, HASTY)
    assert training.states == ["in", "out"]
    assert where == company.store.path(f"outbox/{NIGHT.id}/report.html")
    assert report(network)["roster"]["status"] == "kept"
    assert coordinator_context(network).link.submissions(NIGHT.id).submissions[NAME].state is State.READY
    assert [line.split(":")[0] for line in lines] == [f"deliver {NAME}", *[NAME] * (len(lines) - 2), f"report {NAME}"]
    assert lines[-2] == f"{NAME}: round {NIGHT.id} is published"


def test_it_says_how_far_the_training_is(network: Network, company: PartnerContext, lines: list[str]) -> None:
    """As the coordinator publishes it, and not more often than anybody reads."""
    link = coordinator_context(network).link
    line, at = "model 3 of 15: tree 2 of 100", "2026-06-29T01:00:00+00:00"
    link.publish_progress(NIGHT.id, Progress(NIGHT.as_of, 0.5, 3, 15, 2, 100, 0.1, 1, 1, at, line))
    training = Training(lambda: publish_last(network))
    run_apart(company, NIGHT, training.taking_part(), until(), lines.append, replace(HASTY, tell=100.0))
    assert lines.count(f"{NAME}: model 3 of 15: tree 2 of 100") == 1


def test_a_second_start_finds_everything(network: Network, company: PartnerContext, lines: list[str]) -> None:
    """Of a published round: it takes no part any more, and writes the same report."""
    publish_last(network)
    run_apart(company, NIGHT, Training().taking_part(), until(), lines.append, HASTY)
    before, training = report(network), Training()
    lines.clear()
    run_apart(company, NIGHT, training.taking_part(), until(), lines.append, HASTY)
    assert (training.states, report(network)) == ([], before)
    assert [line.split(":")[0] for line in lines] == [f"report {NAME}"]


def test_a_refused_delivery_gets_a_short_report(network: Network, company: PartnerContext, lines: list[str]) -> None:
    """The coordinator hears the code, the company reads what to mend."""
    path = network.home / "contracts" / NAME / "demand.odcs.yaml"
    path.write_text(path.read_text().replace("mustBeGreaterThan: 0", "mustBeGreaterThan: 1000000"))
    publish_last(network)
    run_apart(company, NIGHT, Training().taking_part(), until(), lines.append, HASTY)
    assert lines[0] == f"deliver {NAME}: refused: REFUSED  contract {NAME}-demand 1.0.0  680 rows"
    assert coordinator_context(network).link.submissions(NIGHT.id).submissions[NAME].reason == "refused:row_count"
    assert not is_served(company, NIGHT.id)
    assert "row_count" in str(report(network)["deliveries"])


def test_a_delivery_after_the_closing_belongs_to_the_next_round(
    network: Network, company: PartnerContext, lines: list[str]
) -> None:
    """It is told so, and has a report that says what was missing."""
    close(coordinator_context(network), NIGHT)
    run_apart(company, NIGHT, Training().taking_part(), until(), lines.append, HASTY)
    assert lines[0].startswith(f"deliver {NAME}: round_closed: round {NIGHT.id} is closed")
    assert report(network)["deliveries"][0]["code"] == "round_closed"


@pytest.mark.parametrize("verb", ["submit", "closed", "shared", "progress"])
def test_a_coordinator_that_does_not_answer_is_asked_again(
    network: Network, company: PartnerContext, lines: list[str], verb: str
) -> None:
    """Whatever the company was about to do; it says so."""
    flaky = Unreliable(network, verb, 3)
    training = Training(lambda: publish_last(network))
    run_apart(replace(company, link=flaky), NIGHT, training.taking_part(), until(), lines.append, HASTY)
    assert flaky.times == 0
    assert flaky.states == [State.READY]  # a link that comes back is never told as the company's fault
    assert any("link" in line for line in lines)
    assert report(network)["roster"]["status"] == "kept"


def test_what_does_not_pass_by_itself_ends_the_round(network: Network, company: PartnerContext, lines: list[str]) -> None:
    """A certificate that does not hold, a message of somebody else: tried again it is the same."""
    for verb in ("submit", "shared"):
        flaky = Unreliable(network, verb, 1, "link_certificate")
        with pytest.raises(LinkError) as error:
            run_apart(replace(company, link=flaky), NIGHT, Training().taking_part(), until(), lines.append, HASTY)
        assert error.value.code == "link_certificate"


def test_it_does_not_wait_for_ever(network: Network, company: PartnerContext, lines: list[str]) -> None:
    """Says until when it waited, and what goes on; without anybody to hear it, too."""
    training = Training()
    keep_submission(company.store, submission())
    with pytest.raises(NotPublished, match=rf"{NAME}: nothing was published .*--partner {NAME} --round {NIGHT.id}` goes on"):
        run_apart(company, NIGHT, training.taking_part(), until(0.3), lines.append, HASTY)
    dead = Unreliable(network, "submit", 10**6)
    with pytest.raises(LinkError) as error:
        run_apart(replace(company, link=dead), NIGHT, training.taking_part(), until(-1), lines.append, HASTY)
    assert error.value.code == "link_unreachable"


def submission(**changes: Any) -> Submission:
    return replace(Submission(NAME, NIGHT.id, NIGHT.as_of, State.READY, digest="ab" * 32), **changes)


@pytest.mark.parametrize(("state", "served"), [("ready", True), ("newcomer", True), ("refused", False), ("failed", False)])
def test_who_is_served(company: PartnerContext, state: str, *, served: bool) -> None:
    """By what the company itself has told; nobody before it has told anything."""
    assert not is_served(company, NIGHT.id)
    keep_submission(company.store, submission(state=State(state), code="x"))
    assert is_served(company, NIGHT.id) is served


def test_a_rounds_data_cut_off_is_known_without_the_coordinator(network: Network, company: PartnerContext) -> None:
    """From the own submission, else from what is published, else it is the round's day."""
    assert round_of_company(company, NIGHT.id) == NIGHT
    keep_last(coordinator_context(network), Round.of(NIGHT.id, "2026-06-15"), "below_quorum")
    assert round_of_company(company, NIGHT.id).as_of == date(2026, 6, 15)
    keep_submission(company.store, submission(as_of=date(2026, 6, 22)))
    assert round_of_company(company, NIGHT.id).as_of == date(2026, 6, 22)
