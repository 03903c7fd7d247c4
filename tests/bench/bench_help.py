"""How long ``schedule --help`` takes, next to what ``import click`` takes by itself.

``python tests/bench/bench_help.py`` prints both and their ratio, and fails at 3 or more. No
test run collects this file: a time is a fact about a machine, and machines are busy. The two
are run in turn, and the fastest of each counts, since noise only ever makes a run slower.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time

LIMIT = 3.0
CLICK = ["-c", "import click"]
HELP = ["-m", "scheduler", "--help"]


def seconds(args: list[str]) -> float:
    """How long one process takes."""
    began = time.perf_counter()
    subprocess.run([sys.executable, *args], stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - began


def main() -> int:
    """Measure, print, judge."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=20, help="how often each is run; 20")
    rounds = parser.parse_args().rounds
    seconds(CLICK), seconds(HELP)  # the first run fills the caches
    times = [(seconds(CLICK), seconds(HELP)) for _ in range(rounds)]
    click, shown = (min(column) for column in zip(*times, strict=True))
    sys.stdout.write(
        f"import click     {click * 1000:6.1f} ms\n"
        f"schedule --help  {shown * 1000:6.1f} ms\n"
        f"ratio            {shown / click:6.2f} (below {LIMIT:.0f})\n"
    )
    return 0 if shown / click < LIMIT else 1


if __name__ == "__main__":
    sys.exit(main())
