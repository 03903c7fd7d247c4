"""Slash commands through the engine: who may say what, once each, and what answers where."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from scheduler.settings.model import Settings
from tests.faults.series import entries, forward, goes, m, open_series, sound, title, told
from tests.faults.world import Fault, World, body, faulty, world
from tests.support.fakes import BOT, NOON, MemoryHub, MemoryQueue

LATER = NOON + timedelta(hours=5)


def one_off(*, settings: Settings | None = None) -> World:
    """A job that is due in five hours."""
    made = world(settings=settings)
    made.hub.open(body("s", run_at=LATER))
    return made


def many(*, settings: Settings | None = None) -> World:
    """A series that has run once."""
    made = world(settings=settings)
    open_series(made.hub)
    made.tick()
    return made


KINDS = {"one-off": one_off, "series": many}
both = pytest.mark.parametrize("kind", KINDS.values(), ids=list(KINDS))
Kind = Callable[..., World]


def say(made: World, words: str, by: str = "owner") -> int:
    return made.hub.comment(1, words, by=by).id


def faces(made: World, comment: int) -> set[str]:
    """How the scheduler answered a comment."""
    return {content for by, content in made.hub.reactions.get(comment, set()) if by == BOT}


def own(made: World) -> int:
    return sum(comment.author.login == BOT for comment in made.hub.on(1))


@both
def test_run_is_carried_out_once(kind: Kind) -> None:
    made = kind()
    before = made.count("s")
    comment = say(made, "/run\nplease")
    goes(made, 5)
    assert made.count("s") == before + 1
    assert made.hub.sent[-1].key == f"1@comment-{comment}"
    assert faces(made, comment) == {"+1"}
    assert made.history(1).journal.handled == comment
    assert own(made) == 1
    if kind is one_off:
        assert not made.hub.ticket(1).open
        assert made.hub.ticket(1).state_reason == "completed"
    else:
        goes(made, 11)
        assert told(made)[-1] == ("10", 0, "dispatched")
        assert made.hub.ticket(1).title == title(m(20))


@pytest.mark.parametrize("died", [False, True])
def test_a_job_that_was_run_and_is_then_moved_runs_again(*, died: bool) -> None:
    made = one_off()
    say(made, "/run")
    made.tick(faulty(made.clock, Fault(13, "crash-after")) if died else None)
    made.until_quiet()
    assert (made.count("s"), made.hub.ticket(1).open) == (1, False)
    made.hub.reopen(1)
    made.until_quiet()
    goes(made, 301, step=20)
    assert (made.count("s"), made.hub.ticket(1).open) == (1, False)
    made.hub.change(1, body=body("s", run_at=m(360)))
    made.hub.reopen(1)
    goes(made, 361, step=20)
    assert [sent.key for sent in made.hub.sent][1:] == ["1@2026-11-23T18:00:00Z"]
    assert not made.hub.ticket(1).open


def test_a_run_beside_a_series_is_none_of_the_single_job_that_it_becomes() -> None:
    made = many()
    say(made, "/run")
    made.tick()
    made.hub.change(1, body=body("s", run_at=m(60)))
    goes(made, 61)
    assert made.hub.sent[-1].key == "1@2026-11-23T13:00:00Z"
    assert (made.count("s"), made.hub.ticket(1).open) == (3, False)


@both
def test_cancel_closes_as_not_planned(kind: Kind) -> None:
    made = kind()
    before = made.count("s")
    comment = say(made, "/cancel")
    goes(made, 400, step=20)
    ticket = made.hub.ticket(1)
    assert (ticket.open, ticket.state_reason) == (False, "not_planned")
    assert made.count("s") == before
    assert faces(made, comment) == {"+1"}
    assert entries(made)[-1].reason == "/cancel by 'owner'"
    # Reopened, it is not cancelled again by the same words.
    made.hub.reopen(1)
    made.tick()
    assert made.hub.ticket(1).open is (kind is many)
    assert made.count("s") == before + 1


@both
def test_pause_and_resume(kind: Kind) -> None:
    made = kind()
    before = made.count("s")
    pause = say(made, "/pause")
    goes(made, 330, step=30)
    assert made.count("s") == before
    assert "schedule:paused" in made.hub.ticket(1).labels
    assert [note.id for note in made.reports[-1].paused] == [1]
    resume = say(made, "/resume")
    made.tick()
    assert "schedule:paused" not in made.hub.ticket(1).labels
    assert faces(made, pause) == faces(made, resume) == {"+1"}
    assert made.count("s") == before + 1
    assert own(made) == 1


@both
def test_resume_is_heard_however_long_ago_it_was_said(kind: Kind) -> None:
    made = kind()
    say(made, "/pause")
    made.tick()
    say(made, "/resume")
    forward(made, m(48 * 60 + 5))
    goes(made, 48 * 60 + 6)
    assert "schedule:paused" not in made.hub.ticket(1).labels
    assert made.hub.sent


def test_snooze_puts_a_one_off_off() -> None:
    made = one_off()
    forward(made, m(290))
    comment = say(made, "/snooze 2h")
    goes(made, 409, step=7)
    assert not made.hub.sent
    assert faces(made, comment) == {"+1"}
    assert entries(made)[-1].until == m(410)
    goes(made, 411)
    assert made.hub.sent[0].at >= m(410)
    # It stays the occurrence that it was.
    assert made.hub.sent[0].key == "1@2026-11-23T17:00:00Z"


def test_what_is_said_beside_a_snooze_does_not_get_into_the_title() -> None:
    made = one_off()
    made.hub.change(1, title=title(LATER))
    say(made, "/snooze 6h")
    say(made, "/pause")
    made.tick()
    assert made.hub.ticket(1).title == "⏰ titled.yml at 2026-11-23T18:00:07Z: hi"


def test_snooze_puts_a_series_off() -> None:
    made = many()
    forward(made, m(5))
    say(made, "/snooze 30m")
    goes(made, 6)
    assert made.hub.ticket(1).title == title(m(35))
    [journal] = [comment for comment in made.hub.on(1) if comment.author.login == BOT]
    assert "\nNext: 2026-11-23T12:35:00Z" in journal.body
    goes(made, 34)
    assert made.count("s") == 1
    goes(made, 41)
    assert told(made)[2:] == [("30", 2, "dispatched"), ("40", 0, "dispatched")]
    assert made.hub.sent[1].at >= m(35)
    sound(made, 1)


@both
def test_two_in_a_row_are_done_in_one_tick(kind: Kind) -> None:
    made = kind()
    before = made.count("s")
    first, second, third = say(made, "/pause"), say(made, "/run"), say(made, "/resume")
    made.tick()
    assert made.count("s") == before + 1
    if kind is many:
        assert "schedule:paused" not in made.hub.ticket(1).labels
        assert [faces(made, each) for each in (first, second, third)] == [{"+1"}] * 3
        assert made.history(1).journal.handled == third
        assert own(made) == 1


@pytest.mark.slow
def test_refusals_do_not_push_out_how_far_a_series_is() -> None:
    made = world()
    open_series(made.hub, rule="every: 400d", more="misfire: latest\n")
    made.tick()
    for _ in range(200):
        say(made, "/snooze banana")
        made.clock.sleep(30)
        made.tick()
    assert made.count("s") == 1
    assert len(entries(made)) == 161
    assert len(max((c.body for c in made.hub.on(1)), key=len)) < 65_536


@both
@pytest.mark.parametrize(
    "words",
    [
        "> /run", "```\n/run\n```", "    /run", "please /run", "\n\t/run", "/run-tests", "`/run`",
        "> /cancle", "```\n/cancle\n```", "/run.sh",
    ],
)  # fmt: skip
def test_what_is_only_quoted_is_no_command(kind: Kind, words: str) -> None:
    made = kind()
    before = made.count("s")
    comment = say(made, words)
    goes(made, 3)
    assert made.count("s") == before
    assert not faces(made, comment)
    assert own(made) == (1 if kind is many else 0)


@both
@pytest.mark.parametrize(
    ("words", "answer"),
    [
        ("/snooze banana", "'banana'"),
        ("/snooze", "lacks for how long"),
        ("/Run", "write /run, in small letters"),
        ("/cancel it", "'it'"),
        ("/snooze 500d", "longer than 400 days"),
        ("/snoze 2h", "did you mean /snooze?"),
        ("\n /stop!", "did you mean /cancel?"),
        ("/lgtm", "there are /snooze, /run"),
    ],
)
def test_what_is_no_command_is_answered_once(kind: Kind, words: str, answer: str) -> None:
    made = kind()
    before = made.count("s")
    comment = say(made, words)
    goes(made, 5)
    assert made.count("s") == before
    assert faces(made, comment) == {"confused"}
    assert [answer in entry.reason for entry in entries(made)].count(True) == 1
    assert answer in next(c.body for c in made.hub.on(1) if c.author.login == BOT)
    assert own(made) == 1
    assert made.hub.ticket(1).open


@both
def test_a_slip_that_was_answered_costs_no_more_than_a_command(kind: Kind) -> None:
    calls = []
    for words in ("/snoze 2h", "/resume"):
        made = kind()
        say(made, words)
        goes(made, 3)
        queue = MemoryQueue(made.hub)
        made.tick(queue=queue)
        calls.append(queue.calls)
    assert calls[0] == calls[1]
    assert not {"react", "role", "add_comment", "edit_comment"} & set(calls[0])


@both
def test_what_could_not_be_run_is_not_called_done(kind: Kind) -> None:
    made = kind()
    before = made.count("s")
    made.hub.disabled.add("titled.yml")
    refused = say(made, "/run")
    made.tick()
    deadline = body("s", run_at=m(300), more=f"deadline: {m(300):%Y-%m-%dT%H:%M:%SZ}\n")
    made.hub.change(1, body=deadline)
    forward(made, m(301))
    late = say(made, "/run")
    made.tick()
    assert made.count("s") == before
    assert faces(made, refused) == faces(made, late) == {"-1"}
    outcomes = [(e.key, e.outcome) for e in entries(made)]
    assert (f"1@comment-{refused}", "discarded") in outcomes
    assert (f"1@comment-{late}", "missed") in outcomes
    assert [note.id for each in made.reports for note in each.discarded] == [1]
    assert not [note for each in made.reports for note in each.obeyed]


@both
def test_on_a_closed_issue_nothing_is_heard(kind: Kind) -> None:
    made = kind()
    before = made.count("s")
    made.hub.close(1)
    comment = say(made, "/run")
    goes(made, 20, step=5)
    assert made.count("s") == before
    assert not faces(made, comment)
    assert not made.hub.ticket(1).open


PAUSED = "schedule:paused"


@pytest.mark.parametrize(
    ("words", "do", "done"),
    [
        ("/resume", lambda hub: hub.put_on(1, PAUSED), "paused it"),
        ("/run", lambda hub: hub.put_on(1, PAUSED), "paused it"),
        ("/pause", lambda hub: (hub.put_on(1, PAUSED), hub.take_off(1, PAUSED)), "resumed it"),
        ("/cancel", lambda hub: (hub.close(1), hub.reopen(1)), "reopened it"),
    ],
)
@pytest.mark.parametrize("seconds", [0, 5])
def test_what_was_said_first_gives_way_to_what_was_done_later(
    words: str, do: Callable[[MemoryHub], object], done: str, seconds: int
) -> None:
    """In the same second nobody can tell which came first: the command counts."""
    made = one_off()
    comment = say(made, words)
    made.clock.sleep(seconds)
    do(made.hub)
    before = made.hub.ticket(1)
    made.tick()
    assert faces(made, comment) == {"-1" if seconds else "+1"}
    if seconds:
        assert made.hub.ticket(1).labels == before.labels
        assert (made.hub.ticket(1).open, made.count("s")) == (True, 0)
        assert f"{words} by 'owner': 'owner' {done} after that" in entries(made)[-1].reason


@pytest.mark.parametrize("graphql", [True, False])
def test_what_the_scheduler_did_itself_outdoes_no_command(graphql: bool) -> None:
    # It put the label on at a word of before; where nothing tells its login, neither.
    made = one_off()
    made.hub.graphql = graphql
    say(made, "/pause")
    resume = say(made, "/resume")
    made.clock.sleep(5)
    made.tick()
    made.tick()
    assert PAUSED not in made.hub.ticket(1).labels
    assert faces(made, resume) == {"+1"}


def test_what_was_done_later_costs_no_question_of_its_own() -> None:
    made = one_off()
    made.hub.put_on(1, PAUSED)
    made.clock.sleep(5)
    say(made, "/resume")
    queue = MemoryQueue(made.hub)
    made.tick(queue=queue)
    assert queue.calls.count("acts") == 1
    assert PAUSED not in made.hub.ticket(1).labels
