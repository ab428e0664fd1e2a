"""Everything that can go wrong on purpose.

::

    DecaiError
     +-- ConfigError          network.yaml, a source table or an option is wrong
     |    +-- DocumentError   a YAML or JSON file is wrong; knows file, lines and columns
     |         +-- ContractError   it is a contract
     +-- MalformedMessage     another participant sent what is no message of the agreed form
     +-- LinkError            a message is not from whom it says, or did not get through; its code says why
     +-- LedgerError          a log, a statement or a checkpoint is not what it must be; its code says why
     +-- ExchangeError        a listing, a grant or a use is refused; its code says why
     +-- StoreError           a path outside the participant's own store, or a missing object
     +-- IdentityError        a participant's key, or the key of another one that it knows, cannot be used
     +-- DeliveryError        the partner's source could not be read; its kinds are in delivery/errors.py
     +-- NotEnoughData        a partner's accepted rows do not reach for training or a forecast
     +-- ModelTextError       a model text from outside is malformed or unsafe to load
     +-- ModelFailed          a model that the company added itself gave no forecast
     +-- FederationError      the shared training could not finish
     +-- BelowQuorum          fewer partners delivered than the network needs
     +-- RoundClosed          an input arrived for a round that is already closed

``code`` is what may cross a company's border; the message may name files and rows and stays at home.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

WIDEST = 160  # characters of a line that are shown on either side of a place


class DecaiError(Exception):
    """Base class: an expected failure with a message for a person and a code for everybody else.

    ``passes``: whether it may pass by itself, so that another try is worth while wherever it came from.
    """

    code = "error"
    passes = False


class ConfigError(DecaiError):
    """A setting, a network file or an input table is wrong."""

    code = "config"


@dataclass(frozen=True, order=True)
class Problem:
    """One thing that is wrong in a file: line and column (from 1), and what to do about it."""

    line: int
    column: int
    text: str


class DocumentError(ConfigError):
    """A file cannot be used; knows every problem with its place, and shows the lines."""

    def __init__(self, path: Path | str, line: int, problem: str, *, more: Sequence[Problem] = (), source: str = "") -> None:
        self.path, self.line, self.problem = Path(path), line, problem
        self.problems = tuple(more) or (Problem(line, 1, problem),)
        lines = source.splitlines()
        super().__init__("\n".join(self._shown(item, lines) for item in self.problems))

    @classmethod
    def of(cls, path: Path, problems: Sequence[Problem], source: str) -> Self:
        """The error for all ``problems`` of the file whose text is ``source``."""
        first = min(problems)
        return cls(path, first.line, first.text, more=sorted(set(problems)), source=source)

    def _shown(self, problem: Problem, lines: Sequence[str]) -> str:
        if not 0 < problem.line <= len(lines):
            return f"{self.path}:{problem.line}: {problem.text}"
        head = f"{self.path}:{problem.line}:{problem.column}: {problem.text}"
        line, column = _window(lines[problem.line - 1].replace("\t", " "), problem.column)
        return f"{head}\n  {problem.line:>4} | {line}\n       | {' ' * (column - 1)}^"


def _window(line: str, column: int) -> tuple[str, int]:
    """The part of a long line around ``column`` (from 1), and where the column is in it."""
    end = column + WIDEST
    line = line if len(line) <= end else f"{line[:end]}..."
    cut = column - 1 - WIDEST
    return (line, column) if cut <= 0 else (f"...{line[cut:]}", column - cut + 3)


class ContractError(DocumentError):
    """A contract file cannot be used."""

    code = "contract"


class MalformedMessage(DecaiError):
    """What another participant sent is no message of the agreed form; names the sender, not what it sent."""

    code = "malformed"


class LinkError(DecaiError):
    """A message of the link is not what its place says (sender, round, kind, format), or did not get through."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code, self.passes = code, code == "link_unreachable"


class LedgerError(DecaiError):
    """A log of statements cannot be used, or does not hold: which of its files or entries, and why."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


class ExchangeError(DecaiError):
    """A listing, a grant or a use cannot be had: which term stands against it."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


class StoreError(DecaiError):
    """A path leaves the participant's own store, or an object is not there."""

    code = "store"


class IdentityError(DecaiError):
    """A participant's own key cannot be read, or another participant shows a key that is not the one pinned for it."""

    code = "identity"


class DeliveryError(DecaiError):
    """The partner's source could not be read as its contract says."""

    code = "delivery"


class NotEnoughData(DecaiError):
    """The accepted rows do not reach for training or for a forecast."""

    code = "not_enough_data"


class ModelTextError(DecaiError):
    """A model text from outside is malformed; loading it could abort the interpreter."""

    code = "model_text"


class ModelFailed(DecaiError):
    """A model that the company added itself failed, took too long or answered what is no forecast; goes on without it."""

    code = "model_failed"


class FederationError(DecaiError):
    """The shared training could not finish."""

    code = "federation"


class BelowQuorum(DecaiError):
    """Fewer partners delivered than the network needs; the last shared forecaster stays in use."""

    code = "below_quorum"


class RoundClosed(DecaiError):
    """The round is closed: this input goes to the next round."""

    code = "round_closed"
