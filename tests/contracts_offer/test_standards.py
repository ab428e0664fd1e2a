"""Values against the standards of the trade: SQL against the standards' own examples and a plain implementation."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from decai_forecast.contracts.standards import STANDARDS, invalid_sql

LENGTHS = {"gtin": (8, 12, 13, 14), "gln": (13,), "sscc": (18,)}
DIGITS = "0123456789"


def invalid(standard: str, values: Sequence[str | None]) -> list[bool]:
    with duckdb.connect() as con:
        con.execute("CREATE TABLE t AS SELECT unnest($1::VARCHAR[]) AS value, unnest(range(len($1))) AS n", [list(values)])
        return [row[0] for row in con.execute(f"SELECT {invalid_sql(standard, 'value')} FROM t ORDER BY n").fetchall()]


def is_valid(standard: str, value: str) -> bool:
    """GS1 General Specifications, section 7.9.1, as it is written there."""
    if len(value) not in LENGTHS[standard] or any(character not in DIGITS for character in value):
        return False
    weighted = sum(int(digit) * (3 if k % 2 else 1) for k, digit in enumerate(reversed(value[:-1]), start=1))
    return (10 - weighted % 10) % 10 == int(value[-1])


@pytest.mark.parametrize(
    ("standard", "value"),
    [
        ("gtin", "6291041500213"),  # the example of GS1's check digit calculator
        ("gtin", "4006381333931"),
        ("gtin", "04006381333931"),
        ("gtin", "036000291452"),
        ("gtin", "96385074"),
        ("gln", "6291041500213"),
        ("sscc", "106141411234567897"),
        ("currency", "EUR"),
        ("country", "FR"),
        ("unit", "KGM"),
        ("unit", "C62"),
        ("unit", "XCS"),
    ],
)
def test_published_examples_are_valid(standard: str, value: str) -> None:
    """Every standard's own words pass, and so does nothing at all (NULL)."""
    assert invalid(standard, [value, None]) == [False, False]


@pytest.mark.parametrize(
    ("standard", "value"),
    [
        ("gtin", "6291041500214"),  # check digit
        ("gtin", "629104150021"),  # a digit short: not a GTIN-12 by chance
        ("gtin", ""),
        ("gtin", " 6291041500213"),
        ("gtin", "6291041500213\n"),
        ("gtin", "629104150021_3"),
        ("gtin", "62910415002a3"),
        ("gtin", "６２９１０４１５００２１３"),  # full-width digits # noqa: RUF001
        ("gln", "96385074"),
        ("sscc", "106141411234567898"),
        ("currency", "eur"),
        ("currency", "XXX"),
        ("currency", "€"),
        ("country", "UK"),
        ("country", "FRA"),
        ("unit", "PCS"),
        ("unit", "KG"),
    ],
)
def test_what_only_looks_right_is_invalid(standard: str, value: str) -> None:
    """Wrong check digits, lengths, cases and everyday abbreviations."""
    assert invalid(standard, [value]) == [True]


TEXTS = st.one_of(
    st.integers(8, 18).flatmap(lambda n: st.text(DIGITS, min_size=n, max_size=n)), st.text(DIGITS + "aF_ x.-", max_size=19)
)


@pytest.mark.parametrize("standard", sorted(LENGTHS))
@given(values=st.lists(TEXTS, min_size=1, max_size=50))
def test_the_sql_is_the_standard(standard: str, values: list[str]) -> None:
    """Whatever the digits, SQL and the plain implementation say the same; one of ten last digits is right."""
    tried = [value[:-1] + digit for value in values if value for digit in DIGITS] + values
    assert invalid(standard, tried) == [not is_valid(standard, value) for value in tried]


@pytest.mark.parametrize("standard", sorted(LENGTHS))
@given(value=st.text(DIGITS, min_size=18, max_size=18), data=st.data())
def test_any_single_wrong_digit_is_found(standard: str, value: str, data: st.DataObject) -> None:
    """What the check digit is for."""
    body = value[: LENGTHS[standard][-1] - 1]
    right = next(body + digit for digit in DIGITS if is_valid(standard, body + digit))
    at = data.draw(st.integers(0, len(right) - 1))
    others = [right[:at] + digit + right[at + 1 :] for digit in DIGITS if digit != right[at]]
    assert invalid(standard, [right, *others]) == [False] + [True] * 9


def test_code_lists_are_the_standards() -> None:
    """Against the Unicode CLDR: every current legal tender and every ISO country is there, and nothing it does not know."""
    from babel import Locale
    from babel.core import get_global

    from decai_forecast.contracts.standards.validity import codes

    tender = {c for ways in get_global("territory_currencies").values() for c, _, end, legal in ways if legal and not end}
    assert tender - set(codes("currency")) - {"USN", "CHE", "CHW"} == set()
    assert set(codes("currency")) <= set(Locale("en").currencies)
    assert len(codes("country")) == 249
    assert set(codes("country")) <= set(Locale("en").territories)
    assert all(len(set(codes(name))) == len(codes(name)) for name in ("currency", "country", "unit"))


def test_numbers_are_compared_as_text() -> None:
    """An identifier that was stored as a number is judged as it would be written."""
    with duckdb.connect() as con:
        assert con.execute(f"SELECT {invalid_sql('gtin', '6291041500213::BIGINT')}").fetchall() == [(False,)]


def test_an_unknown_standard_is_named() -> None:
    """With those there are."""
    with pytest.raises(ValueError, match="standard 'isbn' is not known; use one of gtin, gln, sscc, currency, country, unit"):
        invalid_sql("isbn", "x")
    assert len(STANDARDS) == 6
