"""A holder whose machine has its clock set, where no poll comes to its help in time."""

from __future__ import annotations

import pytest

from tests.support.hold_world import hold_world


@pytest.mark.parametrize("jump", [-3600.0, -30.0, -2.0, 2.0, 30.0, 3600.0])
@pytest.mark.parametrize("moment", [30.0, 85.0, 95.0, 99.9])
def test_a_clock_that_is_set_between_two_polls_makes_nothing_early_or_late(
    jump: float, moment: float
) -> None:
    world = hold_world(corrected=True, latency=0.05, poll=500)
    number = world.open("job", 100)
    world.lively.at(moment, lambda: world.clock.step(jump))
    world.stays()
    (sent,) = world.sent_at("job")
    assert 100 <= sent <= 101, sent
    world.audit(number, "job")
