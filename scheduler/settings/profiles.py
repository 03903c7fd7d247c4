"""The profiles: how much runner time a tick spends on being on time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from types import MappingProxyType

#: How long a hold lasts. A job on ``ubuntu-slim`` ends after 15 minutes; what is left is for
#: starting, for finishing what is in hand, and for the report.
#: https://docs.github.com/en/actions/reference/runners/github-hosted-runners
HOLD = timedelta(minutes=12)
#: How long a tick holds that is woken by alarms: a job's last one ends so long before it, and
#: what is due sooner than the shortest one is held as well.
ALARM_HOLD = timedelta(minutes=3)
#: GitHub bills every minute that has begun, so a pass may use up its own.
MINUTE = timedelta(minutes=1)
#: The time between two polls of a holder.
POLL = timedelta(seconds=20)


#: What a job waits for that is due later than a tick holds, where cron never comes.
LATER = "else as late as the repository's next event, when GitHub's cron does not come"


class Stay(str, Enum):
    """What a holder stays for."""

    HOLD = "its hold to be over"
    DUE = "what is due within its hold"
    PENDING = "anything that waits"


@dataclass(frozen=True, kw_only=True)
class Profile:
    """One way to spend runner time."""

    #: How long a hold lasts; None: a tick does not stay.
    hold: timedelta | None
    #: What it stays for.
    stay: Stay
    #: Whether a holder starts its successor.
    relay: bool
    #: Whether a tick that leaves arms what wakes the next, where it can.
    alarm: bool = False
    #: How far ahead a job may be for a nudge to help; None: any.
    nudged_for: timedelta | None
    #: The lateness to expect of a nudged job, for people.
    expectation: str
    #: The lateness to expect of it where GitHub's cron never comes, for people.
    without_cron: str


PROFILES: Mapping[str, Profile] = MappingProxyType(
    {
        "auto": Profile(
            hold=HOLD,
            stay=Stay.DUE,
            relay=False,
            alarm=True,
            nudged_for=None,
            expectation="woken, it takes the best clock it finds: seconds late with alarms",
            without_cron="no tick has looked yet which clock there is; the next one does",
        ),
        "alarm": Profile(
            hold=ALARM_HOLD,
            stay=Stay.DUE,
            relay=False,
            alarm=True,
            nudged_for=None,
            expectation="the scheduler is woken and arms an alarm for it: seconds late",
            without_cron="seconds late, whether GitHub's cron comes or not",
        ),
        "thrifty": Profile(
            hold=MINUTE,
            stay=Stay.DUE,
            relay=False,
            nudged_for=MINUTE,
            expectation="the scheduler is woken, and runs it as soon as a runner has started",
            without_cron=f"seconds late where it is due within a minute; {LATER}",
        ),
        "balanced": Profile(
            hold=HOLD,
            stay=Stay.DUE,
            relay=False,
            nudged_for=HOLD,
            expectation="the scheduler is woken and waits for it: seconds late",
            without_cron=f"seconds late where it is due within 12 minutes; {LATER}",
        ),
        "punctual": Profile(
            hold=HOLD,
            stay=Stay.PENDING,
            relay=True,
            nudged_for=None,
            expectation="the scheduler is woken and stays until it has run: seconds late",
            without_cron="seconds late as long as its chain goes on, with GitHub's cron or without",
        ),
    }
)
