"""How long the processor takes over something, on a machine that may be busy with more."""

from __future__ import annotations

import time
from collections.abc import Callable


def least_seconds(act: Callable[[], object]) -> float:
    """The best of three: what else runs on this machine can only make it longer."""
    took = []
    for _ in range(3):
        began = time.thread_time()
        act()
        took.append(time.thread_time() - began)
    return min(took)
