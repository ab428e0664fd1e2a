"""A disk is lost: the home comes back from its backup, bit by bit, and a damaged backup leaves nothing."""

from __future__ import annotations

import shutil
import stat
from pathlib import Path

import pytest
from support import NIGHT, own, submit_ready

from decai_forecast.coordinator.context import coordinator_context
from decai_forecast.coordinator.round_status import round_status
from decai_forecast.errors import ConfigError
from decai_forecast.founding import from_table
from decai_forecast.network import Network
from decai_forecast.upkeep import back_up, restore


@pytest.fixture
def network(orders_file: Path, tmp_path: Path) -> Network:
    """Five companies that have answered: there are identities, pins and signed messages."""
    network = from_table(tmp_path / "home", orders_file, name="five")
    submit_ready(network, NIGHT)
    (network.home / "airflow/logs").mkdir(parents=True)
    (network.home / "airflow/logs/long.log").write_text("not kept")
    (network.home / "airflow/passwords.json").write_text("{}")
    return network


def files(home: Path) -> dict[str, bytes]:
    return {str(path.relative_to(home)): path.read_bytes() for path in home.rglob("*") if path.is_file()}


def test_a_lost_disk_comes_back(network: Network, tmp_path: Path) -> None:
    """With keys and what others have sent, for coordinator and companies; logs are left out."""
    before, archive = files(network.home), tmp_path / "five.tar.gz"
    count = back_up(network.home, archive)
    shutil.rmtree(network.home)
    assert restore(archive, network.home) == count == len(before) - 1
    assert files(network.home) == {name: data for name, data in before.items() if not name.startswith("airflow/logs")}
    again = Network.load(network.home)
    assert len(round_status(coordinator_context(again), NIGHT.id).ready) == 5
    assert own(again, "shop_0").keys("identity")


def test_a_backup_is_its_owners(network: Network, tmp_path: Path) -> None:
    """There are private keys in it; a backup is never written over."""
    archive = tmp_path / "five.tar.gz"
    back_up(network.home, archive)
    assert stat.S_IMODE(archive.stat().st_mode) == 0o600
    with pytest.raises(ConfigError, match="there already"):
        back_up(network.home, archive)


@pytest.mark.parametrize("damage", ["cut", "changed", "other"])
def test_a_damaged_backup_leaves_nothing(network: Network, tmp_path: Path, damage: str) -> None:
    """Cut off, with a flipped bit, or no backup at all."""
    archive, home = tmp_path / "five.tar.gz", tmp_path / "new"
    back_up(network.home, archive)
    data = bytearray(archive.read_bytes())
    data[len(data) // 2] ^= 1
    broken = {"cut": bytes(data[: len(data) // 3]), "changed": bytes(data), "other": b"no archive"}[damage]
    archive.write_bytes(broken)
    with pytest.raises(ConfigError, match="not a whole backup"):
        restore(archive, home)
    assert not home.exists()
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".put-")] == []


def test_a_home_is_never_written_over(network: Network, tmp_path: Path) -> None:
    """Restoring into one that is there is refused."""
    archive = tmp_path / "five.tar.gz"
    back_up(network.home, archive)
    with pytest.raises(ConfigError, match="not empty"):
        restore(archive, network.home)
