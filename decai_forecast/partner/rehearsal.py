"""A company makes its night once more, from its stored delivery, in a copy of its store: the same digests must come out."""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from decai_forecast.errors import ConfigError
from decai_forecast.ledger.audit.lines import Fault
from decai_forecast.link import (
    Closing,
    CompanyLink,
    Comparison,
    Cosignature,
    Figures,
    Members,
    ModelFile,
    Progress,
    SharedModels,
    SharedRound,
    Statements,
    Submission,
)
from decai_forecast.partner.check import check
from decai_forecast.partner.combine import can_forecast, combine
from decai_forecast.partner.context import PartnerContext
from decai_forecast.partner.facts import CHECK, COMBINE, REPORT, SIMULATE, TRAIN, WATCH
from decai_forecast.partner.own_round import is_served
from decai_forecast.partner.report import write_report
from decai_forecast.partner.simulate_step import simulate
from decai_forecast.partner.train import train
from decai_forecast.partner.watch import watch
from decai_forecast.round import Round
from decai_forecast.steps import Outputs, read_outputs
from decai_forecast.store import Store, digest_bytes

if TYPE_CHECKING:
    from decai_forecast.network.proposal import Proposal

__all__ = ["STEPS", "rehearsed"]

STEPS = (CHECK, TRAIN, WATCH, COMBINE, SIMULATE, REPORT)
PARAMETERS = re.compile(
    r"\nparameters:.*?end of parameters\n", re.DOTALL
)  # of a model's text: LightGBM's settings, threads too
Shown = tuple[str, int]


def rehearsed(company: PartnerContext, round: Round) -> tuple[int, list[Fault]]:
    """How many files came out the same, and those that did not. :class:`ConfigError` for a store that is no local folder."""
    if not company.store.is_local:
        raise ConfigError(f"{company.partner}: its store is no local folder; copy it to one, and name that in network.yaml")
    with tempfile.TemporaryDirectory(prefix="decai-rehearsal-") as folder:
        copy = Path(folder) / "store"
        shutil.copytree(company.store.root, copy)
        again = replace(company, store=Store(copy, company.partner), link=_Rehearsal(company.link))
        for step in STEPS:
            again.store.remove(f"rounds/{round.id}/{step.name}")
        _run(again, round)
        return _compared(company, again, round)


def _run(company: PartnerContext, round: Round) -> None:
    check(company, round)
    train(company, round)
    watch(company, round)
    if is_served(company, round.id) and can_forecast(company, round):
        combine(company, round)
        simulate(company, round)
    write_report(company, round)


def _compared(company: PartnerContext, again: PartnerContext, round: Round) -> tuple[int, list[Fault]]:
    same, faults = 0, list[Fault]()
    for step in STEPS:
        before, after = read_outputs(company.store, round.id, step.name), read_outputs(again.store, round.id, step.name)
        for name in sorted(set(before.files if before else ()) | set(after.files if after else ())):
            if before and after and _same(before, after, name):
                same += 1
            else:
                faults.append(Fault(f"{step.name}/{name}", "rehearsal_differs", "made once more, it is another file"))
    return same, faults


def _same(before: Outputs, after: Outputs, name: str) -> bool:
    if name not in before or name not in after:
        return False
    if before.files[name].sha256 == after.files[name].sha256:
        return True
    return _plain(before.bytes(name)) == _plain(after.bytes(name))


def _plain(data: bytes) -> str:
    """The digest of a file of models without their settings, which name threads and do not change a tree."""
    try:
        value = json.loads(data)
    except ValueError:
        return digest_bytes(data)
    return digest_bytes(json.dumps(list(_without(value)), sort_keys=True).encode())


def _without(value: Any) -> Iterator[Any]:
    items = sorted(value.items()) if isinstance(value, dict) else [("", value)]
    for key, text in items:
        yield key, PARAMETERS.sub("\n", text) if isinstance(text, str) else text


class _Rehearsal(CompanyLink):
    """A link over which nothing leaves, in a round that is open once more."""

    def __init__(self, link: CompanyLink) -> None:
        self._link = link

    def shared(self, round_id: str) -> SharedRound | None:
        return self._link.shared(round_id)

    def models(self, file: ModelFile) -> SharedModels:
        return self._link.models(file)

    def comparison(self, round_id: str) -> Comparison | None:
        return self._link.comparison(round_id)

    def closing(self, round_id: str) -> Closing | None:
        return self._link.closing(round_id)

    def closed(self, round_id: str) -> bool:
        return not round_id

    def progress(self, round_id: str) -> Progress | None:
        return self._link.progress(round_id)

    def members(self) -> Members | None:
        return self._link.members()

    def proposal(self) -> Proposal | None:
        return self._link.proposal()

    def public_file(self, key: str) -> bytes | None:
        return self._link.public_file(key)

    def log_file(self, name: str) -> bytes | None:
        return self._link.log_file(name)

    def submit(self, submission: Submission) -> None:
        """Nothing leaves."""

    def give_figures(self, round_id: str, figures: Figures) -> None:
        """Nothing leaves."""

    def give_statements(self, round_id: str, statements: Statements) -> None:
        """Nothing leaves."""

    def give_cosignature(self, round_id: str, cosignature: Cosignature) -> None:
        """Nothing leaves."""
