"""A company is told that its certificate ends: in its rounds, and twice through the channels of its contracts."""

from __future__ import annotations

from datetime import UTC, datetime

from decai_forecast.partner.context import PartnerContext
from decai_forecast.partner.notices import Notice, known_channels, tell

__all__ = ["ends_soon", "tell_of_expiry"]


def ends_soon(company: PartnerContext) -> list[str]:
    """A line for each certificate that ends within thirty days: its own, and that of the federation's authority."""
    from decai_forecast.federation.superlink.expiry import of_authority, of_company

    if not company.certificates or not all(path.exists() for path in company.certificates):
        return []
    (own, authority), now = company.certificates, datetime.now(UTC)
    return [one.line(now) for one in (of_company(company.partner, own), of_authority(authority)) if one.is_near(now)]


def tell_of_expiry(company: PartnerContext) -> None:
    """Through the contracts' channels, thirty days before the own certificate ends and once more seven days before."""
    from decai_forecast.federation.superlink.expiry import of_company

    if not company.certificates or not company.certificates[0].exists():
        return
    own, now = of_company(company.partner, company.certificates[0]), datetime.now(UTC)
    if own.is_near(now):
        day = f"{own.until:%Y-%m-%d}"
        notice = Notice(company.partner, day, "certificate", own.stage(now), own.line(now), about=f"{own.what} ends on {day}")
        tell(company.store, known_channels(company.store, company.contract_files), notice)
