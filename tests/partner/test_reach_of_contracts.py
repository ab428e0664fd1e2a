"""In a night no contract reaches what is another company's or the operator's."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from support import NIGHT, own

from decai_forecast.delivery.errors import SourceRefused, SourceUnsafe
from decai_forecast.network import Network
from decai_forecast.partner.context import partner_context
from decai_forecast.partner.pull import pull

SAID = "leads into what belongs to the network or to another company; name a file of your own"


def name(network: Network, location: str) -> None:
    """Lets shop_0's contract name another file."""
    path = network.home / "contracts/shop_0/demand.odcs.yaml"
    path.write_text(re.sub(r"path: .*", f"path: {location}", path.read_text(), count=1))


@pytest.mark.parametrize("location", ["airflow/passwords.json", "contracts/shop_1/demand.odcs.yaml", "network.yaml",
                                      "sources/shop_1/demand.parquet", "sources/*/demand.parquet"])  # fmt: skip
def test_what_is_not_the_partners_is_refused(network: Network, location: str) -> None:
    """Airflow's secrets, contracts, the network's own file, another company's source."""
    (network.home / "airflow").mkdir()
    (network.home / "airflow/passwords.json").write_text('{"admin": "secret"}')
    name(network, location)
    with pytest.raises(SourceUnsafe) as error:
        pull(partner_context(network, "shop_0"), NIGHT)
    assert str(error.value) == f"shop_0: demand: {location} {SAID}"


def test_another_partners_store_is_refused(network: Network) -> None:
    """With the full name of a file that is there."""
    victim = partner_context(network, "shop_1")
    key = pull(victim, NIGHT).key("demand.parquet")
    assert victim.store.exists(key)
    name(network, f"stores/shop_1/{key}")
    with pytest.raises(SourceUnsafe) as error:
        pull(partner_context(network, "shop_0"), NIGHT)
    assert str(error.value) == f"shop_0: demand: stores/shop_1/{key} {SAID}"


def test_a_store_elsewhere_is_closed_too(network: Network, tmp_path: Path) -> None:
    """Wherever network.yaml puts it, also inside a folder that the operator opened."""
    text = (network.home / "network.yaml").read_text().replace("source_folders: []", f"source_folders: [{tmp_path}]")
    (network.home / "network.yaml").write_text(text.replace("- id: shop_1\n", f"- id: shop_1\n  store: {tmp_path}/away\n"))
    moved = Network.load(network.home)
    own(moved, "shop_1").write_bytes("rows.parquet", b"PAR1")
    name(moved, f"{tmp_path}/away/rows.parquet")
    with pytest.raises(SourceUnsafe) as error:
        pull(partner_context(moved, "shop_0"), NIGHT)
    assert str(error.value) == f"shop_0: demand: {tmp_path}/away/rows.parquet {SAID}"


def test_another_partners_connection_is_refused(network: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before anything is sent: the host is one that the contract chose."""
    monkeypatch.setenv("DECAI_CONN_SHOP_1_API", "https://:secret@api.shop-1.example")
    path = network.home / "contracts/shop_0/demand.odcs.yaml"
    lines = "    type: api\n    location: http://127.0.0.1:9/rows\n    customProperties:\n"
    source = f"servers:\n  - server: own\n{lines}      - {{property: connection, value: shop_1_api, vendor: decai}}\n"
    path.write_text(re.sub(r"servers:\n(?:  .*\n)+", source, path.read_text(), count=1))
    with pytest.raises(SourceRefused) as error:
        pull(partner_context(network, "shop_0"), NIGHT)
    assert str(error.value) == "connection 'shop_1_api' is not one of shop_0; its name must begin with 'shop_0_'"
