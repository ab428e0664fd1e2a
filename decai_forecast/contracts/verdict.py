"""What a check may say of one rule and of a whole delivery.

Members are texts: files, reports and JSON hold the plain word.
"""

from __future__ import annotations

from enum import StrEnum

__all__ = ["RuleOutcome", "Verdict"]


class RuleOutcome(StrEnum):
    """What became of one rule."""

    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"  # there was nothing to test it against; no verdict depends on it
    NOT_CHECKED = "not_checked"  # the rule, or what it refers to, could not be read or run


class Verdict(StrEnum):
    """What became of one data set in one round."""

    ACCEPTED = "accepted"
    ACCEPTED_IN_PART = "accepted_in_part"  # some rows are in quarantine
    REFUSED = "refused"
    NOT_CHECKED = "not_checked"  # we could not check it; this says nothing about the data
    ABSENT = "absent"  # nothing came; no check says this, only the history of rounds

    @property
    def counts(self) -> bool:
        """Whether the rows are used: the delivery counts for the quorum and enters the forecast."""
        return self in (Verdict.ACCEPTED, Verdict.ACCEPTED_IN_PART)

    @property
    def words(self) -> str:
        """``accepted_in_part`` -> ``accepted in part``."""
        return self.value.replace("_", " ")
