"""Answers of a company that make no sense put it out, whatever they hold; they do not end the coordinator."""

import hashlib
from pathlib import Path
from typing import Any

import pytest
from certificates import certificate
from flwr.app import ConfigRecord, Message, MessageType, RecordDict
from members import FEATURES, SHIP, grown, members, plan
from test_own_strategy import asked
from test_training import Overheard, serve

from decai_forecast.federation.exact.certificate import subject_of
from decai_forecast.federation.exact.coordinate import _taken
from decai_forecast.federation.model_text import parse, sanitise
from decai_forecast.federation.run import InProcess
from decai_forecast.federation.state import RuntimeSetting
from decai_forecast.identity import Identity

SAID: dict[str, tuple[dict[str, Any], str]] = {
    "endless rows": ({"rows": float("inf")}, "malformed"),
    "a number for a key": ({"key": 10**9}, "malformed"),
    "a text for a code": ({"code": "/home/p1/orders.parquet <b>"}, "malformed"),
    "a code": ({"code": "not_enough_data"}, "not_enough_data"),
}


@pytest.mark.parametrize("which", SAID)
def test_who_describes_itself_with_nonsense_is_left_out(tmp_path: Path, which: str) -> None:
    """What is published of it is a code, never what it wrote."""
    said, code = SAID[which]
    asked = plan(turns=2, quantiles=(0.5,), strategy="exact")
    there = members(tmp_path, 4)
    with InProcess(there).open(asked, RuntimeSetting()):  # they learn each other's keys
        pass
    found = serve(Overheard(there, asked, spoil={1000: said}, workers=4), asked)
    assert dict(found.state["dropped"]) == {"p0": code}


TEXT = sanitise(parse(grown())).text().encode()
RIGHT = {"digest": hashlib.sha256(TEXT).digest()}
PEOPLE = [Identity.create(f"p{k}") for k in range(4)]
KEYS = {one.name: one.public for one in PEOPLE}
CERTIFICATE = certificate(PEOPLE, subject_of(SHIP, 0.5), TEXT.decode()).to_bytes()
OTHER = certificate(PEOPLE, subject_of(SHIP, 0.9), TEXT.decode()).to_bytes()
SPEAKER = RIGHT | {"model": TEXT, "certificate": CERTIFICATE}
CUT = TEXT[: len(TEXT) // 2]  # lgb.Booster aborts the interpreter on it
BAD = {"digest": hashlib.sha256(CUT).digest(), "model": CUT}
ENDED: dict[str, tuple[list[dict[str, Any] | None], dict[str, str]]] = {
    "all alike": ([SPEAKER, RIGHT, RIGHT, RIGHT], {}),
    "one says another digest": ([SPEAKER, RIGHT, RIGHT, {"digest": b"x"}], {"p3": "exact_differs"}),
    "the speaker sends another model": ([RIGHT | {"model": b"x"}, RIGHT, RIGHT, RIGHT], {"p0": "exact_differs"}),
    "no digest": ([SPEAKER, RIGHT, {}, RIGHT], {"p2": "malformed"}),
    "a number for a digest": ([SPEAKER, RIGHT, {"digest": 10**9}, RIGHT], {"p2": "malformed"}),
    "nothing": ([SPEAKER, None, RIGHT, RIGHT], {"p1": "malformed"}),
    "a malformed model that all vouch for": ([BAD, *[{"digest": BAD["digest"]}] * 3], {"p0": "model_text"}),
    "no model": ([RIGHT, RIGHT, RIGHT, RIGHT], {"p0": "malformed"}),
    "no certificate": ([RIGHT | {"model": TEXT}, RIGHT, RIGHT, RIGHT], {"p0": "exact_tampered"}),
    "a number for a certificate": ([SPEAKER | {"certificate": 10**9}, RIGHT, RIGHT, RIGHT], {"p0": "exact_tampered"}),
    "the certificate of another model": ([SPEAKER | {"certificate": OTHER}, RIGHT, RIGHT, RIGHT], {"p0": "exact_tampered"}),
}


@pytest.mark.parametrize("which", ENDED)
def test_who_ended_with_something_else_is_named(which: str) -> None:
    """It, and not who was to send the model."""
    said, blamed = ENDED[which]
    replies = {}
    for k, one in enumerate(said):
        content = RecordDict({} if one is None else {"config": ConfigRecord(one)})
        replies[f"p{k}"] = Message(content, 1000 + k, MessageType.TRAIN)
    model, found = _taken(plan(feature_names=FEATURES), SHIP, 0.5, "p0", KEYS, replies)
    assert (found, model is None) == (blamed, bool(blamed))


@pytest.mark.parametrize("role", ["champion", "challenger"])
def test_a_malformed_forecaster_is_not_loaded_to_be_scored(tmp_path: Path, role: str) -> None:
    """Sent by a coordinator: the company answers with a code, and its process lives."""
    pair = {"champion-0.5": TEXT, "challenger-0.5": TEXT} | {f"{role}-0.5": CUT}
    reply = asked(tmp_path, plan(quantiles=(0.5,)), MessageType.EVALUATE, pair)
    assert reply.error.reason == "model_text"


def test_malformed_trees_of_others_are_not_loaded_to_grow_on(tmp_path: Path) -> None:
    """Nor are those of the rounds before."""
    turn = {"boosting-round": 1, "since": 0, "starts": [1.0], "trees-0.5": CUT}
    reply = asked(tmp_path, plan(quantiles=(0.5,)), "train.bagging", turn)
    assert reply.error.reason == "model_text"
