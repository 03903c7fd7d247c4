"""The brakes: a run that is too long is cancelled, a series that only fails pauses itself."""

from __future__ import annotations

from datetime import timedelta

import pytest

from scheduler.errors import Rejected, Unavailable
from scheduler.settings.model import Defaults, Settings
from tests.faults.series import entries, goes, open_series
from tests.faults.world import Fault, World, body, faulty, world
from tests.support.fakes import BOT, MemoryQueue

HOUR = 3600
PAUSED = "schedule:paused"


def long(*, more: str = "max-runtime: 1h\n", settings: Settings | None = None) -> World:
    """A job whose run is under way."""
    made = world(settings=settings)
    made.hub.begins = "in_progress"
    made.hub.open(body("s", more=more))
    made.tick()
    return made


def calls(made: World) -> list[str]:
    queue = MemoryQueue(made.hub)
    made.tick(queue=queue)
    return [each for each in queue.calls if each == "cancel_run"]


def news(made: World) -> list[str]:
    return [each.body for each in made.hub.on(1) if "schedule:outcome" in each.body]


def later(made: World) -> None:
    for _ in range(3):
        made.clock.sleep(60)
        made.tick()


@pytest.mark.parametrize("by", ["job", "setting"])
def test_a_run_that_is_too_long_is_cancelled_and_that_is_its_outcome(by: str) -> None:
    settings = Settings(defaults=Defaults(max_runtime=timedelta(hours=1)))
    made = long(more="", settings=settings) if by == "setting" else long()
    made.clock.sleep(HOUR - 60)
    assert calls(made) == []
    made.clock.sleep(120)
    assert calls(made) == ["cancel_run"]
    words = "is under way for longer than its max-runtime, 1h, so it was cancelled"
    assert [words in each for each in made.reports[-1].notices] == [True]
    made.clock.sleep(60)
    made.tick()
    (ended,) = entries(made)
    words = "it was under way for longer than its max-runtime, 1h"
    assert (ended.conclusion, ended.told) == ("cancelled", words)
    assert sum(words in each for each in news(made)) == 1
    assert "schedule:failed" in made.hub.ticket(1).labels


def test_one_that_ends_in_time_or_states_no_limit_is_left_alone() -> None:
    for more in ("max-runtime: 2h\n", ""):
        made = long(more=more)
        made.clock.sleep(HOUR + 60)
        assert calls(made) == []
        made.hub.mark(made.hub.runs[0][1].id, "completed", "cancelled")
        made.tick()
        assert (entries(made)[0].conclusion, entries(made)[0].told) == ("cancelled", "")


@pytest.mark.parametrize("refused", [Rejected("not you", status=403), Unavailable("502")])
def test_a_cancel_that_fails_is_said_and_tried_again(refused: Exception) -> None:
    made = long()
    made.clock.sleep(HOUR + 60)

    def denied(index: int, name: str, act: object) -> object:
        if name == "cancel_run":
            raise refused
        return act()  # type: ignore[operator]

    for _ in range(2):
        made.tick(denied)
        said = [each for each in made.reports[-1].notices if "can't be cancelled" in each]
        assert len(said) == 1
        assert "#1 is under way for longer than its max-runtime, 1h" in said[0]
        made.clock.sleep(60)
    assert news(made) == []
    later(made)
    assert len(news(made)) == 1


@pytest.mark.parametrize("kind", ["crash-before", "crash-after", "drop-after"])
def test_a_cancel_is_told_once_whatever_dies(kind: str) -> None:
    for index in range(1, 11):
        made = long()
        made.clock.sleep(HOUR + 60)
        made.tick(faulty(made.clock, Fault(index, kind)))
        made.clock.sleep(60)
        made.tick(faulty(made.clock, Fault(index, kind)))
        later(made)
        assert len(news(made)) == 1, made.story()
        assert entries(made)[0].conclusion == "cancelled", made.story()


def fails(made: World, number: int = 1, *, conclusion: str = "failure") -> None:
    """Let so many runs of a series fail, one after another."""
    for _ in range(number):
        goes(made, _minutes(made) + 10)
        made.hub.mark(made.hub.runs[-1][1].id, "completed", conclusion)
        made.clock.sleep(60)
        made.tick()


def _minutes(made: World) -> int:
    return len(made.hub.sent) * 10 - 10


def series(most: int | None = 3) -> World:
    made = world()
    open_series(made.hub, more=f"pause-after: {most}\n" if most is not None else "")
    made.tick()
    made.hub.mark(made.hub.runs[-1][1].id, "completed", "success")
    made.clock.sleep(60)
    made.tick()
    return made


def paused(made: World) -> bool:
    return PAUSED in made.hub.ticket(1).labels


@pytest.mark.parametrize("most", [1, 3, None])
def test_a_series_that_fails_so_often_in_a_row_pauses_itself(most: int | None) -> None:
    made, number = series(most), most or 5
    fails(made, number - 1)
    assert not paused(made)
    fails(made)
    assert paused(made)
    runs = "its last run" if number == 1 else f"its last {number} runs"
    line = f"{runs} failed, so the series paused itself"
    assert sum(line in each for each in news(made)) == 1
    assert len(news(made)) == (1 if number == 1 else 2)
    assert [note.reason for note in made.reports[-1].paused] == [line]
    before = len(made.hub.sent)
    goes(made, 200, step=40)
    assert len(made.hub.sent) == before


def test_a_success_or_a_resume_begins_the_count_anew() -> None:
    made = series()
    fails(made, 2)
    fails(made, conclusion="success")
    fails(made, 2)
    assert not paused(made)
    made.hub.comment(1, "/resume", by="owner")
    fails(made, 2)
    assert not paused(made)
    fails(made)
    assert paused(made)


@pytest.mark.parametrize("by", ["label", "word"])
def test_whoever_lets_it_go_on_lets_as_many_more_fail(by: str) -> None:
    made = series()
    fails(made, 3)
    assert paused(made)
    made.clock.sleep(60)
    if by == "label":
        made.hub.take_off(1, PAUSED)
    else:
        made.hub.comment(1, "/resume", by="owner")
        made.tick()
    assert not paused(made)
    fails(made, 2)
    assert not paused(made)
    fails(made)
    assert paused(made)


def test_zero_lets_it_fail_for_ever_and_a_single_job_pauses_nothing() -> None:
    made = series(0)
    fails(made, 8)
    assert not paused(made)
    made = world(settings=Settings(defaults=Defaults(pause_after=1)))
    made.hub.open(body("s"))
    made.tick()
    made.hub.mark(made.hub.runs[-1][1].id, "completed", "failure")
    made.until_quiet()
    assert not paused(made)


@pytest.mark.parametrize("kind", ["crash-before", "crash-after", "drop-after"])
def test_it_pauses_once_whatever_dies(kind: str) -> None:
    for index in range(1, 11):
        made = series(1)
        goes(made, 10)
        made.hub.mark(made.hub.runs[-1][1].id, "completed", "failure")
        made.clock.sleep(60)
        made.tick(faulty(made.clock, Fault(index, kind)))
        made.clock.sleep(60)
        made.tick()
        made.tick()
        assert paused(made), made.story()
        assert len(news(made)) == 1, made.story()
        put_on = [e for e in made.hub.events[1] if (e.event, e.label) == ("labeled", PAUSED)]
        assert len(put_on) == 1
        assert put_on[0].actor is not None
        assert put_on[0].actor.login == BOT


def test_what_somebody_closed_meanwhile_is_not_paused() -> None:
    made = series(1)
    goes(made, 10)
    made.hub.mark(made.hub.runs[-1][1].id, "completed", "failure")
    made.clock.sleep(60)

    def closes(index: int, name: str, act: object) -> object:
        if name == "ticket" and made.hub.ticket(1).open:
            made.hub.close(1, by="owner")
        return act()  # type: ignore[operator]

    made.tick(closes)
    assert not paused(made)
    assert entries(made)[-1].conclusion == "failure"
