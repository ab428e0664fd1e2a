"""What ends an exact training. Each error has a code that may cross a company's border; its text stays at home.

::

    FederationError
     +-- ExactError
          +-- Refused     the plan, the roster, the library or the rows are not what exact training takes
          +-- Begun       this was begun with other companies; with these it would show one's share
          +-- BudgetSpent  the company's own privacy budget does not reach for another training; it sends nothing
          +-- Denied      LightGBM asked for a collective that no rule allows; nothing was sent
          +-- PeerLost    a participant went away, fell silent or gave up; nothing is trained without it
          +-- Tampered    a message is not what its sender sealed, or a signature is not its owner's
          +-- Differs     participants hold different plans, bins or transcripts
          +-- OutOfRange  a value does not fit the agreed number format: not finite, or too large
"""

from __future__ import annotations

from decai_forecast.errors import FederationError

__all__ = ["Begun", "BudgetSpent", "Denied", "Differs", "ExactError", "OutOfRange", "PeerLost", "Refused", "Tampered"]


class ExactError(FederationError):
    """An exact training ended before its last tree."""

    code = "exact"


class Refused(ExactError):
    """Checked before anything is sent: what was asked for is not safe or not exact."""

    code = "exact_refused"


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


class Tampered(ExactError):
    """Authentication failed: altered, repeated, reordered or forged on its way."""

    code = "exact_tampered"


class Differs(ExactError):
    """The participants do not hold the same."""

    code = "exact_differs"


class OutOfRange(ExactError):
    """A number that the agreed fixed-point format cannot carry exactly."""

    code = "exact_out_of_range"
