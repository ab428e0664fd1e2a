"""`decai forecast override`: made, listed and withdrawn by somebody who is named."""

from __future__ import annotations

import pwd
from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from combined import combined

from decai_forecast.commands.forecast import add, listing, withdraw
from decai_forecast.errors import ConfigError
from decai_forecast.network import Network, Participant
from decai_forecast.partner.context import partner_context

MONDAY = date(2026, 6, 29)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A network with one finished forecast of one item: ten units in each of two weeks."""
    network = Network(tmp_path, "n", "W", 2, (Participant("acme"), Participant("bolt")))
    network.save()
    rows = [("all", "i0", pd.Timestamp(day), h, 10.0, 5.0, 10.0, 15.0) for h, day in ((1, "2026-06-29"), (2, "2026-07-06"))]
    forecast = pd.DataFrame(rows, columns=["location_id", "item_id", "date", "h", "mean", "q10", "q50", "q90"])
    combined(partner_context(network, "acme").store, MONDAY, forecast.assign(lot=0.0))
    return tmp_path


def test_an_override_is_made_listed_and_withdrawn(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each says what it did: the effect on the newest forecast, the state, and who took it back."""
    add("acme", "i0", "promotion", MONDAY.isoformat(), quantity=25.0, who="ada", home=home)
    said = capsys.readouterr().out
    assert "item i0, 2026-06-29: 25 units a period" in said
    assert "1 period of the newest forecast: 10 units by the model, 25 with it. It ships from the next night on." in said
    name = said.split(":")[0].removeprefix("override ")
    withdraw(name, "acme", "called off", who="bea", home=home)
    listing("acme", home=home)
    told = capsys.readouterr().out
    assert f"override {name} is withdrawn from the next night on" in told
    assert f"{name}  withdrawn  item i0" in told
    assert "not judged yet; withdrawn by bea: called off" in told


def test_who_has_no_login_name_says_who(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a container that runs under a number: nothing is recorded without a name."""
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.delenv(name, raising=False)

    def nobody(_: int) -> None:
        raise KeyError("getpwuid(): uid not found: 50001")

    monkeypatch.setattr(pwd, "getpwuid", nobody)
    with pytest.raises(ConfigError, match="your login has no name; give one with --who"):
        add("acme", "i0", "promotion", MONDAY.isoformat(), quantity=25.0, home=home)
