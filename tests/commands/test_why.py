"""Why a job is where it is: one reason for every state."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from scheduler.commands.why import (
    Known,
    Why,
    coming,
    entry_json,
    grouped,
    over_limits,
    progress,
    why,
)
from scheduler.job.model import Job
from scheduler.job.states import State
from scheduler.journal.comments import (
    Told,
    claim_comment,
    invalid_comment,
    stays_comment,
    told_in,
    waiting_comment,
)
from scheduler.journal.journal import NEVER_STARTED, Claim, Entry, History, Journal
from scheduler.journal.notes import Explanation, Withdrawal
from scheduler.ports.values import Ticket, User
from scheduler.settings.model import Limits, Quotas, Settings
from scheduler.times import recurrence

NOON = datetime(2026, 11, 23, 12, tzinfo=timezone.utc)
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
KEY = "7@2026-11-23T12:00:00Z"
ISSUE = Ticket(
    number=7, author=User(login="a"), created_at=NOON - HOUR, updated_at=NOON - HOUR, comments=1
)
JOB = Job(run_at=NOON, workflow="run.yml")
KNOWN = Known(
    ticket=ISSUE, state=State.PENDING, job=JOB, problem="", run_at=NOON, history=History(),
    told=(), read=True, login="bot",
)  # fmt: skip
WAITS = replace(JOB, when="merged(#2)")
ASKED = Told(reason="when: merged(#2) does not hold yet: #2 is open", waits=True)
CLAIM = Claim(
    id=5, key=KEY, attempt=2, nonce="n", target="t", made_at=NOON, expires_at=NOON + MINUTE
)


def entry(outcome: str, **more: Any) -> Entry:
    return Entry(**{"key": KEY, "attempt": 1, "outcome": outcome, "at": NOON, **more})


def recorded(outcome: str, **more: Any) -> History:
    return History(journal=Journal(id=9, entries=(entry(outcome, **more),)))


def told(
    known: Known, *, now: datetime = NOON + 18 * MINUTE, settings: Settings | None = None
) -> Why:
    return why(known, now=now, settings=settings or Settings(), queue="octo/queue")


def known(state: State = State.PENDING, **more: Any) -> Known:
    return replace(KNOWN, state=state, **more)


HELD = State.HELD
BACK = Withdrawal(times=3, at=NOON, reason="an old one")
LABELLED = "on hold by its label, and no comment says why"


@pytest.mark.parametrize(
    ("job", "words"),
    [
        (known(problem="run-at: is missing"), "run-at: is missing"),
        (known(run_at=NOON + HOUR), "not yet due"),
        (known(), "due since 2026-11-23T12:00:00Z; the next tick sees to it"),
        (known(ticket=replace(ISSUE, locked=True)), "the issue is locked"),
        (known(state=State.DISPATCHING, history=History(claims=(CLAIM,))), "(attempt 2)"),
        (known(history=recorded(NEVER_STARTED, reason="no run")), "attempt 1 started no run: no"),
        (known(history=History(withdrawals=(replace(BACK, times=1),))), "old: an old one"),
        (known(job=WAITS, told=[ASKED]), "waits for merged(#2) since 2026-11-23T12:00:00Z, until "),
        (known(job=WAITS, told=[ASKED]), "2026-11-24T12:00:00Z at the latest (when: merged(#2) do"),
        (known(job=WAITS, told=[replace(ASKED, reason="when: closed(#1) no")]), "due since"),
        (known(job=WAITS, read=False), "waits for merged(#2)"),
        (known(job=WAITS, read=False, ticket=replace(ISSUE, comments=0)), "due since"),
        (known(HELD, history=recorded("held", reason="two runs")), "two runs; look at the runs"),
        (known(HELD, history=recorded("held")), "'schedule resolve 7 --again' to have it run"),
        (known(HELD, history=History(withdrawals=(BACK,))), "an old one; it is tried again"),
        (known(HELD, told=[Told(reason="because", waits=False)]), "because; 'schedule resolve 7"),
        (known(HELD, told=[ASKED]), LABELLED),
        (known(HELD), LABELLED),
        (known(HELD, labelled_by="Bot"), "why could not be written on the issue: GitHub refused"),
        (known(HELD, labelled_by="amy", told=[Told(reason="label", waits=False)]), "'amy' put"),
        (known(HELD, labelled_by="amy"), "'amy' put the label of the hold on; 'schedule resolve"),
        (known(HELD, read=False), "on hold; 'schedule show 7' says why"),
        (known(HELD, read=False, ticket=replace(ISSUE, comments=0)), LABELLED),
        (known(HELD, ticket=replace(ISSUE, locked=True)), "the issue is locked"),
        (known(HELD, foreign=[("amy", 5), ("amy", 8)]), "comment 5, 8 is a record by 'amy', and"),
        (known(HELD, foreign=[("amy", 5)]), "the scheduler is 'bot'; delete it first"),
        (known(State.APPROVAL), "once whoever may schedule jobs comments /approve or takes"),
        (known(State.PAUSED), "paused; 'schedule resume 7' lets it go on"),
        (
            known(
                State.PAUSED,
                job=Job(run_at=NOON, workflow="run.yml", every=HOUR, pause_after=1),
                history=recorded("dispatched", conclusion="failure"),
                labelled_by="Bot",
            ),
            "its last run failed, so the series paused itself; 'schedule resume 7' lets it go on",
        ),
        (
            known(State.APPROVAL, told=[Told(reason="not you", waits=False)]),
            "not you; it runs once another person comments /approve or takes the label",
        ),
        (
            known(ticket=replace(ISSUE, labels=("schedule", "schedule:waiting"))),
            "waits for a run to end",
        ),
        (known(State.PAUSED, labelled_by="amy"), "paused by 'amy'; "),
        (
            known(State.PAUSED, history=recorded("paused", reason="/pause by 'amy'")),
            "paused at 2026-11-23T12:00:00Z by 'amy' (/pause); ",
        ),
        (known(State.PAUSED, told=[Told(reason="it was amy", waits=False)]), "it was amy; "),
        (known(State.MISSED, history=recorded("missed", reason="too late")), "too late"),
        (known(State.CANCELLED, ticket=replace(ISSUE, closed_by="amy")), "closed by 'amy'"),
    ],
)  # fmt: skip
def test_there_is_a_reason_in_every_state(job: Known, words: str) -> None:
    assert words in told(job).reason


@pytest.mark.parametrize("approve", ["bots", "all"])
def test_another_person_has_to_approve_where_the_settings_ask_for_it(approve: str) -> None:
    words = "runs once a person with the role 'write' or above, not 'a', comments /approve or"
    assert words in told(known(State.APPROVAL), settings=Settings(approve=approve)).reason


@pytest.mark.parametrize(
    ("job", "word"),
    [
        (known(run_at=NOON + HOUR), ""),
        (known(), "due"),
        (known(job=WAITS, told=[ASKED]), "waiting"),
        (known(history=recorded(NEVER_STARTED)), "retrying"),
        (known(HELD), ""),
    ],
)
def test_a_word_says_more_than_pending(job: Known, word: str) -> None:
    assert told(job).word == word


def test_whom_nobody_was_there_for_is_overdue() -> None:
    late = told(known(), now=NOON + 3 * HOUR)
    assert late.word == "overdue"
    assert "the scheduler has not been there for 3h; start it with 'gh workflow run" in late.reason
    asked = known(job=WAITS, told=[ASKED])
    assert told(asked, now=NOON + 20 * HOUR).word == "waiting"
    assert told(asked, now=NOON + 25 * HOUR).word == "overdue"


def test_a_job_within_its_tolerance_is_due_and_not_overdue() -> None:
    patient = known(job=replace(JOB, tolerance=4 * HOUR))
    early = told(patient, now=NOON + 3 * HOUR)
    assert early.word == "due"
    assert early.reason.endswith("and by its tolerance it is good until 2026-11-23T16:00:00Z")
    assert told(patient, now=NOON + 4 * HOUR).word == "due"
    assert told(patient, now=NOON + 5 * HOUR).word == "overdue"


def test_what_is_too_far_away_or_too_deep_is_over_a_limit() -> None:
    far = replace(JOB, run_at=NOON + timedelta(days=500))
    assert told(known(job=far, run_at=far.run_at)).word == "over limit"
    deep = told(known(job=replace(JOB, parent="1@2026-11-23T12:00:00Z depth=99")))
    assert "quotas.depth allows 10" in deep.reason
    assert deep.reason.endswith("; the next tick rejects it")


def test_the_settings_keep_all_from_running() -> None:
    assert "paused: true" in told(known(), settings=Settings(paused=True)).reason


def test_a_snooze_names_who_said_it() -> None:
    history = recorded("pending", until=NOON + HOUR, reason="/snooze by 'amy'")
    put_off = told(known(run_at=NOON + HOUR, history=history))
    assert put_off.reason == "put off until 2026-11-23T13:00:00Z by 'amy' (/snooze)"


@pytest.mark.parametrize(
    ("more", "until"),
    [
        ({}, NOON + 24 * HOUR),
        ({"patience": 2 * HOUR}, NOON + 2 * HOUR),
        ({"deadline": 3 * HOUR}, NOON + 3 * HOUR),
        ({"deadline": 3 * HOUR, "patience": 2 * HOUR}, NOON + 2 * HOUR),
        ({"deadline": NOON - HOUR}, NOON + 24 * HOUR),
        ({"every": 4 * HOUR}, NOON + 4 * HOUR),
    ],
)
def test_a_condition_is_waited_for_until_its_patience_ends(
    more: dict[str, Any], until: datetime
) -> None:
    waits = told(known(job=replace(WAITS, **more), told=[ASKED]))
    assert (waits.condition, waits.since, waits.until) == ("merged(#2)", NOON, until)
    shown = waits.waiting_for()
    assert shown is not None
    assert (shown["condition"], shown["since"]) == ("merged(#2)", "2026-11-23T12:00:00Z")
    assert told(known()).waiting_for() is None


def test_explanations_are_read_back() -> None:
    record = Explanation(text_hash="ab")
    assert told_in(waiting_comment(record, "when: a `b` c", None)) == Told(
        reason="when: a `b` c", waits=True
    )
    assert told_in(invalid_comment(record, "bad")) == Told(reason="bad", waits=False)
    assert told_in(stays_comment(record, State.HELD, "x")) == Told(reason="x", waits=False)
    assert told_in(claim_comment(CLAIM)) is None
    assert told_in("⏳ This\n\n`when`") is None


def jobs(number: int, agent: str | None = None, **more: Any) -> tuple[Known, Job]:
    job = replace(JOB, agent=agent)
    return known(ticket=replace(ISSUE, number=number), job=job, **more), job


def test_limits_are_told_of_a_whole_queue() -> None:
    settings = Settings(quotas=Quotas(open_per_agent=1), limits=Limits(per_tick=2))
    queue = [jobs(1), jobs(2, "x"), jobs(3, "x"), jobs(4), jobs(5, run_at=NOON + HOUR), jobs(6)]
    found = over_limits(queue, now=NOON, settings=settings)
    assert sorted(found) == [3, 4, 6]
    assert found[3].reason.startswith("quotas.open-per-agent: agent 'x' has 1 open jobs of 1")
    assert found[6].reason.startswith("3 jobs are due before it, and limits.per-tick is 2")


def test_the_instants_to_come_of_a_series() -> None:
    job = replace(JOB, every=HOUR, count=4)
    assert coming(JOB, NOON, NOON, History()) == (NOON,)
    found = coming(job, NOON, NOON + MINUTE, History())
    assert found == tuple(NOON + HOUR * each for each in range(4))
    later = coming(replace(job, count=None), NOON, NOON + 150 * MINUTE, History())
    assert later == (NOON, *(NOON + HOUR * each for each in range(3, 7)))


def test_how_far_a_count_is() -> None:
    job = replace(JOB, every=HOUR, count=4)
    rule = recurrence.rule_of_keys(
        cron=None, rrule=None, every=HOUR, start=NOON, place="UTC", until=None, count=4
    )
    second = {"key": "7@2026-11-23T13:00:00Z"}
    assert progress(JOB, History()) is None
    assert progress(job, History()) == "0 of 4"
    assert progress(job, recorded("dispatched", **second)) == "2 of 4"
    known = recorded("dispatched", **second, nth=3, counted=rule.digest)
    assert progress(job, known) == "3 of 4"


def test_an_entry_in_json() -> None:
    sent = entry("dispatched", run_id=8, run_url="U")
    shown = entry_json(sent)
    assert shown == {
        "key": KEY, "attempt": 1, "outcome": "dispatched", "at": "2026-11-23T12:00:00Z",
        "run_id": 8, "run_url": "U", "conclusion": None, "reason": None,
    }  # fmt: skip
    assert entry_json(replace(sent, conclusion="never ran"))["conclusion"] == "never ran"


def test_equal_reasons_stand_in_one_line() -> None:
    same = [(n, f"paused; 'schedule resume {n}' lets 3 go") for n in range(3, 10)]
    assert grouped([*same, (11, "because of 11")]) == [
        "#3, #4, #5, #6, #7 and 2 more: paused; 'schedule resume ID' lets 3 go",
        "#11: because of 11",
    ]
    assert grouped(same[:1]) == ["#3: paused; 'schedule resume 3' lets 3 go"]
