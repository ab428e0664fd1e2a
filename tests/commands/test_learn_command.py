"""`decai learn`: what a company's records tell of its ordering, as text and as JSON; nothing is written."""

from __future__ import annotations

from typing import Any

from answers import as_json, decai, refusal
from support import own

from decai_forecast.network import Network


def test_the_text_says_what_the_json_holds(finished: Network) -> None:
    """One line for the ordering, the customers, the shipments, and each kind of simulated customers."""
    learn = ("learn", "--partner", "shop_0", "--home", finished.home)
    told: dict[str, Any] = as_json(*learn)
    assert (told["partner"], told["round"]) == ("shop_0", "2026-06-29")
    unknown = "no period of which demand, stock and orders (receipts or open orders with ordered_on) are known: base stock"
    behaviour = {name: told["behaviour"][name] for name in ("name", "reason", "orders", "error", "explained", "tried")}
    assert behaviour == {
        "name": "base stock", "reason": unknown, "orders": 0, "error": None, "explained": None, "tried": [],
    }  # fmt: skip
    assert told["carriers"] == {"lanes": 0, "with_states": 0}
    assert [one["agents"] for one in told["experience"]] == ["rational", "adaptive"]
    tried = [
        f"simulated disruptions, {one['agents']} customers: "
        f"{'would be used' if one['passed'] else 'changes nothing'}; {one['reason']}"
        for one in told["experience"]
    ]
    assert decai(*learn).splitlines() == [
        f"shop_0, round 2026-06-29: orders by base stock ({unknown})",
        "customers after an empty shelf: ask for no more than usual (0 periods after a shortage, 20 are needed)",
        "shipments: late ones come in rows on 0 of 0 lanes whose receipts say when they were ordered",
        *tried,
    ]


def test_nothing_of_the_company_changes(after: Network) -> None:
    """Not even the round that it looked at."""
    store = after.home / "stores/shop_1"
    before = {path: path.read_bytes() for path in store.rglob("*") if path.is_file()}
    decai("learn", "--partner", "shop_1", "--home", after.home, "--json")
    assert before == {path: path.read_bytes() for path in store.rglob("*") if path.is_file()}


def test_a_company_that_never_trained_is_told(founded: Network, after: Network) -> None:
    """Also one whose training is gone: the message says what to do."""
    told = "shop_0 has not trained yet; run a round first (`decai round run`)"
    assert refusal("learn", "--partner", "shop_0", "--home", founded.home) == told
    own(after, "shop_0").remove("rounds/2026-06-29/train")
    assert refusal("learn", "--partner", "shop_0", "--home", after.home) == told
