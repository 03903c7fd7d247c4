"""A repository with something to ask about, and jobs that ask."""

from __future__ import annotations

from datetime import timedelta

from scheduler.tick.report import TickReport
from tests.faults.world import World, body, world
from tests.support.fakes import Pull


def asked_about() -> World:
    """A repository with the issue #1, a `wip`, and the pull request #100."""
    made = world()
    made.hub.open("no job", author="owner")
    made.hub.change(1, labels=("wip",))
    made.hub.pulls[100] = Pull()
    return made


def job(place: World, *lines: str) -> int:
    return place.hub.open(body("j", more="".join(f"{line}\n" for line in lines)))


def tick(place: World, **more: float) -> TickReport:
    place.clock.sleep(timedelta(**more).total_seconds())
    report = place.tick()
    assert report is not None
    return report


def reason(report: TickReport, kind: str, number: int) -> str:
    assert not report.dispatched
    notes = {**report.notes, "conditional": report.conditional}[kind]
    assert [note.id for note in notes] == [number], report.as_json()
    return str(notes[0].reason)


def comments(place: World, number: int) -> list[str]:
    return [comment.body.partition("\n")[2] for comment in place.hub.on(number)]


def skipped(place: World, number: int) -> bool:
    ticket = place.hub.ticket(number)
    assert place.hub.sent == []
    return not ticket.open and "schedule:skipped" in ticket.labels
