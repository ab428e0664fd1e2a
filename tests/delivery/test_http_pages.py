"""Pages of an HTTP interface: all of them, each once, whatever the server makes of the size it is asked for."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from deliveries import demand
from servers import Behind, Portal, Scripted, behind, records

from decai_forecast.contracts import Source
from decai_forecast.delivery.errors import SourceCut, SourceMisdescribed, SourceUnreadable, SourceUnsafe

Script = Callable[..., Scripted]


def api(folder: Path, url: str, form: str = "json", **own: Any) -> Behind:
    """A contract whose delivery comes from ``url``."""
    return behind(folder, Source("api", url, form, {}, own), lambda frame: None)


@pytest.mark.parametrize("style", ["offset", "page", "socrata"])
@pytest.mark.parametrize("form", ["json", "csv"])
def test_a_server_that_gives_less_than_asked_is_asked_on(tmp_path: Path, portal: Portal, style: str, form: str) -> None:
    """Fifty rows a page where the contract says a hundred: the page after the last one is empty."""
    portal.rows, portal.cap = records(demand()), 50
    there = api(tmp_path, f"{portal.url}/{form}", form, paging={"style": style, "limit": 100})
    assert there.pull()[1].rows == 200
    assert len(portal.asked) == 5


def test_a_promised_total_saves_the_last_request(tmp_path: Path, portal: Portal) -> None:
    """It stands in the answer, under the name that the contract gives."""
    portal.rows, portal.cap = records(demand()), 50
    paging = {"style": "offset", "limit": 100, "totalField": "count"}
    assert api(tmp_path, f"{portal.url}/total", paging=paging).pull()[1].rows == 200
    assert len(portal.asked) == 4


def sheet(query: dict[str, str], end: str = "\n", note: str = "") -> bytes:
    start, size = int(query.get("offset", 0)), int(query.get("limit", 200))
    rows = demand().iloc[start : start + size]
    rows = rows.assign(note=note) if note else rows
    return rows.to_csv(index=False).removesuffix("\n").encode() + end.encode()


@pytest.mark.parametrize(("end", "note"), [("\n", ""), ("", ""), ("\n", 'two\nlines, and "quotes"')])
def test_records_of_a_csv_page_are_counted_not_lines(tmp_path: Path, script: Script, end: str, note: str) -> None:
    """Without a last line break, with line breaks in quotes: each row comes once."""
    server = script(lambda query: (200, {}, sheet(query, end, note)))
    frame, found = api(tmp_path, server.url, "csv", paging={"style": "offset", "limit": 50}).pull()
    assert (found.rows, len(frame.drop_duplicates(["item_id", "date"]))) == (200, 200)
    assert [path.rpartition("=")[2] for path, _ in server.got] == ["0", "50", "100", "150", "200"]


@pytest.mark.parametrize(
    ("style", "said"),
    [
        ("offset", "(page 2) gave the rows of an earlier page again: the interface does not page by offset; see paging"),
        ("page", "(page 2) gave the rows of an earlier page again: the interface does not page by page; see paging"),
        ("socrata", "(page 2) gave the rows of an earlier page again: the interface does not page by socrata; see paging"),
        ("cursor", "(page 2) names a next page that was there already; see paging"),
        ("link", "names a next page that was there already; see paging"),
    ],
)
def test_paging_that_leads_nowhere_ends(tmp_path: Path, script: Script, style: str, said: str) -> None:
    """A server that gives the same page for ever."""
    rows = records(demand())[:70]
    body = json.dumps({"data": rows, "next": "abc"} if style == "cursor" else rows).encode()
    server = script(lambda query: (200, {"Link": "</x>; rel=next"} if style == "link" else {}, body))
    with pytest.raises(SourceUnreadable) as error:
        api(tmp_path, f"{server.url}/x", paging={"style": style, "limit": 70}).pull()
    assert str(error.value) == f"acme: demand: {server.url}/x {said}"


def test_the_size_of_all_pages_counts(tmp_path: Path, portal: Portal) -> None:
    """Twenty small pages are a large delivery."""
    portal.rows = records(demand())
    there = api(tmp_path, f"{portal.url}/x", maxBytes=2000, paging={"style": "offset", "limit": 10})
    with pytest.raises(SourceUnsafe) as error:
        there.pull()
    said = "(page 3) brings the delivery over the contract's maxBytes (2,000)"
    assert str(error.value) == f"acme: demand: {portal.url}/x {said}"


def test_fewer_rows_than_promised_are_a_cut(tmp_path: Path, script: Script, at_once: None) -> None:
    """The total tells."""
    rows = records(demand())[:50]

    def answer(query: dict[str, str]) -> tuple[int, dict[str, str], bytes]:
        return 200, {"X-Total-Count": "200"}, json.dumps(rows if query["offset"] == "0" else []).encode()

    server = script(answer)
    with pytest.raises(SourceCut) as error:
        api(tmp_path, f"{server.url}/x", paging={"style": "offset", "totalHeader": "X-Total-Count"}).pull()
    said = "(page 2) is the last one after 50 of 200 rows"
    assert str(error.value) == f"acme: demand: {server.url}/x {said}"


@pytest.mark.parametrize(
    ("paging", "said"),
    [
        ("offset", "paging 'offset' is not a mapping such as {style: offset, limit: 5000}; see servers[0]"),
        ({"style": "ofset"}, "paging style 'ofset' is not known; use none, offset, page, link, cursor, socrata"),
        ({"limt": 5}, "paging has no 'limt'; known are style, limit, limitParameter, offsetParameter, pageParameter, "
         "cursorParameter, first, rowsField, nextField, totalField, totalHeader, where"),
        ({"limit": "many"}, "limit 'many' is not a whole number above zero; see servers[0]"),
        ({"limit": 0}, "limit 0 is not a whole number above zero; see servers[0]"),
    ],
)  # fmt: skip
def test_wrong_paging_is_explained(tmp_path: Path, paging: Any, said: str) -> None:
    """Before anything is asked for."""
    with pytest.raises(SourceMisdescribed) as error:
        api(tmp_path, "http://127.0.0.1:9/x", paging=paging).pull()
    assert str(error.value) == f"acme: demand: {said}"


def test_pages_of_two_nights_never_mix(tmp_path: Path, script: Script, at_once: None) -> None:
    """A night that died after its first page leaves nothing to the next one, whose source was corrected."""
    state: dict[str, Any] = {"rows": records(demand()), "dies": True}

    def answer(query: dict[str, str]) -> tuple[int, dict[str, str], bytes]:
        start = int(query["$offset"])
        return (503, {}, b"") if start and state["dies"] else (200, {}, json.dumps(state["rows"][start : start + 60]).encode())

    there = api(tmp_path, f"{script(answer).url}/x", paging={"style": "socrata", "limit": 60})
    with pytest.raises(Exception, match="answered 503"):
        there.pull(as_of=demand()["date"].max())
    assert [key.rpartition("/")[2] for key in there.state.keys("landing")] == ["page-000000.json", "progress.json"]
    state.update(dies=False, rows=[row | {"quantity": "999"} for row in state["rows"]])
    frame, _ = there.pull()
    assert (frame["quantity"] == 999).all()
    assert there.state.keys("landing") == []


@pytest.mark.parametrize("wrong", [b"a,b\n1,2\n", demand().assign(item_id="K\u00e4se").to_csv(index=False).encode("cp1252")])
def test_what_cannot_be_read_is_fetched_anew(tmp_path: Path, script: Script, wrong: bytes) -> None:
    """Wrong columns or a wrong encoding tonight do not spoil the corrected delivery."""
    bodies = [wrong, demand().to_csv(index=False).encode()]
    there = api(tmp_path, script(lambda query: (200, {}, bodies.pop(0))).url, "csv")
    with pytest.raises(SourceUnreadable):
        there.pull()
    assert there.pull()[1].rows == 200


def test_a_page_is_named_by_its_address(tmp_path: Path, script: Script) -> None:
    """Not by the file of ours that holds it."""
    server = script(lambda query: (200, {}, b"date,item_id,date\n2026-06-01,a,b\n"))
    with pytest.raises(SourceUnreadable) as error:
        api(tmp_path, f"{server.url}/x?key=TOPSECRET", "csv").pull()
    assert str(error.value) == f"acme: demand: {server.url}/x: column 'date' stands twice in the header"


def test_a_condition_of_ones_own_is_kept_together(tmp_path: Path, portal: Portal) -> None:
    """Its OR does not open the watermark."""
    portal.rows = records(demand())
    there = api(tmp_path, f"{portal.url}/x", paging={"style": "socrata", "where": "date >= '2026-01-01'"},
                incremental={"watermark": "date"})  # fmt: skip
    there.pull()
    there.pull()
    assert portal.asked[0]["$where"] == "(date >= '2026-01-01')"
    assert portal.asked[-1]["$where"] == "(date >= '2026-01-01') AND date >= '2026-06-28'"


def test_a_page_beyond_the_end_may_hold_a_header_only(tmp_path: Path, script: Script) -> None:
    """No row at all is an empty delivery with its columns."""
    server = script(lambda query: (200, {}, b"date,item_id,quantity,price\n"))
    frame, found = api(tmp_path, server.url, "csv", paging={"style": "offset"}).pull()
    assert (found.rows, list(frame.columns)[:4]) == (0, ["item_id", "date", "quantity", "price"])
