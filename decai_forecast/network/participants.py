"""Who takes part, in which role."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Field

from decai_forecast.documents.constraints import Text
from decai_forecast.errors import ConfigError

__all__ = ["COORDINATOR", "PARTNER", "Participant", "valid_id"]

COORDINATOR: Final = "coordinator"
PARTNER: Final = "partner"
Role = Literal["partner"]  # a participant without it takes part and delivers nothing
ID = re.compile(r"[a-z0-9][a-z0-9_]{0,39}")
RULE = f"1-40 of a-z, 0-9 and _, not '{COORDINATOR}'"


def valid_id(name: str) -> str:
    """``name`` if it can be a participant's id (it becomes a folder, a DAG id and a key); else :class:`ConfigError`."""
    if not _is_id(name):
        raise ConfigError(f"{name!r} cannot be a participant's id; use {RULE}")
    return name


def _is_id(name: str) -> bool:
    return bool(ID.fullmatch(name)) and name != COORDINATOR


def _id(name: str) -> str:
    if not _is_id(name):
        raise ValueError  # the description says what is allowed
    return name


@dataclass(frozen=True)
class Participant:
    """A company in the network; a partner is one that delivers data."""

    id: Annotated[str, AfterValidator(_id), Field(description=f"1-40 of a-z, 0-9 and _ (and not the word {COORDINATOR})")]
    roles: tuple[Role, ...] = (PARTNER,)
    store: Text = ""  # fsspec address; default: stores/<id> in the network's home
