"""A short run of the coverage-guided fuzzing that `tests.fuzz.run` does for longer."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import pytest

RUNS = 5_000
ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.slow
@pytest.mark.skipif(
    importlib.util.find_spec("atheris") is None,
    reason="atheris has wheels for Linux on x86-64 only; the same targets run under hypothesis",
)
def test_a_short_run_breaks_nothing(tmp_path: Path) -> None:
    arguments = [f"-runs={RUNS}", "-max_len=2048", "-seed=1", f"-artifact_prefix={tmp_path}/"]
    # By a shell: to the kernel a child's peak of memory begins with that of its parent.
    ran = subprocess.run(
        ["sh", "-c", '"$@"; exit $?', "sh", sys.executable, "-m", "tests.fuzz.run", *arguments],
        capture_output=True, text=True, timeout=300, check=False, cwd=ROOT,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr[-3000:]
    assert re.search(rf"Done {RUNS} runs", ran.stderr)
    assert list(tmp_path.iterdir()) == []
