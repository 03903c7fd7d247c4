"""How long the processor takes over something, on any machine, however busy.

What is measured is the processor's time, the least of three tries, in seconds of a machine on
which a fixed loop takes `LOOP` seconds: a limit holds on a slower one as well, and on one whose
cores are shared.
"""

from __future__ import annotations

import time
from collections.abc import Callable

#: What the loop took where the limits were measured, in seconds.
LOOP = 0.004


def least_seconds(act: Callable[[], object], *, enough: float = 0.0) -> float:
    """The least of three tries; no more are made once one takes no longer than ``enough``."""
    least = float("inf")
    for _ in range(3):
        took = _spent(act)
        if took > enough:  # this machine may be the slow one
            took /= max(_spent(_loop) / LOOP, 1)
        least = min(least, took)
        if least <= enough:
            break
    return least


def _spent(act: Callable[[], object]) -> float:
    began = time.thread_time()
    act()
    return time.thread_time() - began


def _loop() -> None:
    for number in range(100_000):
        number * number % 7
