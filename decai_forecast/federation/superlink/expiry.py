"""Certificates that end soon, in lines for whoever can get another one: told from thirty days before."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from decai_forecast.federation.superlink.keys import ends_of

__all__ = ["WARNING", "Expiry", "of_authority", "of_company", "of_coordinator"]

WARNING = timedelta(days=30)  # before the end
AGAIN = timedelta(days=7)  # before the end a message goes out once more


@dataclass(frozen=True)
class Expiry:
    """``what`` ends at ``until`` (UTC), and what is done about it."""

    what: str
    until: datetime
    advice: str

    def is_near(self, now: datetime) -> bool:
        """Whether it is to be told."""
        return self.until - now <= WARNING

    def line(self, now: datetime) -> str:
        """In words."""
        days = (self.until - now).days
        when = f"ends on {self.until:%Y-%m-%d}, in {days} days" if self.until > now else f"ended on {self.until:%Y-%m-%d}"
        return f"{self.what} {when}: {self.advice}"

    def stage(self, now: datetime) -> str:
        """Which of the two messages about it is due."""
        return "ends_in_7_days" if self.until - now <= AGAIN else "ends_in_30_days"


def of_company(partner: str, certificate: Path) -> Expiry:
    """A company's own certificate (PEM)."""
    advice = f"`decai federation renew {partner}` asks for another one; carry the request (`--out`) where it has ended"
    return Expiry(f"the certificate of {partner}", ends_of(certificate.read_bytes()), advice)


def of_authority(certificate: Path) -> Expiry:
    """The federation's authority, which signs all others."""
    return Expiry("the federation's authority", ends_of(certificate.read_bytes()), "found the federation anew before that day")


def of_coordinator(server: Path, authority: Path, companies: dict[str, datetime]) -> Iterator[Expiry]:
    """The certificate of the coordinator's servers, the authority's, and each company's newest."""
    yield Expiry(
        "the certificate of the coordinator's servers", ends_of(server.read_bytes()),
        "`decai federation renew coordinator` makes another one",
    )  # fmt: skip
    yield of_authority(authority)
    for partner, until in sorted(companies.items()):
        yield Expiry(f"the certificate of {partner}", until, f"{partner} runs `decai federation renew`, then approve it")
