"""The errors that a caller may react to, one class for each reaction.

A message is one line: the field, its value, the fix. The exit statuses are those that the README
documents; 75 is ``EX_TEMPFAIL`` of ``sysexits.h``.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime


class SchedulerError(Exception):
    """The base of all errors that this package raises on purpose."""

    exit_status = 1
    #: Whether it passes by itself: a tick that it ends has not failed.
    passing = False


class UsageError(SchedulerError):
    """The command line, the environment or the settings are wrong."""

    exit_status = 2


@contextmanager
def options() -> Iterator[None]:
    """What is read in here was written for this very call: what is wrong with it is its usage.

    Raises:
        UsageError: in the place of ``InvalidJob``.
    """
    try:
        yield
    except InvalidJob as problem:
        raise UsageError(str(problem)) from problem


class SettingsError(UsageError):
    """``.github/scheduler.yml`` is not valid; nothing was dispatched."""


class Refused(SchedulerError):
    """The request is understood and is not carried out as it is."""

    exit_status = 3


class InvalidJob(Refused):
    """A job's text is wrong; its author can edit it."""


class NoSuchJob(SchedulerError):
    """There is no such issue, or it is not a job."""

    exit_status = 4


class NotPermitted(SchedulerError):
    """There is no token, or it is bad, or it lacks the right that the message names."""

    exit_status = 5


class SettingsUnreadable(NotPermitted):
    """It can't be told whether there are settings, so nothing may be dispatched."""


class OtherScheduler(SchedulerError):
    """Another account is the scheduler of this queue: a tick of this one would put jobs on hold."""

    exit_status = 5


class Unavailable(SchedulerError):
    """GitHub can't be reached or did not answer; the same call may succeed later.

    ``sent``: whether a write may have taken effect all the same.
    """

    exit_status = 75
    passing = True

    def __init__(self, message: str, *, sent: bool = True) -> None:
        super().__init__(message)
        self.sent = sent


class RateLimited(Unavailable):
    """GitHub refused for now; nothing took effect.

    ``retry_at``: the earliest instant (UTC) at which GitHub may be asked again.
    """

    def __init__(self, message: str, *, retry_at: datetime) -> None:
        super().__init__(message, sent=False)
        self.retry_at = retry_at


class Paced(RateLimited):
    """Nothing was sent: GitHub, which limits comments and issues, would have refused it."""


class VersionRetired(Unavailable):
    """GitHub no longer answers the version of its API that this program names; nothing took effect.

    A newer version of this program does help, another attempt does not.
    """

    passing = False

    def __init__(self, message: str) -> None:
        super().__init__(message, sent=False)


class Rejected(SchedulerError):
    """GitHub refused a write for good; ``status`` is the HTTP status of its answer."""

    exit_status = 3

    def __init__(self, message: str, *, status: int) -> None:
        super().__init__(message)
        self.status = status
