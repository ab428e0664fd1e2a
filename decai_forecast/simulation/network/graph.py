"""The topology that a group of items shares: nodes in topological order, and the lanes between them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

__all__ = ["Bools", "Floats", "Graph", "Ints"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Graph:
    """A directed acyclic graph; a parent stands before its children.

    A *source* (``source[n]``) is an external supplier or carrier: it has no parents, holds no stock, and ships what is
    ordered at once as far as its capacity goes. Every other node holds stock and has at least one inbound lane.

    Lanes are sorted by child, then component, then parent. Lanes into the same child with the same ``component`` are
    alternatives (dual sourcing) that share its orders; different components are all needed (assembly).
    ``demand`` are the nodes that customers outside the network buy from; they may supply children, too. A place can have
    several nodes: its own, under its name, and one for each component that it keeps.
    """

    nodes: tuple[str, ...]
    source: Bools  # [node]
    parent: Ints  # [lane]
    child: Ints  # [lane]
    component: Ints  # [lane]
    demand: Ints  # [demand node]
    places: tuple[str, ...] = ()  # [node]: the site or supplier; empty: every node is a place of its own

    def at(self, place: str) -> Ints:
        """The nodes of a place."""
        return np.flatnonzero(np.array([name == place for name in self.places or self.nodes], dtype=bool))

    @property
    def components(self) -> frozenset[str]:
        """The components that places keep, beside the items themselves: nodes named ``place/component``."""
        pairs = zip(self.nodes, self.places, strict=False)
        return frozenset(node.removeprefix(f"{place}/") for node, place in pairs if node != place)

    @cached_property
    def alternatives(self) -> tuple[tuple[int, tuple[int, ...], tuple[int, ...]], ...]:
        """Per component of a node, by node, so that parents are done before their children: the node, the lanes that bring the
        component, and where from."""
        found: dict[tuple[int, int], list[int]] = {}
        for lane, key in enumerate(zip(self.child.tolist(), self.component.tolist(), strict=True)):
            found.setdefault(key, []).append(lane)
        parent = self.parent.tolist()
        return tuple((child, tuple(lanes), tuple(parent[k] for k in lanes)) for (child, _), lanes in found.items())

    @property
    def levels(self) -> Ints:
        """[node]: length of the longest way from a source; the nodes of a level depend only on lower ones."""
        found = np.zeros(len(self.nodes), dtype=np.int64)
        for child in np.unique(self.child):  # in topological order, so that parents are done
            found[child] = found[self.parent[self.child == child]].max() + 1
        return found
