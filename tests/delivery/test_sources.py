"""Every source gives the same rows; what goes wrong is said, and retried where that helps."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import timedelta

import pandas as pd
import pytest
from deliveries import AS_OF, demand
from servers import Behind, Portal, records, socrata

from decai_forecast.contracts.reserved import UNREADABLE
from decai_forecast.contracts.vocabulary import SERVERS, ServerType
from decai_forecast.delivery import Connection
from decai_forecast.delivery.errors import (
    SourceAbsent,
    SourceRefused,
    SourceUnreachable,
    SourceUnreadable,
    SourceUnsafe,
)
from decai_forecast.delivery.sources import SOURCES


def test_every_source_gives_the_same_rows(source: Behind) -> None:
    """Files, object stores, databases, pages: one delivery, byte for byte."""
    frame, found = source.pull()
    expected = demand().sort_values(["item_id", "date"]).reset_index(drop=True)
    pd.testing.assert_frame_equal(frame[list(expected.columns)], expected, check_dtype=False)
    assert (found.rows, found.held_back, found.unreadable, found.newest) == (200, 0, 0, AS_OF - timedelta(days=1))
    assert source.pull()[1].digest == found.digest


def test_rows_after_the_cut_off_are_counted_and_wait(source: Behind) -> None:
    """Nothing is lost silently."""
    _, found = source.pull(as_of=AS_OF - timedelta(days=10))
    assert (found.rows, found.held_back) == (180, 20)


def test_a_value_that_cannot_be_read_is_kept(source: Behind) -> None:
    """Its column is empty, its text stands beside it; Parquet has types and no such values."""
    if source.contract.source.format == "parquet":
        pytest.skip("a typed file has no unreadable values")
    source.fill(demand().astype({"quantity": str}).replace({"quantity": {"7.0": "sieben", "9.0": "nan", "11.0": "1,5"}}))
    frame, found = source.pull()
    assert found.unreadable == 3
    bad = frame[frame["quantity"].isna()]
    assert sorted(dict(pairs)["quantity"] for pairs in bad[UNREADABLE]) == ["1,5", "nan", "sieben"]
    assert len(frame) == 200


@pytest.fixture
def api(tmp_path, request: pytest.FixtureRequest) -> Behind:
    found = socrata(tmp_path, request)
    found.fill(demand())
    return found


@pytest.mark.parametrize("faults", [["500"], ["429", "503"], ["cut"], ["torn"], ["", "cut", "500"]])
def test_a_busy_or_broken_connection_is_tried_again(api: Behind, portal: Portal, faults: list[str]) -> None:
    """Retry-After is respected; a page that came is not asked for twice."""
    portal.faults = list(faults)
    frame, _ = api.pull()
    assert len(frame) == 200
    failed = len([fault for fault in faults if fault])
    assert len(portal.asked) == 4 + failed


def test_a_source_that_stays_down_is_unreachable(api: Behind, portal: Portal, monkeypatch: pytest.MonkeyPatch) -> None:
    """After its attempts; the code may leave, nothing has landed."""
    monkeypatch.setattr("decai_forecast.delivery.sources.http._page.retry.wait", lambda state: 0.0)
    portal.faults = ["503"] * 20
    with pytest.raises(SourceUnreachable, match=r"acme: demand: http://127\.0\.0\.1:\d+/resource/x\.json answered 503"):
        api.pull()
    assert not (api.folder / "out.parquet").exists()


def test_wrong_credentials_are_not_tried_again(api: Behind, portal: Portal) -> None:
    """Once, and the answer is said."""
    portal.faults = ["401"] * 5
    with pytest.raises(SourceRefused, match="answered 401; is the connection's token right"):
        api.pull()
    assert len(portal.asked) == 1


def test_the_app_token_goes_into_the_header_only(api: Behind, portal: Portal) -> None:
    """Not into the address, not into an error."""
    api.credentials.connections["portal"] = Connection(password="tok-123")
    owned = api.own(connection="portal")
    portal.faults = ["404"]
    with pytest.raises(SourceAbsent) as error:
        owned.pull()
    assert "tok-123" not in str(error.value)
    owned.pull()
    assert {headers["X-App-Token"] for headers in portal.headers} == {"tok-123"}
    assert not any("tok-123" in str(asked) for asked in portal.asked)


def test_socrata_is_asked_for_contracted_columns_in_a_stable_order(api: Behind, portal: Portal) -> None:
    """$select, $order, $limit, $offset."""
    api.pull()
    assert portal.asked[1] == {"$select": "item_id,date,quantity,price", "$limit": "70", "$offset": "70", "$order": ":id"}


@pytest.mark.parametrize(
    ("change", "error", "said"),
    [
        ({"location": "gone.csv"}, SourceAbsent, "{folder}/gone.csv is not there; see servers[0].path in {contract}"),
        ({"location": "."}, SourceUnreadable,
         "{folder} is a folder; name a file, or a pattern such as {folder}/*.parquet"),
        ({"location": "pipe.csv"}, SourceUnreadable, "{folder}/pipe.csv is not a file but a device or a pipe; name a file"),
        ({"location": "empty.csv"}, SourceUnreadable, "{folder}/empty.csv is empty (0 bytes); was the export finished?"),
        ({"own": {"maxBytes": 100}}, SourceUnsafe,
         "{folder}/rows.csv has {size:,} bytes, more than the contract's maxBytes (100)"),
        ({"server": {"encoding": "klingon"}}, SourceUnreadable,
         "encoding 'klingon' is not known; use UTF-8, cp1252, latin-1, ..."),
        ({"type": "s3", "location": "s3://u:secret@host/x.csv"}, SourceUnsafe,
         "a password stands in the location of host; name a connection instead"),
    ],
)  # fmt: skip
def test_a_wrong_source_is_explained(tmp_path, request, change: dict, error: type, said: str) -> None:
    """The whole message: partner, data set, what is wrong and what to do; never a secret."""
    from servers import local

    there = local(tmp_path, request)
    there.fill(demand())
    (tmp_path / "empty.csv").touch()
    os.mkfifo(tmp_path / "pipe.csv")
    wrong = replace(there, contract=replace(there.contract, source=replace(there.contract.source, **change)))
    size = (tmp_path / "rows.csv").stat().st_size
    with pytest.raises(error) as raised:
        wrong.pull()
    told = said.format(folder=tmp_path, contract=there.contract.path, size=size) if "{" in said else said
    assert str(raised.value) == f"acme: demand: {told}"


def test_a_json_file_of_somebody_else_is_told(tmp_path, request) -> None:
    """Not taken for rows without values."""
    from servers import local

    there = local(tmp_path, request)
    (tmp_path / "rows.json").write_text('[{"foo": 1}, {"bar": 2}]')
    source = replace(there.contract.source, location="rows.json", format="json")
    with pytest.raises(SourceUnreadable) as raised:
        replace(there, contract=replace(there.contract, source=source)).pull()
    assert str(raised.value) == "acme: demand: none of the contracted columns is there; found bar, foo"


def test_several_files_and_dates_in_a_location(tmp_path, request) -> None:
    """A pattern is one delivery; {yyyy-MM-dd} is the last day before the cut-off."""
    from servers import local

    there = local(tmp_path, request)
    demand().iloc[:150].to_csv(tmp_path / "part-1.csv", index=False)
    demand().iloc[150:].to_csv(tmp_path / "part-2.csv", index=False)
    demand().iloc[:10].to_csv(tmp_path / "rows-2026-06-28.csv", index=False)
    for location, rows in (("part-*.csv", 200), ("rows-{yyyy-MM-dd}.csv", 10)):
        source = replace(there.contract.source, location=location)
        assert replace(there, contract=replace(there.contract, source=source)).pull()[1].rows == rows


def test_an_empty_answer_is_an_empty_delivery(api: Behind, portal: Portal) -> None:
    """For the check to refuse."""
    portal.rows = records(demand())[:0]
    assert api.pull()[1].rows == 0


def test_every_type_of_server_has_a_source() -> None:
    """What a contract may name can be fetched, and has its rules for a location."""
    assert set(SOURCES) == set(SERVERS) == set(ServerType)
