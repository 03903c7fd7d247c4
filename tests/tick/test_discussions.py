"""What is read of a long discussion, from which instant on, and what is remembered of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest

from scheduler.journal.slash import heard, resolutions
from scheduler.ports.values import UNCOUNTED, Comment, Comments, User
from scheduler.tick.discussions import LATE, LONG, Discussions, telling
from tests.support.fakes import BOT, FakeClock, MemoryHub, MemoryQueue

MINUTE = timedelta(minutes=1)


class Watched(MemoryQueue):
    """Remembers from when on comments were asked for."""

    def __init__(self, hub: MemoryHub) -> None:
        super().__init__(hub)
        self.since: list[datetime | None] = []

    def comments(self, number: int, *, since: datetime | None = None, skip: int = 0) -> Comments:
        self.since.append(since)
        return super().comments(number, since=since, skip=skip)


@pytest.fixture
def queue() -> Watched:
    hub = MemoryHub(FakeClock())
    hub.open("")
    for n in range(LONG):
        hub.comment(1, f"/{n}", by="somebody")
        hub.clock.sleep(1)
    hub.clock.sleep(3600)
    return Watched(hub)


def ids(comments: Comments) -> list[int]:
    return [each.id for each in comments.items]


def test_a_long_discussion_is_read_whole_once_and_then_what_changed(queue: Watched) -> None:
    hub, found = queue.hub, Discussions(queue, login=lambda: BOT)
    everything = [each.id for each in hub.on(1)]
    assert ids(found.read(hub.ticket(1))) == everything
    hub.clock.sleep(600)
    more = hub.comment(1, "/more", by="somebody").id
    hub.edit_comment(everything[3], "/edited")
    again = found.read(hub.ticket(1))
    assert ids(again) == [*everything, more]
    assert again.items[3].body == "/edited"
    assert not again.whole
    assert queue.since[0] is None
    # As long as nothing changes on the issue, not from further back than what may come late.
    hub.clock.sleep(600)
    found.read(hub.ticket(1))
    assert queue.since[2] == hub.ticket(1).updated_at - LATE


def test_what_is_shown_late_is_seen_all_the_same(queue: Watched) -> None:
    hub, found = queue.hub, Discussions(queue, login=lambda: BOT)
    hub.stale = {"comments": 50}
    late = hub.comment(1, "/late", by="somebody").id
    hub.clock.sleep(1)
    ticket = replace(hub.ticket(1), updated_at=hub.now())
    assert late not in ids(found.read(ticket))
    hub.clock.sleep(60)
    assert late in ids(found.read(replace(ticket, updated_at=hub.now())))


@pytest.mark.parametrize("comments", [LONG - 1, 0, UNCOUNTED])
def test_a_short_discussion_is_read_whole_each_time(queue: Watched, comments: int) -> None:
    hub, found = queue.hub, Discussions(queue, login=lambda: BOT)
    ticket = replace(hub.ticket(1), comments=comments)
    for _ in range(3):
        found.read_ahead(ticket)
        assert found.read(ticket).whole
    assert queue.since == [None] * 3


def test_under_a_claim_nothing_is_remembered(queue: Watched) -> None:
    hub, found = queue.hub, Discussions(queue, login=lambda: BOT)
    found.read_ahead(hub.ticket(1))
    ticket = replace(hub.ticket(1), updated_at=hub.now())
    claim = hub.comment(1, "<!-- schedule:claim {} -->", by=BOT).id
    again = found.again(ticket)
    assert (again.whole, [each.id for each in again.listed]) == (False, [claim])
    hub.delete_comment(claim)
    assert claim not in ids(found.again(ticket).comments)
    assert found.again(ticket, whole=True).whole


def test_what_changed_since_the_issue_was_shown_is_listed(queue: Watched) -> None:
    """Else the count of its comments would rise by more than is listed."""
    hub, found = queue.hub, Discussions(queue, login=lambda: BOT)
    shown = hub.ticket(1)
    hub.clock.sleep(60)
    between = hub.comment(1, "a word", by="somebody").id
    hub.clock.sleep(1200)
    found.read(hub.ticket(1))
    assert between in [each.id for each in found.again(shown).listed]


def test_what_was_written_since_and_is_gone_is_forgotten(queue: Watched) -> None:
    hub, found = queue.hub, Discussions(queue, login=lambda: BOT)
    said = hub.comment(1, "/run", by="somebody")
    hub.clock.sleep(1200)
    found.read(hub.ticket(1))
    hub.clock.sleep(1200)
    hub.delete_comment(said.id)
    ticket = hub.ticket(1)
    (asked,) = (each for each in heard([said]))
    assert said.id in ids(found.again(ticket).comments)
    assert said.id not in ids(found.again(ticket, asked=asked).comments)
    found.forget(1)
    assert said.id not in ids(found.read(ticket))


def test_a_journal_that_tells_all_until_an_instant_spares_what_was_before(queue: Watched) -> None:
    hub, found = queue.hub, Discussions(queue, login=lambda: BOT)
    hub.clock.sleep(600)
    after = hub.comment(1, "/after", by="somebody").id
    found.skip_until(hub.ticket(1), None)
    found.skip_until(hub.ticket(1), hub.now() - MINUTE)
    assert ids(found.read(hub.ticket(1))) == [after]
    assert queue.since == [hub.now() - MINUTE - LATE]


def test_what_is_deleted_between_two_pages_hides_no_other(queue: Watched) -> None:
    hub, found = queue.hub, Discussions(queue, login=lambda: BOT)
    journal = hub.comment(1, "<!-- schedule:journal {} -->", by=BOT).id
    ticket = hub.ticket(1)
    queue.blind = {journal}

    def comments(number: int, *, since: datetime | None = None, skip: int = 0) -> Comments:
        shown = Watched.comments(queue, number, since=since)
        queue.blind = set()
        return shown

    queue.comments = comments  # type: ignore[method-assign]
    assert journal in ids(found.read(ticket))


def test_of_what_is_remembered_no_word_is_read_otherwise() -> None:
    bodies = [
        "/run\r\nplease", "/run", "/snooze 2h\n" + "x" * 60_000, "/snooze banana\nreally",
        "/resolve again\n", "/resolve dispatched 7\r\n/run", "/cancel it\n", "/Run\n/run", "word",
        "<!-- schedule:journal {} -->\n/run",
    ]  # fmt: skip
    user = User(login="somebody")
    at = datetime(2026, 11, 23, 12, tzinfo=timezone.utc)
    said = [
        Comment(id=n, issue=1, body=body, author=user, created_at=at)
        for n, body in enumerate(bodies, 1)
    ]
    kept = list(telling(said))
    assert heard(kept) == heard(said)
    assert resolutions(kept) == resolutions(said)
    assert max(len(each.body) for each in kept) < 100


def crowded(queue: Watched, many: int = 2 * LONG) -> Discussions:
    """A discussion in which very much was said right now, and is known."""
    hub, found = queue.hub, Discussions(queue, login=lambda: BOT)
    for n in range(many):
        hub.comment(1, f"word {n}", by="somebody")
    found.read(hub.shown(1))
    queue.calls.clear()
    return found


def test_where_much_was_said_lately_the_end_is_asked_for(queue: Watched) -> None:
    hub = queue.hub
    journal = hub.comment(1, "<!-- schedule:journal {} -->", by=BOT).id
    faked = hub.comment(1, "<!-- schedule:journal {} -->", by="somebody").id
    found = crowded(queue)
    ticket = hub.ticket(1)
    claim = hub.comment(1, "<!-- schedule:claim {} -->", by=BOT).id
    hub.edit_comment(journal, "<!-- schedule:journal {2} -->")
    again = found.again(ticket)
    # The end, and the scheduler's own comment before it; a stranger's costs nothing.
    assert queue.calls == ["comments", "comment"]
    assert queue.since[-1] is None
    assert len(again.listed) < 2 * LONG
    told = {each.id: each.body for each in again.comments.items}
    assert told[journal] == "<!-- schedule:journal {2} -->"
    assert {claim, faked} <= set(told)
    assert not again.whole
    assert len(told) == LONG + 3


def test_by_the_end_what_is_gone_is_gone(queue: Watched) -> None:
    hub = queue.hub
    journal = hub.comment(1, "<!-- schedule:journal {} -->", by=BOT).id
    said = hub.comment(1, "/run", by="somebody")
    found = crowded(queue)
    hub.delete_comment(journal)
    hub.delete_comment(said.id)
    (asked,) = heard([said])
    told = ids(found.again(hub.ticket(1), asked=asked).comments)
    assert journal not in told
    assert said.id not in told


def test_where_too_much_was_deleted_the_end_is_not_enough(queue: Watched) -> None:
    hub = queue.hub
    found = crowded(queue)
    ticket = hub.ticket(1)
    for each in hub.on(1)[-150:]:
        hub.delete_comment(each.id)
    new = [hub.comment(1, "/new", by="somebody").id for _ in range(160)]
    assert set(new) <= set(ids(found.again(ticket).comments))
    assert queue.calls == ["comments", "comments"]


def test_the_end_is_found_where_more_is_counted_than_shown(queue: Watched) -> None:
    hub = queue.hub
    hub.counts = lambda comments: comments + 250
    found = crowded(queue)
    ticket = hub.shown(1)
    claim = hub.comment(1, "<!-- schedule:claim {} -->", by=BOT).id
    assert claim in ids(found.again(ticket).comments)
    assert queue.calls == ["comments"]


def test_an_unknown_login_has_what_changed_listed(queue: Watched) -> None:
    hub = queue.hub
    crowded(queue)
    found = Discussions(queue, login=lambda: None)
    found.read(hub.ticket(1))
    queue.calls.clear()
    new = hub.comment(1, "/new", by="somebody").id
    assert new in ids(found.again(hub.ticket(1)).comments)
    assert queue.since[-1] is not None
