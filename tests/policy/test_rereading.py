"""Whether what is read after a claim is as new as the claim: a table, and a law."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.policy.rereading import HIDDEN, OLDER, UNSHOWN, too_old
from scheduler.ports.values import UNCOUNTED, Comment, Ticket, User

NOON = datetime(2026, 11, 23, 12, tzinfo=timezone.utc)
OWN = 900


def s(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def comment(number: int, at: float) -> Comment:
    user = User(login="somebody")
    return Comment(id=number, issue=1, body="", author=user, created_at=s(at))


def issue(comments: int, at: float) -> Ticket:
    return Ticket(
        number=1, author=User(login="agent"), comments=comments, created_at=NOON, updated_at=s(at)
    )


EARLIER = [comment(1, -50), comment(2, -40), comment(3, -30)]
MINE = comment(OWN, 10)


@pytest.mark.parametrize(
    ("before", "now", "since", "gone", "found"),
    [
        # counted before, counted now, what came since, what was deleted since
        pytest.param(3, 4, [MINE], 0, None, id="only the claim"),
        pytest.param(3, 3, [MINE], 0, OLDER, id="an old issue"),
        pytest.param(3, 5, [MINE], 0, HIDDEN, id="one more is counted than shown"),
        pytest.param(3, 5, [comment(4, 5), MINE], 0, None, id="another comment before it"),
        pytest.param(3, 4, [comment(4, 5), MINE], 0, OLDER, id="as it was before the claim"),
        pytest.param(8, 9, [MINE], 0, None, id="five are counted and never shown"),
        pytest.param(8, 8, [MINE], 0, OLDER, id="so they are, on an old issue"),
        pytest.param(8, 10, [MINE], 0, HIDDEN, id="so they are, and one more"),
        pytest.param(0, 0, [MINE], 0, OLDER, id="it always counts none"),
        pytest.param(3, 4, [], 0, UNSHOWN, id="an old list"),
        pytest.param(3, 3, [comment(4, 5)], 0, UNSHOWN, id="both are old"),
        pytest.param(UNCOUNTED, UNCOUNTED, [MINE], 0, None, id="nothing is counted"),
    ],
)
def test_the_count_has_to_rise_as_the_list_does(
    before: int, now: int, since: list[Comment], gone: int, found: str | None
) -> None:
    listed = [*EARLIER, *since]
    own = OWN if MINE in since else None
    for whole, shown in ((True, listed), (False, since)):
        assert too_old(issue(before, -20), issue(now, 10), shown, own, whole=whole) == found


def test_what_was_deleted_meanwhile_is_told_by_a_list_that_is_whole() -> None:
    listed = [*EARLIER[1:], MINE]
    before, now = issue(3, -20), issue(3, 10)
    assert too_old(before, now, listed, OWN, whole=True) is None
    # From what came since it can't be told from an old issue, but by the issue's time.
    assert too_old(before, now, [MINE], OWN, whole=False) == OLDER
    assert too_old(before, replace(now, updated_at=s(11)), [MINE], OWN, whole=False) is None


def test_what_came_after_the_issue_was_read_does_not_make_it_old() -> None:
    listed = [*EARLIER, MINE, comment(OWN + 1, 12), comment(OWN + 2, 13)]
    assert too_old(issue(3, -20), issue(4, 10), listed, OWN, whole=True) is None
    assert too_old(issue(3, -20), issue(4, 10), listed[3:], OWN, whole=False) is None


seconds = st.lists(st.integers(-60, 60), max_size=8)


@given(seconds, st.integers(0, 3), st.integers(0, 2))
def test_a_server_that_shows_all_is_believed_and_one_that_lacks_something_is_not(
    times: list[int], hidden: int, lacking: int
) -> None:
    """``hidden`` are never shown, ``lacking`` are claims that this list lacks."""
    spread = sorted({at for at in times if at not in (-20, 10)})
    everything = [comment(number, at) for number, at in enumerate(spread, 1)]
    earlier = [each for each in everything if each.created_at <= s(-20)]
    until = max([10, *spread])
    before = issue(len(earlier) + hidden, -20)
    now = issue(len(everything) + 1 + hidden + lacking, until)
    listed = sorted([*everything, MINE], key=lambda each: each.created_at)
    for whole in (True, False):
        shown = listed if whole else [each for each in listed if each not in earlier]
        found = too_old(before, now, shown, OWN, whole=whole)
        assert found == (HIDDEN if lacking else None)
