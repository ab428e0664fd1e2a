"""What can be wrong with a source. The ``code`` may leave the company, the message stays.

::

    DeliveryError
     +-- SourceAbsent        source_absent       nothing is there (yet): worth another try
     +-- SourceUnreachable   source_unreachable  the server does not answer: worth another try
     +-- SourceCut           source_cut          the transfer ended half-way: worth another try
     +-- SourceUnreadable    source_unreadable   not what the contract says: encoding, format, compression
     +-- SourceRefused       source_refused      the server knows us not, or may not give
     +-- SourceUnsafe        source_unsafe       a path outside, a file that explodes, a secret in the contract
     +-- SourceMisdescribed  source_misdescribed what the contract says of the source cannot be followed
     +-- SourceFailed        source_failed       anything else, ours included: worth another try
"""

from __future__ import annotations

from decai_forecast.errors import DeliveryError

__all__ = [
    "SourceAbsent", "SourceCut", "SourceFailed", "SourceMisdescribed", "SourceRefused", "SourceUnreachable",
    "SourceUnreadable", "SourceUnsafe",
]  # fmt: skip


class SourceAbsent(DeliveryError):
    """Nothing is there (yet)."""

    code = "source_absent"


class SourceUnreachable(DeliveryError):
    """The server does not answer, or not properly."""

    code = "source_unreachable"


class SourceCut(DeliveryError):
    """The transfer ended before its end."""

    code = "source_cut"


class SourceUnreadable(DeliveryError):
    """Not the format, the encoding or the compression that the contract says."""

    code = "source_unreadable"


class SourceRefused(DeliveryError):
    """No credentials, wrong ones, or no right."""

    code = "source_refused"


class SourceUnsafe(DeliveryError):
    """Refused by us: a path outside the base folder, a file that explodes, a secret written into a contract."""

    code = "source_unsafe"


class SourceMisdescribed(DeliveryError):
    """What the contract says of its source cannot be followed: paging, increments, numbers that are none."""

    code = "source_misdescribed"


class SourceFailed(DeliveryError):
    """Reading failed in a way that nobody foresaw; what happened stands in the log at level debug."""

    code = "source_failed"
