"""What somebody says who may not schedule: no command, no claim, no answer, no delay."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import pytest

from scheduler.errors import NotPermitted, RateLimited, Rejected, Unavailable
from scheduler.settings.model import Allow, Settings, Trust
from tests.faults.series import entries, forward, goes, m, open_series, sound, told
from tests.faults.world import World, body, world
from tests.support.fakes import BOT, MemoryQueue
from tests.support.hold_world import hold_world
from tests.tick.test_slash_commands import Kind, both, faces, many, one_off, own, say
from tests.tick.test_slash_faults import held

WORDS = (
    "/run", "/cancel", "/pause", "/resume", "/snooze 2h", "/snooze banana", "/snoze 2h", "/Run",
    "/resolve again", "/resolve maybe", " /cancel.", "/lgtm",
)  # fmt: skip
#: What one comment of a reader costs more than one that says nothing: the question who it is.
QUESTION = ["role"]


def due(name: str = "s", *, more: str = "") -> World:
    """A trusted job with a deadline that is due."""
    made = world()
    made.hub.open(body(name, more=f"deadline: 30m\n{more}"))
    made.clock.sleep(60)
    return made


def asked(made: World) -> list[str]:
    """What one tick asks of GitHub."""
    queue = MemoryQueue(made.hub)
    made.tick(queue=queue)
    return queue.calls


@pytest.mark.parametrize("words", WORDS)
def test_a_crowd_s_words_cost_a_due_job_one_question(words: str) -> None:
    plain, made = due(), due()
    for _ in range(47):
        say(plain, "when does this run?", by="stranger")
        say(made, words, by="stranger")
    before = asked(plain)
    after = asked(made)
    assert made.count("s") == plain.count("s") == 1
    # On a job that is not on hold a resolution is nothing to anybody.
    questions = [] if words == "/resolve again" else QUESTION
    assert sorted(after) == sorted([*before, *questions])
    assert [note for report in made.reports for note in report.withdrawn] == []
    assert not made.hub.reactions
    assert [entry.outcome for entry in entries(made)] == ["dispatched"]
    assert own(made) == 1


def test_each_account_is_one_question() -> None:
    made = due()
    for k in range(60):
        say(made, "/run", by=f"stranger{k % 7}")
    made.hub.asked.clear()
    made.tick()
    assert made.count("s") == 1
    assert sorted(each for each in made.hub.asked if each.startswith("stranger")) == [
        f"stranger{k}" for k in range(7)
    ]


@both
@pytest.mark.parametrize("words", WORDS)
def test_a_stranger_s_words_change_nothing(kind: Kind, words: str) -> None:
    made, twin = kind(), kind()
    before = made.count("s")
    comment = say(made, words, by="stranger")
    say(twin, "nothing", by="stranger")
    for each in (made, twin):
        goes(each, 5)
    assert made.count("s") == before
    assert not faces(made, comment)
    assert made.hub.ticket(1) == twin.hub.ticket(1)
    assert entries(made) == entries(twin)
    assert own(made) == own(twin)
    if kind is many:
        goes(made, 11)
        assert told(made)[-1] == ("10", 0, "dispatched")
        sound(made, 1)


def test_words_move_no_job_in_the_order_of_what_is_due() -> None:
    made = world()
    for name in ("a", "b", "c"):
        made.hub.open(body(name, run_at=m(" abc".index(name))))
    made.clock.sleep(600)
    for _ in range(9):
        made.hub.comment(1, "/run", by="stranger")
        made.hub.comment(2, "/snoze 2h", by="stranger")
    made.tick()
    assert [sent.name for sent in made.hub.sent] == ["a", "b", "c"]


@pytest.mark.parametrize("by", ["stranger", "triage"])
def test_words_during_a_tick_withdraw_no_claim(by: str) -> None:
    made = due()
    made.hub.roles["triage"] = "triage"

    def chatter(index: int, name: str, act: Callable[[], object]) -> object:
        if name not in ("role", "edits"):
            made.hub.comment(1, "/run", by=by)
        answer = act()
        if name not in ("role", "edits"):
            made.hub.comment(1, "/cancel", by=by)
        return answer

    made.tick(chatter)
    assert made.count("s") == 1
    assert [note for report in made.reports for note in report.withdrawn] == []
    made.until_quiet()
    assert made.audit(1, "s") == "dispatched"


def test_a_crowd_on_a_series_is_answered_by_nobody_and_delays_nobody() -> None:
    made = many()
    open_series(made.hub, "t")
    forward(made, m(10))
    flood = [say(made, "/cancel", by=f"stranger{k % 3}") for k in range(60)]
    calls = asked(made)
    # In the order in which they are due: no words put the one with a crowd behind the other.
    assert [sent.name for sent in made.hub.sent] == ["s", "s", "t"]
    assert "react" not in calls
    assert calls.count("add_comment") == 2
    assert made.history(1).journal.handled == flood[-1]
    assert len(entries(made)) == 2
    sound(made, 1)


def test_words_between_those_of_people_are_passed_by() -> None:
    made = many()
    for by in ("stranger", "other", "owner", "stranger", "owner"):
        say(made, "/run", by=by)
    made.tick()
    assert made.count("s") == 3
    assert [outcome for _, _, outcome in told(made)] == ["dispatched"] * 3
    sound(made, 1)


def test_what_was_passed_by_is_not_carried_out_once_its_author_may_schedule() -> None:
    made = many()
    flood = [say(made, "/run", by="stranger") for _ in range(20)]
    goes(made, 11)
    assert made.count("s") == 2
    assert made.history(1).journal.handled == flood[-1]
    made.hub.roles["stranger"] = "write"
    goes(made, 15)
    assert made.count("s") == 2
    say(made, "/run", by="stranger")
    made.tick()
    assert made.count("s") == 3


def test_a_word_that_waits_its_turn_is_not_passed_by() -> None:
    made = many()
    say(made, "/run")
    say(made, "/cancel", by="stranger")
    last = say(made, "/run")
    say(made, "/cancel", by="stranger")
    made.tick()
    assert made.count("s") == 3
    assert made.hub.sent[-1].key == f"1@comment-{last}"
    assert made.hub.ticket(1).open


def test_once_the_journal_is_written_nobody_is_asked_about_again() -> None:
    made = many()
    for k in range(9):
        say(made, "/run", by=f"stranger{k}")
    made.hub.asked.clear()
    made.tick()
    assert len(made.hub.asked) == 9
    forward(made, m(10))
    made.tick()
    made.hub.asked.clear()
    made.tick()
    assert made.hub.asked == []


@pytest.mark.parametrize("label", ["schedule:paused", "schedule:held", ""])
def test_beside_a_job_that_waits_for_a_person_one_question_is_asked(label: str) -> None:
    made = world()
    made.hub.open(body("s", more="when: closed(#1)\n"))
    if label:
        made.hub.change(1, labels=("schedule", label))
    made.clock.sleep(60)
    made.tick()
    for word in WORDS:
        say(made, word, by="stranger")
    made.hub.asked.clear()
    made.tick()
    assert made.hub.asked.count("stranger") == 1
    assert made.count("s") == 0
    assert made.hub.ticket(1).open


def test_a_held_job_s_strangers_are_asked_about_once() -> None:
    made = held()
    for word in WORDS:
        say(made, word, by="stranger")
    before = entries(made)
    made.hub.asked.clear()
    made.tick()
    assert made.hub.asked.count("stranger") == 1
    assert entries(made) == before


def test_on_a_closed_issue_words_and_forged_records_cost_one_question() -> None:
    made = one_off()
    say(made, "/run")
    made.tick()
    journal = next(comment for comment in made.hub.on(1) if comment.author.login == BOT)
    for word in (*WORDS, journal.body, journal.body):
        say(made, word, by="stranger")
    made.hub.asked.clear()
    made.tick()
    assert made.hub.asked.count("stranger") <= 1


@pytest.mark.parametrize(
    "problem",
    [
        Unavailable("502"), Rejected("no", status=422), NotPermitted("metadata"),
    ],
)  # fmt: skip
def test_who_can_t_be_told_keeps_no_job_waiting_and_is_heard_later(problem: Exception) -> None:
    made = many()
    forward(made, m(10))
    comment = say(made, "/pause", by="owner")
    made.hub.untold["owner"] = problem
    made.tick()
    assert made.count("s") == 2
    assert [("owner" in notice, "role" in notice) for notice in made.reports[-1].notices] == [
        (True, True)
    ]
    assert made.hub.asked.count("owner") == 1
    del made.hub.untold["owner"]
    made.tick()
    assert faces(made, comment) == {"+1"}
    assert "schedule:paused" in made.hub.ticket(1).labels


def test_a_word_after_one_that_waits_for_an_answer_waits_with_it() -> None:
    """A journal says how far words were dealt with: the later one would hide the earlier."""
    made = many()
    forward(made, m(10))
    first, second = say(made, "/pause", by="owner"), say(made, "/resume", by="agent")
    made.hub.untold["owner"] = Unavailable("502")
    made.tick()
    assert (faces(made, first), faces(made, second)) == (set(), set())
    del made.hub.untold["owner"]
    made.tick()
    made.tick()
    assert (faces(made, first), faces(made, second)) == ({"+1"}, {"+1"})
    assert "schedule:paused" not in made.hub.ticket(1).labels


def test_a_rate_limit_met_by_the_question_stops_the_tick_as_any_other() -> None:
    made = due()
    say(made, "/run", by="stranger")
    made.hub.untold["stranger"] = RateLimited("slow down", retry_at=m(30))
    made.tick()
    assert made.count("s") == 0
    del made.hub.untold["stranger"]
    made.until_quiet()
    assert made.count("s") == 1


NAMED = Trust(bots=("helper[bot]", "machine"))


@both
@pytest.mark.parametrize("by", ["helper[bot]", "machine", "other[bot]"])
@pytest.mark.parametrize("allowed", [None, ("titled.yml",), ("other.yml",)])
def test_a_bot_is_heard_where_it_may_schedule_that_job(
    kind: Kind, by: str, allowed: tuple[str, ...] | None
) -> None:
    made = kind(settings=Settings(trust=NAMED))
    made.settings = replace(made.settings, allow=Allow(workflows=allowed))
    before = made.count("s")
    comment = say(made, "/pause", by=by)
    made.hub.asked.clear()
    made.tick()
    hears = by in NAMED.bots and allowed == ("titled.yml",)
    assert faces(made, comment) == ({"+1"} if hears else set())
    assert ("schedule:paused" in made.hub.ticket(1).labels) is hears
    assert made.count("s") == before
    # Of a bot there is nothing to ask.
    assert by not in made.hub.asked


@both
def test_people_are_heard_whatever_may_be_scheduled(kind: Kind) -> None:
    made = kind()
    made.settings = Settings(allow=Allow(workflows=("other.yml",)))
    say(made, "/cancel")
    made.tick()
    assert made.hub.ticket(1).state_reason == "not_planned"


@pytest.mark.parametrize("role", ["write", "maintain", "admin"])
def test_a_word_needs_the_role_that_a_job_needs(role: str) -> None:
    made = one_off(settings=Settings(trust=Trust(role=role)))
    made.hub.roles = {"w": "write", "m": "maintain", "a": "admin", "agent": "admin"}
    said = {by: say(made, "/snooze 1h", by=by) for by in "wma"}
    goes(made, 3)
    heard = {by for by, comment in said.items() if faces(made, comment)}
    assert heard == set({"write": "wma", "maintain": "ma", "admin": "a"}[role])


def test_a_holder_asks_about_a_stranger_once() -> None:
    made = hold_world(hold=900)
    number = made.open("job", 300)
    later = made.open("later", 800)
    for seconds in range(5, 700, 60):
        for each in (number, later):
            made.lively.at(seconds, partial(say_on, made, each, "/run"))
    report = made.stays()
    assert made.sent_at("job") == [300]
    assert made.sent_at("later") == [800]
    assert made.hub.asked.count("stranger") == 1
    assert report.withdrawn == []


def say_on(made: World, number: int, words: str, by: str = "stranger") -> None:
    if made.hub.ticket(number).open:
        made.hub.comment(number, words, by=by)
