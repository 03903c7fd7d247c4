"""An issue with a hundred labels, GitHub's most: what can't be shown is said, not tried."""

from __future__ import annotations

import pytest

from tests.conftest import Stage
from tests.faults.series import goes, open_series
from tests.faults.world import World, body, world
from tests.support.fakes import MemoryQueue
from tests.tick.test_slash_commands import faces, say

MANY = ("schedule", *(f"label {n}" for n in range(99)))


def full(made: World) -> None:
    made.hub.change(1, labels=MANY)


def tick(made: World) -> list[str]:
    queue = MemoryQueue(made.hub)
    made.tick(queue=queue)
    return queue.calls


@pytest.mark.parametrize("kind", ["invalid", "held", "missed", "series", "one-off"])
def test_what_can_t_be_shown_by_a_label_costs_no_request(kind: str) -> None:
    made = world()
    if kind == "series":
        open_series(made.hub)
    elif kind == "missed":
        made.hub.open(body("s", more="deadline: 1s\n"))
    else:
        made.hub.open("no job" if kind == "invalid" else body("s"))
    full(made)
    if kind == "held":
        made.hub.comment(1, '<!-- schedule:journal {"v":1} -->', by="github-actions[bot]")
    calls = [name for _ in range(3) for name in tick(made)]
    assert "add_label" not in calls
    notices = [notice for report in made.reports for notice in report.notices]
    assert all("'schedule:" in each and "#1" in each and "take one off" in each for each in notices)
    assert bool(notices) is (kind != "one-off")
    assert set(MANY) <= set(made.hub.ticket(1).labels)
    if kind in ("one-off", "missed"):
        assert not made.hub.ticket(1).open
    if kind == "series":
        goes(made, 11)
        assert made.count("s") == 2


def test_a_pause_that_no_label_can_show_is_refused_once() -> None:
    made = world()
    open_series(made.hub)
    made.tick()
    full(made)
    comment = say(made, "/pause")
    goes(made, 3)
    assert faces(made, comment) == {"-1"}
    assert "add_label" not in tick(made)
    goes(made, 11)
    assert made.count("s") == 2


def test_over_http_the_tick_says_which_label(stage: Stage) -> None:
    number = stage.open("no job")
    stage.edit(number, labels=list(MANY))
    stage.tick()
    stage.sandbox.clear_requests()
    report = stage.tick()
    (notice,) = report["notices"]
    assert f"'schedule:invalid' can't be put on #{number}" in notice
    assert report["requests"] <= 6
    writes = [each.path for each in stage.sandbox.requests if each.method != "GET"]
    assert set(writes) <= {"/graphql"}
