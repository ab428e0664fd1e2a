"""What a contract says of the partner's other data sets, held against their contracts in the same folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from decai_forecast.contracts.kind import CONTRACT
from decai_forecast.contracts.model import Contract
from decai_forecast.documents.document import Document
from decai_forecast.documents.spelling import near
from decai_forecast.errors import ContractError, Problem

__all__ = ["reference_problems"]


def reference_problems(document: Document, contract: Contract) -> Iterator[Problem]:
    """Relationships to a column that the other contract has not. Where there is no such file, nothing can be said."""
    for rule in contract.rules:
        if rule.kind == "reference":
            file, column = f"{rule.arguments['data_set']}.odcs.yaml", rule.arguments["column"]
            names = _columns(document.path.with_name(file))
            if names and column not in names:
                said = f"{file} beside this file has no column {column!r}{near(column, names)}; there are {', '.join(names)}"
                yield document.problem((*rule.path, "to"), said)


def _columns(path: Path) -> list[str]:
    try:
        return [str(column["name"]) for column in Document(path, CONTRACT).value["schema"][0]["properties"]]
    except (ContractError, KeyError, TypeError, IndexError):
        return []
