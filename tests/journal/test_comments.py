"""The scheduler's comments: the hidden record, and the same for people."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.job.model import Job, occurrence_key
from scheduler.job.states import State
from scheduler.journal.comments import (
    MAX_SHOWN_ENTRIES,
    claim_comment,
    coming,
    head,
    invalid_comment,
    journal_comment,
    lateness,
    row,
    sentence,
    series_comment,
    why,
)
from scheduler.journal.journal import NEVER_STARTED, Claim, Entry, Journal, read
from scheduler.journal.notes import Explanation
from scheduler.journal.slash import NAMES
from scheduler.policy.series import COUNTED, position
from scheduler.ports.values import Comment, User
from tests.attacks.reading import outside_of_code
from tests.support.hourly import HOUR, HOURLY, MINUTE, at, entry
from tests.support.sampled import one_in
from tests.text.test_markdown import TEXT


def told(*entries: Entry, job: Job = HOURLY, next_instant: datetime | None = None) -> list[str]:
    return series_comment(Journal(entries=entries), next_instant=next_instant, asked=job).split(
        "\n"
    )


def test_the_comment_of_a_series() -> None:
    ran = replace(
        entry(at("11")), run_id=5, run_url="https://github.com/o/r/actions/runs/5", lateness_s=4.2,
        passed=2,
    )  # fmt: skip
    lines = told(
        replace(entry(at("09")), run_id=4),
        replace(entry(at("10"), "skipped"), reason="closed(#3) | it is"),
        ran,
        entry(at("12")),
        replace(entry(7, "pending", until=at("15")), reason="/snooze by 'owner'"),
        job=replace(HOURLY, timezone="Europe/Berlin"),
        next_instant=at("15"),
    )
    assert lines[0].startswith("<!-- schedule:journal {")
    assert lines[1:] == [
        "Next: 2026-11-23T15:00:00Z (Monday 2026-11-23 16:00 Europe/Berlin (+01:00))",
        "",
        "| occurrence | result | |",
        "|---|---|---|",
        "| comment 7 | • done | `/snooze` by `@owner`, not before 2026-11-23T15:00:00Z |",
        "| 2026-11-23T12:00:00Z | ✅ dispatched | run not named |",
        (
            "| 2026-11-23T11:00:00Z | ✅ dispatched | "
            "[run 5](https://github.com/o/r/actions/runs/5), 4 s late, 2 earlier passed over |"
        ),
        "| 2026-11-23T10:00:00Z | ⏭ skipped | `closed(#3) \\| it is` |",
        "| 2026-11-23T09:00:00Z | ✅ dispatched | run 4 |",
    ]


@pytest.mark.parametrize(
    ("reason", "shown"),
    [
        *((f"/{name} by 'owner'", f"`/{name}` by `@owner`") for name in NAMES),
        ("/run by 'probe-1[bot]'", "`/run` by `@probe-1[bot]`"),
        ("/run by 'a_b': it is `on` hold", "`/run` by `@a_b`: `` it is `on` hold ``"),
        ("/run by 'ann': one\ntwo", "`/run` by `@ann`: `one two`"),
        ("a comment by 'ann': too late", "a comment by `@ann`: `too late`"),
        ("#100 is approved by 'owner'", "`#100 is approved by 'owner'`"),
        ("/run by '@all, look'", "`/run by '@all, look'`"),
        ("see /run by 'owner'", "`see /run by 'owner'`"),
    ],
)
def test_who_said_a_command_stands_beside_it(reason: str, shown: str) -> None:
    assert why(reason) == shown
    for outcome in ("pending", "paused", "cancelled", "held", "rejected", "missed"):
        said = replace(entry(7, outcome), reason=reason)
        assert shown in sentence(said)
        assert shown in row(said)[2]


@pytest.mark.parametrize(
    ("verified", "shown"),
    [
        (True, "for `ann` (verified by its signature)"),
        (False, "for `ann` (not verified by a signature)"),
        (None, "for `@ann`"),
    ],
)
def test_for_whom_it_was_started(verified: bool | None, shown: str) -> None:
    ran = replace(entry(at("11")), requested_by="ann", verified=verified)
    assert f" {shown} at " in sentence(ran)
    assert row(ran)[2].endswith(f", {shown}")


@pytest.mark.parametrize("place", [None, "UTC"])
def test_what_comes_next_in_utc_alone(place: str | None) -> None:
    job = replace(HOURLY, timezone=place)
    assert coming(at("15"), job) == "Next: 2026-11-23T15:00:00Z"
    assert coming(None, job) == "The series is over: nothing comes after this."


def rows(lines: list[str]) -> list[str]:
    return [line for line in lines if line.startswith("| 2026")]


def test_the_table_rolls() -> None:
    entries = [entry(at("00") + n * HOUR) for n in range(15)]
    shown = rows(told(*entries))
    assert len(shown) == 10
    assert shown[0].startswith("| 2026-11-23T14:00:00Z |")
    assert shown[-1].startswith("| 2026-11-23T05:00:00Z |")


def worst(number: int, words: str, repository: str) -> Entry:
    moment = at("00") + number * 5 * MINUTE
    key = occurrence_key(10**17, moment, queue=repository, runs_in="o/other")
    return Entry(
        key=key, attempt=99, outcome=NEVER_STARTED, at=moment + timedelta(microseconds=1),
        reason=words, run_id=10**17, lateness_s=123456.123456, claim=10**17, seen=10**17,
        run_url=f"https://github.example.com/{repository}/actions/runs/{10**17}", passed=COUNTED,
        target=f"{repository} {'w' * 100}.yml", matched="the occurrence key in its title",
        until=moment,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("char", "outcome"),
    one_in(4, [
        *((char, NEVER_STARTED) for char in ("x", "|", "<", "\\", "`", "😀", "\u202e")),
        ("x", "dispatched"), ("|", "skipped"),
    ]),
)  # fmt: skip
def test_a_comment_stays_as_short_as_github_keeps_it(char: str, outcome: str) -> None:
    repository = f"{'o' * 39}/{'r' * 100}"
    words = char * 2_000
    entries = [replace(worst(n, words, repository), outcome=outcome) for n in range(400)]
    journal = Journal(id=9, entries=tuple(entries), handled=10**17)
    zone = "America/Argentina/ComodRivadavia"
    job = replace(HOURLY, timezone=zone, repo="o/other")
    text = series_comment(journal, next_instant=at("09"), asked=job)
    assert len(text) < 65_536
    assert len(text.encode()) < 262_144
    # What decides is still there: where the series stands, and the last words whole.
    comment = Comment(id=9, issue=42, body=text, author=User(login="bot"), created_at=at("09"))
    again = read([comment], login="bot").journal
    assert len(again.entries) >= 30
    assert again.entries[-1].key == entries[-1].key
    assert [each.run_url for each in again.entries[-10:]] == [
        each.run_url for each in entries[-10:]
    ]
    assert again.handled == 10**17
    if outcome != NEVER_STARTED:
        assert position(again) == position(journal)
    # It is read and written again and again without growing.
    once_more = again.with_entry(replace(worst(400, words, repository), outcome=outcome))
    assert len(series_comment(once_more, next_instant=None, asked=job)) < 65_536


def test_a_comment_of_common_names_keeps_a_hundred_and_sixty() -> None:
    entries = tuple(
        replace(entry(at("00") + n * HOUR), run_id=10**10 + n, claim=10**9 + n, reason="x" * 200)
        for n in range(400)
    )
    text = series_comment(Journal(entries=entries), next_instant=at("09"), asked=HOURLY)
    comment = Comment(id=9, issue=42, body=text, author=User(login="bot"), created_at=at("09"))
    assert len(read([comment], login="bot").journal.entries) == 160


@pytest.mark.parametrize("outcome", [*(state.value for state in State), NEVER_STARTED])
def test_every_outcome_has_its_row(outcome: str) -> None:
    row = rows(told(replace(entry(at("09"), outcome), reason="why")))[0]
    assert row.count("|") == 4
    assert "`why`" in row


# The comment of a job that comes once.

NOON = datetime(2026, 11, 23, 12, tzinfo=timezone.utc)
KEY = "42@2026-11-23T12:00:00Z"
RUN = "https://github.com/octo/queue/actions/runs/9"
CLAIM = Claim(
    id=1, created_at=NOON, key=KEY, attempt=2, nonce="n", target="run.yml", made_at=NOON,
    expires_at=NOON + timedelta(seconds=30),
)  # fmt: skip


def told_of(outcome: str, **more: object) -> Entry:
    return Entry(key=KEY, attempt=1, outcome=outcome, at=NOON, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-3, "0 s late"), (0, "0 s late"), (1.4, "1 s late"), (89, "89 s late"), (90, "2 min late"),
        (3600, "60 min late"), (5399, "90 min late"), (5400, "1.5 h late"), (86400, "24.0 h late"),
    ],
)  # fmt: skip
def test_lateness_in_words(seconds: float, words: str) -> None:
    assert lateness(seconds) == words


@pytest.mark.parametrize(
    ("given_entry", "text"),
    [
        (
            told_of("dispatched", run_id=9, run_url=RUN, target="run.yml", lateness_s=2.0),
            f"✅ Started `run.yml` as [run 9]({RUN}) at 2026-11-23 12:00:00 UTC, 2 s late.",
        ),
        (
            told_of("dispatched", matched="the key"),
            (
                "✅ Started `the workflow` at 2026-11-23 12:00:00 UTC. The run was found by "
                "the key. GitHub did not say which run it is."
            ),
        ),
        (
            told_of("missed", reason="late"),
            (
                "⌛ Missed: `late`. To run it all the same, reopen the issue. "
                "(2026-11-23 12:00:00 UTC)"
            ),
        ),
        (
            told_of("rejected", reason="@all"),
            (
                "⛔ Rejected, not run: `@all`. Reopen the issue to ask again. "
                "(2026-11-23 12:00:00 UTC)"
            ),
        ),
        (
            told_of("discarded"),
            (
                "❌ Given up, not run: no reason given. Reopen the issue to try again. "
                "(2026-11-23 12:00:00 UTC)"
            ),
        ),
        (
            told_of("held", reason="two runs"),
            (
                "✋ On hold: `two runs`. Look at the runs; then comment `/resolve dispatched "
                "RUN-ID` if it ran, or `/resolve again` to have it run. (2026-11-23 12:00:00 UTC)"
            ),
        ),
        (
            told_of(NEVER_STARTED, reason="no run"),
            "↻ Attempt 1 started no run: `no run`. (2026-11-23 12:00:00 UTC)",
        ),
        (
            told_of("skipped", reason="x"),
            "⏭ Skipped, not run: `x`. Reopen the issue to ask again. (2026-11-23 12:00:00 UTC)",
        ),
        (told_of("paused", reason="x"), "⏸ Paused: `x`. (2026-11-23 12:00:00 UTC)"),
        (told_of("pending", reason="x"), "• Done: `x`. (2026-11-23 12:00:00 UTC)"),
        (
            told_of("pending", reason="x", until=NOON + timedelta(hours=2)),
            (
                "• Done: `x`. It does not run before 2026-11-23 14:00:00 UTC. "
                "(2026-11-23 12:00:00 UTC)"
            ),
        ),
        (told_of("cancelled", reason="x"), "⛔ Cancelled: `x`. (2026-11-23 12:00:00 UTC)"),
        (told_of("invalid", reason="x"), "• `x` (2026-11-23 12:00:00 UTC)"),
    ],
)
def test_the_journal_in_words(given_entry: Entry, text: str) -> None:
    assert sentence(given_entry) == text


def test_a_comment_is_its_record_and_the_same_for_people() -> None:
    first, rest = claim_comment(CLAIM).split("\n", 1)
    assert first == head(CLAIM)
    assert rest.startswith("⏳ Starting `run.yml` (attempt 2). ")
    journal = Journal(entries=(told_of("held", reason="x"), told_of("dispatched", run_id=9)))
    lines = journal_comment(journal).split("\n")
    assert lines == [head(journal), *map(sentence, journal.entries)]
    explanation = Explanation(text_hash="abc")
    text = invalid_comment(explanation, "run-at: is missing; write it")
    assert text.startswith(f"{head(explanation)}\n⚠️ This job can't be read")
    assert "\n\n`run-at: is missing; write it`\n\n" in text


def test_old_entries_are_not_shown_but_kept() -> None:
    entries = tuple(told_of("held", reason=f"reason {n}.") for n in range(50))
    lines = journal_comment(Journal(entries=entries)).split("\n")
    assert len(lines) == 1 + MAX_SHOWN_ENTRIES
    assert "`reason 40.`" in lines[1]
    assert lines[0].count('"outcome":"held"') == 50
    assert "reason 39." not in lines[0]


DANGEROUS = re.compile(r"@|<|#|\]\(|\|")
OUTCOMES = st.sampled_from([*(state.value for state in State), NEVER_STARTED])
HOSTILE = st.sampled_from(
    ["closes #1 @all", "<img src=x>", "[x](http://y)", "` @all `", "```\n<b>\n```", "-->", "a|b"]
)


@given(OUTCOMES, TEXT | HOSTILE, TEXT | HOSTILE)
def test_no_text_of_others_gets_out_of_code_in_a_comment(
    outcome: str, reason: str, target: str
) -> None:
    comments = [
        journal_comment(Journal(entries=(told_of(outcome, reason=reason, target=target),))),
        invalid_comment(Explanation(text_hash="x"), reason),
        claim_comment(Claim(**{**vars(CLAIM), "target": target})),
    ]
    for comment in comments:
        record, below = comment.split("\n", 1)
        assert record.endswith(" -->")
        for line in below.split("\n"):
            assert not DANGEROUS.search(outside_of_code(line))
            assert not re.match(r"(```|~~~)[^`]*$", line)
