"""`decai network ...` and `decai partner ...`: founding a network and adding companies to it."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal

import typer

from decai_forecast.commands.proposals import proposals_app
from decai_forecast.errors import ConfigError, DecaiError, StoreError
from decai_forecast.founding import Columns, add_participant, add_partner, found_named, found_simulated, from_table
from decai_forecast.network import COORDINATOR, FILE, Network, default_home, notes_of
from decai_forecast.store import Store

__all__ = ["network_app", "partner_app"]

network_app = typer.Typer(no_args_is_help=True, help="Networks: who takes part and what they agreed on.")
partner_app = typer.Typer(no_args_is_help=True, help="The companies of a network.")
Home = Annotated[Path | None, typer.Option(envvar="DECAI_HOME", help="The network's home.", show_default=".decai/demo")]


@network_app.command("init")
def init(
    data: Annotated[
        Path | None,
        typer.Option(help="A long table of several companies (Parquet or CSV). Without it: the built-in simulated network."),
    ] = None,
    partner: Annotated[
        list[str] | None, typer.Option(help="A company that is somewhere else; repeat it. Makes a coordinator's network.")
    ] = None,
    frequency: Annotated[Literal["D", "W", "M"], typer.Option(help="With --partner: days, weeks (Mondays) or months.")] = "W",
    home: Home = None,
    name: Annotated[str, typer.Option(help="The network's name; default: the file's name, or demo.")] = "",
    partner_column: Annotated[str, typer.Option(help="Column that names the company.")] = "partner_id",
    date_column: Annotated[str, typer.Option(help="Column with the period's date.")] = "date",
    item_column: Annotated[str, typer.Option(help="Column that names the item.")] = "item_id",
    quantity_column: Annotated[str, typer.Option(help="Column with the quantity.")] = "quantity",
    location_column: Annotated[str, typer.Option(help="Column that names the location, if there is one.")] = "location_id",
    stock_column: Annotated[
        str, typer.Option(help="Column with the units on hand at the end of the row's period, if there is one.")
    ] = "on_hand",
    horizon: Annotated[int, typer.Option(help="Periods to forecast; default 28 days, 13 weeks or 3 months.")] = 0,
    time_zone: Annotated[str, typer.Option(help="IANA time zone of the network's nights.")] = "UTC",
) -> None:
    """Founds a network: one source and one set of contracts per company, all below its home.

    With --partner it is the network of a coordinator whose companies have homes of their own: names, and what is agreed on.

    Examples:

      decai network init                                  # six simulated companies

      decai network init --data orders.csv --partner-column company --home .decai/orders

      decai network init --name trio --partner acme --partner bolt --partner corex --frequency W
    """
    home = (home or default_home()).absolute()
    if (home / "network.yaml").exists():
        raise ConfigError(f"{home}: there is a network already; choose another --home or remove it")
    if partner:
        network = found_named(home, name or "network", partner, frequency, horizon, time_zone)
    elif data is None:
        network = found_simulated(home, today=datetime.now(UTC).date())
    else:
        columns = Columns(partner_column, date_column, item_column, quantity_column, location_column, stock_column)
        network = from_table(
            home, data, name=name or data.name.split(".")[0], columns=columns, time_zone=time_zone, horizon=horizon
        )
    print(f"{home}: {_described(network)}")


def _described(network: Network) -> str:
    said = "simulated companies" if network.simulated else "companies"
    periods = {"D": "days", "W": "weeks", "M": "months"}[network.frequency]
    return f"{len(network.partners)} {said}, horizon {network.horizon} {periods}, quorum {network.minimum}, {network.time_zone}"


@network_app.command("show")
def show(home: Home = None) -> None:
    """Shows the network: companies, horizon, quorum, time zone, and the contracts of each company.

    Example: decai network show --home .decai/orders
    """
    network = Network.load(home)
    print(f"{network.name}: {_described(network)}")
    for partner in network.partners:
        contracts = [path.name.removesuffix(".odcs.yaml") for path in network.contracts(partner)]
        print(f"  {partner}: {', '.join(contracts) or 'no contract'}")


@network_app.command("check")
def check(
    home: Home = None, as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")] = False
) -> None:
    """Checks network.yaml and the stores that it names.

    Of network.yaml it tells every fault with its line (exit code 2), and what is right but worth knowing. In each store it puts
    one key twice, and the second put must fail: else two writers could both win, and the store is refused (exit code 2).

    Examples:

      decai network check

      decai network check --home .decai/orders --json
    """
    network = Network.load(home)
    stores = _stores(network)
    for name, address in stores.items():
        _prove(name, address)
    notes = notes_of(network)
    if as_json:
        print(json.dumps({"file": str(network.home / FILE), "notes": notes, "stores": stores}, indent=1))
        return
    print(f"{network.home / FILE}: {_described(network)}")
    print(f"{len(stores)} stores: a key that is put once has one winner")
    for note in notes:
        print(f"note: {note}")


def _stores(network: Network) -> dict[str, str]:
    """Name -> address of what is used from here: where the participants are apart, those that have entered or founded here."""
    names = [COORDINATOR, *(one.id for one in network.participants)]
    if network.link.way == "https":
        names = [name for name in names if (network.home / "federation" / name).is_dir()]
    stated = {name: address for name, address in asdict(network.link).items() if name != "way" and address}
    return {name: network.address(name) for name in names} | stated


def _prove(name: str, address: str) -> None:
    try:
        Store(address, name).prove()
    except DecaiError:
        raise
    except Exception as error:  # whatever the store's library raises for an address or credentials that are wrong
        raise StoreError(
            f"{name}: the store at {address} cannot be used from here ({type(error).__name__}); check the address, the "
            "credentials in the environment, and that the bucket or folder is there"
        ) from None


network_app.add_typer(proposals_app)


@partner_app.command("add")
def add(
    partner: Annotated[str, typer.Argument(help="A company that is somewhere else: only its name is added.")] = "",
    contract: Annotated[
        list[Path] | None, typer.Option(help="The company's contract file; repeat it for several data sets.")
    ] = None,
    home: Home = None,
) -> None:
    """Adds the company that the contracts name as `tenant`; its DAGs appear in a running Airflow without a restart.

    At a coordinator whose companies are somewhere else the name alone is added, before `decai federation invite`.

    Examples:

      decai partner add --contract acme/demand.odcs.yaml --contract acme/items.odcs.yaml

      decai partner add eve
    """
    network = Network.load(home)
    if bool(partner) == bool(contract):
        raise ConfigError("name one company, or give its contracts with --contract")
    if contract:
        network, partner = add_partner(network, contract)
    else:
        network = add_participant(network, partner)
    print(
        f"{partner}: {len(contract or ())} contract(s); the network has {len(network.partners)} companies, quorum "
        f"{network.minimum}"
    )
