"""What a company tells the coordinator of its delivery, and the whole delivery in one go."""

from __future__ import annotations

from decai_forecast.contracts import Verdict
from decai_forecast.errors import DecaiError, LinkError
from decai_forecast.link import State, Submission
from decai_forecast.partner.check import Refused, check
from decai_forecast.partner.context import DEMAND, PartnerContext
from decai_forecast.partner.expiry import tell_of_expiry
from decai_forecast.partner.facts import CHECK, TRAIN, CheckFacts, DataSetFacts
from decai_forecast.partner.finished import required_step
from decai_forecast.partner.notices import tell_of_failure
from decai_forecast.partner.own_submission import keep_submission
from decai_forecast.partner.pull import pull
from decai_forecast.partner.quality import was_late
from decai_forecast.partner.statements import record
from decai_forecast.partner.train import train
from decai_forecast.partner.watch import watch
from decai_forecast.round import Round
from decai_forecast.steps import read_done
from decai_forecast.store import digest_json

__all__ = ["deliver", "failed", "give_up", "ready", "submit"]

NOTHING = DataSetFacts(Verdict.ABSENT, 0, 0, "")


def ready(company: PartnerContext, round: Round) -> Submission:
    """The submission of a company whose deliver steps are all done."""
    checked, trained = required_step(company, round.id, CHECK), required_step(company, round.id, TRAIN)
    state, code = (State.NEWCOMER, "little_history") if trained.facts.newcomer else (State.READY, "")
    return _submission(company, round, state, code, checked.facts, digest_json(trained.inputs))


def failed(company: PartnerContext, round: Round, error: BaseException) -> Submission:
    """The submission of a company whose delivery ended in ``error``: its code, and the verdicts if there are any."""
    checked = read_done(company.store, round.id, CHECK)
    code = error.code if isinstance(error, DecaiError) else "internal"  # libraries have codes of their own: not for outside
    state, code = (State.REFUSED, error.reason) if isinstance(error, Refused) else (State.FAILED, code)
    return _submission(company, round, state, code, checked.facts if checked else CheckFacts({}))


def _submission(
    company: PartnerContext, round: Round, state: State, code: str, checked: CheckFacts, digest: str = ""
) -> Submission:
    demand = checked.data_sets.get(DEMAND, NOTHING)
    verdicts = {name: facts.verdict for name, facts in sorted(checked.data_sets.items())}
    late = was_late(company.store, round.id)
    return Submission(
        company.partner, round.id, round.as_of, state, code, verdicts, demand.rows, demand.quarantined, digest, late
    )


def submit(company: PartnerContext, submission: Submission) -> None:
    """Sends the submission to the coordinator, and keeps a copy of what left in the company's own store."""
    keep_submission(company.store, submission)
    company.link.submit(submission)
    record(company, Round.of(submission.round, submission.as_of))


def give_up(company: PartnerContext, round: Round, error: BaseException) -> None:
    """No try is left: the coordinator hears the code, the company what to mend."""
    submit(company, failed(company, round, error))
    tell_of_failure(company.store, company.contract_files, company.partner, round.id, error)


def deliver(company: PartnerContext, round: Round) -> Submission:
    """All deliver steps in one go; whatever happens to this company is a submission, never the others' problem."""
    tell_of_expiry(company)
    try:
        pull(company, round)
        check(company, round)
        train(company, round)
        watch(company, round)
        submission = ready(company, round)
    except Exception as error:  # any fault of one company, ours included, must not stop the network
        if not (isinstance(error, LinkError) and error.passes):  # a link that comes back is no fault of the company's
            give_up(company, round, error)
        raise
    submit(company, submission)
    return submission
