"""What was opened before: which jobs count, and which use up a nonce."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from scheduler.settings.model import Quotas, Settings
from scheduler.tick import rules
from scheduler.tick.occurrence import Occurrence
from tests.attacks.court import MINUTE, Court
from tests.support.fakes import NOON


def entered(court: Court, *found: Occurrence, closed: tuple[Occurrence, ...] = ()) -> list[int]:
    tickets = [each.ticket for each in closed]
    rules.enter(court.ctx, found, tickets, now=court.clock.now())
    return [each.number for each in found if rules.forbidden(court.ctx, each)]


def test_jobs_that_were_closed_today_count_among_the_new_ones() -> None:
    court = Court(Settings(quotas=Quotas(new_per_agent_per_day=2)))
    old = court.open("agent: probe-1")
    court.hub.close(old.number)
    young = [court.open("agent: probe-1") for _ in range(2)]
    closed = court.known(old.number)
    assert entered(court, *young, closed=(closed,)) == [young[1].number]
    assert entered(court, *young) == []


def test_a_closed_issue_that_is_no_job_counts_for_nothing() -> None:
    court = Court()
    court.hub.open("no job")
    court.hub.close(1)
    rules.enter(court.ctx, [], [court.hub.ticket(1)], now=NOON)


SIGNING = Settings(signing="required")


def test_of_two_with_one_nonce_of_one_account_the_older_is_the_job() -> None:
    court = Court(SIGNING)
    first, copy = court.signed(), court.signed()
    assert entered(court, copy, first) == [copy.number]
    court.refused(copy, f"signature: was used before, by #{first.number}")
    assert court.verdict(first) is None


@pytest.mark.parametrize(
    ("thief", "used"), [("owner", True), ("agent", True), ("stranger", False), ("triage", False)]
)
def test_of_two_accounts_only_one_that_may_schedule_uses_a_nonce_up(thief: str, used: bool) -> None:
    court = Court(SIGNING)
    first, second = court.signed(author=thief), court.signed()
    entered(court, second)
    if used:
        court.refused(second, f"was used before, by #{first.number}")
    else:
        assert court.verdict(second) is None
        court.refused(first, f"author: {thief!r}")


def test_a_nonce_is_looked_for_among_what_was_opened_since_the_last_look() -> None:
    court = Court(SIGNING)
    assert court.verdict(court.signed(nonce="o" * 24)) is None
    first, second = court.signed(author="owner"), court.signed()
    court.refused(second, f"was used before, by #{first.number}")
    assert court.verdict(first) is None
    assert court.queue.calls.count("created_since") == 2


@pytest.mark.parametrize(("reason", "used"), [("completed", True), ("not_planned", False)])
def test_what_has_run_does_not_run_again_from_an_older_issue(reason: str, used: bool) -> None:
    """Who shares the account opens an issue beforehand, and copies the text into it."""
    court = Court(SIGNING)
    older, first = court.signed(nonce="o" * 24), court.signed()
    assert court.verdict(older) is None
    assert court.verdict(first) is None
    court.hub.close(first.number, reason=reason)
    court.hub.change(older.number, body=first.ticket.body)
    copy = court.known(older.number)
    if used:
        court.refused(copy, f"was used before, by #{first.number}")
    else:
        assert court.verdict(copy) is None


def test_who_can_not_sign_for_an_agent_uses_up_nothing_of_its_quota() -> None:
    court = Court(Settings(signing="required", quotas=Quotas(open_per_agent=1)))
    spoofed, mine = court.open("agent: alice"), court.signed()
    assert entered(court, spoofed, mine) == [spoofed.number]
    court.refused(spoofed, "signature: is missing")
    second = court.signed(nonce="m" * 24)
    assert entered(court, mine, second) == [second.number]


@pytest.mark.parametrize(
    "text",
    [
        lambda body: "no job: " + body,
        lambda body: "---\nrun-at: 2026-11-23T12:00:00Z\nworkflow: run.yml\n---\n" + body,
        lambda body: body.replace("n" * 24, "m" * 24),
    ],
)
def test_who_only_quotes_a_nonce_uses_up_nothing(text: Callable[[str], str]) -> None:
    court = Court(SIGNING)
    quoting = court.open()
    mine = court.signed()
    court.hub.change(quoting.number, body=text(mine.ticket.body))
    assert court.verdict(mine) is None


def test_a_nonce_is_looked_for_as_far_back_as_a_signature_is_good() -> None:
    court = Court(SIGNING)
    rules.judge(court.ctx, court.signed())
    assert court.queue.since == [NOON - timedelta(minutes=10)]


def test_where_nothing_is_signed_nothing_is_looked_for() -> None:
    court = Court()
    first, copy = court.signed(), court.signed()
    assert entered(court, first, copy) == []
    assert court.verdict(copy) is None
    assert "created_since" not in court.queue.calls


def test_a_signature_is_judged_by_what_the_issue_says_not_by_defaults() -> None:
    court = Court(SIGNING)
    found = court.signed()
    job = replace(found.job, max_attempts=9, deadline=MINUTE)
    assert court.verdict(replace(found, job=job)) is None
