"""The page on the theory of operation: what it names exists, and each crash ends as it says."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Callable
from datetime import timedelta
from typing import NamedTuple

import pytest

from scheduler import tick
from scheduler.tick.report import TickReport
from tests.faults.series import m, open_series, title
from tests.faults.test_holes import at
from tests.faults.world import PAUSE, World, body, world
from tests.support.fakes import NOON, Crash

PAGE = tick.__doc__ or ""
MODULES = {each.name for each in pkgutil.iter_modules(tick.__path__)}


def dead(made: World, request: str, *, times: int = 1) -> World:
    """After a tick that died once its request had taken effect, so many of that name."""

    def die() -> None:
        nonlocal times
        times -= 1
        if not times:
            raise Crash

    made.tick(at(request, die, before=False))
    made.clock.sleep(PAUSE)
    return made


def goes_on(made: World) -> TickReport:
    report = made.tick()
    assert report is not None
    return report


def one(to: str = "workflow: titled.yml", **given: object) -> World:
    made = world()
    more = "deadline: 1h\n" if given else ""
    made.hub.open(body("1", to=to, more=more, run_at=NOON - timedelta(hours=2 if given else 0)))
    return made


def late() -> World:
    return one(late=True)


def plain() -> World:
    return one("workflow: plain.yml")


def event() -> World:
    return one("event: wake")


def series() -> World:
    made = world()
    open_series(made.hub)
    return made


def paused() -> World:
    made = world()
    made.hub.open(body("1", run_at=m(300)))
    made.hub.comment(1, "/pause", by="owner")
    return made


def wrong() -> World:
    made = world()
    made.hub.open("no job")
    return made


def unclear() -> World:
    """A claim on an event, of which a tick is about to record that it is on hold."""
    return dead(event(), "dispatch")


def failing() -> World:
    """A job whose run has failed, which no tick has seen yet."""
    made = one()
    made.tick()
    made.hub.mark(made.hub.runs[-1][1].id, "completed", "failure")
    return made


class Row(NamedTuple):
    """A crash: after which request of what, and what the next tick then says and leaves."""

    name: str
    start: Callable[[], World]
    request: str
    kind: str | None
    words: str
    sent: int
    labels: tuple[str, ...]


ROWS = [
    Row("the claim ", one, "add_comment", None, "", 1, ()),
    Row("the claim of an end", late, "add_comment", "missed", "its deadline", 0, ("missed",)),
    Row("the claim of an event", event, "add_comment", "held", "was lost", 0, ("held",)),
    Row("the dispatch ", one, "dispatch", "recovered", "key in its title", 1, ()),
    Row("the dispatch ", plain, "dispatch", "recovered", "the only run", 1, ()),
    Row("the dispatch of an", event, "dispatch", "held", "was lost", 1, ("held",)),
    Row("the record", one, "edit_comment", "recovered", "already; closed", 1, ()),
    Row("the closing", late, "set_state", None, "", 0, ("missed",)),
    Row("a series' record", series, "edit_comment", None, "", 1, ("recurring",)),
    Row("a hold's record", unclear, "add_comment", "held", "was lost", 1, ("held",)),
    Row("a command's effect", paused, "add_label", "obeyed", "/pause", 0, ("paused",)),
    Row("an explanation", wrong, "add_comment", "invalid", "no job", 0, ("invalid",)),
    Row("a failure's news", failing, "add_comment", None, "", 1, ("failed",)),
    Row("the label of a ", failing, "add_label", None, "", 1, ("failed",)),
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.name.strip()}-{row.start.__name__}")
def test_what_a_crash_leaves_is_picked_up_as_the_page_says(row: Row) -> None:
    assert f"\n{row.name}" in PAGE
    made = dead(row.start(), row.request)
    report = goes_on(made)
    if row.kind is not None:
        (note,) = report.notes[row.kind]
        assert row.words in note.reason
    assert len(made.hub.sent) == row.sent
    ticket = made.hub.ticket(1)
    assert ticket.labels == ("schedule", *(f"schedule:{each}" for each in row.labels))
    assert ticket.open == bool({"held", "recurring", "paused", "invalid"} & set(row.labels))
    made.until_quiet()
    assert len(made.hub.sent) == row.sent
    assert made.hub.ticket(1).labels == ticket.labels


def test_a_series_shows_what_comes_next_though_its_tick_died_before_it_came_to_that() -> None:
    made = dead(series(), "edit_comment")
    assert made.hub.ticket(1).title == title(NOON)
    goes_on(made)
    assert made.hub.ticket(1).title == title(m(10))


def test_every_row_of_the_table_is_tried() -> None:
    table = PAGE.split("a tick dies after")[1].split("A claim on an issue")[0]
    rows = re.findall(r"^((?:the|an?) .*?)(?:  |$)", table, re.MULTILINE)
    assert len(rows) == 13
    assert all(any(row.startswith(each.name.strip()) for each in ROWS) for row in rows)


def test_what_the_page_names_exists() -> None:
    named = set(re.findall(r"``(\w+)\.(\w+)(?:\.(\w+))?``", PAGE))
    assert named
    for module, name, inner in named:
        found = getattr(importlib.import_module(f"scheduler.tick.{module}"), name)
        fields = getattr(found, "__dataclass_fields__", {})
        assert not inner or hasattr(found, inner) or inner in fields


def test_the_page_names_every_module() -> None:
    rooms = PAGE.split("The rooms within")[1]
    assert set(re.findall(r"``(\w+)``", rooms)) == MODULES
