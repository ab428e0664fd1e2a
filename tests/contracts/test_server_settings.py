"""What a contract says of its source is checked when the contract is, not when the source is first asked."""

from __future__ import annotations

from pathlib import Path

import pytest
from deliveries import contract_text

from decai_forecast.contracts import lint_contract
from decai_forecast.contracts.vocabulary import PAGING, PAGING_STYLES

LOCAL = (
    '    type: local\n    path: "sources/demand.parquet"  # relative to the network\'s home, or absolute\n    format: parquet\n'
)
STYLES, KEYS = ", ".join(PAGING_STYLES), ", ".join(PAGING)
OWN = [  # (property of a server of type api, its value, the message)
    ("paging", "{style: ofset}", f"style must be one of {STYLES}, not 'ofset'; did you mean 'offset'?"),
    ("paging", "{style: offset, limt: 5}", "unknown key 'limt' of paging; did you mean 'limit'?"),
    ("paging", "{style: offset, xyz: 5}", f"unknown key 'xyz' of paging; known are {KEYS}"),
    ("paging", "{style: offset, limit: viele}", "limit must be a whole number of at least 1, not 'viele'"),
    ("paging", "{style: page, first: -1}", "first must be a whole number of at least 0, not -1"),
    ("paging", "offset", "paging must be a mapping such as {style: offset, limit: 5000}, not 'offset'"),
    ("incremental", "date", "incremental must be a mapping such as {watermark: changed_at, lookback: 7 d}, not 'date'"),
    ("incremental", "{watermrk: date, watermark: date}", "unknown key 'watermrk' of incremental; did you mean 'watermark'?"),
    ("incremental", "{lookback: 7 d}", "incremental needs watermark, the delivery's column that grows with every change"),
    ("incremental", "{watermark: dat}", "watermark 'dat' is not a contracted column as the source calls it; did you mean "
                                        "'date'?; there are item_id, date, quantity, price"),
    ("incremental", "{watermark: date, lookback: 7 days}",
     "lookback must be a whole number and h, d or w, such as 7 d, not '7 days'"),
    ("incremental", "{watermark: price, lookback: 7 d}",
     "lookback needs a watermark that is a date or a timestamp; price is a number"),
    ("maxBytes", "viel", "maxBytes must be a whole number of at least 1, not 'viel'"),
    ("delimiter", "semi",
     "delimiter must be one of comma, semicolon, tab, pipe or one character, not 'semi'; did you mean 'semicolon'?"),
    ("connection", "[a]", "connection must be text, not ['a']"),
    ("pageing", "{style: page}", "unknown property 'pageing' of a server; did you mean 'paging'?"),
]  # fmt: skip


def faults(folder: Path, server: str) -> list[str]:
    """What is said of the drafted contract with another server."""
    text = contract_text(folder)
    assert LOCAL in text
    path = folder / "demand.odcs.yaml"
    path.write_text(text.replace(LOCAL, server))
    return [problem.text for problem in lint_contract(path)]


@pytest.mark.parametrize(("name", "value", "said"), OWN)
def test_a_setting_that_nobody_could_follow(tmp_path: Path, name: str, value: str, said: str) -> None:
    """The whole message, and the only one."""
    own = f"    customProperties: [{{property: {name}, value: {value}, vendor: decai}}]\n"
    assert faults(tmp_path, f"    type: api\n    location: https://h/sales\n{own}") == [said]


OUT = "leads out of the network's home; use a path below it, or an absolute one in a folder of source_folders (network.yaml)"
PLACES = [  # (type, location, the message)
    ("local", "../../etc/passwd", f"../../etc/passwd {OUT}"),
    ("local", "sources/../../x.parquet", f"sources/../../x.parquet {OUT}"),
    ("local", "s3://bucket/x.parquet", "'s3://bucket/x.parquet' is not a path; use one below the network's home"),
    ("s3", "bucket/x.parquet", "the location of a server of type s3 begins with s3:// or s3a://, not 'bucket/x.parquet'"),
    ("api", "ftp://h/x.json", "the location of a server of type api begins with http:// or https://, not 'ftp://h/x.json'"),
    ("gcs", "gs://b/x.parquet", "server type 'gcs' is not supported; use one of local, s3, sftp, azure, postgres, postgresql, "
     "api, custom (custom for any other store or database)"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "location", "said"), PLACES)
def test_a_place_that_would_not_be_read(tmp_path: Path, kind: str, location: str, said: str) -> None:
    """Out of the network's home, of another kind, or of a kind we do not know."""
    key = "path" if kind == "local" else "location"
    assert said in faults(tmp_path, f"    type: {kind}\n    {key}: {location}\n    format: parquet\n")


def test_an_encoding_that_is_none(tmp_path: Path) -> None:
    """Told before a byte is decoded."""
    said = "encoding 'cp12525' is not known; use UTF-8, cp1252, latin-1, ..."
    assert faults(tmp_path, f"{LOCAL}    encoding: cp12525\n") == [said]
