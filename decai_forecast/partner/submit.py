"""What a partner tells the coordinator: state, verdicts, counts and a code. Never a row, a text or a path."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from decai_forecast.errors import DecaiError
from decai_forecast.network import Network
from decai_forecast.partner.check import Refused, check
from decai_forecast.partner.context import DEMAND, PartnerContext
from decai_forecast.partner.notices import tell_of_failure
from decai_forecast.partner.quality import was_late
from decai_forecast.partner.train import pull, train
from decai_forecast.partner.watch import watch
from decai_forecast.round import Round
from decai_forecast.steps import read_done
from decai_forecast.store import digest_json

__all__ = ["NEWCOMER", "Standing", "Submission", "failed", "give_up", "post", "ready", "run_delivery", "standing"]


NEWCOMER = "newcomer"  # a state


@dataclass(frozen=True)
class Submission:
    """``state``: ``ready`` (delivered and trained), ``newcomer`` (receives the shared forecaster, has no part in training it),
    ``refused`` (by its own contract) or ``failed`` (see ``code``)."""

    partner: str
    round: str
    as_of: str
    state: str
    code: str = ""
    verdicts: Mapping[str, str] = field(default_factory=dict)
    rows: int = 0
    quarantined: int = 0
    digest: str = ""  # of what was trained on, so that a changed delivery is noticed
    late: bool = False  # it came after the time that its contract promises


def ready(company: PartnerContext, round: Round) -> Submission:
    """The submission of a partner whose deliver steps are all done."""
    checked, trained = read_done(company.store, round.id, "check"), read_done(company.store, round.id, "train")
    if checked is None or trained is None:
        raise DecaiError(f"{company.partner}: round {round.id} is not trained yet")
    sets = checked.facts["data_sets"]
    state, code = (NEWCOMER, "little_history") if trained.facts.get("newcomer") else ("ready", "")
    return Submission(
        company.partner, round.id, round.as_of.isoformat(), state, code,
        verdicts={name: facts["verdict"] for name, facts in sorted(sets.items())},
        rows=sets.get(DEMAND, {}).get("rows", 0), quarantined=sets.get(DEMAND, {}).get("quarantined", 0),
        digest=digest_json(trained.inputs),
        late=was_late(company.store, round.id),
    )  # fmt: skip


def failed(company: PartnerContext, round: Round, error: BaseException) -> Submission:
    """The submission of a partner whose delivery ended in ``error``: its code, and the verdicts if there are any."""
    checked = read_done(company.store, round.id, "check")
    sets = checked.facts["data_sets"] if checked else {}
    code = error.code if isinstance(error, DecaiError) else "internal"  # libraries have codes of their own: not for outside
    state, code = ("refused", error.reason) if isinstance(error, Refused) else ("failed", code)
    return Submission(
        company.partner, round.id, round.as_of.isoformat(), state, code,
        verdicts={name: facts["verdict"] for name, facts in sorted(sets.items())},
        rows=sets.get(DEMAND, {}).get("rows", 0), quarantined=sets.get(DEMAND, {}).get("quarantined", 0),
        late=was_late(company.store, round.id),
    )  # fmt: skip


def post(network: Network, company: PartnerContext, submission: Submission) -> None:
    """Puts the submission into the coordinator's inbox, and a copy of what left into the partner's own store.

    The last one before the round closes counts.
    """
    company.store.write_json(f"rounds/{submission.round}/submission.json", asdict(submission))
    network.inbox().write_json(f"{submission.round}/{submission.partner}.json", asdict(submission))


def give_up(network: Network, company: PartnerContext, round: Round, error: BaseException) -> None:
    """No try is left: the coordinator hears the code, the partner what to mend."""
    post(network, company, failed(company, round, error))
    tell_of_failure(company, round.id, error)


def run_delivery(network: Network, company: PartnerContext, round: Round) -> Submission:
    """All deliver steps in one go; whatever happens to this partner is a submission, never the others' problem."""
    try:
        pull(company, round)
        check(company, round)
        train(company, round)
        watch(company, round)
        submission = ready(company, round)
    except Exception as error:  # any fault of one partner, ours included, must not stop the network
        give_up(network, company, round, error)
        raise
    post(network, company, submission)
    return submission


@dataclass(frozen=True)
class Standing:
    """Who has delivered, who has no part in training and why, and of whom nothing was heard."""

    ready: tuple[str, ...]
    out: Mapping[str, str]  # partner -> "state:code"
    silent: tuple[str, ...]
    submissions: Mapping[str, Mapping[str, Any]]

    @property
    def served(self) -> tuple[str, ...]:
        """Who gets a forecast: those who trained, and newcomers."""
        return (*self.ready, *(p for p, why in self.out.items() if why.startswith(f"{NEWCOMER}:")))

    @property
    def settled(self) -> bool:
        """Nothing more is to come: waiting longer cannot change the roster."""
        return not self.silent

    def missing(self) -> dict[str, str]:
        """Partner -> why it does not take part."""
        return dict(self.out) | dict.fromkeys(self.silent, "absent")


def standing(network: Network, round_id: str) -> Standing:
    """Reads the inbox of a round."""
    inbox = network.inbox()
    found = {
        partner: inbox.read_json(f"{round_id}/{partner}.json")
        for partner in network.partners
        if inbox.exists(f"{round_id}/{partner}.json")
    }
    return Standing(
        ready=tuple(p for p, s in found.items() if s["state"] == "ready"),
        out={p: f"{s['state']}:{s['code']}" for p, s in found.items() if s["state"] != "ready"},
        silent=tuple(p for p in network.partners if p not in found),
        submissions=found,
    )
