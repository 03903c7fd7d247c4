"""A job that needs an approval: asked for once, given once, for one text."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from scheduler.ports.values import Edit
from scheduler.settings.model import Allow, Settings, Trust
from scheduler.simulation.records import user
from tests.faults.series import entries, goes, open_series
from tests.faults.world import Fault, World, body, faulty, world
from tests.support.fakes import BOT, NOON

LABEL = "schedule:approve"
ALL = Settings(approve="all")
BOTS = Settings(approve="bots", trust=Trust(bots=("app[bot]",)), allow=Allow(workflows=("*.yml",)))
LATER = NOON + timedelta(hours=5)


def waiting(settings: Settings = ALL, *, author: str = "agent", **given: object) -> World:
    """A job that is due and needs an approval."""
    made = world(settings=settings)
    made.hub.roles |= {"triage": "triage"}
    made.hub.open(body("s", **given), author=author)  # type: ignore[arg-type]
    return made


def say(made: World, words: str = "/approve", by: str = "owner") -> int:
    return made.hub.comment(1, words, by=by).id


def own(made: World) -> list[str]:
    return [each.body for each in made.hub.on(1) if each.author.login == BOT]


def edit(made: World, text: str, by: str = "agent") -> None:
    made.hub.change(1, body=text)
    made.hub.edited[1] = Edit(at=made.hub.now(), editor=user(by))


@pytest.mark.parametrize("run_at", [NOON, LATER])
def test_it_is_asked_for_once_and_waits(run_at: object) -> None:
    made = waiting(run_at=run_at)
    goes(made, 400, step=40)
    assert made.count("s") == 0
    assert LABEL in made.hub.ticket(1).labels
    assert len(own(made)) == 1
    assert "approved it" in own(made)[0]
    assert made.reports[-1].due == 0
    said = [note.reason for note in made.reports[-1].conditional]
    words = "for an approval: a person who did not write it comments /approve or takes "
    assert said == [f"{words}'schedule:approve' off"]


def test_who_may_is_said_as_it_is_where_the_label_alone_has_it_wait() -> None:
    made = waiting(Settings())
    made.hub.change(1, labels=("schedule", LABEL))
    goes(made, 400, step=40)
    said = [note.reason for note in made.reports[-1].conditional]
    words = "for an approval: whoever may schedule jobs comments /approve or takes "
    assert said == [f"{words}'schedule:approve' off"]


def test_waiting_costs_the_list_alone() -> None:
    made = waiting()
    made.tick()
    plain = world()
    plain.hub.open(body("s", run_at=LATER))
    plain.tick()
    for each in (made, plain):
        each.clock.sleep(90_000)
        each.tick()
    assert made.reports[-1].requests == 2


@pytest.mark.parametrize("words", ["/approve", ""])
def test_another_person_lets_it_run(words: str) -> None:
    made = waiting()
    made.tick()
    made.clock.sleep(3600)
    comment = say(made, words or "fine with me")
    if not words:
        made.hub.take_off(1, LABEL)
    made.until_quiet()
    assert (made.count("s"), made.hub.ticket(1).open) == (1, False)
    assert LABEL not in made.hub.ticket(1).labels
    # Whoever had to approve it was late, and no clock.
    (ran,) = [each for each in entries(made) if each.run_id]
    assert ran.lateness_s is not None
    assert ran.lateness_s < 300
    if words:
        assert {content for _, content in made.hub.reactions[comment]} == {"+1"}
        assert entries(made)[0].reason == "/approve by 'owner'"


def test_a_job_that_is_not_due_is_approved_ahead() -> None:
    made = waiting(run_at=LATER)
    made.tick()
    say(made)
    made.tick()
    assert LABEL not in made.hub.ticket(1).labels
    assert made.count("s") == 0
    goes(made, 301, step=20)
    assert made.count("s") == 1
    assert len(own(made)) == 2


def test_an_approval_holds_for_a_series_while_its_text_stays() -> None:
    made = world(settings=ALL)
    open_series(made.hub)
    made.tick()
    say(made)
    goes(made, 25)
    assert made.count("s") == 3
    edit(made, made.hub.ticket(1).body + "and more")
    goes(made, 55)
    assert made.count("s") == 3
    assert LABEL in made.hub.ticket(1).labels
    say(made)
    goes(made, 75)
    assert made.count("s") == 6  # the latest of those that had to wait, and two on their time


def test_an_edit_asks_again_even_after_a_word_that_nobody_has_heard_yet() -> None:
    made = waiting(run_at=LATER)
    made.tick()
    comment = say(made)
    made.clock.sleep(60)
    edit(made, body("t", run_at=LATER))
    goes(made, 400, step=40)
    assert made.hub.sent == []
    assert {content for _, content in made.hub.reactions[comment]} == {"-1"}
    assert "the text was changed after that" in str(entries(made)[0].reason)
    say(made)
    goes(made, 500, step=20)
    assert made.count("t") == 1


def test_an_approval_is_not_for_the_text_that_was_put_back() -> None:
    made = waiting(run_at=LATER)
    made.tick()
    text = made.hub.ticket(1).body
    edit(made, body("harmless", run_at=LATER))
    made.clock.sleep(60)
    made.hub.take_off(1, LABEL)
    made.clock.sleep(60)
    edit(made, text)
    goes(made, 400, step=40)
    assert made.hub.sent == []
    assert LABEL in made.hub.ticket(1).labels


def test_without_edits_only_what_was_said_after_the_question_counts() -> None:
    made = waiting(run_at=LATER)
    made.hub.graphql = False
    made.tick()
    made.hub.change(1, body=body("t", run_at=LATER))
    made.clock.sleep(60)
    say(made)
    goes(made, 20)
    assert LABEL in made.hub.ticket(1).labels
    say(made)
    goes(made, 301, step=20)
    assert made.count("t") == 1


REFUSED = {
    "its author": ("agent", "nobody approves a job of their own"),
    "a named bot": ("app[bot]", "a bot approves nothing"),
    "its editor": ("editor", "they changed its text last"),
}


@pytest.mark.parametrize("by", REFUSED)
def test_who_can_approve_nothing_is_answered_in_one_line(by: str) -> None:
    login, line = REFUSED[by]
    made = waiting(replace(BOTS, approve="all"))
    made.hub.roles |= {"editor": "write"}
    if by == "its editor":
        edit(made, made.hub.ticket(1).body + "!", by="editor")
    made.tick()
    made.clock.sleep(60)
    comment = say(made, by=login)
    goes(made, 60)
    assert made.hub.sent == []
    assert {content for _, content in made.hub.reactions[comment]} == {"-1"}
    (told,) = entries(made)
    assert told.reason.startswith(f"/approve by {login!r}: {line}")
    assert LABEL in made.hub.ticket(1).labels
    made.hub.take_off(1, LABEL, by=login)
    goes(made, 120)
    assert made.hub.sent == []
    assert LABEL in made.hub.ticket(1).labels
    assert sum(line in each for each in own(made)) == 2


@pytest.mark.parametrize("by", ["triage", "stranger", "evil[bot]"])
def test_who_may_not_schedule_approves_nothing(by: str) -> None:
    made = waiting()
    made.tick()
    comment = say(made, by=by)
    goes(made, 30)
    assert made.hub.sent == []
    assert comment not in made.hub.reactions
    made.hub.take_off(1, LABEL, by=by)
    goes(made, 120)
    assert made.hub.sent == []
    assert LABEL in made.hub.ticket(1).labels
    assert sum("stays waiting for approval" in each for each in own(made)) == 1


def test_a_bot_s_job_waits_and_a_person_s_does_not() -> None:
    made = waiting(BOTS, author="app[bot]", to="workflow: plain.yml")
    made.hub.open(body("p"), author="agent")
    made.until_quiet()
    assert (made.count("s"), made.count("p")) == (0, 1)
    assert LABEL in made.hub.ticket(1).labels
    say(made)
    made.until_quiet()
    assert made.count("s") == 1


def test_run_does_not_pass_by_an_approval() -> None:
    made = waiting()
    made.tick()
    comment = say(made, "/run")
    goes(made, 30)
    assert made.hub.sent == []
    assert {content for _, content in made.hub.reactions[comment]} == {"-1"}
    assert "it waits for an approval" in entries(made)[0].reason


def test_its_deadline_and_a_cancel_work_meanwhile() -> None:
    made = waiting(more="deadline: 1h\n")
    made.hub.open(body("c"))
    made.tick()
    made.hub.comment(2, "/cancel", by="agent")
    goes(made, 70, step=10)
    assert made.hub.sent == []
    assert "schedule:missed" in made.hub.ticket(1).labels
    assert [made.hub.ticket(n).open for n in (1, 2)] == [False, False]
    # Reopened, it waits again: nobody has approved it.
    made.hub.reopen(1)
    goes(made, 100, step=10)
    assert made.hub.sent == []
    say(made)
    made.until_quiet()
    assert made.count("s") == 1


def test_a_setting_that_is_taken_back_leaves_the_label_to_a_person() -> None:
    made = waiting()
    made.tick()
    made.settings = Settings()
    made.tick()
    assert made.hub.sent == []
    say(made, by="agent")
    made.until_quiet()
    assert made.count("s") == 1


@pytest.mark.parametrize("kind", ["crash-before", "crash-after", "drop-after"])
def test_it_is_asked_and_given_once_whatever_dies(kind: str) -> None:
    """At each request of the tick that asks, and of the one that hears the answer."""
    for index in range(1, 26):
        for at_answer in (False, True):
            made = waiting()
            made.tick(None if at_answer else faulty(made.clock, Fault(index, kind)))
            assert made.hub.sent == []
            made.clock.sleep(150)
            made.tick()
            say(made)
            made.clock.sleep(10)
            made.tick(faulty(made.clock, Fault(index, kind)) if at_answer else None)
            made.until_quiet()
            told = made.story()
            assert made.count("s") == 1, told
            assert sum("schedule:approval" in each for each in own(made)) == 1, told
            assert sum(e.approved != "" for e in entries(made)) == 1, told


def test_the_label_alone_lets_no_reopened_job_run_late_and_no_word_run_it() -> None:
    made = world()
    made.hub.open(body("s", more="deadline: 1m\n"))
    made.clock.sleep(300)
    made.tick()
    made.hub.reopen(1)
    made.hub.put_on(1, LABEL)
    goes(made, 20)
    say(made, "/run")
    goes(made, 40)
    assert made.hub.sent == []
    assert "it waits for an approval" in entries(made)[-1].reason
    assert not [text for text in own(made) if "schedule:approval" in text]
    say(made)
    made.until_quiet()
    assert made.count("s") == 1
