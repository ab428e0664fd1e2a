"""The network's notifier: every message lies in the coordinator's store, and a dead channel stops nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from parties import Parties

from decai_forecast.coordinator.notify import notify
from decai_forecast.network import MailChannel, WebhookChannel

WEBHOOK = WebhookChannel("webhook", url_env="HOOK")
MAIL = MailChannel("smtp", "127.0.0.1", sender="x@example.com", to=("y@example.com",), port=1)


@pytest.fixture
def receiver(webhook: tuple[str, list[dict[str, Any]]], monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What a real receiver got, whose address the environment names."""
    address, got = webhook
    monkeypatch.setenv("HOOK", address)
    return got


def kept(parties: Parties) -> list[dict[str, Any]]:
    store = parties.coordinator.store
    return [store.read_json(key) for key in store.keys("notices")]


def test_without_channels_the_message_is_kept(tmp_path: Path) -> None:
    """With its time, in UTC."""
    parties = Parties(tmp_path)
    assert notify(parties.coordinator, "subject", "text") == []
    (message,) = kept(parties)
    assert message.pop("at").endswith("+00:00")
    assert message == {"network": "n", "subject": "subject", "text": "text"}


def test_a_webhook_gets_the_message(tmp_path: Path, receiver: list[dict[str, Any]]) -> None:
    """Its address stands in the environment, not in the file."""
    assert notify(Parties(tmp_path, notify=(WEBHOOK,)).coordinator, "subject", "text") == []
    assert receiver == [{"network": "n", "subject": "subject", "text": "text"}]


def test_a_dead_channel_is_named_and_stops_nothing(tmp_path: Path, receiver: list[dict[str, Any]]) -> None:
    """A variable that is not set, a mail server that is not there: the next channel still gets the message."""
    unset = WebhookChannel("webhook", url_env="NOT_SET_ANYWHERE")
    parties = Parties(tmp_path, notify=(unset, MAIL, WEBHOOK))
    assert notify(parties.coordinator, "subject", "text") == ["webhook", "smtp"]
    assert (len(receiver), len(kept(parties))) == (1, 1)
