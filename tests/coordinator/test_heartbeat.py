"""A shared training that was killed is known as such: at once on the same host, else when its signs of life stop."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from parties import ROUND, Parties

from decai_forecast.coordinator import heartbeat
from decai_forecast.coordinator.close import note_of_round
from decai_forecast.coordinator.heartbeat import SIGN, SILENT, Pulse, Sign, TrainingElsewhere, beating, pulse
from decai_forecast.coordinator.roster import write_roster

KEY = f"rounds/{ROUND.id}/training.json"
TRAINING = f"""
import sys, time
from pathlib import Path
from decai_forecast.coordinator.context import coordinator_context
from decai_forecast.coordinator.heartbeat import beating
from decai_forecast.network import Network
with beating(coordinator_context(Network.load(Path(sys.argv[1]))), {ROUND.id!r}):
    print("at work", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def parties(tmp_path: Path) -> Parties:
    """Three companies are in the roster."""
    parties = Parties(tmp_path, "abc", quorum=3)
    parties.network.save()
    parties.submit("abc")
    write_roster(parties.coordinator, ROUND)
    return parties


@pytest.fixture
def training(parties: Parties) -> Iterator[subprocess.Popen[str]]:
    """Another process that trains the round."""
    command = [sys.executable, "-c", TRAINING, str(parties.network.home)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "at work\n"
    yield process
    process.kill()
    process.wait()


def signed(parties: Parties, sign: Sign) -> Pulse:
    parties.coordinator.store.write_json(KEY, SIGN.dump_python(sign, mode="json"))
    return pulse(parties.coordinator, ROUND.id)


def test_the_page_tells_the_truth_before_during_and_after(parties: Parties, training: subprocess.Popen[str]) -> None:
    """Of a training that is killed: nobody is said to train any more."""
    head = f"Round {ROUND.id} of n: "
    assert note_of_round(parties.coordinator, ROUND.id) == f"{head}3 partners train together."
    training.kill()
    training.wait()
    told = "the shared training of 3 partners was killed; it is tried again, at the latest when the round is closed."
    assert note_of_round(parties.coordinator, ROUND.id) == head + told
    with beating(parties.coordinator, ROUND.id):
        assert note_of_round(parties.coordinator, ROUND.id) == f"{head}3 partners train together."
    assert pulse(parties.coordinator, ROUND.id) is Pulse.NONE
    assert note_of_round(parties.coordinator, ROUND.id) == f"{head}3 partners are about to train together."


def test_two_do_not_train_one_round(parties: Parties, training: subprocess.Popen[str]) -> None:
    """The second hears who is at it, and may try again."""
    with pytest.raises(TrainingElsewhere, match=rf"is trained by process {training.pid} on .* just now") as caught:
        beating(parties.coordinator, ROUND.id).__enter__()
    assert caught.value.passes
    assert pulse(parties.coordinator, ROUND.id) is Pulse.WORKING


def test_of_another_host_only_the_silence_is_known(parties: Parties) -> None:
    """Its last sign counts for a while; a clock that was set back an hour does not make it immortal."""
    elsewhere = replace(Sign.now(), host="elsewhere")
    hour = timedelta(hours=1)
    assert signed(parties, elsewhere) is Pulse.WORKING
    assert signed(parties, replace(elsewhere, at=elsewhere.at - timedelta(seconds=SILENT + 1))) is Pulse.LOST
    assert signed(parties, replace(elsewhere, at=elsewhere.at + hour)) is Pulse.LOST
    with beating(parties.coordinator, ROUND.id):
        assert pulse(parties.coordinator, ROUND.id) is Pulse.WORKING


def test_signs_come_again_and_again(parties: Parties, monkeypatch: pytest.MonkeyPatch) -> None:
    """However long a training takes, and whatever the clock was set to."""
    monkeypatch.setattr(heartbeat, "BEAT", 0.05)
    with beating(parties.coordinator, ROUND.id):
        parties.coordinator.store.write_json(KEY, SIGN.dump_python(replace(Sign.now(), host="old"), mode="json"))
        end = time.monotonic() + 10
        while parties.coordinator.store.read_json(KEY)["host"] == "old":
            assert time.monotonic() < end
            time.sleep(0.02)
    assert not parties.coordinator.store.exists(KEY)
