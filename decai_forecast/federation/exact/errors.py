"""What ends an exact training. Each error has a code that may cross a company's border; its text stays at home.

::

    FederationError
     +-- ExactError
          +-- Refused     the plan, the roster, the library or the rows are not what exact training takes
          |    +-- BelowQuorum  the roster has fewer companies than this company's own quorum
          +-- Begun       this was begun with other companies; with these it would show one's share
          +-- BudgetSpent  the company's own privacy budget does not reach for another training; it sends nothing
          +-- Denied      LightGBM asked for a collective that no rule allows; nothing was sent
          +-- PeerLost    a participant went away, fell silent or gave up; nothing is trained without it
          +-- Accuses     what another company sent is why the training ends
          |    +-- Tampered  a message is not what its sender sealed, or a signature is not its owner's
          |    +-- Forged    a message is its sender's, and no company that keeps to the protocol sends it
          |    +-- Differs   participants hold different plans, bins or transcripts
          +-- NoTree      there was nothing to split; nobody is accused
          +-- Implausible  a sum over all companies that no rows can have; whose part is wrong an audit finds (audit.py)
          +-- OutOfRange  a value does not fit the agreed number format: not finite, or too large
"""

from __future__ import annotations

from decai_forecast.errors import FederationError

__all__ = [
    "Accuses",
    "Begun",
    "BelowQuorum",
    "BudgetSpent",
    "Denied",
    "Differs",
    "ExactError",
    "Forged",
    "Implausible",
    "NoTree",
    "OutOfRange",
    "PeerLost",
    "Refused",
    "Tampered",
]


class ExactError(FederationError):
    """An exact training ended before its last tree."""

    code = "exact"


class Refused(ExactError):
    """Checked before anything is sent: what was asked for is not safe or not exact."""

    code = "exact_refused"


class BelowQuorum(Refused):
    """Fewer companies than this company trains with, by its own network.yaml or its pinned keys, whatever it is told."""

    code = "exact_below_quorum"


class Begun(ExactError):
    """The same rows were summed with other companies: the difference of both sums would be one company's share."""

    code = "exact_begun"


class BudgetSpent(ExactError):
    """The private training would cost more than is left of the company's budget over all its nights."""

    code = "exact_budget"


class Denied(ExactError):
    """A collective outside the rules; the training stops and nothing of it leaves."""

    code = "exact_denied"


class PeerLost(ExactError):
    """Another participant or the relay is gone."""

    code = "exact_peer_lost"


class Accuses(ExactError):
    """What another company sent is why the training ends. Its code ends with the rank of whom it accuses, where it accuses
    one: who finds something first is not the one to be left out."""

    def __init__(self, text: str, rank: int | None = None) -> None:
        super().__init__(text)
        self.rank = rank
        if rank is not None:
            self.code = f"{type(self).code}_{rank}"


class Tampered(Accuses):
    """Authentication failed: altered, repeated, reordered or forged on its way."""

    code = "exact_tampered"


class Forged(Accuses):
    """A message that is its sender's own and that no company sends which keeps to the protocol."""

    code = "exact_forged"


class Differs(Accuses):
    """The participants do not hold the same."""

    code = "exact_differs"


class NoTree(ExactError):
    """The first tree found no split: too few rows of all together, or sums that hide what there is."""

    code = "exact_no_tree"


class Implausible(ExactError):
    """A sum over all companies that no rows can have. Under masks nobody sees whose part of it is wrong: nobody is accused."""

    code = "exact_implausible"


class OutOfRange(ExactError):
    """A number that the agreed fixed-point format cannot carry exactly."""

    code = "exact_out_of_range"
