"""`decai plan ...`: questions of a planner whose best answer the field's books know."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

__all__ = ["plan_app"]

plan_app = typer.Typer(
    no_args_is_help=True,
    help="Questions with a known best answer: where safety stock belongs, how much to order, what shared demand is worth.",
)
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
YEAR = 365.0  # days


@plan_app.command("placement")
def placement(
    stages: Annotated[Path, typer.Argument(help="YAML with the stages of a chain.")],
    as_json: Json = False,
) -> None:
    """Where safety stock belongs in a chain of stages (guaranteed service, Graves and Willems 2000).

    Examples:

      decai plan placement stages.yaml
    """
    from decai_forecast.simulation.analytic import place_stock, read_stages

    found = place_stock(read_stages(stages))
    rows = {name: [found.promises[name], found.covered[name], f"{found.stock[name]:,.1f}"] for name in found.promises}
    _tell(asdict(found), as_json, rows, ("stage", "promises, periods", "covers, periods", "safety stock"))
    if not as_json:
        print(f"\nHolding it costs {found.cost:,.4g} per period.")


@plan_app.command("quantity")
def quantity(
    demand: Annotated[float, typer.Option(help="Units a year.")],
    order_cost: Annotated[float, typer.Option(help="Cost of placing an order.")],
    holding_cost: Annotated[float, typer.Option(help="Cost of holding a unit for a year.")],
    lost_cost: Annotated[float, typer.Option(help="Cost of a unit that is not sold.")],
    outages_per_year: Annotated[float, typer.Option(help="How often the supplier fails, in the mean.")],
    outage_days: Annotated[float, typer.Option(help="How long it is down then, in the mean.")],
    as_json: Json = False,
) -> None:
    """How much to order at a time from a supplier that fails at random (EOQ with disruptions).

    Examples:

      decai plan quantity --demand 1300 --order-cost 8 --holding-cost 0.225 --lost-cost 5 --outages-per-year 1.5
      --outage-days 26
    """
    from decai_forecast.simulation.analytic import OutageQuantity, least_cost_quantity

    recoveries = YEAR / outage_days if outage_days > 0 else 0.0
    supplier = OutageQuantity(order_cost, holding_cost, lost_cost, demand, outages_per_year, recoveries)
    units, cost = least_cost_quantity(supplier)
    usual = supplier.undisturbed
    figures = {"quantity": units, "cost": cost, "quantity_without_outages": usual, "its_cost": supplier.cost(usual)}
    rows = {"with outages": [f"{units:,.1f}", f"{cost:,.2f}"], "without": [f"{usual:,.1f}", f"{supplier.cost(usual):,.2f}"]}
    _tell(figures, as_json, rows, ("best quantity", "units", "cost a year, with these outages"))


@plan_app.command("sharing")
def sharing(
    correlation: Annotated[float, typer.Option(help="Of demand from period to period, 0 to below 1.")],
    deviation: Annotated[float, typer.Option(help="Standard deviation of what is unforeseen of a period, units.")],
    own_lead: Annotated[int, typer.Option(help="Periods until your supplier's goods are with you.")],
    supplier_lead: Annotated[int, typer.Option(help="Periods until its own supplier's goods are with it.")],
    as_json: Json = False,
) -> None:
    """What your supplier gains if it sees your demand and not your orders alone (Lee, So and Tang 2000).

    Examples:

      decai plan sharing --correlation 0.7 --deviation 50 --own-lead 5 --supplier-lead 5
    """
    from decai_forecast.simulation.analytic import shared_demand

    found = shared_demand(correlation, deviation, own_lead, supplier_lead)
    rows = {"orders alone": [f"{found.orders:,.1f}"], "demand, too": [f"{found.demand:,.1f}"]}
    _tell(asdict(found) | {"saving": found.saving}, as_json, rows, ("it sees", "unforeseen units (standard deviation)"))
    if not as_json:
        print(f"\nIts safety stock can be {found.saving:.1%} lower at the same service.")


@plan_app.command("warehouse")
def warehouse(
    lead: Annotated[float, typer.Option(help="Periods until goods are at the warehouse.")],
    holding_cost: Annotated[float, typer.Option(help="Of a unit at the warehouse, per period.")],
    shops: Annotated[int, typer.Option(min=1, help="How many, all alike.")],
    demand: Annotated[float, typer.Option(help="Of a shop, units per period (Poisson).")],
    shop_lead: Annotated[float, typer.Option(help="Periods from the warehouse to a shop.")],
    shop_holding_cost: Annotated[float, typer.Option(help="Of a unit at a shop, per period.")],
    backorder_cost: Annotated[float, typer.Option(help="Of a unit that a customer waits for, per period.")],
    as_json: Json = False,
) -> None:
    """The levels of one warehouse and its shops that cost least, exactly (Graves 1985, Axsäter 1990).

    Examples:

      decai plan warehouse --lead 2 --holding-cost 1 --shops 4 --demand 1 --shop-lead 1 --shop-holding-cost 1.5
      --backorder-cost 20
    """
    from decai_forecast.simulation.analytic import Shop, one_warehouse

    found = one_warehouse(lead, holding_cost, [Shop(demand, shop_lead, shop_holding_cost, backorder_cost)] * shops)
    rows = {"warehouse": [found.level], "each shop": [found.shops[0]]}
    _tell(asdict(found), as_json, rows, ("place", "order-up-to level, units"))
    if not as_json:
        print(f"\nThat costs {found.cost:,.2f} per period; the warehouse serves {found.fill:.1%} of orders at once.")


def _tell(figures: Mapping[str, Any], as_json: bool, rows: Mapping[str, list[Any]], columns: tuple[str, ...]) -> None:
    if as_json:
        print(json.dumps(figures, indent=1))
        return
    from rich.table import Table

    from decai_forecast.commands.table import screen

    table = Table(box=None, pad_edge=False)
    for k, name in enumerate(columns):
        table.add_column(name, justify="right" if k else "left", overflow="fold")
    for name, cells in rows.items():
        table.add_row(name, *(str(cell) for cell in cells))
    screen().print(table)
