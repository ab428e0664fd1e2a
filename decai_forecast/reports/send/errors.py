"""What can keep a report from its target. The ``code`` is shown on the run's page; the message stays with the participant.

::

    SendError
     +-- Unreachable    send_unreachable   nobody answers, or answers that it cannot now: tried again at once, and every night
     +-- Rejected       send_rejected      the target knows us not, or does not take this: tried again the next night
     +-- Misdescribed   send_misdescribed  report.yaml or the connection cannot be followed: tried again the next night
"""

from __future__ import annotations

from decai_forecast.errors import DecaiError

__all__ = ["Misdescribed", "Rejected", "SendError", "Unreachable"]


class SendError(DecaiError):
    """A report did not reach its target."""

    code = "send"


class Unreachable(SendError):
    """Nobody answers, or not now."""

    code = "send_unreachable"


class Rejected(SendError):
    """The target does not take it from us."""

    code = "send_rejected"


class Misdescribed(SendError):
    """What the settings or the connection say cannot be followed."""

    code = "send_misdescribed"
