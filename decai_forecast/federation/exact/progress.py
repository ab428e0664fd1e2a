"""How far a training is: told by one participant to the relay, which tells the coordinator.

What is told is in the model, which the coordinator gets anyhow, or what the relay counts itself: trees, bytes, and the mean
loss over everybody's rows, a sum under masks like any other.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable
from dataclasses import dataclass

from decai_forecast.federation.exact.errors import PeerLost

__all__ = ["Progress", "Watch"]

BODY = struct.Struct("<IIdQQ")


@dataclass(frozen=True)
class Progress:
    """``tree`` of ``trees`` are finished. ``loss``: weighted mean over everybody's rows, pinball or squared error.
    ``sent``, ``received``: bytes of one participant since the training of this model began."""

    tree: int
    trees: int
    loss: float
    sent: int
    received: int

    def pack(self) -> bytes:
        return BODY.pack(self.tree, self.trees, self.loss, self.sent, self.received)

    @classmethod
    def unpack(cls, body: bytes | memoryview) -> Progress:
        """:class:`PeerLost` if ``body`` is none, or says what cannot be: it is shown to people and published as JSON."""
        if len(body) != BODY.size:
            raise PeerLost(f"a note of progress of {len(body)} bytes; it has {BODY.size}")
        found = cls(*BODY.unpack(body))
        if not (math.isfinite(found.loss) and 1 <= found.tree <= found.trees):
            raise PeerLost(
                f"a note of progress says tree {found.tree} of {found.trees} with loss {found.loss}; expected a tree of those "
                "planned and a finite loss"
            )
        return found


Watch = Callable[[Progress], None]
