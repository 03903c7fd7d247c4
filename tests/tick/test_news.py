"""Those whom the settings name are called to a job once, in the one comment that it gets."""

from __future__ import annotations

import pytest

from scheduler.errors import Rejected
from scheduler.settings.model import NEWS, Alerts, Settings
from tests.faults.world import Fault, World, body, faulty, world
from tests.support.fakes import BOT, MemoryQueue

WHO = "@org/oncall"
ALL = Settings(alerts=Alerts(mention=(WHO,)))
MISSED = "deadline: 2026-11-23T12:00:01Z\n"
HELD = "event: wake"


def one(settings: Settings = ALL, *, more: str = "", to: str = "workflow: titled.yml") -> World:
    made = world(settings=settings)
    made.hub.open(body("1", to=to, more=more))
    return made


def called(made: World) -> list[str]:
    """The comments that call those of the settings, without their records."""
    found = (each.body.partition("\n")[2] for each in made.hub.on(1) if WHO in each.body)
    return [each.partition("\n")[0][:24] for each in found]


def only(*words: str) -> Settings:
    return Settings(alerts=Alerts(on=words, mention=(WHO,)))


def lost(made: World) -> World:
    """An event of which nobody can tell whether it was sent."""
    made.tick(lambda index, name, act: faulty(made.clock, Fault(index, "drop-after"))(
        index, name, act) if name == "dispatch" else act())  # fmt: skip
    return made


def test_a_missed_job_calls_them_once() -> None:
    made = one(more=MISSED)
    made.until_quiet()
    assert called(made) == ["⌛ This job was missed: `"]
    assert made.hub.ticket(1).labels == ("schedule", "schedule:missed")
    assert len(made.hub.on(1)) == 2


def test_a_job_that_github_refuses_calls_them_once() -> None:
    made = one()
    made.hub.disabled.add("titled.yml")
    made.until_quiet()
    assert called(made) == ["❌ This job was given up:"]


def test_a_new_comment_that_puts_a_job_on_hold_calls_them_itself() -> None:
    made = lost(one(to=HELD))
    made.until_quiet()
    (text,) = called(made)
    assert text.startswith("✋ On hold: ")
    assert [each.body.startswith("<!-- schedule:journal") for each in made.hub.on(1)] == [
        False, True,
    ]  # fmt: skip


def test_where_a_hold_is_an_edit_a_comment_of_its_own_calls_them() -> None:
    made = lost(one(to=HELD))
    made.until_quiet()
    made.hub.comment(1, "/resolve again", by="owner")
    lost(made)
    made.until_quiet()
    assert called(made) == ["✋ This job is on hold: `"]
    made.until_quiet()
    assert len(called(made)) == 1


def test_a_label_of_a_hold_that_nobody_explained_calls_them_in_its_explanation() -> None:
    made = one()
    made.hub.put_on(1, "schedule:held")
    made.until_quiet()
    assert called(made) == ["✋ This job is on hold:"]


def test_a_job_that_stays_paused_calls_them_in_what_says_so() -> None:
    made = one()
    made.hub.roles["triage"] = "triage"
    made.hub.put_on(1, "schedule:paused")
    made.clock.sleep(200)
    made.hub.take_off(1, "schedule:paused", by="triage")
    made.until_quiet()
    assert called(made) == ["⏸ This job stays paused:"]


@pytest.mark.parametrize("settings", [Settings(), only(*{*NEWS} - {"missed"})])
def test_who_does_not_ask_is_not_called_and_it_costs_nothing(settings: Settings) -> None:
    queues = []
    for chosen in (settings, Settings()):
        made = one(chosen, more=MISSED)
        queues.append(MemoryQueue(made.hub))
        made.tick(queue=queues[-1])
        assert called(made) == []
        assert len(made.hub.on(1)) == 1
    assert queues[0].calls == queues[1].calls


def test_what_a_person_asks_for_in_a_comment_calls_nobody() -> None:
    made = one(more="")
    made.hub.change(1, body=body("1", run_at=made.clock.now().replace(year=2027, microsecond=0)))
    made.hub.disabled.add("titled.yml")
    made.hub.comment(1, "/run", by="owner")
    made.until_quiet()
    assert "refused" in made.story() or "Not done" in made.story()
    assert called(made) == []


def test_an_issue_that_takes_no_comment_is_ended_all_the_same() -> None:
    made = one(more=MISSED)

    def refuse(index: int, name: str, act: object) -> object:
        assert callable(act)
        comments = len(made.hub.on(1))
        if name == "add_comment" and comments:
            raise Rejected("GitHub answers 403: too many", status=403)
        return act()

    made.tick(refuse)
    assert called(made) == []
    assert made.hub.ticket(1).labels == ("schedule", "schedule:missed")


@pytest.mark.parametrize("kind", ["crash-before", "crash-after", "drop-after", "stall-after"])
def test_whatever_goes_wrong_at_any_request_they_are_called_once(kind: str) -> None:
    for index in range(1, 17):
        made = one(more=MISSED)
        made.tick(faulty(made.clock, Fault(index, kind)))
        made.until_quiet()
        assert len(called(made)) == 1, f"at {index}: {made.story()}"
        assert made.hub.ticket(1).labels == ("schedule", "schedule:missed")


def test_of_two_comments_the_first_stays() -> None:
    made = one(more=MISSED)

    def beside(index: int, name: str, act: object) -> object:
        assert callable(act)
        written = act()
        if name == "add_comment" and len(made.hub.on(1)) == 2:
            news = made.hub.on(1)[1]
            made.hub.comment(1, news.body, by=BOT)  # by a tick that had stalled
        return written

    made.tick(beside)
    assert called(made) == ["⌛ This job was missed: `"]


@pytest.mark.parametrize(
    ("words", "calls"), [(("failed",), 2), (("paused",), 1), (("failed", "paused"), 2)]
)
def test_a_series_that_pauses_itself_calls_them_in_the_comment_that_says_so(
    words: tuple[str, ...], calls: int
) -> None:
    made = one(only(*words), more="every: 1h\npause-after: 2\n")
    for _ in range(2):
        made.tick()
        made.clock.sleep(60)
        made.hub.mark(made.hub.runs[-1][1].id, "completed", "failure")
        made.tick()
        made.clock.sleep(3540)
    assert "schedule:paused" in made.hub.ticket(1).labels
    made.until_quiet()
    assert len(called(made)) == calls
    assert len(made.hub.sent) == 2
