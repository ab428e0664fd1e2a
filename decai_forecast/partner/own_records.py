"""A company's own files, against what it stated of them: only it can open its salted digests."""

from __future__ import annotations

from collections.abc import Iterator

from decai_forecast.ledger.audit.chronicle import Chronicle
from decai_forecast.ledger.audit.lines import Fault, Line, line_of
from decai_forecast.partner.context import PartnerContext
from decai_forecast.partner.rehearsal import rehearsed
from decai_forecast.partner.statements import STEPS, notebook_of
from decai_forecast.round import Round
from decai_forecast.steps import done_records, read_outputs

__all__ = ["own_records", "own_rehearsal"]


def own_records(company: PartnerContext, chronicle: Chronicle, round_id: str = "") -> Line:
    """Every step of every round that the log has of the company: its ``done.json`` is the one that was stated, and its files
    are what that names."""
    rounds = sorted(one for one, who in chronicle.digests if who == company.partner and round_id in ("", one))
    faults = [fault for one in rounds for fault in _of_round(company, chronicle, one)]
    return line_of(
        f"own {company.partner}", f"the files of {len(rounds):,} rounds in its store are those that it stated", faults
    )


def own_rehearsal(company: PartnerContext, round: Round) -> Line:
    """The night once more, from the stored delivery."""
    same, faults = rehearsed(company, round)
    text = f"round {round.id} of {company.partner}, made once more from its delivery: {same:,} files come out the same"
    return line_of("mine", text, faults)


def _of_round(company: PartnerContext, chronicle: Chronicle, round_id: str) -> Iterator[Fault]:
    stated, notebook = chronicle.digests[round_id, company.partner], notebook_of(company, round_id)
    for step in STEPS:
        place = f"rounds/{round_id}/{step.name}"
        records = done_records(company.store, round_id, step.name)
        if company.store.exists(f"{place}/done.json") and not records:
            yield Fault(place, "record_unreadable", "its done.json is damaged")
        for record in records:
            shown = {
                notebook.hide(f"step/{step.name}", record.outputs).digest,
                notebook.hidden(f"inputs/{step.name}", record.inputs),
                notebook.hidden(f"facts/{step.name}", record.facts),
            }
            if not shown <= stated:
                yield Fault(place, "record_changed", "its done.json says something else than the statement of it")
        outputs = read_outputs(company.store, round_id, step.name) if records else None
        if outputs is not None and (broken := outputs.broken()):
            yield Fault(place, "output_changed", broken)
