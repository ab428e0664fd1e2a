"""Flower's SuperNode, which asks for work five times a second; stock ones sleep three seconds. It ends with its parent."""

from __future__ import annotations

import os
import time
from types import SimpleNamespace

LONGEST = 0.2  # seconds


def main() -> None:
    """Takes the arguments of ``flower-supernode``."""
    from flwr.supercore.app_utils import start_parent_process_monitor
    from flwr.supernode import start_client_internal
    from flwr.supernode.cli import flower_supernode

    start_client_internal.time = SimpleNamespace(sleep=lambda seconds: time.sleep(min(seconds, LONGEST)), time=time.time)
    start_parent_process_monitor(os.getppid())
    flower_supernode()


if __name__ == "__main__":
    main()
