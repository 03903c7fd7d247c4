"""Whole front matters by the thousand, read down to the first 200 instants of what they say.

    python -m tests.fuzz.texts 100000

Prints the texts that took longest to be read, and ends at the first on which anything but
``InvalidJob`` was raised. A seed after the number begins another series of texts.

One run of 100,000 (seed 1, Python 3.11, a core that was shared): nothing but ``InvalidJob``, and
the slowest took 20 ms to be read.
"""

from __future__ import annotations

import random
import sys
import time
import zoneinfo
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from itertools import islice

from scheduler.errors import InvalidJob
from scheduler.job import signing
from scheduler.job.model import Job, occurrence_key
from scheduler.journal.journal import History, Journal
from scheduler.policy import series
from scheduler.policy.job_text import job_of
from scheduler.times import cron, recurrence, rrule
from tests.fuzz import rules
from tests.fuzz.seeds import PIECES
from tests.fuzz.targets import KEYS, refused
from tests.support.processor import least_seconds

#: How many instants of each series are worked out.
INSTANTS = 200
SHORTEST = timedelta(minutes=5)
ZONES = sorted(zoneinfo.available_timezones() - {"localtime", "Factory"})
STARTS = (
    "2026-11-23T09:00:00Z", "2000-01-01T00:00:00Z", "2024-02-29T23:30:00", "2026-03-29T02:30:00",
    "2026-10-25 02:30", "2010-01-01T00:00:01.5Z",
)  # fmt: skip
ODD_STARTS = (
    "2999-12-31T23:59:59Z", "1999-12-31T23:59:59Z", "0001-01-01T00:00:00+23:59",
    "9999-12-31T23:59:59-23:59",
)  # fmt: skip
#: What is known to have been slow, or to have raised something.
KNOWN = (
    "FREQ=MONTHLY;BYDAY=29MO", "FREQ=MONTHLY;BYDAY=1MO,12FR", "FREQ=YEARLY;BYMONTH=12;BYDAY=8MO",
    "FREQ=DAILY;BYMONTHDAY=29;BYMONTH=2;BYDAY=MO;BYSETPOS=1;COUNT=10000",
    "FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=30", "FREQ=YEARLY;BYWEEKNO=53;BYMONTH=6;COUNT=10000",
    "FREQ=DAILY;BYHOUR=" + ",".join(map(str, range(24))) + ";BYSECOND=0;BYSETPOS=-1;COUNT=10000",
    "FREQ=YEARLY;INTERVAL=10000", "FREQ=WEEKLY;INTERVAL=313;BYMONTH=2;BYDAY=MO;BYSETPOS=1",
    "FREQ=MINUTELY;INTERVAL=7;BYHOUR=3;BYMINUTE=1;BYDAY=TU;COUNT=10000",
)  # fmt: skip


#: What else a job can say, and nearly.
OTHERS = {
    "until": ("2027-01-01T00:00:00Z", "2999-12-31T23:59:59Z", "2026-11-23T09:00:00Z"),
    "count": ("1", "3", "9999", "10000", "10001"),
    "misfire": ("skip", "latest", "all"), "overlap": ("allow", "skip"),
    "jitter": ("10m", "1d", "25h"), "deadline": ("6h", "36525d", "2999-12-31T23:59:59Z"),
    "tolerance": ("0s", "2h", "36525d", "-1h"),
    "when": ("closed(#1)", "x(" * 9), "patience": ("2h", "36525d"),
    "signature": ("v1 issued-at=0001-01-01T00:00:00Z nonce=" + "n" * 24 + " mac=" + "0" * 64,),
}  # fmt: skip


def rule(pick: random.Random) -> dict[str, str]:
    """The key that says when a job comes again, if it does."""
    counted = f";COUNT={pick.choice((1, 10, 10_000))}" if pick.random() < 0.2 else ""
    kinds: dict[float, Callable[[], dict[str, str]]] = {
        0.45: lambda: {"rrule": rules.rrule(pick) + counted},
        0.6: lambda: {"rrule": rules.odd_rrule(pick)},
        0.63: lambda: {"rrule": pick.choice(KNOWN)},
        0.83: lambda: {"cron": f'"{rules.cron(pick)}"'},
        0.85: lambda: {"cron": '"@daily"'},
        0.95: lambda: {"every": pick.choice(("5m", "1s", "36525d", "PT2H", "0s", "99999999999d"))},
        1.0: dict,
    }
    kind = pick.random()
    return next(make() for most, make in kinds.items() if kind < most)


def text(pick: random.Random) -> str:
    """A body: most are jobs, many series, some nearly so."""
    start = pick.choice(STARTS if pick.random() < 0.9 else ODD_STARTS)
    keys = {"run-at": start, "workflow": "a.yml", **rule(pick)}
    if pick.random() < 0.5:
        keys["timezone"] = pick.choice(ZONES)
    given = [name for name in OTHERS if pick.random() < 0.08]
    keys |= {name: pick.choice(OTHERS[name]) for name in given}
    head = "".join(f"{name}: {value}\n" for name, value in keys.items())
    if pick.random() < 0.15:
        at, end = pick.randrange(len(head)), pick.randint(0, 4)
        head = head[:at] + pick.choice(PIECES) * pick.randint(1, 3) + head[at + end :]
    body = f"---\n{head}---\nx"
    return body.replace("\n", "\r\n") if pick.random() < 0.1 else body


def read(body: str, now: datetime) -> Job:
    """What everybody does who reads an issue: its job, its rule's checks, and where it is at.

    Raises:
        InvalidJob: as the text deserves.
    """
    job = job_of(body, timezone="Europe/Berlin")
    rule = series.written_rule(job)
    if rule is not None:
        recurrence.check(rule, shortest=SHORTEST)
    for journal in (Journal(), None):
        series.expected(job, title="", touched=now, journal=journal)
    series.locate(job, History(), name=lambda instant: occurrence_key(1, instant), now=now)
    series.over(job, Journal())
    job.expires_at()
    signing.refusal(job, KEYS, mode="optional", repository="octo/queue", created_at=now)
    return job


def walk(job: Job, now: datetime) -> None:
    """The first instants of a series, those after ``now``, and the last of all."""
    rule = series.written_rule(job)
    if rule is None:
        return
    for begin in (rule.start, now):
        found = list(islice(rule.since(begin), INSTANTS))
        assert found == sorted(set(found))
        assert all(rule.start <= each <= rule.until and each >= begin for each in found)
        if found:
            assert rule.latest(found[-1]) == found[-1]
            assert rule.after(found[0]) == (found[1] if len(found) > 1 else rule.after(found[0]))
    rule.endless.latest(recurrence.END)


@dataclass(frozen=True, order=True)
class Read:
    """How long a text took to be read, in seconds of processor time, and whether it is a job."""

    seconds: float
    body: str
    good: bool


def one(pick: random.Random) -> Read:
    """Read one text; what it says is worked out as well, but not timed."""
    body = text(pick)
    now = datetime(2000, 1, 1, tzinfo=timezone.utc) + timedelta(days=pick.randrange(40 * 365))
    job: Job | None = None
    began = time.thread_time()
    try:
        job = read(body, now)
    except InvalidJob as problem:
        seconds = time.thread_time() - began
        refused(problem)
    else:
        seconds = time.thread_time() - began
        try:
            walk(job, now)
        except InvalidJob as problem:
            refused(problem)
    return Read(seconds=seconds, body=body, good=job is not None)


def forget() -> None:
    """Forget what was worked out of rules: the next text is read as if it were the first."""
    for known in (recurrence.rule_of_keys, rrule._values, rrule._times_of,
                  cron._times_of, cron._shortest_gap):  # fmt: skip
        known.cache_clear()


def slowest(count: int, seed: int, *, keep: int = 5) -> tuple[list[Read], int]:
    """The texts that took longest of so many, the slowest first; and how many are jobs."""
    pick = random.Random(seed)
    found: list[Read] = []
    good = 0
    for number in range(count):
        if number % 50 == 0:
            forget()
        last = one(pick)
        good += last.good
        found = sorted([*found, last], reverse=True)[:keep]
    # What else runs here can only make it longer.
    again = []
    for each in found:
        best = each.seconds
        for _ in range(3):
            forget()
            best = min(best, timed(each.body))
        again.append(replace(each, seconds=best))
    return sorted(again, reverse=True), good


def timed(body: str) -> float:
    """How long a text takes to be read for the first time, in seconds of processor time."""
    began = time.thread_time()
    with suppress(InvalidJob):
        read(body, datetime(2026, 11, 23, 12, tzinfo=timezone.utc))
    return time.thread_time() - began


def least(body: str, enough: float) -> float:
    """The same on a machine of the usual speed, by the least of some tries."""

    def act() -> None:
        forget()
        timed(body)

    return least_seconds(act, enough=enough)


def main(arguments: list[str]) -> None:
    """Read so many texts, from a seed, and print the slowest."""
    count = int(arguments[0]) if arguments else 100_000
    seed = int(arguments[1]) if len(arguments) > 1 else 1
    found, good = slowest(count, seed)
    sys.stdout.write(f"{count} texts of seed {seed}, of which {good} are jobs; the slowest:\n")
    for each in found:
        sys.stdout.write(f"{each.seconds * 1000:7.1f} ms  {each.body!r}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
