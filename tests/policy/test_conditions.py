"""Whether a condition holds by what GitHub answered, and what was seen, in words."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timezone

import pytest

from scheduler.job.conditions import parse
from scheduler.policy.conditions import Checked, Opinions, opinions, verdict
from scheduler.ports.values import Check, PullRequest, Review, Ticket, User

NOON = datetime(2026, 11, 23, 12, tzinfo=timezone.utc)
ISSUE = Ticket(number=5, author=User(login="a"), created_at=NOON, updated_at=NOON)
CLOSED = replace(ISSUE, open=False, state_reason="not_planned")
LABELLED = replace(ISSUE, labels=("Ready to GO", "x"))
PULL = PullRequest(open=True, merged=False, head="c0ffee0123")


def checked(*states: str) -> Checked:
    checks = tuple(Check(name=f"c{n}", state=state) for n, state in enumerate(states, start=1))
    return Checked(head="c0ffee0123", checks=checks)


@pytest.mark.parametrize(
    ("text", "answer", "holds", "seen"),
    [
        ("closed(#5)", ISSUE, False, "#5 is open"),
        ("closed(#5)", CLOSED, True, "#5 is closed as not planned"),
        ("closed(o/n#5)", replace(CLOSED, state_reason=None), True, "o/n#5 is closed"),
        ("label(#5, ready to go)", LABELLED, True, "#5 has the label 'ready to go'"),
        ("label(#5, ready)", LABELLED, False, "#5 has no label 'ready'"),
        ("merged(#5)", PULL, False, "#5 is open"),
        ("merged(#5)", replace(PULL, open=False), False, "#5 is closed, and was not merged"),
        ("merged(#5)", replace(PULL, open=False, merged=True), True, "#5 is merged"),
        ("checks-pass(#5)", checked(), False, "no check has reported on commit c0ffee0 of #5"),
        ("checks-pass(#5)", checked("passed"), True, "all 1 checks passed on commit c0ffee0 of #5"),
        ("checks-pass(#5)", checked("passed", "pending"), False,
         "'c2' is not done on commit c0ffee0 of #5"),
        ("checks-pass(#5)", checked("pending", "failed", "failed"), False,
         "'c2' and 1 more failed on commit c0ffee0 of #5"),
        ("approved(#5)", Opinions(by={}), False, "nobody who may write there approves #5"),
        ("approved(#5)", Opinions(by={"ann": "APPROVED"}), True, "#5 is approved by 'ann'"),
        ("approved(#5)", Opinions(by={"ann": "APPROVED", "bob": "CHANGES_REQUESTED"}), False,
         "'bob' requests changes of #5"),
    ],
)  # fmt: skip
def test_what_an_answer_means(
    text: str, answer: Ticket | PullRequest | Checked | Opinions, holds: bool, seen: str
) -> None:
    assert verdict(parse("when", text), answer) == (holds, seen)


@pytest.mark.parametrize(
    ("states", "last"),
    [
        ([], None),
        (["COMMENTED"], None),
        (["PENDING"], None),
        (["APPROVED"], "APPROVED"),
        (["APPROVED", "COMMENTED"], "APPROVED"),
        (["APPROVED", "CHANGES_REQUESTED"], "CHANGES_REQUESTED"),
        (["CHANGES_REQUESTED", "APPROVED"], "APPROVED"),
        (["APPROVED", "DISMISSED"], None),
        (["CHANGES_REQUESTED", "DISMISSED"], None),
        (["DISMISSED", "APPROVED"], "APPROVED"),
    ],
)
def test_the_last_opinion_of_a_reviewer_counts(states: list[str], last: str | None) -> None:
    reviews = [Review(author=User(login="ann"), state=state) for state in states]
    other = Review(author=User(login="bob"), state="APPROVED")
    assert opinions([other, *reviews]).get("ann") == last
    assert opinions([*reviews, other])["bob"] == "APPROVED"
