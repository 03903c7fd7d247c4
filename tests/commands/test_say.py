"""A command in a comment is deleted again where no tick would carry it out."""

from __future__ import annotations

import pytest

from scheduler.commands.say import say
from scheduler.errors import NotPermitted, Refused, Rejected, Unavailable
from scheduler.job.model import Job
from scheduler.settings.model import Allow, Settings, Trust
from scheduler.simulation.hub import BOT
from tests.support.calls import connected
from tests.support.fakes import NOON

JOB = Job(run_at=NOON, workflow="run.yml")
NEXT = Job(run_at=NOON, workflow="run.yml", ref="next")
NAMED = Settings(trust=Trust(bots=(BOT,)), allow=Allow(workflows=("*",)))


@pytest.mark.parametrize(
    ("login", "job", "words", "settings"),
    [
        ("agent", JOB, "/run", Settings()), ("agent", NEXT, "/run", Settings()),
        ("agent", None, "/resolve again", Settings()), (BOT, JOB, "/run", NAMED),
    ],
)  # fmt: skip
def test_who_may_schedule_is_heard(
    login: str, job: Job | None, words: str, settings: Settings
) -> None:
    hub, _, connection = connected(settings, login=login)
    number = hub.open("x")
    assert say(connection, number, job, words).body == words
    assert [comment.body for comment in hub.on(number)] == [words]


@pytest.mark.parametrize(
    ("login", "job", "words", "settings", "reason"),
    [
        ("guest", JOB, "/run", Settings(), "author: 'guest' has the role 'none'"),
        ("guest", None, "/resolve again", Settings(), "author: 'guest' has the role 'none'"),
        (BOT, JOB, "/run", Settings(), "is a bot that the settings do not name"),
        (BOT, JOB, "/resolve again", NAMED, "only a person says what became of a job"),
        (BOT, NEXT, "/run", NAMED, "ref: 'next' is named by the bot"),
    ],
)
def test_who_may_not_is_told_so_and_nothing_stays(
    login: str, job: Job | None, words: str, settings: Settings, reason: str
) -> None:
    hub, _, connection = connected(settings, login=login)
    number = hub.open("x")
    with pytest.raises(Refused) as refused:
        say(connection, number, job, words)
    assert reason in str(refused.value)
    assert str(refused.value).endswith(f"; no tick would hear its {words.split(maxsplit=1)[0]}")
    assert hub.on(number) == []


@pytest.mark.parametrize(
    ("answer", "heard"),
    [
        (NotPermitted("must have push access to view collaborator permission"), False),
        (NotPermitted("token: lacks a right"), True),
        (Rejected("404", status=404), True),
        (Unavailable("no answer"), True),
    ],
)
def test_where_the_right_can_t_be_told_the_tick_decides(answer: Exception, heard: bool) -> None:
    hub, _, connection = connected()
    hub.untold["agent"] = answer
    number = hub.open("x")
    if heard:
        say(connection, number, JOB, "/run")
    else:
        with pytest.raises(Refused, match="'agent' has no push access to"):
            say(connection, number, JOB, "/run")
    assert bool(hub.on(number)) == heard
