"""A rule that has nothing to be tested against is skipped and told so; one that cannot run is not checked. Neither passes."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from deliveries import contract_text, demand
from judging import Judged, own

from decai_forecast.contracts import Check, RuleResult, lint_contract
from decai_forecast.contracts.report import to_html, to_text

ITEM = '      - name: "item_id"\n'
RELATED = ((ITEM, f"{ITEM}        relationships: [{{type: foreignKey, to: items.item_id}}]\n"),)
DRIFT = own("rule: drift, column: quantity", name="moved")


def of(found: Check, rule: str) -> RuleResult:
    return next(result for result in found.results if result.rule == rule)


def parquet(folder: Path, frame: pd.DataFrame) -> Path:
    """A file that is no delivery."""
    path = folder / "other.parquet"
    frame.to_parquet(path, index=False)
    return path


UNFIT = [  # (the other data set, why it is of no use)
    (pd.DataFrame({"Artikel": ["a"]}), "the data set 'items' has no column 'item_id'; it has Artikel"),
    (pd.DataFrame({"item_id": [1]}), "item_id is VARCHAR, but items.item_id is BIGINT: one of them is text"),
]


@pytest.mark.parametrize(("items", "why"), UNFIT)
def test_a_data_set_that_does_not_fit_is_not_checked(judged: Judged, tmp_path: Path, items: pd.DataFrame, why: str) -> None:
    """A column that is not there must never be found by accident."""
    found = judged(demand(), changes=RELATED, references={"items": parquet(tmp_path, items)})
    assert (found.verdict, found.code) == ("not_checked", "rule")
    assert (of(found, "item_id.reference").outcome, of(found, "item_id.reference").note) == ("not_checked", why)


def test_a_data_set_that_is_not_there_skips_the_rule(judged: Judged) -> None:
    """No verdict depends on it, and the report says so."""
    found = judged(demand(), changes=RELATED)
    assert (found.verdict, of(found, "item_id.reference").outcome) == ("accepted", "skipped")
    why = "the data set 'items' is not there to look it up in"
    assert f"  INFO not tested: item_id.reference  ({why})\n" in to_text(found)
    assert f'skipped<br><span class="soft">{why.replace(chr(39), "&#39;")}</span>' in to_html(found)


HISTORIES = [  # (the last accepted delivery, why nothing can be compared)
    (None, "no accepted delivery to compare with yet"),
    (demand().head(50), "too few values to compare (100 new, 50 before)"),
    (demand().drop(columns="quantity"), "the last accepted delivery has no column 'quantity'; it has date, item_id, price"),
]


@pytest.mark.parametrize(("before", "why"), HISTORIES)
def test_drift_without_a_past_is_skipped(judged: Judged, tmp_path: Path, before: pd.DataFrame | None, why: str) -> None:
    """The first delivery, few values, a column that was contracted since then."""
    history = None if before is None else parquet(tmp_path, before)
    found = judged(demand(), DRIFT, history=history)
    assert (found.verdict, of(found, "moved").outcome, of(found, "moved").note) == ("accepted", "skipped", why)


def test_a_unit_slip_without_a_past_is_skipped(judged: Judged) -> None:
    """Neither an accepted delivery nor rows before the last weeks."""
    frame = demand().iloc[[*range(80, 100), *range(180, 200)]]
    found = of(judged(frame, own("rule: unit_slip, column: quantity, by: [item_id]")), "r")
    assert (found.outcome, found.note) == ("skipped", "no accepted delivery and no earlier rows to compare with yet")


def test_rules_about_a_column_that_may_stay_away_are_skipped(judged: Judged) -> None:
    """The delivery is accepted, and every such rule says why it was not tested."""
    rule = own("rule: compare, left: quantity, operator: '>', right: price")
    found = judged(demand().drop(columns="price"), rule, changes=(("required: true", "required: false"),))
    assert of(found, "r").note == "column 'price' was not delivered"


BESIDE = """schema:
  - properties: [{name: item_id}, {name: vendor}]
"""


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("itms.item_id", "a relationship points to <data set>.<column>, data set one of demand, stock, items, receipts, "
                         "open_orders, prices, locations, lanes, bill_of_materials; not 'itms.item_id'; did you mean 'items'?"),
        ("items.itemid", "items.odcs.yaml beside this file has no column 'itemid'; did you mean 'item_id'?; "
                         "there are item_id, vendor"),
    ],
)  # fmt: skip
def test_a_relationship_to_nothing_is_a_fault_of_the_contract(tmp_path: Path, target: str, said: str) -> None:
    """The partner's other contract beside this one says which columns there are."""
    (tmp_path / "items.odcs.yaml").write_text(BESIDE)
    path = tmp_path / "demand.odcs.yaml"
    related = RELATED[0][1].replace("items.item_id", target)
    path.write_text(contract_text(tmp_path).replace(ITEM, related))
    assert [problem.text for problem in lint_contract(path)] == [said]
