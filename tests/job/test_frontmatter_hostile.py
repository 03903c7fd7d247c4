from __future__ import annotations

import contextlib
import itertools

from hypothesis import example, given
from hypothesis import strategies as st

from scheduler.errors import InvalidJob
from scheduler.job.frontmatter import MAX_BODY, parse
from scheduler.job.keys import IN_ISSUE
from scheduler.job.model import Job
from tests.support.processor import least_seconds

RUN_AT = "run-at: 2026-11-23T09:00:00Z\n"

PIECES = st.sampled_from(
    ["---", "\n", "\r\n", "\r", ":", " ", "- ", "{", "}", "[", "]", "'", '"', "|", ">", "&a", "*a",
     "!!", "%", "#", "? ", "\t", "\ufeff", "\u2028", "\u202e", "\x00", "\x85", "\ud800", "\\", ","]
    + [f"{key}: " for key in IN_ISSUE]
    + ["2026-11-23T09:00:00Z", "9999-12-31T23:59:59-23:59", "P1D", "1" * 30, "\\UFFFFFFFF"]
)  # fmt: skip
TEXTS = st.lists(PIECES | st.text(max_size=3), max_size=25).map("".join)


@given(TEXTS, st.sampled_from(["", "---\n", "---\n" + RUN_AT, "---\nrun-at: "]), st.booleans())
@example("\\UFFFFFFFF", '---\n"', True)
@example("0001-01-01T00:00:00+23:59", "---\nrun-at: ", True)
def test_any_text_is_a_job_or_refused_in_one_printable_line(
    text: str, start: str, closed: bool
) -> None:
    try:
        job = parse(start + text + ("\n---\n" if closed else ""), timezone="Europe/Berlin")
    except InvalidJob as refused:
        message = str(refused)
        assert message.isprintable()
        assert ": " in message
        assert len(message) < 500
    else:
        assert isinstance(job, Job)


HOSTILE = {
    "brackets": "[", "braces": "{", "mixed": "[{", "dashes": "- ", "keys": "a: ", "colons": ":",
    "double quotes": '"', "single quotes": "'", "both quotes": "'\"", "questions": "? ",
    "anchors": "&a ", "tags": "!", "percents": "%", "comments": "#", "new lines": "\n",
    "spaces": " ", "tabs": "\t", "fences": "--- ", "letters": "é", "near keys": "run-a",
    "block scalars": "a: |\n x\n", "fence-like lines": "---" + "\t" * 99 + "x\n",
    "backslashes": "\\",
}  # fmt: skip
PREFIXES = ["", "agent: ", "inputs: {a: ", 'inputs:\n  a: "', "? "]


def filled(prefix: str, piece: str) -> str:
    room = MAX_BODY - len("---\n" + RUN_AT + prefix + "\n---\n")
    return f"---\n{RUN_AT}{prefix}{(piece * room)[:room]}\n---\n"


def test_no_text_takes_long() -> None:
    took = {}
    for (kind, piece), prefix in itertools.product(HOSTILE.items(), PREFIXES):
        text = filled(prefix, piece)
        assert len(text) == MAX_BODY

        def read(text: str = text) -> None:
            with contextlib.suppress(InvalidJob):
                parse(text)

        took[kind, prefix] = least_seconds(read, enough=0.05)
    assert {each: seconds for each, seconds in took.items() if seconds > 0.05} == {}
