from __future__ import annotations

import pytest

from scheduler.errors import InvalidJob
from scheduler.job.references import parts, reference


@pytest.mark.parametrize(
    ("text", "ref", "found"),
    [
        ("#123", "#123", ("", 123)), (" 7 ", "#7", ("", 7)),
        ("octo/o.n#1", "octo/o.n#1", ("octo/o.n", 1)),
    ],
)  # fmt: skip
def test_an_issue_is_named(text: str, ref: str, found: tuple[str, int]) -> None:
    assert reference("x", text) == ref
    assert parts(ref) == found


@pytest.mark.parametrize(
    "text", ["", "#", "#0", "#x", "octo#1", "o/n/m#1", "o/..#1", "o/n", "#1 #2", "@octocat", "#01"]
)
def test_no_issue_is_named(text: str) -> None:
    assert parts(text) is None
    with pytest.raises(InvalidJob, match=r"^x: .* is no issue or pull request; write '#123' in"):
        reference("x", text)
