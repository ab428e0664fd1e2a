"""On a shared Airflow a company's contract reaches its own connections and nobody else's."""

from __future__ import annotations

import pytest

from decai_forecast.delivery import Connection, EnvironmentCredentials, OwnCredentials
from decai_forecast.delivery.errors import SourceRefused

PARTNERS = ("acme", "acme_north", "bolt")


@pytest.fixture(autouse=True)
def secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ACME", "ACME_ERP", "ACME_NORTH_ERP", "BOLT_ERP", "ERP", "ACMEX_ERP"):
        monkeypatch.setenv(f"DECAI_CONN_{name}", f"postgres://reader:secret-of-{name}@db/erp")


def asked(partner: str, name: str) -> Connection:
    return OwnCredentials(partner, PARTNERS, EnvironmentCredentials()).get(name)


@pytest.mark.parametrize(("partner", "name"), [("acme", "acme"), ("acme", "acme_erp"), ("acme", "ACME_ERP"),
                                               ("acme_north", "acme_north_erp"), ("bolt", "bolt_erp")])  # fmt: skip
def test_its_own_are_handed_out(partner: str, name: str) -> None:
    """The name is the id, or begins with it; capitals do not matter."""
    assert asked(partner, name).password == f"secret-of-{name.upper()}"


@pytest.mark.parametrize("name", ["bolt_erp", "acme_north_erp", "Acme_North_ERP", "erp", "acmex_erp", "acme-erp", ""])
def test_others_are_refused_and_nothing_is_told_of_them(name: str) -> None:
    """Known or not: the answer is the same."""
    with pytest.raises(SourceRefused) as error:
        asked("acme", name)
    assert str(error.value) == f"connection {name!r} is not one of acme; its name must begin with 'acme_'"
