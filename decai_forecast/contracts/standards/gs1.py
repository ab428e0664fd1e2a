"""Check digits of GS1 identification keys as DuckDB SQL (GS1 General Specifications, section 7.9.1).

From the right, the digits before the check digit weigh 3, 1, 3, ...; with the check digit (weight 1) the sum is a multiple
of ten.
"""

from __future__ import annotations

__all__ = ["KEYS", "valid_key"]

KEYS = {"gtin": (8, 12, 13, 14), "gln": (13,), "sscc": (18,)}  # identification key -> numbers of digits
LANES = 14  # digits in one 64-bit number: one sum of seven bytes is below 255
DIGITS_ONE_WEIGHT = int("0F" * (LANES // 2), 16)  # every second digit, a byte apart


def valid_key(standard: str, text: str) -> str:
    """SQL, TRUE where the text expression ``text`` is a GS1 key: its number of digits, and a right check digit."""
    lengths = KEYS[standard]
    shape = "|".join(f"[0-9]{{{length}}}" for length in lengths)
    return f"(regexp_full_match({text}, '{shape}') AND ({_sums(text, max(lengths))}) % 10 = 0)"


def _sums(text: str, digits: int) -> str:
    """The weighted sum; a longer key in two parts, of which the right one has an even number of digits."""
    if digits <= LANES:
        return _sum(text)
    return f"{_sum(f'left({text}, {digits - LANES})')} + {_sum(f'right({text}, {LANES})')}"


def _sum(text: str) -> str:
    """The weighted sum of up to 14 digits in a handful of 64-bit operations, where 14 substrings would cost five times that.

    Read as hexadecimal, every digit has four bits of its own. Masked, two digits' worth apart, seven digits are added to
    three times the seven others, byte by byte. A number is congruent to the sum of its bytes modulo 255, and the
    largest sum is 7 * (9 + 27) = 252.
    """
    number = f"TRY_CAST('0x' || {text} AS BIGINT)"
    ones, threes = f"({number} & {DIGITS_ONE_WEIGHT})", f"(({number} >> 4) & {DIGITS_ONE_WEIGHT})"
    return f"({ones} + 3 * {threes}) % 255"
