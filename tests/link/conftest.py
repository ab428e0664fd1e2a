"""A company's end of the link, by folder and over HTTPS: tests that take it hold for both."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from parties import Parties
from services import Service, running

from decai_forecast.link import CompanyLink


@pytest.fixture
def parties(tmp_path: Path) -> Parties:
    """Four companies and the coordinator."""
    return Parties(tmp_path)


@pytest.fixture
def service(parties: Parties, tmp_path: Path) -> Iterator[Service]:
    """The coordinator's service, running."""
    with running(parties, tmp_path / "tls") as found:
        yield found


@pytest.fixture(params=["folder", "https"])
def company(request: pytest.FixtureRequest, parties: Parties) -> CompanyLink:
    """The end of company ``a``."""
    if request.param == "folder":
        return parties.company("a").link
    service: Service = request.getfixturevalue("service")
    return service.link("a")
