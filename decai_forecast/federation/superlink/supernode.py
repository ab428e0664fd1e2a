"""Flower's SuperNode, whose pauses between two looks for work are a fifth of the stock one's; it ends with its parent."""

from __future__ import annotations

import os
import time
from types import SimpleNamespace

SHARE = 0.2  # of 3 s without work, and of 0.5 s until the answer is there


def main() -> None:
    """Takes the arguments of ``flower-supernode``."""
    from flwr.supercore.app_utils import start_parent_process_monitor
    from flwr.supernode import start_client_internal
    from flwr.supernode.cli import flower_supernode

    start_client_internal.time = SimpleNamespace(sleep=lambda seconds: time.sleep(SHARE * seconds), time=time.time)
    start_parent_process_monitor(os.getppid())
    flower_supernode()


if __name__ == "__main__":
    main()
