"""One text never stops a queue: whatever is raised on it is its own fault, and nobody else's."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest

from scheduler.errors import InvalidJob
from scheduler.job import frontmatter, strict_yaml
from scheduler.sandbox.http.requestlog import Request
from scheduler.tick import conditions
from scheduler.tick.context import Context
from scheduler.tick.occurrence import Occurrence
from scheduler.times import instants, recurrence
from tests.attacks.crowd import by_template, messages
from tests.conftest import ISSUES, Stage, at, body
from tests.support.hold_stage import held_until, recorded

#: Rules that name a weekday which no month has so often.
NO_MONTH = [
    "FREQ=MONTHLY;BYDAY=29MO", "FREQ=MONTHLY;BYDAY=10FR", "FREQ=MONTHLY;BYDAY=1MO,12FR",
    "FREQ=MONTHLY;BYDAY=-6SU", "FREQ=YEARLY;BYMONTH=12;BYDAY=8MO",
]  # fmt: skip
#: What libraries raise, and what nobody expects of them.
FAULTS = [IndexError, OverflowError, RecursionError, ZeroDivisionError, AssertionError, KeyError]
POISON = "30 4 * * *"


def series(rule: str, when: float = -60) -> str:
    return body(when, "bare.yml", rule, message="evil")


def explained(stage: Stage, number: int, *words: str) -> None:
    """It was said once what is wrong, and the issue stays open with the label."""
    issue = stage.issue(number)
    assert issue["state"] == "open"
    assert "schedule:invalid" in stage.labels(number)
    (comment,) = stage.comments(number)
    for word in words:
        assert word in comment


@pytest.mark.parametrize("rule", NO_MONTH)
def test_a_weekday_that_no_month_has_so_often_is_refused_and_its_neighbours_run(
    stage: Stage, rule: str
) -> None:
    evil = by_template(stage, series(f"rrule: {rule}"))
    honest = stage.open(body(message="honest"))
    report = stage.tick()
    assert [note["id"] for note in report["invalid"]] == [evil]
    assert messages(stage) == ["honest"]
    explained(stage, evil, "rrule: ", rule)
    assert stage.issue(honest)["state_reason"] == "completed"
    stage.tick()
    assert len(stage.comments(evil)) == 1


@pytest.fixture(params=["rule", "front matter"])
def poison(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A text on which a library raises whatever it is told to, and nothing else does."""
    kind: list[type[Exception]] = [IndexError]
    if request.param == "rule":
        real = instants.first_instant

        def first_instant(local: Any, place: Any) -> Any:
            if (local.hour, local.minute) == (4, 30):
                raise kind[0]("made up")
            return real(local, place)

        monkeypatch.setattr(recurrence, "first_instant", first_instant)
    else:
        load = strict_yaml.load

        def loaded(text: str, **options: Any) -> Any:
            if POISON in text:
                raise kind[0]("made up")
            return load(text, **options)

        monkeypatch.setattr(strict_yaml, "load", loaded)
    yield kind
    monkeypatch.undo()


def reasons(report: Any, number: int) -> list[str]:
    return [note["reason"] for note in report["invalid"] if note["id"] == number]


@pytest.mark.parametrize("fault", FAULTS)
def test_whatever_a_library_raises_is_that_text_s_fault(
    stage: Stage, poison: list[Any], fault: type[Exception]
) -> None:
    poison[0] = fault
    evil = by_template(stage, series(f"cron: {POISON}"))
    stage.open(body(message="honest"))
    (reason,) = reasons(stage.tick(), evil)
    assert fault.__name__ in reason
    assert messages(stage) == ["honest"]
    explained(stage, evil, fault.__name__)
    stage.tick()
    assert len(stage.comments(evil)) == 1


@pytest.mark.slow
def test_a_holder_goes_on_beside_it(stage: Stage, poison: list[Any]) -> None:
    evil = by_template(stage, series(f"cron: {POISON}"))
    stage.open(body(at(1.5), message="honest"))
    report = held_until(stage, lambda: recorded(stage, 1))
    assert messages(stage) == ["honest"]
    assert reasons(report, evil)
    explained(stage, evil)


COMMANDS: dict[str, list[str]] = {
    "list": ["list"],
    "list --all": ["list", "--all"],
    "stats": ["stats"],
    "create": ["create", "--in", "1h", "-m", "x", "--workflow", "bare.yml"],
    "dedup": ["create", "--in", "1h", "--workflow", "bare.yml", "--dedup-key", "k"],
    "agent": ["create", "--in", "1h", "--workflow", "bare.yml", "--agent", "a"],
}
ALONE = ["show", "cancel", "pause", "resume"]
REFUSED: dict[str, list[str]] = {
    "snooze": ["--for", "1h"], "run": [], "reschedule": ["--in", "1h"], "retry": [],
}  # fmt: skip


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_shows_and_opens_what_stands_beside_it(
    stage: Stage, poison: list[Any], name: str
) -> None:
    lines = f"cron: {POISON}\nagent: a\ndedup-key: k"
    stage.open(series(lines, 3600))
    honest = stage.open(body(3600, message="honest"))
    result = stage.run(*COMMANDS[name])
    assert result.status == 0, result.err
    if name.startswith("list"):
        assert f"#{honest}" in result.out
        assert "invalid" in result.out


@pytest.mark.parametrize("name", ALONE)
def test_every_command_works_on_the_text_itself(stage: Stage, poison: list[Any], name: str) -> None:
    number = stage.open(series(f"cron: {POISON}", 3600))
    result = stage.run(name, str(number))
    assert result.status == 0, result.err
    assert stage.issue(number)["state"] == ("closed" if name == "cancel" else "open")


@pytest.mark.parametrize("name", REFUSED)
def test_what_needs_the_text_is_refused_in_one_line_and_changes_nothing(
    stage: Stage, poison: list[Any], name: str
) -> None:
    number = stage.open(series(f"cron: {POISON}", 3600))
    if name == "retry":
        stage.edit(number, state="closed", state_reason="not_planned")
    before = stage.issue(number)
    stage.run(name, str(number), *REFUSED[name]).refused(3, f"#{number}")
    after = stage.issue(number)
    assert (after["state"], after["body"]) == (before["state"], before["body"])
    assert stage.call("GET", f"{ISSUES}/{number}/comments") == []


@pytest.mark.parametrize("hold", [False, pytest.param(True, marks=pytest.mark.slow)])
@pytest.mark.parametrize("fault", [InvalidJob("cron: is wrong; write another"), IndexError("x")])
def test_what_is_raised_only_when_a_job_is_carried_out_keeps_no_other_waiting(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, fault: Exception, hold: bool
) -> None:
    evil = stage.open(body(-90 if not hold else at(0.5), message="evil"))
    stage.open(body(-60 if not hold else at(1.5), message="honest"))
    real = conditions.against

    def against(ctx: Context, found: Occurrence) -> Any:
        if found.number == evil:
            raise fault
        return real(ctx, found)

    monkeypatch.setattr(conditions, "against", against)
    report = held_until(stage, lambda: recorded(stage, 1)) if hold else stage.tick()
    assert messages(stage) == ["honest"]
    told = report["invalid" if isinstance(fault, InvalidJob) else "retrying"]
    assert evil in [note["id"] for note in told]


@pytest.mark.parametrize("blank", ["\n", "\r\n", "\r", " ", " \n", "\t", "::", "`", "\u2028"])
def test_a_long_message_of_nothing_is_shown_at_once(stage: Stage, blank: str) -> None:
    number = stage.open(body(3600, message=blank * (64_000 // len(blank)) + "x"))
    began = time.thread_time()
    for command in (["show", str(number)], ["list"], ["show", str(number), "--json"]):
        assert stage.run(*command).status == 0
    # The quadratic pattern that there was took 16 seconds.
    assert time.thread_time() - began < 3


def test_who_wrote_a_text_is_asked_before_it_is_read(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stranger's texts, the queue's oldest, are read once what others wrote was carried out."""
    for _ in range(3):
        by_template(stage, body(-90, message="evil"))
    gone = by_template(stage, series("cron: '0 1 * * *'", -90))
    stage.edit(gone, state="closed", state_reason="not_planned")
    stage.open(body(message="honest"))
    app = stage.sandbox.make_token("app[bot]", role="write")
    stage.open(body(message="machine"), user=app)
    read: list[str] = []
    real = frontmatter.parse

    def parse(text: str, **options: Any) -> Any:
        read.append("honest" if "honest" in text else "evil")
        return real(text, **options)

    monkeypatch.setattr(frontmatter, "parse", parse)
    before: list[list[str]] = []

    def at_dispatch(request: Request) -> None:
        if request.path.endswith("/dispatches"):
            before.append([*read])

    with stage.sandbox.on_request(at_dispatch):
        report = stage.tick()
    assert messages(stage) == ["honest"]
    assert [set(each) for each in before] == [{"honest"}]
    # All the same each of them gets its end, with the reason.
    assert read.count("evil") >= 4
    assert len(report["rejected"]) == 4


@pytest.mark.slow
def test_in_a_hold_the_texts_of_strangers_are_read_last(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        by_template(stage, series(f"rrule: FREQ=DAILY;BYHOUR={number}", 3600))
    stage.open(body(3600, message="honest"))
    read: list[str] = []
    real = frontmatter.parse

    def parse(text: str, **options: Any) -> Any:
        read.append("honest" if "honest" in text else "evil")
        return real(text, **options)

    monkeypatch.setattr(frontmatter, "parse", parse)
    held_until(stage, lambda: len(read) >= 8)
    assert read[:4] == ["honest", "evil", "evil", "evil"]
    assert read[4:8] == ["honest", "evil", "evil", "evil"]
