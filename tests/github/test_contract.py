"""What the port promises, asked of every implementation: in memory, and GitHub's by HTTP."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from scheduler.errors import Rejected
from scheduler.ports.values import (
    Comment,
    Dispatch,
    Environment,
    Event,
    Review,
    Target,
    Ticket,
    User,
)
from tests.conftest import JOBS, QUEUE
from tests.support import places
from tests.support.fakes import NOON
from tests.support.places import FILES, OTHER, Place

BOT = "github-actions[bot]"
SECOND = timedelta(seconds=1)
MESSAGE = Target(repo=QUEUE, ref="main", workflow="agent-message.yml")
NIGHTLY = Target(repo=QUEUE, ref="main", workflow="nightly.yml")
SAID = {"agent": "a", "message": "hello", "schedule_id": "1@x"}


@pytest.fixture(params=["hub", "fakes", "github"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    with contextlib.ExitStack() as stack:
        if request.param == "github":
            yield stack.enter_context(places.github(tmp_path))
        else:
            yield {"hub": places.hub, "fakes": places.fakes}[request.param]()


def numbers(tickets: Iterable[Ticket]) -> list[int]:
    return [ticket.number for ticket in tickets]


def many(place: Place, count: int, *, apart: float = 10) -> list[int]:
    """So many issues, each opened a while after the one before."""
    found = []
    for _ in range(count):
        found.append(place.open())
        place.later(apart)
    return found


# Issues.


def test_the_queue_is_listed_oldest_first(place: Place) -> None:
    opened = many(place, 3)
    place.say(opened[0], "what changed last is still the first")
    assert numbers(place.queue.open_tickets()) == opened


def test_only_open_issues_with_the_label_are_the_queue(place: Place) -> None:
    closed, unlabelled, reopened, left = many(place, 4)
    place.close(closed)
    place.unlabel(unlabelled, "schedule")
    place.close(reopened)
    place.reopen(reopened)
    place.label_pull(place.pull())
    assert numbers(place.queue.open_tickets()) == [reopened, left]


def test_a_long_queue_is_listed_to_its_end(place: Place) -> None:
    opened = many(place, 130, apart=0)
    assert numbers(place.queue.open_tickets()) == opened


def test_a_poll_tells_nothing_where_nothing_has_changed(place: Place) -> None:
    (number,) = many(place, 1)
    told = [place.queue.poll_open() for _ in range(2)]
    place.edit(number, "anew")
    told += [place.queue.poll_open() for _ in range(2)]
    place.close(number)
    told += [place.queue.poll_open() for _ in range(2)]
    shown = [each if each is None else numbers(each) for each in told]
    # A server without ETags tells everything every time.
    same = [None, None, None] if place.etags else [[number], [number], []]
    assert shown == [[number], same[0], [number], same[1], [], same[2]]


def test_closed_issues_are_listed_newest_first_from_an_instant_on(place: Place) -> None:
    early, one, two, reopened, unlabelled = many(place, 5)
    place.close(early)
    place.later()
    since = place.later()
    for number in (one, two, reopened, unlabelled):
        place.close(number)
        place.later()
    place.reopen(reopened)
    place.unlabel(unlabelled, "schedule")
    place.later()
    place.say(early, "that it changed since does not make it closed since")
    assert numbers(place.queue.closed_tickets(since)) == [two, one]
    assert numbers(place.queue.closed_tickets(since + SECOND)) == [two]
    assert numbers(place.queue.closed_tickets(since, changed=True)) == [early, two, one]


def test_new_issues_are_listed_newest_first_open_or_closed(place: Place) -> None:
    _, one, two, three = many(place, 4)
    since = place.there(one).created_at
    place.close(two)
    assert numbers(place.queue.created_since(since)) == [three, two, one]
    assert numbers(place.queue.created_since(since + SECOND)) == [three, two]


def test_an_issue_is_shown_as_it_is(place: Place) -> None:
    begun = place.later()
    number = place.open("Do it")
    shown = place.there(number)
    assert (shown.number, shown.body, shown.open) == (number, "Do it", True)
    assert (shown.created_at, shown.closed_at, shown.comments) == (begun, None, 0)
    closed_at = place.later()
    place.say(number, "once")
    place.close(number)
    shown = place.there(number)
    assert (shown.open, shown.closed_at, shown.closed_by) == (False, closed_at, "owner")
    assert (shown.updated_at, shown.comments) == (closed_at, 1)


def test_an_issue_without_the_label_is_there(place: Place) -> None:
    (number,) = many(place, 1)
    place.unlabel(number, "schedule")
    assert place.there(number).labels == ()


def test_an_issue_that_is_gone_is_none(place: Place) -> None:
    deleted, transferred = many(place, 2)
    place.delete(deleted)
    place.transfer(transferred)
    pull = place.pull()
    assert [place.queue.ticket(each) for each in (deleted, transferred, pull, 4711)] == [None] * 4
    assert list(place.queue.open_tickets()) == []
    assert place.queue.comments(deleted).items == ()


def test_a_state_is_set_absolutely_and_shows_what_others_did(place: Place) -> None:
    (number,) = many(place, 1)
    place.label(number, "theirs")
    place.edit(number, "anew")
    for _ in range(2):
        shown = place.queue.set_state(number, reason="not_planned", title="Missed")
        assert (shown.open, shown.state_reason) == (False, "not_planned")
        assert (shown.title, shown.body, shown.labels) == ("Missed", "anew", ("schedule", "theirs"))
    assert place.there(number).closed_by == BOT


def test_a_closed_issue_keeps_what_it_was_closed_for_until_it_is_opened(place: Place) -> None:
    (number,) = many(place, 1)
    place.close(number)
    closed_at = place.there(number).closed_at
    place.later()
    shown = place.queue.set_state(number, reason="not_planned")
    assert (shown.open, shown.state_reason, shown.closed_by) == (False, "completed", "owner")
    assert place.there(number).closed_at == closed_at
    place.queue.set_state(number, reason="reopened")
    shown = place.queue.set_state(number, reason="not_planned")
    assert (shown.open, shown.state_reason, shown.closed_by) == (False, "not_planned", BOT)


def test_an_issue_is_opened_again(place: Place) -> None:
    (number,) = many(place, 1)
    place.close(number)
    for _ in range(2):
        shown = place.queue.set_state(number, reason="reopened")
        assert (shown.open, shown.state_reason, shown.closed_at) == (True, "reopened", None)


def test_a_title_alone_leaves_an_issue_open(place: Place) -> None:
    (number,) = many(place, 1)
    for _ in range(2):
        shown = place.queue.set_state(number, reason=None, title="Next")
        assert (shown.open, shown.title) == (True, "Next")


@pytest.mark.parametrize("write", ["set_state", "add_label", "remove_label", "add_comment"])
def test_a_write_to_an_issue_that_is_gone_is_rejected(place: Place, write: str) -> None:
    (number,) = many(place, 1)
    place.delete(number)
    queue = place.queue
    writes: dict[str, Callable[[], object]] = {
        "set_state": lambda: queue.set_state(number, reason="completed"),
        "add_label": lambda: queue.add_label(number, "schedule:held"),
        "remove_label": lambda: queue.remove_label(number, "schedule:held"),
        "add_comment": lambda: queue.add_comment(number, "hello"),
    }
    with pytest.raises(Rejected) as refused:
        writes[write]()
    assert refused.value.status in (404, 410)


# Comments.


def bodies(comments: Iterable[Comment]) -> list[str]:
    return [comment.body for comment in comments]


def test_comments_are_listed_oldest_first(place: Place) -> None:
    one, other = many(place, 2)
    ids = [place.say(one, word) for word in "abc"]
    place.say(other, "elsewhere")
    place.later()
    place.queue.edit_comment(place.queue.add_comment(one, "d").id, "D")
    found = place.queue.comments(one)
    assert bodies(found.items) == ["a", "b", "c", "D"]
    assert [each.id for each in found.items[:3]] == ids == sorted(ids)
    assert {each.issue for each in found.items} == {one}
    assert found.whole
    assert found.as_of == place.later(0)


def test_comments_since_are_those_written_or_edited_then_or_later(place: Place) -> None:
    (number,) = many(place, 1)
    edited = place.queue.add_comment(number, "a").id
    place.say(number, "b")
    place.later()
    since = place.later()
    place.say(number, "c")
    place.later()
    place.queue.edit_comment(edited, "A")
    place.say(number, "d")
    assert bodies(place.queue.comments(number, since=since).items) == ["A", "c", "d"]
    assert bodies(place.queue.comments(number, since=since + SECOND).items) == ["A", "d"]


@pytest.mark.parametrize(("skip", "first"), [(0, 0), (99, 0), (100, 100), (129, 100)])
def test_pages_of_known_comments_are_skipped(place: Place, skip: int, first: int) -> None:
    (number,) = many(place, 1)
    for count in range(130):
        place.say(number, str(count))
    shown = place.queue.comments(number, skip=skip).items
    assert bodies(shown) == [str(count) for count in range(first, 130)]


def test_one_comment_is_shown_until_it_is_gone(place: Place) -> None:
    (number,) = many(place, 1)
    made = place.queue.add_comment(number, "hello")
    assert (made.issue, made.author.login, made.author.bot) == (number, BOT, True)
    assert made.created_at == place.later(0)
    assert place.queue.comment(made.id) == made
    assert not made.edited
    assert place.there(number).comments == 1
    place.later()
    for _ in range(2):
        place.queue.edit_comment(made.id, "anew")
    shown = place.queue.comment(made.id)
    assert shown is not None
    assert (shown.body, shown.created_at, shown.edited) == ("anew", made.created_at, True)
    for _ in range(2):
        place.queue.delete_comment(made.id)
    assert place.queue.comment(made.id) is None
    assert place.there(number).comments == 0
    place.queue.react(made.id, "+1")
    with pytest.raises(Rejected) as refused:
        place.queue.edit_comment(made.id, "once more")
    assert refused.value.status == 404


def test_the_comments_of_all_issues_are_listed_by_their_change(place: Place) -> None:
    one, two = many(place, 2)
    old = place.queue.add_comment(one, "old").id
    place.say(two, "older than that")
    place.later()
    since = place.later()
    place.say(one, "a")
    place.later()
    gone = place.queue.add_comment(two, "gone").id
    place.later()
    place.queue.edit_comment(old, "changed")
    place.queue.delete_comment(gone)
    found = place.queue.recent_comments(since)
    assert found is not None
    assert [(each.issue, each.body) for each in found.items] == [(one, "changed"), (one, "a")]
    assert (found.since, found.as_of) == (since, place.later(0))
    later = place.queue.recent_comments(since + SECOND)
    assert later is not None
    assert bodies(later.items) == ["changed"]


def test_the_same_reaction_again_is_no_other(place: Place) -> None:
    comment = place.say(place.open(), "/cancel")
    for content in ("eyes", "+1", "+1"):
        place.queue.react(comment, content)
    assert place.reactions(comment) == [(BOT, "+1"), (BOT, "eyes")]


def test_there_is_room_for_a_comment(place: Place) -> None:
    assert place.queue.room() == 0
    assert place.queue.room(3) == 0


# Labels.


def test_a_label_is_put_on_beside_the_others(place: Place) -> None:
    (number,) = many(place, 1)
    place.label(number, "theirs")
    for _ in range(2):
        shown = place.queue.add_label(number, "schedule:held")
        assert list(shown) == ["schedule", "theirs", "schedule:held"]
    assert place.there(number).labels == ("schedule", "theirs", "schedule:held")


def test_labels_know_no_case_and_the_queue_s_are_shown_as_it_writes_them(place: Place) -> None:
    number = place.open()
    place.label(number, "Schedule:HELD")
    assert place.there(number).labels == ("schedule", "schedule:held")
    assert list(place.queue.add_label(number, "schedule:held")) == ["schedule", "schedule:held"]
    place.queue.remove_label(number, "Schedule:Held")
    assert place.there(number).labels == ("schedule",)


def test_a_label_is_taken_off_from_among_the_others(place: Place) -> None:
    (number,) = many(place, 1)
    for label in ("schedule:held", "with a/slash"):
        place.label(number, label)
    for _ in range(2):
        place.queue.remove_label(number, "schedule:held")
        assert place.there(number).labels == ("schedule", "with a/slash")
    place.queue.remove_label(number, "with a/slash")
    assert place.there(number).labels == ("schedule",)


def test_an_issue_has_a_hundred_labels_at_most(place: Place) -> None:
    (number,) = many(place, 1)
    for count in range(99):
        place.label(number, f"l{count}")
    with pytest.raises(Rejected) as refused:
        place.queue.add_label(number, "schedule:held")
    assert refused.value.status == 422
    assert len(place.queue.add_label(number, "l0")) == 100


# People.


@pytest.mark.parametrize(
    ("login", "role"),
    [
        ("owner", "admin"),
        ("agent", "write"),
        ("triage", "triage"),
        ("stranger", "read"),
        ("nobody", "none"),
    ],
)
def test_a_role_is_told_exactly(place: Place, login: str, role: str) -> None:
    assert place.queue.role(login) == role


def done(events: Iterable[Event] | None) -> list[tuple[str, str, str]]:
    """What was done, by whom, and to which label."""
    return [
        (each.event, each.actor.login, each.label)
        for each in events or ()
        if each.actor and each.event in ("labeled", "unlabeled", "closed", "reopened")
    ]


def test_what_was_done_is_told_oldest_first(place: Place) -> None:
    number, quiet, gone = many(place, 3)
    closed_at = place.later()
    place.close(number)
    place.later()
    place.reopen(number)
    place.queue.add_label(number, "schedule:held")
    place.queue.remove_label(number, "schedule:held")
    edited_at = place.later()
    place.edit(number, "anew")
    place.delete(gone)
    told = [
        ("labeled", "agent", "schedule"),
        ("closed", "owner", ""),
        ("reopened", "owner", ""),
        ("labeled", BOT, "schedule:held"),
        ("unlabeled", BOT, "schedule:held"),
    ]
    acts = place.queue.acts([number, quiet, gone])
    assert acts is not None
    assert sorted(acts) == [number, quiet]
    found, untouched = acts[number], acts[quiet]
    assert found.whole
    assert done(found.events) == told
    assert done(untouched.events) == told[:1]
    assert found.events is not None
    assert found.events[1] == Event(event="closed", at=closed_at, actor=User(login="owner"))
    assert found.edit is not None
    assert untouched.edit is not None
    assert (found.edit.at, found.edit.editor) == (edited_at, User(login="owner"))
    assert (untouched.edit.at, untouched.edit.editor) == (None, None)
    assert done(place.queue.events(number)) == told


def test_the_token_s_login_is_told(place: Place) -> None:
    assert place.queue.viewer() == BOT


# Workflows.


def test_a_workflow_file_is_read_at_a_ref(place: Place) -> None:
    queue = place.queue
    assert queue.default_branch(QUEUE) == "main"
    for ref in (None, "main"):
        found = queue.workflow_file(QUEUE, "deploy.yml", ref)
        assert found is not None
        assert (found.text, found.ref) == (FILES["deploy.yml"] + JOBS, "main")
    assert queue.workflow_file(QUEUE, "none.yml", None) is None
    queue.prove_contents()


def test_a_dispatch_names_its_run(place: Place) -> None:
    queue = place.queue
    assert queue.newest_run(QUEUE) is None
    first = queue.dispatch(Dispatch(target=MESSAGE, inputs=SAID))
    second = queue.dispatch(Dispatch(target=MESSAGE, inputs=SAID))
    assert first.run_id is not None
    assert second.run_id is not None
    assert first.run_id < second.run_id == queue.newest_run(QUEUE)
    assert str(first.run_id) in first.run_url
    run = queue.run(QUEUE, first.run_id)
    assert run is not None
    assert (run.id, run.title, run.actor) == (first.run_id, "for a [1@x]", BOT)
    assert (run.event, run.status, run.conclusion) == ("workflow_dispatch", "queued", None)
    assert run.created_at == place.later(0)
    assert queue.run(QUEUE, 1) is None


def test_an_event_names_no_run(place: Place) -> None:
    wake = Target(repo=QUEUE, ref="main", event="wake")
    assert place.queue.dispatch(Dispatch(target=wake, inputs=SAID)).run_id is None


def test_a_dispatch_that_can_not_be_is_rejected(place: Place) -> None:
    place.disable("bare.yml")
    for workflow, status in (("none.yml", 404), ("bare.yml", 422)):
        with pytest.raises(Rejected) as refused:
            place.queue.dispatch(Dispatch(target=Target(repo=QUEUE, ref="main", workflow=workflow)))
        assert refused.value.status == status
    assert place.queue.newest_run(QUEUE) is None


def test_the_runs_of_a_workflow_are_listed_newest_first(place: Place) -> None:
    queue = place.queue
    sent = []
    for _ in range(3):
        sent.append(queue.dispatch(Dispatch(target=NIGHTLY)).run_id)
        queue.dispatch(Dispatch(target=MESSAGE, inputs=SAID))
        place.later()
    cron = place.cron("nightly.yml")
    middle = queue.run(QUEUE, sent[1] or 0)
    assert middle is not None
    assert middle.created_at is not None
    since = middle.created_at
    assert [run.id for run in queue.runs(NIGHTLY, since)] == [sent[2], sent[1]]
    half = timedelta(seconds=0.5)
    assert [run.id for run in queue.runs(NIGHTLY, since + half)] == [sent[2], sent[1]]
    assert [run.id for run in queue.runs(NIGHTLY, since + SECOND)] == [sent[2]]
    everything = queue.runs(NIGHTLY, since, filtered=False)
    assert [(run.id, run.event) for run in everything] == [
        (cron, "schedule"), (sent[2], "workflow_dispatch"), (sent[1], "workflow_dispatch"),
    ]  # fmt: skip


def test_a_workflow_that_is_not_there_has_no_list_of_runs(place: Place) -> None:
    with pytest.raises(Rejected) as refused:
        place.queue.runs(Target(repo=QUEUE, ref="main", workflow="none.yml"), place.later())
    assert refused.value.status == 404


def test_the_recent_runs_of_a_repository_are_those_of_a_dispatch(place: Place) -> None:
    queue = place.queue
    early = queue.dispatch(Dispatch(target=NIGHTLY)).run_id
    since = place.later()
    one = queue.dispatch(Dispatch(target=MESSAGE, inputs=SAID)).run_id
    place.cron("nightly.yml")
    place.later()
    two = queue.dispatch(Dispatch(target=NIGHTLY)).run_id
    assert [(run.id, run.workflow) for run in queue.recent_runs(QUEUE, since)] == [
        (two, "nightly.yml"), (one, "agent-message.yml"),
    ]  # fmt: skip
    assert [run.id for run in queue.recent_runs(QUEUE, since + SECOND)] == [two]
    assert early in {run.id for run in queue.recent_runs(QUEUE, since - 10 * SECOND)}


def test_many_recent_runs_are_listed_to_their_end(place: Place) -> None:
    since = place.later()
    sent = [place.queue.dispatch(Dispatch(target=NIGHTLY)).run_id for _ in range(130)]
    assert [run.id for run in place.queue.recent_runs(QUEUE, since)] == sent[::-1]


def test_a_list_of_recent_runs_tells_how_each_ended(place: Place) -> None:
    queue = place.queue
    since = place.later()
    failed, going = (queue.dispatch(Dispatch(target=NIGHTLY)).run_id or 0 for _ in range(2))
    ended_at = place.later(90)
    place.end(failed, "failure")
    place.later()
    shown = {run.id: run for run in queue.recent_runs(QUEUE, since)}
    assert (shown[failed].status, shown[failed].conclusion) == ("completed", "failure")
    assert (shown[failed].started_at, shown[failed].updated_at) == (since, ended_at)
    assert (shown[going].status, shown[going].conclusion) == ("queued", None)
    assert shown[failed].attempt == 1
    assert queue.run(QUEUE, failed) == shown[failed]


def test_the_jobs_of_a_run_are_counted_while_it_is_there(place: Place) -> None:
    queue = place.queue
    ran, never = (queue.dispatch(Dispatch(target=NIGHTLY)).run_id or 0 for _ in range(2))
    place.end(ran, "failure")
    place.end(never, "failure", jobs=False)
    assert [queue.jobs_of_run(QUEUE, each) for each in (ran, never)] == [1, 0]
    place.delete_run(never)
    assert queue.jobs_of_run(QUEUE, never) is None
    assert queue.run(QUEUE, never) is None


def test_a_run_is_cancelled_once(place: Place) -> None:
    run_id = place.queue.dispatch(Dispatch(target=MESSAGE, inputs=SAID)).run_id
    assert run_id is not None
    assert place.queue.cancel_run(QUEUE, run_id)
    run = place.queue.run(QUEUE, run_id)
    assert run is not None
    assert (run.status, run.conclusion) == ("completed", "cancelled")
    assert not place.queue.cancel_run(QUEUE, run_id)


# What conditions ask.


def test_an_issue_is_asked_about_and_what_is_none_is_rejected(place: Place) -> None:
    number, gone = many(place, 2)
    place.close(number)
    place.delete(gone)
    found: Ticket = place.queue.issue(QUEUE, number)
    assert (found.number, found.open) == (number, False)
    for missing in (gone, 4711):
        with pytest.raises(Rejected) as refused:
            place.queue.issue(QUEUE, missing)
        assert refused.value.status in (404, 410)
    for ask in (place.queue.pull_request, place.queue.reviews):
        with pytest.raises(Rejected) as refused:
            ask(QUEUE, number)
        assert refused.value.status == 404


def test_a_pull_request_is_shown_with_its_reviews(place: Place) -> None:
    pull, queue = place.pull(), place.queue
    shown = queue.pull_request(QUEUE, pull)
    assert (shown.open, shown.merged) == (True, False)
    assert list(queue.reviews(QUEUE, pull)) == []
    place.review(pull, "CHANGES_REQUESTED", by="owner")
    place.review(pull, "APPROVED", by="owner")
    owner = User(login="owner")
    assert list(queue.reviews(QUEUE, pull)) == [
        Review(author=owner, state="CHANGES_REQUESTED"), Review(author=owner, state="APPROVED"),
    ]  # fmt: skip
    place.merge(pull)
    merged = queue.pull_request(QUEUE, pull)
    assert (merged.open, merged.merged, merged.head) == (False, True, shown.head)


def test_the_latest_of_each_check_is_told(place: Place) -> None:
    queue = place.queue
    head = queue.pull_request(QUEUE, place.pull()).head
    assert (list(queue.check_runs(QUEUE, head)), list(queue.statuses(QUEUE, head))) == ([], [])
    for name, conclusion in (("test", None), ("lint", "failure"), ("test", "success")):
        place.check(head, name, conclusion)
    for name, state in (("deploy", "pending"), ("old", "pending"), ("old", "error")):
        place.status(head, name, state)
    assert {each.name: each.state for each in queue.check_runs(QUEUE, head)} == {
        "test": "passed", "lint": "failed",
    }  # fmt: skip
    assert {each.name: each.state for each in queue.statuses(QUEUE, head)} == {
        "deploy": "pending", "old": "failed",
    }  # fmt: skip


# Replies.


def test_a_comment_is_written_where_no_job_is_and_listed_since(place: Place) -> None:
    pull, queue = place.pull(), place.queue
    begun = place.later(0)
    assert list(queue.replies(QUEUE, pull, begun)) == []
    first = queue.reply(QUEUE, pull, "one")
    assert (first.author.login, first.body, first.created_at) == (BOT, "one", begun)
    since = place.later()
    second = queue.reply(QUEUE, pull, "two")
    assert list(queue.replies(QUEUE, pull, begun)) == [first, second]
    assert list(queue.replies(QUEUE, pull, since)) == [second]
    for _ in range(2):
        queue.take_back(QUEUE, second.id)
    assert bodies(queue.replies(QUEUE, pull, begun)) == ["one"]


def test_a_comment_is_written_in_another_repository(place: Place) -> None:
    there, begun = place.elsewhere(), place.later(0)
    made = place.queue.reply(OTHER, there, "done")
    assert list(place.queue.replies(OTHER, there, begun)) == [made]
    place.queue.take_back(OTHER, made.id)
    assert list(place.queue.replies(OTHER, there, begun)) == []


def test_a_job_is_replied_to_as_any_issue_is(place: Place) -> None:
    (number,) = many(place, 1)
    place.close(number)
    made = place.queue.reply(QUEUE, number, "done")
    assert place.there(number).comments == 1
    assert place.queue.comment(made.id) == made


@pytest.mark.parametrize("repo", [QUEUE, "octo/none"])
def test_a_reply_to_what_is_not_there_is_rejected(place: Place, repo: str) -> None:
    queue = place.queue
    for ask in (lambda: queue.replies(repo, 4711, NOON), lambda: queue.reply(repo, 4711, "done")):
        with pytest.raises(Rejected) as refused:
            ask()
        assert refused.value.status == 404


# All of it.


def test_every_request_is_counted(place: Place) -> None:
    before = place.queue.requests
    number = place.open()
    assert place.queue.requests == before
    place.queue.ticket(number)
    list(place.queue.open_tickets())
    place.queue.add_comment(number, "hello")
    assert place.queue.requests == before + 3
    assert place.queue.repository == QUEUE


# Alarms.

CLOCK = Target(repo=QUEUE, ref="main", workflow="clock.yml")


def test_the_runs_that_wait_are_those_whose_environment_has_a_timer(place: Place) -> None:
    place.environment("schedule-2m", 2)
    found = [
        place.queue.dispatch(Dispatch(target=CLOCK, inputs={"alarm": name})).run_id
        for name in ("schedule-2m", "unmade", "schedule-2m")
    ]
    place.queue.dispatch(Dispatch(target=NIGHTLY))
    waiting = place.queue.waiting_runs(CLOCK)
    assert [run.id for run in waiting] == [found[2], found[0]]
    assert {run.title for run in waiting} == {"alarm schedule-2m"}
    assert found[2] is not None
    assert place.queue.cancel_run(QUEUE, found[2])
    assert [run.id for run in place.queue.waiting_runs(CLOCK)] == [found[0]]


def test_nothing_waits_of_a_workflow_that_is_not_there(place: Place) -> None:
    with contextlib.suppress(Rejected):
        gone = Target(repo=QUEUE, ref="main", workflow="gone.yml")
        assert list(place.queue.waiting_runs(gone)) == []


def test_environments_are_listed_with_their_timers(place: Place) -> None:
    assert list(place.queue.environments(QUEUE)) == []
    place.environment("schedule-2m", 2)
    assert list(place.queue.environments(QUEUE)) == [Environment(name="schedule-2m", minutes=2)]


def test_what_is_noted_of_the_label_is_told_by_the_issues(place: Place) -> None:
    many(place, 1)
    assert list(place.queue.open_tickets())
    assert place.queue.noted() == ""
    for _ in range(2):
        place.queue.note("Jobs [clock: alarm]")
    before = place.queue.requests
    assert place.queue.noted() == "Jobs [clock: alarm]"
    assert place.queue.requests == before
    assert list(place.queue.open_tickets())
    assert place.queue.noted() == "Jobs [clock: alarm]"
