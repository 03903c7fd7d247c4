"""Where the tests that search begin: the seed of a run with ``-m soak``."""

from __future__ import annotations

import os

#: The variable that sets it; without it the run draws one, and prints it.
SEED = "SCHEDULE_TEST_SEED"


def seed() -> int:
    """The seed of this run; 0 in the quick and the slow run, whose cases are always the same."""
    return int(os.environ.get(SEED, "0"))
