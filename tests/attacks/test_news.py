"""Comments that call people, or stand elsewhere: nobody's words decide who, where, or whether."""

from __future__ import annotations

from dataclasses import replace

import pytest

from scheduler.ports.values import Comment, Ticket
from scheduler.settings.model import Alerts, Allow, Settings, Trust
from scheduler.simulation.records import Thread
from tests.attacks.reading import ACTIVE, outside_of_code
from tests.conftest import Stage, body
from tests.faults.world import TITLED, World, world
from tests.support.fakes import BOT

OTHER, THIRD = "octo/other", "octo/third"
WHO = "@org/oncall"
CALLING = Settings(
    alerts=Alerts(mention=(WHO,)), allow=Allow(repositories=(OTHER,)), trust=Trust(bots=(BOT,))
)
LATE = "deadline: 2026-11-23T12:00:01Z"
#: File names that GitHub takes, and that would call somebody, link or end a span of code.
FILES = ("@octocat.yml", "@org`@octocat`.yml", "``@octocat #1``.yml", "[x](<b>).yml")


def one(*lines: str, author: str = "agent", to: str = f"{OTHER}#5", file: str = "run.yml") -> World:
    made = world(settings=CALLING)
    made.hub.workflows[file] = TITLED
    made.hub.threads = {(OTHER, 5): Thread(), (THIRD, 5): Thread()}
    head = [
        "run-at: 2026-11-23T12:00:00Z", f"workflow: '{file}'", f"reply-to: '{to}'",
        "agent: '@octocat'", *lines,
    ]  # fmt: skip
    text = "\n".join(["---", *head, "---", "@octocat look at #1 <b>"])
    made.hub.open(text, author=author)
    made.hub.change(1, title="@octocat [x](https://evil)")
    return made


def there(made: World, repo: str = OTHER) -> list[Comment]:
    return made.hub.threads[repo, 5].comments


def own(made: World) -> list[str]:
    """What the scheduler wrote, anywhere, without the records."""
    said = [*made.hub.on(1), *there(made)]
    return [each.body.partition("\n")[2] for each in said if each.author.login == BOT]


def ticket(made: World) -> Ticket:
    return made.hub.ticket(1)


# Who is called.


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("ends", ["missed", "discarded"])
def test_no_word_of_a_job_calls_or_links_anybody(file: str, ends: str) -> None:
    made = one(*([LATE] if ends == "missed" else []), file=file)
    if ends == "discarded":
        made.hub.disabled.add(file)
    made.until_quiet()
    assert f"schedule:{ends}" in ticket(made).labels, made.story()
    said = own(made)
    assert sum(WHO in each for each in said) == 1
    assert len(there(made)) == 1
    for each in said:
        ours = each.replace(WHO, "").replace("[octo/queue#1](https://github.com", "")
        assert not ACTIVE.search(outside_of_code(ours)), ours


@pytest.mark.parametrize("author", ["stranger", "another[bot]"])
def test_whoever_may_not_schedule_calls_nobody_by_a_hold(author: str) -> None:
    made = one(LATE)
    made.hub.comment(1, f"/run {WHO}", by=author)
    made.hub.comment(1, f"{WHO} this is on hold, missed and discarded", by=author)
    made.until_quiet()
    assert sum(WHO in each for each in own(made)) == 1


@pytest.mark.parametrize("by", ["stranger", "agent", "another[bot]"])
def test_a_call_that_somebody_copied_silences_nobody(by: str) -> None:
    first = one(LATE)
    first.until_quiet()
    copied = next(each.body for each in first.hub.on(1) if WHO in each.body)
    made = one(LATE)
    made.hub.comment(1, copied, by=by)
    made.until_quiet()
    assert [each.author.login for each in made.hub.on(1) if WHO in each.body] == [by, BOT]


# Where it is told.


@pytest.mark.parametrize("author", ["agent", "owner", BOT])
def test_nothing_is_told_in_a_repository_that_the_settings_do_not_name(author: str) -> None:
    made = one(author=author, to=f"{THIRD}#5")
    made.until_quiet()
    assert made.hub.sent == []
    assert "schedule:rejected" in ticket(made).labels
    assert "octo/third" in "".join(own(made))
    assert there(made, THIRD) == []


@pytest.mark.parametrize("author", ["stranger", "triage", "another[bot]"])
@pytest.mark.parametrize("more", [(), (LATE,)])
def test_for_whoever_may_not_schedule_nothing_is_told_anywhere(
    author: str, more: tuple[str, ...]
) -> None:
    made = one(*more, author=author)
    made.hub.roles["triage"] = "triage"
    made.until_quiet()
    assert made.hub.sent == []
    assert there(made) == []


@pytest.mark.parametrize("by", ["stranger", "owner", "another[bot]"])
def test_a_reply_that_somebody_copied_silences_nobody(by: str) -> None:
    first = one(LATE)
    first.until_quiet()
    (real,) = there(first)
    made = one(LATE)
    made.hub.threads[OTHER, 5].comments.append(replace(real, author=replace(real.author, login=by)))
    made.until_quiet()
    assert [each.author.login for each in there(made)] == [by, BOT]


def test_another_queue_s_reply_on_a_job_is_no_record_of_that_job() -> None:
    first = one(LATE)
    first.until_quiet()
    (real,) = there(first)
    for by in (BOT, "another[bot]", "owner"):
        made = one()
        made.hub.comment(1, real.body, by=by)
        made.until_quiet()
        assert len(made.hub.sent) == 1
        assert ticket(made).state_reason == "completed"


def test_a_token_that_may_not_write_there_is_said_on_the_job(stage: Stage) -> None:
    stage.settings("allow: {repositories: [octo/other]}\n")
    other = stage.call("POST", "/repos/octo/other/issues", {"title": "There"}, user="owner")
    to = f"reply-to: 'octo/other#{other['number']}'"
    number = stage.open(body(-600, "agent-message.yml", "deadline: 1m", to))
    assert [each["id"] for each in stage.tick()["missed"]] == [number]
    (journal,) = stage.comments(number)
    assert "the scheduler's token needs 'issues: write' in octo/other" in journal
    assert "schedule:missed" in stage.labels(number)
