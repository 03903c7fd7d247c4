"""A part of GitHub's queue, before made-up answers."""

from __future__ import annotations

import pytest

from scheduler.github.client import Api, GitHub


@pytest.fixture
def api(http: GitHub) -> Api:
    return Api(http=http, repository="o/r", label="schedule")
