"""One of some cases in the quick run, the others in the slow one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest


def one_in(share: int, cases: Iterable[Any]) -> list[Any]:
    """The cases of a parametrized test: the first of each ``share`` is quick, the rest is slow."""
    return [
        pytest.param(
            *(case if isinstance(case, tuple) else (case,)),
            marks=pytest.mark.slow if place % share else (),
        )
        for place, case in enumerate(cases)
    ]
