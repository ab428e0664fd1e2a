"""A drafted contract keeps its word: whatever the sample, the sample itself is accepted."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from decai_forecast.contracts import check_delivery, load_contract
from decai_forecast.contracts.draft import draft_from_sample
from decai_forecast.delivery import pull

FIRST = date(2025, 1, 6)
CSV_SAFE = st.text(st.characters(categories=["L", "N", "P", "Zs"]), min_size=1, max_size=12).filter(lambda t: t == t.strip())
VALUES = {
    "float": st.floats(-1e9, 1e9).map(lambda v: round(v, 3)),
    "positive": st.floats(0, 1e6).map(lambda v: round(v, 2)),
    "integer": st.integers(-(2**40), 2**40),
    "flag": st.sampled_from([0, 1]),
    "boolean": st.booleans(),
    "text": CSV_SAFE,
    "few": st.sampled_from(["Nord", "Süd", "no", "1e3", "it's", 'a "b"', "null"]),
    "digits": st.text("0123456789", min_size=5, max_size=5),
    "gtin": st.sampled_from(["4006381333931", "6291041500213", "96385074"]),
    "currency": st.sampled_from(["EUR", "CHF"]),
    "day": st.dates(date(1900, 1, 1), date(2024, 12, 31)),
    "instant": st.datetimes(datetime(2000, 1, 1), datetime(2024, 12, 31)).map(lambda t: t.replace(microsecond=0, tzinfo=UTC)),
}
NAMES = st.sampled_from(
    [
        "price",
        "UVP",
        "promo",
        "EAN",
        "PLZ",
        "Währung",
        "ME",
        "note",
        "x y",
        "1st",
        "class",
        "Region",
        "stock",
        "updated at",
        "ß",
    ]
)


@st.composite
def frames(draw: st.DrawFn) -> pd.DataFrame:
    """Some items on some days, each at most once, with columns of any kind beside the quantity; some values are missing."""
    items = draw(st.lists(st.sampled_from(["001", "A-1", "7", "x'y", "4006381333931"]), min_size=1, max_size=3, unique=True))
    days, step = draw(st.sampled_from([1, 2, 30, 400])), draw(st.sampled_from([1, 7, 3]))
    keys = [(FIRST + timedelta(days=step * k), item) for k in range(days) for item in items]
    frame = pd.DataFrame(
        keys, columns=[draw(st.sampled_from(["date", "Datum"])), draw(st.sampled_from(["item_id", "Artikel-Nr."]))]
    )
    frame[draw(st.sampled_from(["quantity", "Menge (Stk)", "unitsSold"]))] = values(
        draw, ["float", "positive", "integer"], frame
    )
    for name in draw(st.lists(NAMES, max_size=4, unique_by=str.lower)):
        frame[name] = values(draw, sorted(VALUES), frame)
    return frame


def values(draw: st.DrawFn, kinds: list[str], frame: pd.DataFrame) -> pd.Series:
    """A handful of values of one kind, repeated over the rows; perhaps with holes."""
    pool = draw(st.lists(VALUES[draw(st.sampled_from(kinds))], min_size=1, max_size=40))
    pool = [*pool, *([None] if draw(st.booleans()) and len(pool) > 1 else [])]
    return pd.Series([pool[k % len(pool)] for k in range(len(frame))])


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(frame=frames(), ending=st.sampled_from([".parquet", ".csv", ".csv.gz"]))
def test_the_sample_is_accepted(frame: pd.DataFrame, ending: str) -> None:
    """Through the whole way of a delivery: pulled, loaded strictly, checked; not one row or rule complains."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        sample = folder / f"sample{ending}"
        frame.to_parquet(sample, index=False) if ending == ".parquet" else frame.to_csv(sample, index=False)
        draft = draft_from_sample(sample, partner="acme", data_set="demand")
        (folder / "demand.odcs.yaml").write_text(draft.text, encoding="utf-8")
        contract = load_contract(folder / "demand.odcs.yaml")
        as_of = FIRST + timedelta(days=(frame.iloc[:, 0].max() - FIRST).days + 1)
        pull(contract, folder, as_of, folder / "delivery.parquet")
        found = check_delivery(contract, folder / "delivery.parquet", as_of, folder)
        assert (found.verdict, found.broken, found.quarantined) == ("accepted", [], 0), f"{found.to_text()}\n{draft.text}"
