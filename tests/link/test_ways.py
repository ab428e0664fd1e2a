"""What a company sends comes over the same, by folder and over HTTPS."""

from __future__ import annotations

from parties import ROUND, Parties, submission

from decai_forecast.contracts import Verdict
from decai_forecast.coordinator.close import close
from decai_forecast.link import CompanyLink, CoordinatorFolder, Figures, State
from decai_forecast.link.client import CompanyHttps
from decai_forecast.link.folder import CompanyFolder
from decai_forecast.link.protocol import CoordinatorLink

ENDS: tuple[type[CompanyLink], type[CompanyLink], type[CoordinatorLink]] = (CompanyFolder, CompanyHttps, CoordinatorFolder)


def test_a_submission_comes_over_as_it_was_sent(parties: Parties, company: CompanyLink) -> None:
    """All of its fields; the last one counts."""
    sent = submission("a", state=State.REFUSED, code="stale", verdicts={"demand": Verdict.REFUSED}, digest="", late=True)
    for one in (submission("a"), sent, sent):
        company.submit(one)
    assert parties.coordinator.link.submissions(ROUND.id).submissions == {"a": sent}
    assert parties.inbox.keys("a") == [f"a/{ROUND.id}/submission.json"]


def test_figures_come_over_as_they_were_given(parties: Parties, company: CompanyLink) -> None:
    """The last ones count."""
    company.give_figures(ROUND.id, Figures(0.5, 0.5))
    company.give_figures(ROUND.id, Figures(0.9))
    assert parties.coordinator.link.figures(ROUND.id) == [Figures(0.9, None)]


def test_a_company_hears_that_the_round_is_closed(parties: Parties, company: CompanyLink) -> None:
    """And how it ended."""
    company.submit(submission("a"))
    assert not company.closed(ROUND.id)
    closing = close(parties.coordinator, ROUND)
    assert company.closed(ROUND.id)
    assert company.closing(ROUND.id) == closing


def test_ends_offer_the_verbs_of_their_house_and_no_more() -> None:
    """Whatever carries the messages."""
    for end, verbs in zip(ENDS, (CompanyLink, CompanyLink, CoordinatorLink), strict=True):
        assert {name for name in dir(end) if name[0] != "_"} == {name for name in dir(verbs) if name[0] != "_"}
