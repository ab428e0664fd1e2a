"""The copy, in a company's own store, of what it told the coordinator of a round."""

from __future__ import annotations

from pydantic import TypeAdapter

from decai_forecast.link import Submission
from decai_forecast.link.messages import encoded
from decai_forecast.store import Store

__all__ = ["keep_submission", "kept_submission"]

SUBMISSION = TypeAdapter(Submission)


def keep_submission(store: Store, submission: Submission) -> None:
    """Keeps the copy, in place of an earlier one of the round."""
    store.write_bytes(_key(submission.round), encoded(submission))


def kept_submission(store: Store, round_id: str) -> Submission | None:
    """What the company last told of the round; None if nothing."""
    return SUBMISSION.validate_python(store.read_json(_key(round_id))) if store.exists(_key(round_id)) else None


def _key(round_id: str) -> str:
    return f"rounds/{round_id}/submission.json"
