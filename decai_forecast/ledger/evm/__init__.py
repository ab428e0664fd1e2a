"""Anchors on a chain of the Ethereum kind: a contract that keeps roots of checkpoints, each larger than the one before."""

from decai_forecast.ledger.evm.anchor import EvmAnchor, deploy, newest_size, root_there

__all__ = ["EvmAnchor", "deploy", "newest_size", "root_there"]
