"""Records that were forged, damaged or removed: no crash, no dispatch without a ground."""

from __future__ import annotations

from dataclasses import replace

import pytest

from scheduler.errors import Rejected, Unavailable
from scheduler.journal.comments import claim_comment, journal_comment
from scheduler.journal.journal import Claim, Entry, Journal
from tests.faults.test_holes import at
from tests.faults.world import World, body, world
from tests.support.fakes import MOST_COMMENTS, NOON, Crash, MemoryQueue

KEY = "1@2026-11-23T12:00:00Z"
ENTRY = Entry(key=KEY, attempt=1, outcome="dispatched", at=NOON, run_id=5)
CLAIM = Claim(
    key=KEY, attempt=1, nonce="n", target="octo/queue titled.yml@main", made_at=NOON,
    expires_at=NOON,
)  # fmt: skip
JOURNAL = journal_comment(Journal(entries=(ENTRY,)))
RECORDS = {"journal": JOURNAL, "claim": claim_comment(CLAIM)}


def due(jobs: int = 1) -> World:
    made = world()
    for number in range(1, jobs + 1):
        made.hub.open(body(str(number)))
    return made


@pytest.mark.parametrize("record", RECORDS.values(), ids=list(RECORDS))
@pytest.mark.parametrize("graphql", [True, False])
def test_a_forgery_by_a_writer_holds_the_job_and_says_so(record: str, graphql: bool) -> None:
    forged = due()
    forged.hub.graphql = graphql
    comment = forged.hub.comment(1, record, by="owner")
    forged.until_quiet()
    assert forged.audit(1, "1", may_hold=True) == "held"
    assert forged.count("1") == 0
    reason = forged.history(1).journal.entries[-1].reason
    assert "'owner'" in reason
    assert str(comment.id) in reason
    forged.hub.delete_comment(comment.id)
    forged.hub.comment(1, "/resolve again", by="owner")
    forged.until_quiet()
    assert forged.audit(1, "1") == "dispatched"


@pytest.mark.parametrize("record", RECORDS.values(), ids=list(RECORDS))
@pytest.mark.parametrize("graphql", [True, False])
def test_a_forgery_by_a_reader_is_ignored(record: str, graphql: bool) -> None:
    forged = due()
    forged.hub.graphql = graphql
    forged.hub.comment(1, record, by="stranger")
    forged.until_quiet()
    assert forged.audit(1, "1") == "dispatched"


DAMAGED = {
    "garbage": "<!-- schedule:journal {garbage} -->",
    "empty": "<!-- schedule:journal {} -->",
    "cut": JOURNAL[:60],
    "newer": JOURNAL.replace('"v":1', '"v":2'),
    "a list": '<!-- schedule:journal {"v":1,"entries":[[]]} -->',
    "another outcome": JOURNAL.replace('"dispatched"', '"danced"'),
    "deep": '<!-- schedule:journal {"v":' + "[" * 5000 + "]" * 5000 + "} -->",
    "a lone surrogate": '<!-- schedule:claim {"v":1,"key":"\\ud800"} -->',
    "a year too far": JOURNAL.replace("2026-", "99999-", 2),
    "a huge number": JOURNAL.replace('"run_id":5', '"run_id":1e999'),
}


@pytest.mark.parametrize("text", DAMAGED.values(), ids=list(DAMAGED))
def test_a_damaged_or_newer_journal_holds_the_job(text: str) -> None:
    damaged = due()
    damaged.tick(at("set_state", _die))
    assert damaged.count("1") == 1
    journal = damaged.history(1).journal.id
    damaged.hub.edit_comment(journal, text)
    damaged.until_quiet()
    assert damaged.count("1") == 1
    assert damaged.hub.ticket(1).open
    assert "schedule:held" in damaged.hub.ticket(1).labels
    entry = damaged.history(1).journal.entries[-1]
    assert entry.outcome == "held"
    assert str(journal) in entry.reason
    assert "can't be read" in entry.reason
    # Nothing of what a person may want to look at is overwritten.
    assert damaged.hub.comments[journal].body == text


def test_a_deleted_journal_of_a_closed_job_starts_nothing() -> None:
    deleted = due()
    deleted.until_quiet()
    deleted.hub.delete_comment(deleted.history(1).journal.id)
    deleted.until_quiet()
    assert deleted.count("1") == 1
    assert not deleted.hub.ticket(1).open


def test_a_claim_that_a_person_deletes_while_it_is_used() -> None:
    deleted = due()
    deleted.tick(at("edit_comment", lambda: deleted.hub.delete_comment(min(deleted.hub.comments))))
    deleted.until_quiet()
    assert deleted.audit(1, "1") == "dispatched"


def test_a_claim_that_a_person_deletes_before_it_is_read_again() -> None:
    deleted = due()
    deleted.tick(at("comments", lambda: deleted.hub.delete_comment(min(deleted.hub.comments))))
    assert deleted.count("1") == 0
    deleted.until_quiet()
    assert deleted.audit(1, "1") == "dispatched"


def test_a_full_issue_is_held_and_not_dispatched() -> None:
    full = due(2)
    for _ in range(MOST_COMMENTS):
        full.hub.comment(1, "+1", by="stranger")
    full.until_quiet()
    assert full.count("1") == 0
    assert "schedule:held" in full.hub.ticket(1).labels
    assert full.audit(2, "2") == "dispatched"
    assert any("2500" in note.reason for report in full.reports for note in report.held)


def test_an_issue_full_but_for_its_claim_is_dispatched_once() -> None:
    full = due()
    for _ in range(MOST_COMMENTS - 1):
        full.hub.comment(1, "+1", by="stranger")
    full.until_quiet()
    assert full.audit(1, "1") == "dispatched"


@pytest.mark.parametrize("count", [1, 4])
@pytest.mark.parametrize(
    "problem",
    [
        Rejected("GitHub answers 451", status=451),
        Unavailable("GitHub answers 502"),
    ],
    ids=["refused", "unavailable"],
)
def test_issues_whose_comments_cannot_be_read_hide_no_other(problem: Exception, count: int) -> None:
    some = due(count + 1)
    for number in range(1, count + 1):
        some.hub.comment(number, "hello", by="stranger")
        some.hub.unreadable[number] = problem
    for _ in range(2):
        some.clock.sleep(150)
        report = some.tick()
        assert report is not None
        assert {note.id for note in report.retrying} >= set(range(1, count + 1))
    assert some.audit(count + 1, str(count + 1)) == "dispatched"
    assert all(some.count(str(number)) == 0 for number in range(1, count + 1))
    some.hub.unreadable.clear()
    some.until_quiet()
    for number in range(1, count + 1):
        assert some.audit(number, str(number)) == "dispatched"


def test_a_run_that_was_deleted_after_it_was_recorded() -> None:
    deleted = due()
    deleted.tick(at("set_state", _die))
    deleted.hub.runs.clear()
    deleted.until_quiet()
    assert deleted.audit(1, "1") == "dispatched"


def test_invalid_issues_do_not_come_before_what_is_due() -> None:
    some = world()
    for _ in range(3):
        some.hub.open("---\nrun-at: soon\n---\n")
    some.hub.open(body("4"))
    queue = MemoryQueue(some.hub)
    some.tick(queue=queue)
    assert "set_state" not in queue.calls[: queue.calls.index("dispatch")]
    assert sum("schedule:invalid" in some.hub.ticket(n).labels for n in (1, 2, 3)) == 3


def test_a_claim_of_another_version_is_no_claim_of_ours() -> None:
    newer = due()
    text = claim_comment(replace(CLAIM, nonce="x")).replace('"v":1', '"v":2')
    newer.hub.comment(1, text, by=MemoryQueue(newer.hub).login)
    newer.until_quiet()
    assert newer.audit(1, "1", may_hold=True) == "held"


def _die() -> None:
    raise Crash
