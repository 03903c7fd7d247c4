"""What a holder believes of the lists that it polls, which may be older than what it knows."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from tests.support.hold_world import NOON, body, hold_world


def test_a_list_that_is_older_than_the_claim_takes_no_claim_back() -> None:
    world = hold_world(poll=2)
    number = world.open("job", 400)
    (older,) = world.hub.views[number]
    sooner = body("job", run_at=NOON + timedelta(seconds=100))
    world.lively.at(30, lambda: world.hub.change(number, body=sooner))

    def lagging(_: int, name: str, act: Callable[[], object]) -> object:
        answer = act()
        return [older[1]] if name == "open_tickets" and 93 < world.seconds < 99 else answer

    report = world.stays(lagging)
    assert world.named("add_comment")[0][0] < 93, "it was claimed by then"
    assert report.withdrawn == []
    assert world.sent_at("job") == [100]
    world.audit(number, "job")


@pytest.mark.parametrize("moment", range(25, 225, 20))
def test_a_command_is_heard_by_the_next_poll_though_comments_were_listed_before(
    moment: int,
) -> None:
    world = hold_world()
    number = world.open("job", 500)
    world.hub.comment(number, "Do we still need this?", by="owner")
    world.lively.at(moment, lambda: world.hub.comment(number, "/run", by="owner"))
    world.stays()
    (sent,) = world.sent_at("job")
    assert moment < sent <= moment + 20
