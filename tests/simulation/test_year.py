"""A year of a series that comes every five minutes: nothing grows with its age."""

from __future__ import annotations

import functools
import sys
import time
import tracemalloc
from datetime import timedelta

import pytest

from scheduler.job import frontmatter
from scheduler.job.model import occurrence_key
from tests.faults.series import occurrences, open_series
from tests.faults.world import World, world
from tests.support.fakes import NOON

FIVE = timedelta(minutes=5)
DAY = 24 * 12
#: GitHub's limit of a comment.
MOST = 65_536


class Life:
    """A series and all its ticks; what the hub remembers of the past is forgotten by the way."""

    def __init__(self) -> None:
        self.world: World = world()
        self.number = open_series(self.world.hub, rule="every: 5m", run_at=NOON)
        self.longest = 0
        self.requests = 0

    def live(self, occurrences: int) -> float:
        """So many instants, each dispatched once and alone; the seconds that ticks computed."""
        made, hub, took = self.world, self.world.hub, 0.0
        for _ in range(occurrences):
            began = time.process_time()
            report = made.tick()
            took += time.process_time() - began
            instant = made.clock.true.replace(second=0, microsecond=0)
            assert [sent.key for sent in hub.sent] == [occurrence_key(self.number, instant)]
            assert report is not None
            [journal] = hub.on(self.number)
            self.longest = max(self.longest, len(journal.body))
            self.requests = max(self.requests, report.requests)
            hub.sent.clear()
            made.reports.clear()
            hub.runs[:-2] = []
            hub.views[self.number][:-1] = []
            made.clock.sleep(FIVE.total_seconds())
        return took

    def peak(self) -> int:
        """The bytes that one tick allocates at most."""
        tracemalloc.start()
        try:
            self.live(1)
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()


def least(life: Life, part: int) -> float:
    """The seconds of so many instants, by the quickest twelfth: what else runs adds to others."""
    return 12 * min(life.live(part // 12) for _ in range(12))


def played(total: int, part: int, capsys: pytest.CaptureFixture[str]) -> None:
    """So many instants; the last ``part`` of them is compared with the second."""
    life = Life()
    life.live(part)
    young, small = least(life, part), life.peak()
    life.live(total - 3 * part - 2)
    old, large = least(life, part), life.peak()
    ticket = life.world.hub.ticket(life.number)
    with capsys.disabled():
        sys.stdout.write(
            f"\n{total} occurrences: longest journal {life.longest} characters, "
            f"{life.requests} requests a tick; ms a tick {1000 * young / part:.2f} in the second "
            f"{part}, {1000 * old / part:.2f} in the last; kB a tick {small // 1024}, then "
            f"{large // 1024}\n"
        )
    assert ticket.open
    assert ticket.comments == len(life.world.hub.comments) == 1
    assert life.longest < MOST
    assert len(occurrences(life.world.history(life.number).journal)) == 160
    assert old < 2.5 * young
    assert large < 1.5 * small


@pytest.fixture(autouse=True)
def _texts_are_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    # Which only saves time: it is the same text every time.
    monkeypatch.setattr(frontmatter, "parse", functools.cache(frontmatter.parse))


@pytest.mark.slow
def test_a_day_of_a_series() -> None:
    life = Life()
    life.live(DAY)
    assert life.longest < MOST / 2


@pytest.mark.slow
def test_five_days_of_a_series(capsys: pytest.CaptureFixture[str]) -> None:
    played(5 * DAY, DAY, capsys)


@pytest.mark.soak
def test_a_year_of_a_series(capsys: pytest.CaptureFixture[str]) -> None:
    # 105,120 occurrences; a week beside a week.
    played(365 * DAY, 7 * DAY, capsys)
