"""The coverage-guided fuzzing of `tests.fuzz.run`, for a short while."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.seed import seed

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    "runs",
    [
        pytest.param(5_000, marks=pytest.mark.slow),
        pytest.param(500_000, marks=pytest.mark.soak),
    ],
)
@pytest.mark.skipif(
    importlib.util.find_spec("atheris") is None,
    reason="atheris has wheels for Linux on x86-64 only; the same targets run under hypothesis",
)
def test_nothing_breaks(tmp_path: Path, runs: int) -> None:
    # To libFuzzer 0 is "draw one".
    start = f"-seed={1 + seed() % 2**31}"
    arguments = [f"-runs={runs}", "-max_len=2048", start, f"-artifact_prefix={tmp_path}/"]
    # By a shell: to the kernel a child's peak of memory begins with that of its parent.
    ran = subprocess.run(
        ["sh", "-c", '"$@"; exit $?', "sh", sys.executable, "-m", "tests.fuzz.run", *arguments],
        capture_output=True, text=True, timeout=runs, check=False, cwd=ROOT,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr[-3000:]
    assert re.search(rf"Done {runs} runs", ran.stderr)
    assert list(tmp_path.iterdir()) == []
