"""A company keeps a copy of what it told the coordinator."""

from __future__ import annotations

from pathlib import Path

import pytest
from parties import ROUND, submission

from decai_forecast.contracts import Verdict
from decai_forecast.link import State
from decai_forecast.link.messages import encoded
from decai_forecast.partner.own_submission import keep_submission, kept_submission
from decai_forecast.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path, "a")


def test_before_it_told_anything_there_is_none(store: Store) -> None:
    """None, for a round that is still under way or was never begun."""
    assert kept_submission(store, ROUND.id) is None


def test_the_copy_is_what_was_sent(store: Store) -> None:
    """Every field, and the very bytes."""
    sent = submission("a", verdicts={"demand": Verdict.ACCEPTED_IN_PART}, quarantined=3, late=True)
    keep_submission(store, sent)
    assert kept_submission(store, ROUND.id) == sent
    assert [store.read_bytes(key) for key in store.keys("rounds")] == [encoded(sent)]


def test_the_last_one_is_kept(store: Store) -> None:
    """Of its round; those of other rounds stay."""
    keep_submission(store, submission("a", round="2026-06-28"))
    keep_submission(store, submission("a", state=State.FAILED, code="source_absent", digest=""))
    keep_submission(store, submission("a"))
    assert kept_submission(store, ROUND.id) == submission("a")
    assert kept_submission(store, "2026-06-28") == submission("a", round="2026-06-28")
