"""Prices as whole minor units of a currency (ISO 4217), so that no cent is lost or made by rounding."""

from __future__ import annotations

from decimal import Decimal

__all__ = ["digits_of", "in_words", "minor_units", "shared_part"]

WITHOUT = frozenset(
    ["BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF"]
)
OF_THREE = frozenset(["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"])


def digits_of(currency: str) -> int:
    """How many digits of the major unit the currency has after the point: 0 for JPY, 2 for EUR, 3 for KWD."""
    return 0 if currency in WITHOUT else 3 if currency in OF_THREE else 2


def minor_units(amount: Decimal, currency: str) -> int | None:
    """``amount`` of major units in minor ones; None where it is finer than the currency.

    >>> minor_units(Decimal("12.5"), "EUR"), minor_units(Decimal("12.5"), "JPY")
    (1250, None)
    """
    scaled = amount.scaleb(digits_of(currency))
    return int(scaled) if scaled == scaled.to_integral_value() else None


def shared_part(charge: int, share: Decimal) -> int:
    """The whole minor units of ``charge`` that go to those whose data were trained on; what is left over is the owner's.

    >>> shared_part(999, Decimal("0.7"))
    699
    """
    return int(charge * share)


def in_words(minor: int, currency: str) -> str:
    """``12.50 EUR`` for 1250 minor units."""
    return f"{Decimal(minor).scaleb(-digits_of(currency)):.{digits_of(currency)}f} {currency}"
