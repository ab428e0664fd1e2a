"""Writers that are killed at any moment: what is in the store is whole, and every key has one writer."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from decai_forecast.store import Store

KEYS, WRITERS, SIZE = 400, 6, 4096
WRITER = f"""
import sys
from decai_forecast.store import Store
store, own = Store(sys.argv[1], "acme"), sys.argv[2].encode()
for k in range({KEYS}):
    print(k, flush=True)
    store.create_bytes(f"a/{{k}}", own * {SIZE})
    store.write_bytes("a/last", own * {SIZE})
"""


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(20))
def test_what_killed_writers_leave_is_whole(tmp_path: Path, seed: int) -> None:
    """All but one are killed on their way; the last one ends, and every key is there with the bytes of one writer."""
    draw = random.Random(seed)
    command = [sys.executable, "-c", WRITER, str(tmp_path)]
    started = [subprocess.Popen([*command, str(k)], stdout=subprocess.PIPE, text=True) for k in range(WRITERS)]
    for one in started[1:]:
        until = f"{draw.randrange(KEYS - 1)}\n"
        assert one.stdout is not None
        assert any(line == until for line in one.stdout)
        one.send_signal(signal.SIGKILL)
    codes = [(one.communicate()[0], one.returncode)[1] for one in started]
    assert codes[0] == 0
    assert set(codes[1:]) <= {0, -signal.SIGKILL}  # one may have been at its end
    store = Store(tmp_path, "acme")
    assert sorted(store.keys("a")) == sorted([f"a/{k}" for k in range(KEYS)] + ["a/last"])
    for key in store.keys("a"):
        data = store.read_bytes(key)
        assert (len(data), len(set(data))) == (SIZE, 1)
