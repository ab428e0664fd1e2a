"""What a draft promises: types, key, ranges, lists, shapes, standards, the calendar; and what it tells about its guesses."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

from decai_forecast.contracts.draft import Draft, draft_from_sample, profile
from decai_forecast.errors import ConfigError

DAYS = 500
ITEMS = ("001", "002", "003")


def sales(**columns: Any) -> pd.DataFrame:
    """Three items on 500 days, 1,500 rows."""
    rows = [(date(2025, 1, 1) + timedelta(days=k), item) for item in ITEMS for k in range(DAYS)]
    frame = pd.DataFrame(rows, columns=["date", "item_id"])
    frame["quantity"] = [float(3 + k % 40) for k in range(len(frame))]
    for name, values in columns.items():
        frame[name] = [values[k % len(values)] for k in range(len(frame))]
    return frame


def drafted(
    folder: Path, frame: pd.DataFrame, *, csv: bool = False, data_set: str | None = None
) -> tuple[dict[str, Any], Draft]:
    path = folder / ("sample.csv" if csv else "sample.parquet")
    frame.to_csv(path, index=False) if csv else frame.to_parquet(path, index=False)
    draft = draft_from_sample(path, partner="acme", data_set=data_set)
    return yaml.safe_load(draft.text), draft


def column(contract: dict[str, Any], name: str) -> dict[str, Any]:
    return next(c for c in contract["schema"][0]["properties"] if c["name"] == name)


def implementations(contract: dict[str, Any]) -> list[dict[str, Any]]:
    return [rule["implementation"] for rule in contract["schema"][0]["quality"] if "implementation" in rule]


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (["1", "2"], "integer"),
        (["1.5", "2"], "number"),
        (["01067", "80331"], "string"),
        (["2026-01-31"], "date"),
        (["2026-01-31T10:00:00Z", "2026-01-31T10:00:00+02:00"], "timestamp"),
        (["true", "false"], "boolean"),
        (["1,5"], "string"),
        (["2026-02-30"], "string"),
        (["12345678901234567890"], "string"),
        (["-", "1"], "string"),
    ],
)
def test_types_in_a_text_file(tmp_path: Path, values: list[str], kind: str) -> None:
    """What would not come back as it was written stays a text."""
    contract, _ = drafted(tmp_path, sales(x=values), csv=True)
    assert column(contract, "x")["logicalType"] == kind


def test_identifiers_in_a_text_file_are_texts(tmp_path: Path) -> None:
    """Even if this sample has no leading zero; a late value decides for the whole column."""
    frame = sales(store=["12"], customer_id=["77"]).astype({"item_id": str})
    contract, _ = drafted(tmp_path, frame, csv=True)
    assert [column(contract, name)["logicalType"] for name in ("location_id", "customer_id", "item_id")] == ["string"] * 3
    assert profile(tmp_path / "sample.csv").column("item_id").shortest == 3


def test_a_late_value_decides(tmp_path: Path) -> None:
    """All rows are read, not only the first."""
    rows = "".join(f"2026-01-01,{k},1,{k}\n" for k in range(60_000))
    (tmp_path / "late.csv").write_text("date,item_id,quantity,x\n" + rows + "2026-01-01,z,1,1.5\n2026-01-01,y,1,\n")
    contract = yaml.safe_load(draft_from_sample(tmp_path / "late.csv", partner="acme").text)
    assert column(contract, "x")["logicalType"] == "number"
    assert "required" not in column(contract, "x")


def test_the_usual_key_is_preferred(tmp_path: Path) -> None:
    """Also where fewer columns would do: a second location may come."""
    contract, _ = drafted(tmp_path, sales(store=["1"], row_number=list(range(1500))))
    key = sorted((c["primaryKeyPosition"], c["name"]) for c in contract["schema"][0]["properties"] if c.get("primaryKey"))
    assert key == [(1, "location_id"), (2, "item_id"), (3, "date")]


def test_a_key_grows_by_what_tells_rows_apart(tmp_path: Path) -> None:
    """Sales per channel."""
    frame = pd.concat([sales(channel=["web"]), sales(channel=["shop"])])
    contract, draft = drafted(tmp_path, frame)
    assert {c["name"] for c in contract["schema"][0]["properties"] if c.get("primaryKey")} == {"item_id", "date", "channel"}
    assert "The key is (item_id, date, channel): no two rows of the sample agree in it." in draft.notes


def test_rows_that_repeat_are_refused(tmp_path: Path) -> None:
    """With their number and what to do."""
    frame = pd.concat([sales(), sales().head(7)])
    with pytest.raises(ConfigError) as error:
        drafted(tmp_path, frame)
    assert str(error.value) == (
        f"{tmp_path / 'sample.parquet'}: (item_id, date) repeats in 7 of 1,507 rows, and no other column tells them apart; "
        "add up the repeated rows, or add the column that tells them apart (an order number, a location)"
    )


def test_ranges_are_generous(tmp_path: Path) -> None:
    """Nothing is negative, and ten times the largest value still passes; what is negative somewhere gets no range."""
    contract, draft = drafted(tmp_path, sales(price=[1.99, 4.2], temperature=[3, 20]))
    assert column(contract, "quantity")["logicalTypeOptions"] == {"minimum": 0, "maximum": 500}
    assert column(contract, "price")["logicalTypeOptions"] == {"minimum": 0, "maximum": 50}
    assert "logicalTypeOptions" not in column(contract, "temperature")
    assert "quantity may be at most 500: a guess: ten times the largest value of the sample, rounded up." in draft.notes
    contract, draft = drafted(tmp_path, sales().assign(quantity=[-1.0] + [5.0] * 1499))
    assert "logicalTypeOptions" not in column(contract, "quantity")
    assert "quantity is negative in places (smallest -1): are these returns or corrections?" in draft.notes


def test_a_list_of_values_needs_few_values_in_many_rows(tmp_path: Path) -> None:
    """Regions are listed, names of people and identifiers are not, nor anything in a small sample."""
    names = [f"name {k}" for k in range(30)]
    contract, _ = drafted(tmp_path, sales(region=["Nord", "Süd"], clerk=names, customer_id=["a", "b"]))
    assert column(contract, "region")["enum"] == [{"value": "Nord"}, {"value": "Süd"}]
    assert "enum" not in column(contract, "clerk")
    assert "enum" not in column(contract, "customer_id")
    contract, _ = drafted(tmp_path, sales(region=["Nord", "Süd"]).head(400))
    assert "enum" not in column(contract, "region")


def test_codes_of_one_length(tmp_path: Path) -> None:
    """Post codes, with their leading zeros."""
    contract, _ = drafted(tmp_path, sales(plz=["01067", "80331", "10115"]))
    assert column(contract, "plz")["logicalTypeOptions"] == {"pattern": "^[0-9]{5}$"}


GTINS = [f"{body}{(10 - sum(int(d) * (1, 3)[k % 2] for k, d in enumerate(body)) % 10) % 10}"
         for body in (f"40063813{k:04}" for k in range(60))]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "values", "found"),
    [
        ("whatever", GTINS, "gtin"),
        ("ean", GTINS[:2], "gtin"),
        ("location_gln", GTINS, "gln"),
        ("money", ["EUR", "CHF"], "currency"),
        ("me", ["XCS", "KGM"], "unit"),
        ("land", ["DE", "FR"], "country"),
        ("codes", ["DE", "FR"], None),
        ("country", ["DE", "FR"], "country"),
        ("ean", [*GTINS[:20], "4006381300002"], None),
        ("words", ["ALL", "TOP", "CUP"], None),
    ],
)
def test_standards_are_found_by_value(tmp_path: Path, name: str, values: list[str], found: str | None) -> None:
    """Where the name says so, or the values leave no doubt; one wrong check digit is a doubt."""
    contract, _ = drafted(tmp_path, sales(**{name: values}))
    standards = [given["is"] for given in implementations(contract) if given["rule"] == "standard"]
    assert standards == ([found] if found else [])


def test_no_gap_is_promised_where_there_is_none(tmp_path: Path) -> None:
    """For each item, for all together, or not at all; and zeros that are written down mean that gaps are unknown."""
    contract, draft = drafted(tmp_path, sales(quantity=[0.0, 3.0]))
    calendar = [given for given in implementations(contract) if given["rule"] == "calendar"]
    assert calendar == [{"rule": "calendar", "column": "date", "every": "D", "by": ["item_id"]}]
    assert "missingPeriods, value: unknown" in draft.text
    contract, _ = drafted(tmp_path, sales().drop(index=7))
    calendar = [given for given in implementations(contract) if given["rule"] == "calendar"]
    assert calendar == [{"rule": "calendar", "column": "date", "every": "D"}]
    contract, draft = drafted(tmp_path, sales()[lambda f: f["date"] != date(2025, 3, 1)])
    assert [given for given in implementations(contract) if given["rule"] == "calendar"] == []
    assert "missingPeriods, value: zero" in draft.text


def test_a_weekly_rhythm(tmp_path: Path) -> None:
    """Service levels follow it."""
    frame = sales()
    contract, draft = drafted(tmp_path, frame[[day.weekday() == 0 for day in frame["date"]]])
    levels = {item["property"]: (item["value"], item.get("unit")) for item in contract["slaProperties"]}
    assert (levels["frequency"], levels["latency"]) == ((1, "w"), (21, "d"))
    assert "There is one period every week; the newest may be 21 days old at the cut-off." in draft.notes


def test_a_unit_that_slipped_in_the_sample_is_not_promised(tmp_path: Path) -> None:
    """The last four weeks of one item in cases of twelve."""
    steady, slipped = (sales(quantity=[20.0, 22.0, 21.0]) for _ in range(2))
    recent = (slipped["item_id"] == "001") & (slipped["date"] > slipped["date"].max() - timedelta(days=28))
    slipped.loc[recent, "quantity"] /= 12
    kinds = [[given["rule"] for given in implementations(drafted(tmp_path, frame)[0])] for frame in (steady, slipped)]
    assert ["unit_slip" in found for found in kinds] == [True, False]


def test_columns_are_compared_where_the_comparison_holds(tmp_path: Path) -> None:
    """Reserved stock, available stock, dates of orders."""
    stock = sales().rename(columns={"quantity": "on_hand"}).assign(reserved=1.0)
    contract, _ = drafted(tmp_path, stock.assign(available=stock["on_hand"] - 1))
    assert {"rule": "compare", "left": "reserved", "operator": "<=", "right": "on_hand"} in implementations(contract)
    assert [given["closing"] for given in implementations(contract) if given["rule"] == "balance"] == ["available"]
    contract, _ = drafted(tmp_path, stock.assign(reserved=4.0))
    assert [given for given in implementations(contract) if given["rule"] == "compare"] == []


def test_receipts_are_fresh_by_their_receipt(tmp_path: Path) -> None:
    """Orders that are still to come in have their days in the future, so nothing is promised about the newest."""
    frame = sales().rename(columns={"date": "received_on"}).assign(order_id=[f"o{k}" for k in range(1500)])
    contract, draft = drafted(tmp_path, frame)
    assert draft.data_set == "receipts"
    assert [i["element"] for i in contract["slaProperties"] if i["property"] == "latency"] == ["receipts.received_on"]
    contract, draft = drafted(tmp_path, frame.rename(columns={"received_on": "expected_on"}))
    assert draft.data_set == "open_orders"
    assert "latency" not in {i["property"] for i in contract["slaProperties"]}


def test_guesses_are_told(tmp_path: Path) -> None:
    """In plain words, the riskiest first."""
    frame = sales().rename(columns={"quantity": "Menge", "item_id": "Artikel"}).head(10)
    frame["date"] = pd.to_datetime(frame["date"])
    frame["tags"] = [["a"]] * 10
    _, draft = drafted(tmp_path, frame)
    assert draft.notes == (
        "The columns look like demand.",
        "The key is (item_id, date): no two rows of the sample agree in it.",
        "Column 'Artikel' is taken as item_id: the item, by the partner's own number.",
        "Column 'Menge' is taken as quantity: how many, in the item's unit.",
        "Column 'tags' is left out: a contract cannot promise values of type VARCHAR[].",
        "date is stored as a time without a time zone; only its day is used.",
        "There is one period every day; the newest may be 10 days old at the cut-off.",
        "A period without a row means that nothing was sold (missingPeriods: zero). Is that so?",
        f"Deliveries are looked for where the sample is ({tmp_path / 'sample.parquet'}); "
        "servers says where they really arrive.",
        "data@acme.example is a placeholder; who shall be told of a refused delivery?",
        "Price, usage and limitations are suggestions: read them before you offer the data.",
    )


def test_what_the_user_says_is_written(tmp_path: Path) -> None:
    """Source, schedule, zone, contact; whatever characters they have."""
    path = tmp_path / "sample.parquet"
    sales().to_parquet(path, index=False)
    draft = draft_from_sample(
        path, partner="acme", source='a: "b".parquet', schedule="30 2 * * 1", time_zone="Europe/Paris", contact="#data: all",
    )  # fmt: skip
    contract = yaml.safe_load(draft.text)
    assert contract["servers"][0]["path"] == 'a: "b".parquet'
    assert contract["support"][0]["channel"] == "#data: all"
    assert contract["slaProperties"][0]["schedule"] == "30 2 * * 1"
    assert {item["property"]: item["value"] for item in contract["customProperties"]}["timeZone"] == "Europe/Paris"
