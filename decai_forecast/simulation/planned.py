"""Order-up-to levels as a policy that knows the forecast sets them: a quantile of the demand that each level protects."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from decai_forecast.simulation.demand import Dependence, Marginals, sample
from decai_forecast.simulation.engine.frame import Samples
from decai_forecast.simulation.network.graph import Floats, Ints
from decai_forecast.simulation.network.stages import Group
from decai_forecast.simulation.targets.policy import Terms, level_at, protected

__all__ = ["Planner", "lead_of", "marginals_at"]

BLOCK = 4_000_000  # samples at a time: 16 MB, and the sorted copy


def marginals_at(law: Marginals, group: Group, items: Ints) -> Marginals:
    """Those of the demand nodes of a group, in their order, for some of its items (positions in the group)."""
    graph, wanted = group.graph, [group.stages.items[k] for k in items]
    names = graph.places or graph.nodes
    where = np.array([law.locations.index(names[node]) for node in graph.demand], dtype=np.int64)
    number = {name: k for k, name in enumerate(law.items)}
    which = np.array([number[name] for name in wanted], dtype=np.int64)
    at = np.ix_(where, which)
    return replace(
        law,
        locations=tuple(law.locations[k] for k in where),
        items=tuple(wanted),
        base=law.base[at],
        rise=law.rise[at],
        lot=law.lot[at],
    )


def lead_of(group: Group) -> Ints:
    """[node, item]: periods from an order to its arrival: those of the slowest lane, with the lateness to be expected of it."""
    graph, stages = group.graph, group.stages
    late = 0.0
    if stages.lead_late is not None:
        late = (stages.lead_late * np.arange(stages.lead_late.shape[2])).sum(axis=2)
    lanes = np.ceil(np.round(stages.lead + late, 9)).astype(np.int64)
    found = np.zeros((len(graph.nodes), len(stages.items)), dtype=np.int64)
    np.maximum.at(found, graph.child, lanes)
    return found


@dataclass(frozen=True)
class Planner:
    """Sets levels for every node of a group; call it with one.

    ``critical``: the quantile, p / (p + h). Plans with samples of its own (``seed`` + 1), so that no level knows what will
    happen. Safety stock stands upon :meth:`protected_mean`.
    """

    law: Marginals
    dependence: Dependence
    critical: float
    horizon: int
    season: int
    seed: int
    replications: int

    def __call__(self, group: Group) -> Floats:
        """[node, item, period], units; 0 for sources."""
        nodes, count = len(group.graph.nodes), len(group.stages.items)
        found, lead = np.zeros((nodes, count, self.horizon)), lead_of(group)
        review = int(group.stages.review.max())
        longest = int(lead.max(initial=0)) + review
        size = max(1, BLOCK // (nodes * (self.horizon + longest) * self.replications))
        for first in range(0, count, size):
            items = np.arange(first, min(first + size, count))
            law = marginals_at(self.law, group, items).through(self.horizon + longest, self.season)
            sold = sample(law, self.dependence, seed=self.seed + 1, replications=range(self.replications))
            ordered = protected(_asked(group, items, sold), _terms(lead[:, items], review), 0, self.horizon)
            found[:, items] = level_at(ordered, np.full((nodes, len(items)), self.critical))
        return np.asarray(np.where(group.graph.source[:, None, None], 0.0, found))

    def protected_mean(self, group: Group) -> Floats:
        """[node, item]: mean of the demand that the first level protects, units."""
        lead, review, items = lead_of(group), int(group.stages.review.max()), np.arange(len(group.stages.items))
        law = marginals_at(self.law, group, items).through(int(lead.max(initial=0)) + review + 1, self.season)
        return np.asarray(protected(_asked(group, items, law.mean[..., None]), _terms(lead, review), 0, 1)[:, :, 0, 0])


def _terms(lead: Ints, review: int) -> Terms:
    """Of times alone."""
    return Terms(lead, np.zeros(lead.shape), np.zeros(lead.shape), review)


def _asked(group: Group, items: Ints, sold: Samples) -> Samples:
    """[node, item, period, replication]: what customers ask of each node, directly and through those it supplies."""
    graph, stages = group.graph, group.stages
    asked = np.zeros((len(graph.nodes), *sold.shape[1:]), dtype=sold.dtype)
    asked[graph.demand] = sold
    for lane in np.argsort(-graph.child, kind="stable"):  # children before their parents
        part = (stages.quantity[lane, items] * stages.share[lane, items]).astype(sold.dtype)
        asked[graph.parent[lane]] += asked[graph.child[lane]] * part[:, None, None]
    return asked
