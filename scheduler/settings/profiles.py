"""How much runner time is spent on being on time: three answers, so that nobody computes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from types import MappingProxyType

#: A job on ``ubuntu-slim`` ends after 15 minutes; a holder that leaves before has time to
#: start, to finish what is in hand, and to report.
#: https://docs.github.com/en/actions/reference/runners/github-hosted-runners
HOLD = timedelta(minutes=12)
#: GitHub bills every minute that was begun, so a pass may as well wait out this one.
MINUTE = timedelta(minutes=1)
#: How often a holder looks around.
POLL = timedelta(seconds=20)


class Stay(str, Enum):
    """For what a holder waits."""

    HOLD = "its hold to be over"
    DUE = "what is due within its hold"
    PENDING = "anything that waits"


@dataclass(frozen=True, kw_only=True)
class Profile:
    """One way to spend runner time.

    ``hold`` is None where a tick does not stay. ``nudged_for`` is how far ahead a job may
    be for a nudge to help (None: always).
    """

    hold: timedelta | None
    stay: Stay
    relay: bool
    nudged_for: timedelta | None
    expectation: str


PROFILES: Mapping[str, Profile] = MappingProxyType(
    {
        "thrifty": Profile(
            hold=MINUTE,
            stay=Stay.DUE,
            relay=False,
            nudged_for=MINUTE,
            expectation="the scheduler is woken, and runs it as soon as a runner has started",
        ),
        "balanced": Profile(
            hold=HOLD,
            stay=Stay.DUE,
            relay=False,
            nudged_for=HOLD,
            expectation="the scheduler is woken and waits for it: seconds late",
        ),
        "punctual": Profile(
            hold=HOLD,
            stay=Stay.PENDING,
            relay=True,
            nudged_for=None,
            expectation="the scheduler is woken and stays until it has run: seconds late",
        ),
    }
)
