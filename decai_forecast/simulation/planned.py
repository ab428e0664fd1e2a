"""Order-up-to levels as a policy that knows the forecast sets them: a quantile of the demand that each level protects."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from decai_forecast.simulation.demand import Dependence, Marginals, sample
from decai_forecast.simulation.engine.late import lateness
from decai_forecast.simulation.network.graph import Floats, Ints
from decai_forecast.simulation.network.requirements import asked_of, lead_of, way_of_all
from decai_forecast.simulation.network.stages import Group
from decai_forecast.simulation.targets.policy import level_at
from decai_forecast.simulation.targets.shape import protected_by, protected_in

__all__ = ["Planner", "marginals_at"]

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
        found, longest = np.zeros((nodes, count, self.horizon)), way_of_all(group) + int(group.stages.review.max())
        size = max(1, BLOCK // (nodes * (self.horizon + longest) * self.replications))
        for first in range(0, count, size):
            items = np.arange(first, min(first + size, count))
            found[:, items] = self._levels(group.only(items), marginals_at(self.law, group, items), longest)
        return np.asarray(np.where(group.graph.source[:, None, None], 0.0, found))

    def _levels(self, group: Group, law: Marginals, longest: int) -> Floats:
        some = range(self.replications)
        ahead = law.through(self.horizon + longest, self.season)
        sold = sample(ahead, self.dependence, seed=self.seed + 1, replications=some)
        late = lateness(group, self.horizon, some, self.seed + 1)
        ordered = np.sort(protected_in(group, sold, late, 0, self.horizon), axis=3)
        return level_at(ordered, np.full(ordered.shape[:2], self.critical))

    def protected_mean(self, group: Group) -> Floats:
        """[node, item]: mean of the demand that the first level protects, units."""
        lead, review, items = lead_of(group), int(group.stages.review.max()), np.arange(len(group.stages.items))
        law = marginals_at(self.law, group, items).through(int(lead.max(initial=0)) + review + 1, self.season)
        asked = asked_of(group, law.mean[..., None])
        return np.asarray(protected_by(asked, lead + review - 1, None, 0, 1)[:, :, 0, 0])
