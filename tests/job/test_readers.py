"""Reading a value: each refusal is one line, with the name by which its author calls the key."""

from __future__ import annotations

import pytest

from scheduler.errors import InvalidJob
from scheduler.job import readers
from scheduler.job.readers import Reader

WORDS = readers.one_of(("a", "b"))
SMALL = readers.number(10, "write 3", least=0)


@pytest.mark.parametrize(
    ("read", "text", "said"),
    [
        (SMALL, "11", "x: '11' is not a number from 0 to 10; write 3"), (SMALL, "-1", None),
        (SMALL, "00", None), (SMALL, "1.0", None), (readers.number(99, "write 5"), "0", None),
        (WORDS, "c", "x: 'c' is not known; write one of: a, b"), (WORDS, "A", None),
        (readers.jitter, "25h", "x: '25h' is longer than a day; write a shorter one, such as 10m"),
        (readers.duration, "0s", "x: '0s' is no time at all; write at least 1s"),
        (readers.retry_after, "2d", None), (readers.retry_on, "never", None),
        (readers.reference, "me", None), (readers.instant, "soon", None),
        (readers.deadline, "soon", None), (readers.zone, "Mars", None), (readers.cron, "* *", None),
        (readers.rrule, "FREQ=NEVER", None), (readers.condition, "open(#1)", None),
        (readers.workflow, "a/b.yml", None), (readers.repository, "a", None),
        (readers.ref, "a" * 40, "x: '" + "a" * 40 + "' is a commit; write a branch or a tag; "
         "GitHub takes no commit"),
        (readers.ref, "refs/pull/7/head", None), (readers.ref, "a..b", None),
    ],
)  # fmt: skip
def test_what_can_t_be_read(read: Reader, text: str, said: str | None) -> None:
    with pytest.raises(InvalidJob) as refused:
        read("x", text, None)
    assert str(refused.value).startswith("x: ")
    assert said is None or str(refused.value) == said


def test_none_is_a_number_where_it_means_something() -> None:
    assert (SMALL("x", "0", None), SMALL("x", "10", None)) == (0, 10)
    assert WORDS("x", "b", None) == "b"
    assert readers.choice(("a", "b")) == "[a|b]"
