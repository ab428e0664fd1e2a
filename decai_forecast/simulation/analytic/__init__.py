"""Models whose best answer is known in closed form or by an exact algorithm, as the field's books state them: where safety
stock belongs, how much to order from a supplier that fails, what shared demand is worth, one warehouse and its shops."""

from decai_forecast.simulation.analytic.outage_quantity import OutageQuantity, least_cost_quantity
from decai_forecast.simulation.analytic.placement import Placement, Stage, Stages, place_stock, read_stages
from decai_forecast.simulation.analytic.shared_demand import SharedDemand, shared_demand
from decai_forecast.simulation.analytic.warehouse import Shop, Warehouse, one_warehouse, warehouse_cost

__all__ = [
    "OutageQuantity", "Placement", "SharedDemand", "Shop", "Stage", "Stages", "Warehouse", "least_cost_quantity",
    "one_warehouse", "place_stock", "read_stages", "shared_demand", "warehouse_cost",
]  # fmt: skip
