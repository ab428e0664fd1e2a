"""A hostile coordinator over the real transport: its own SuperLink, its own messages, a company's real SuperNode and executor.

It asks a dozen things that are not the company's, and tries a dozen ways to make something leave. What came back is all that
the SuperLink has of the company: replies, its database, its log.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from flwr.serverapp import Grid
from members import SHIP, grown, member, plan, rows
from superlinks import Companies, companies
from test_questions import TWELVE

from decai_forecast.federation import Plan
from decai_forecast.federation.ask import ask, gather
from decai_forecast.federation.exact.node import Call
from decai_forecast.federation.gate.questions import Terms
from decai_forecast.federation.preflight import agreed_by
from decai_forecast.federation.superlink import flower
from decai_forecast.federation.superlink.flower import started_run
from decai_forecast.identity import KEY_FILE, Identity
from decai_forecast.network import Network
from decai_forecast.store import Store
from decai_forecast.strategies import all_strategies

pytestmark = pytest.mark.long
STRATEGIES = [one.name for one in all_strategies()]
CODE = re.compile(r"[a-z0-9_]{1,60}")
PLANTED = 987.654_321  # a feature's value of one row; no other has it, and no sum of others
ALLOWED = {"partner", "rows", "key", "schema", "agreed", "release", "starts", "code"}  # of a company that describes itself


def planted() -> pd.DataFrame:
    frame = rows(size=300)
    frame.loc[7, "a"] = np.float32(PLANTED)
    frame.loc[7, "target"] = np.float32(4.321_987)
    return frame


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Companies]:
    """One company's node, and the SuperLink that its coordinator commands."""
    home = tmp_path_factory.mktemp("hostile")
    with companies(home, [member(home / "stores" / "CANARYPATH", "victim", {SHIP: planted()})]) as found:
        store = Store(found.members[0].store, "victim")
        store.write_bytes("CANARYFILE.parquet", b"CANARYCONTENT")
        yield found


@contextmanager
def hostile(there: Companies, which: Plan) -> Iterator[Grid]:
    """A run of our app, whose ServerApp is this test."""
    _, _, ports = there.link.facts()
    control, appio = f"127.0.0.1:{ports.control}", f"127.0.0.1:{ports.appio}"
    with started_run(control, appio, there.link.authority, there.link.secret, which.to_config()) as grid:
        gather(grid, there.link.nodes(), 120.0)
        yield grid


def answer(grid: Grid, kind: str, values: Mapping[str, Any], seconds: float = 120.0) -> str | dict[str, Any]:
    """A code, or what the company gave."""
    [reply] = ask(grid, grid.get_node_ids(), kind, values, seconds, group="x").values()
    return reply.error.reason if reply.has_error() else dict(reply.content["config"])


def own_plan(there: Companies, strategy: str) -> Plan:
    """As the company's own files would have it."""
    terms, agreed = Terms.of_release(strategy), agreed_by(Network.load(there.home))
    return replace(
        plan(strategy),
        agreed=agreed,
        quantiles=terms.quantiles,
        rounds=min(2, terms.rounds),
        trees_per_round=terms.trees_per_round,
    )


def usual(which: Plan) -> dict[str, Any]:
    """What a question for trees says."""
    values: dict[str, Any] = {
        "cutoff": SHIP.isoformat(),
        "boosting-round": 0,
        "since": 0,
        "starts": [1.0] * len(which.quantiles),
    }
    return values | {f"trees-{quantile}": b"" for quantile in which.quantiles}


def call(names: tuple[str, ...], **changes: Any) -> dict[str, Any]:
    """To train exactly with colluders of the coordinator's own making."""
    keys = {name: Identity.create(name).public for name in names}
    return Call(0.5, b"s" * 32, 1, keys, names[0]).to_config() | {"cutoff": SHIP.isoformat()} | changes


def leaks(which: Plan) -> dict[str, tuple[str, dict[str, Any]]]:
    """Twelve ways to make something leave: kind of message and its values."""
    texts = {f"{role}-{q}": grown().encode() for role in ("champion", "challenger") for q in which.quantiles}
    deadly = dict.fromkeys(texts, b"tree\nTree=0\nnum_leaves=9999999\n")
    mine, ship = f"train.{which.strategy}", SHIP.isoformat()
    return {
        "another file by the cut-off": (mine, usual(which) | {"cutoff": "../../../identity/key"}),
        "a cut-off that is none": (mine, usual(which) | {"cutoff": "1999-01-01"}),
        "the text of an error": (mine, usual(which) | {"cutoff": "CANARY"}),
        "another store": (mine, usual(which) | {"store": "/etc", "partner": "mallory", "cutoff": "2001-01-01"}),
        "a kind of message that is none": ("train.dump", usual(which)),
        "a kind of message of another app": ("train", usual(which)),
        "another strategy's": ("train.bagging" if which.strategy != "bagging" else "train.median", usual(which)),
        "a training of two colluders and it": ("train.exact", call(("c0", "c1", "victim"))),
        "a training without it": ("train.exact", call(("c0", "c1", "c2"))),
        "a session of another length": ("train.exact", call(("c0", "c1", "victim"), session=b"s")),
        "a model that LightGBM would die of": ("evaluate", {"cutoff": ship} | deadly),
        "scores without end": ("evaluate", {"cutoff": ship} | texts | {f"champion-{which.quantiles[0]}": b"x" * 300_000}),
    }  # fmt: skip


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_nothing_passes(there: Companies, strategy: str) -> None:
    """Every question gets a code; and the company still answers its own coordinator's."""
    there.agree(strategy)
    right = own_plan(there, strategy)
    for name, (changes, code) in TWELVE.items():
        wrong = dict(changes)
        if name in ("more rounds", "more trees"):
            own = Terms.of_release(strategy)
            wrong = {"rounds": own.rounds + 1} if name == "more rounds" else {"trees_per_round": own.trees_per_round + 1}
        which = replace(right, **wrong)
        with hostile(there, which) as grid:
            assert answer(grid, f"train.{strategy}", usual(which)) == code, name
            assert answer(grid, "query", {"cutoff": SHIP.isoformat()}) == {"partner": "victim", "code": code}, name
    with hostile(there, right) as grid:
        for name, (kind, values) in leaks(right).items():
            given = answer(grid, kind, values)
            assert isinstance(given, str), (name, given)
            assert CODE.fullmatch(given), (name, given)
        told = answer(grid, "query", {"cutoff": SHIP.isoformat()})
    assert isinstance(told, dict)
    assert {key for key in told if not key.startswith("version-")} <= ALLOWED
    assert told["rows"] == 300


def test_another_app_is_not_answered(there: Companies, monkeypatch: pytest.MonkeyPatch) -> None:
    """An app of the coordinator's own making, with code that the company would have to run."""
    right = own_plan(there, Network.load(there.home).strategy)
    monkeypatch.setattr(flower, "PYPROJECT", flower.PYPROJECT.replace('name = "decai-forecast"', 'name = "grab"'))
    monkeypatch.setattr(flower, "CODE", b"import os\nclient = server = os.environ\n")
    with hostile(there, right) as grid:
        assert answer(grid, "query", {"cutoff": SHIP.isoformat()}) == "other_app"


def test_nothing_planted_is_anywhere_at_the_superlink(there: Companies) -> None:
    """Neither in its database nor in its log: paths, contents, keys, values, texts of errors. Runs after all that was tried."""
    store, files = Store(there.members[0].store, "victim"), there.files("victim")
    private = str(store.read_json(KEY_FILE)["private_key"])
    canaries = {
        "path": b"CANARYPATH", "file": b"CANARYFILE", "content": b"CANARYCONTENT", "home": str(there.home).encode(),
        "signing key": bytes.fromhex(private), "its digits": private.encode(),
        "node key": files.node_key.read_bytes().splitlines()[1], "its other key": files.tls_key.read_bytes().splitlines()[1],
        "value": np.float32(PLANTED).tobytes(), "value as text": b"987.65", "label": np.float32(4.321_987).tobytes(),
        "label, wide": np.float64(np.float32(4.321_987)).tobytes(), "stack": b"Traceback", "text of an error": b"No such file",
    }  # fmt: skip
    folder = there.link.folder
    seen = [path for path in (*folder.glob("state.db*"), there.home / "superlink.log") if path.exists()]
    assert any(path.stat().st_size > 10_000 for path in seen)
    data = {path: path.read_bytes() for path in seen}
    found = {
        name for name, canary in canaries.items() for path in seen if path.name.startswith("state") and canary in data[path]
    }
    assert found == set()
    assert not any(
        canary in data[there.home / "superlink.log"] for name, canary in canaries.items() if name not in ("home", "stack")
    )
