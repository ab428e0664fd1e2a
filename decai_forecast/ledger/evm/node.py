"""A node of a chain, as JSON-RPC over HTTP has it. Keys stay with it, or with a signer in front of it (such as clef)."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from decai_forecast.errors import LedgerError

__all__ = ["Node"]

SECONDS = 30.0  # until a node that does not answer is given up
MINED = 300.0  # seconds until a transaction that is in no block is given up; the next run asks for it again
LOOK = 2.0
LARGEST_ANSWER = 1_000_000  # bytes


@dataclass(frozen=True)
class Node:
    """``address``: of the JSON-RPC service."""

    address: str
    patience: float = MINED

    def call(self, method: str, *params: Any) -> Any:
        """The result. :class:`LedgerError`: ``anchor_unreachable``, or ``anchor_refused`` with what the node says."""
        import httpx

        asked = {"jsonrpc": "2.0", "id": 1, "method": method, "params": list(params)}
        try:
            reply = httpx.post(self.address, json=asked, timeout=SECONDS)
        except httpx.RequestError as error:
            raise self._unreachable(f"does not answer ({type(error).__name__})") from None
        try:
            answer = reply.json() if len(reply.content) <= LARGEST_ANSWER else None
        except ValueError:
            answer = None
        if not isinstance(answer, dict) or ("result" not in answer and not isinstance(answer.get("error"), dict)):
            raise self._unreachable(f"answers {reply.status_code}, and no JSON-RPC")
        if "result" not in answer:
            said = str(answer["error"].get("message", ""))[:200]
            raise LedgerError("anchor_refused", f"{self.address} refuses {method}: {said}")
        return answer["result"]

    def sent(self, transaction: dict[str, str]) -> dict[str, Any]:
        """The receipt of a transaction, once it is in a block. :class:`LedgerError` (``anchor_refused``) if it is reverted.

        What would be is asked first, so that nothing is paid for it and the reason is told.
        """
        self.call("eth_call", transaction, "latest")
        digest, end = self.call("eth_sendTransaction", transaction), time.monotonic() + self.patience
        while (receipt := self.call("eth_getTransactionReceipt", digest)) is None:
            if time.monotonic() > end:
                raise self._unreachable(f"has {digest} in no block after {self.patience:.0f} seconds")
            time.sleep(LOOK)
        if not isinstance(receipt, dict) or receipt.get("status") != "0x1":
            raise LedgerError("anchor_refused", f"{self.address}: the transaction {digest} was reverted")
        return receipt

    def _unreachable(self, why: str) -> LedgerError:
        return LedgerError("anchor_unreachable", f"{self.address} {why}; the next run tries again")
