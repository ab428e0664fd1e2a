"""How a node orders: base stock, smoothed order-up-to, anchoring-and-adjustment and order inflation in one formula.

``order = max(0, anchor * Lhat + alpha * (S + cover * Lhat - IL - beta * SL)) * (1 + gamma * (1 - fill))``

All in the node's own units and per period: ``S`` its level (:class:`Stages`), ``IL`` its stock less what it owes, after
today's demand, ``SL`` its supply line (ordered, not yet there), ``Lhat`` the demand it expects: that asked of it, smoothed
exponentially, ``Lhat = theta * asked + (1 - theta) * Lhat`` with today's demand in it, and ``fill`` the share of what its
suppliers owed it that they shipped in the period before (1 where nothing was owed). The formula is that of Sterman (1989),
Management Science 35(3), with the level of Chen et al. (2000), Management Science 46(3), and inflated orders as in Lee et
al. (1997), Management Science 43(4), section 3.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from decai_forecast.simulation.network.graph import Floats

__all__ = ["Behaviour", "anchored", "base_stock", "inflated", "smoothed"]


@dataclass(frozen=True)
class Behaviour:
    """All arrays are [node, item] or [node, 1]; what is said of sources is not used, as they do not order."""

    anchor: Floats  # weight of the expected demand itself: 1 in anchoring-and-adjustment, else 0
    alpha: Floats  # share of the gap that is closed by one order: 1 closes it all
    beta: Floats  # share of the supply line that the node takes into account: 1 all of it, 0 forgets it
    theta: Floats  # weight of today's demand in the expected one
    cover: Floats  # periods of expected demand that the level holds beside S
    gamma: Floats  # inflation of orders when nothing at all is shipped: 1 orders twice as much
    expected: Floats  # Lhat before the first period, units per period


def base_stock(nodes: int) -> Behaviour:
    """What an engine does without a behaviour: orders up to the level."""
    zero, one = np.zeros((nodes, 1)), np.ones((nodes, 1))
    return Behaviour(anchor=zero, alpha=one, beta=one, theta=zero, cover=zero, gamma=zero, expected=zero)


def smoothed(cover: Floats, theta: Floats, expected: Floats) -> Behaviour:
    """Order-up-to with a level of ``S + cover * Lhat``; arrays as in :class:`Behaviour`."""
    zero, one = np.zeros((len(cover), 1)), np.ones((len(cover), 1))
    return Behaviour(anchor=zero, alpha=one, beta=one, theta=theta, cover=cover, gamma=zero, expected=expected)


def anchored(alpha: Floats, beta: Floats, theta: Floats, expected: Floats) -> Behaviour:
    """Anchoring-and-adjustment: ``Lhat + alpha * (S - IL - beta * SL)``; arrays as in :class:`Behaviour`."""
    zero, one = np.zeros((len(alpha), 1)), np.ones((len(alpha), 1))
    return Behaviour(anchor=one, alpha=alpha, beta=beta, theta=theta, cover=zero, gamma=zero, expected=expected)


def inflated(gamma: Floats) -> Behaviour:
    """Base stock whose orders grow with the shortage: up to ``1 + gamma`` times, when nothing is shipped."""
    zero, one = np.zeros((len(gamma), 1)), np.ones((len(gamma), 1))
    return Behaviour(anchor=zero, alpha=one, beta=one, theta=zero, cover=zero, gamma=gamma, expected=zero)
