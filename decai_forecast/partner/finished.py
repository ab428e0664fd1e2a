"""What finished steps of a company's round left for the steps after them."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from decai_forecast.errors import DecaiError
from decai_forecast.partner.context import PartnerContext
from decai_forecast.partner.facts import CheckFacts
from decai_forecast.steps import Done, Step, read_done

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["accepted_frame", "clean_file", "required_step"]

F = TypeVar("F")


def required_step(company: PartnerContext, round_id: str, step: Step[F]) -> Done[F]:
    """The finished step; :class:`DecaiError` names the one that is missing."""
    if (done := read_done(company.store, round_id, step)) is None:
        raise DecaiError(f"{company.partner}: round {round_id} has no finished step {step.name!r}; run that one first")
    return done


def clean_file(checked: Done[CheckFacts], data_set: str) -> str:
    """The name of the check's output with the accepted rows of a data set; empty where it is absent or was refused."""
    facts = checked.facts.data_sets.get(data_set)
    return f"{data_set}-clean.parquet" if facts and facts.verdict.counts else ""


def accepted_frame(checked: Done[CheckFacts], data_set: str) -> pd.DataFrame | None:
    """The accepted rows of a data set; None where it is absent or was refused."""
    name = clean_file(checked, data_set)
    return checked.frame(name) if name else None
