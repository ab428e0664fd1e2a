"""stockpyl on the 43-node network, one replication. Usage: simulation_stockpyl.py PERIODS"""

import json
import resource
import sys

import numpy as np
from stockpyl.demand_source import DemandSource
from stockpyl.policy import Policy
from stockpyl.sim import simulation
from stockpyl.supply_chain_network import SupplyChainNetwork
from stockpyl.supply_chain_node import SupplyChainNode

CENTRE = [10] * 4 + [11] * 3 + [12] * 3


def cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def network(demand: np.ndarray) -> SupplyChainNetwork:
    """``demand``: [period, store]."""
    net = SupplyChainNetwork()
    for n in range(43):
        level = 0 if n < 10 else 1 if n < 13 else 2
        lead = [2 + n % 4, 2 + (n - 10), 1 + n % 3][level]
        mean, safety = [(200, 0.5 * 10**0.5), (200, 0.3 * 10**0.5), (20, 1.0)][level]
        node = SupplyChainNode(n)
        node.local_holding_cost, node.stockout_cost, node.shipment_lead_time = [0.1, 0.3, 1.0][level], [0, 0, 9.0][level], lead
        stock = round(mean * (lead + 1) + 6 * safety * np.sqrt(lead + 1))
        node.inventory_policy, node.initial_inventory_level = Policy(type="BS", base_stock_level=stock, node=node), stock
        if level == 0:
            node.supply_type = "U"
        if level == 2:
            node.demand_source = DemandSource(type="D", demand_list=demand[:, n - 13].tolist())
        net.add_node(node)
    for supplier, centre in enumerate(CENTRE):
        net.add_edge(supplier, centre)
    for store in range(13, 43):
        net.add_edge(10 + (store - 13) // 10, store)
    return net


def main(periods: int) -> None:
    demand = np.maximum(0, np.rint(np.random.default_rng(0).normal(20, 6, (periods, 30, 1))))[:, :, 0]
    net, began = network(demand), cpu()
    cost = simulation(net, periods, rand_seed=1, progress_bar=False, consistency_checks="N")
    print(json.dumps({"cpu": cpu() - began, "node_periods": 43 * periods, "cost": float(cost)}))


main(int(sys.argv[1]))
