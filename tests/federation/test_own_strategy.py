"""What a company answers is for its own network.yaml to say: a coordinator that asks for more gets a code."""

from pathlib import Path
from typing import Any

import pytest
from flwr.app import ConfigRecord, Context, Message, MessageType, RecordDict
from members import SHIP, grown, members, plan

from decai_forecast.federation.client_app import app
from decai_forecast.federation.exact.records import COMPARISONS
from decai_forecast.federation.model_text import parse, sanitise
from decai_forecast.federation.plan import Plan
from decai_forecast.federation.rows import rows_of


def asked(folder: Path, which: Plan, kind: str, values: dict[str, Any], **known: Any) -> Message:
    """The reply of the first company to a message of the coordinator."""
    one = members(folder, 1)[0]
    content = RecordDict({"config": ConfigRecord({"cutoff": SHIP.isoformat()} | values)})
    message = Message(content, 1000, kind, group_id="1")
    message.metadata.__dict__.update(_run_id=1, _src_node_id=1, _message_id=message.object_id)
    config = {"partner": one.partner, "store": one.store} | known
    reply = app(message, Context(1, 1000, config, RecordDict(), which.to_config()))
    rows_of.cache_clear()
    return reply


GROW = {"boosting-round": 0, "since": 0, "starts": [1.0], "trees-0.5": b""}


def test_a_company_of_exact_trainings_does_not_tell_its_quantiles(tmp_path: Path) -> None:
    """Asked whether it is there, with bagging in the plan, it would say where the quantiles of its targets lie."""
    reply = asked(tmp_path, plan(quantiles=(0.5,)), MessageType.QUERY, {}, strategy="exact")
    assert dict(reply.content["config"]) == {"partner": "p0", "code": "other_strategy"}


@pytest.mark.parametrize("strategy", ["exact", "bagging"])
def test_a_company_of_exact_trainings_does_not_send_its_own_trees(tmp_path: Path, strategy: str) -> None:
    """Neither for a plan with bagging, nor for a message of bagging in a run that says exact."""
    reply = asked(tmp_path, plan(quantiles=(0.5,), strategy=strategy), "train.bagging", GROW, strategy="exact")
    assert reply.error.reason == "other_strategy"


def test_a_company_of_a_network_with_bagging_sends_them(tmp_path: Path) -> None:
    """It agreed to it."""
    reply = asked(tmp_path, plan(quantiles=(0.5,)), "train.bagging", GROW, strategy="bagging")
    assert set(reply.content["config"]) == {"rows", "trees-0.5"}


def test_a_company_scores_few_pairs_of_forecasters_on_the_rows_of_a_cut_off(tmp_path: Path) -> None:
    """Forecasters of a coordinator's own making, one after the other, would tell one row after the other; the same pair
    again tells nothing new."""
    which = plan(quantiles=(0.5,), strategy="exact")
    first, *others = [sanitise(parse(grown(k))).text().encode() for k in range(COMPARISONS + 2)]
    pairs = [{"champion-0.5": first, "challenger-0.5": other} for other in others]
    replies = [asked(tmp_path, which, MessageType.EVALUATE, pair) for pair in [*pairs, pairs[0]]]
    assert [reply.error.reason if reply.has_error() else "scored" for reply in replies] == [
        *["scored"] * COMPARISONS, "exact_refused", "scored",
    ]  # fmt: skip
