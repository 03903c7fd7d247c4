"""The language of conditions: what is read, and what is refused."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from scheduler.errors import InvalidJob
from scheduler.job import frontmatter
from scheduler.job.conditions import (
    LONGEST_LABEL,
    NAMES,
    OF_JOBS,
    Condition,
    parse,
    require_of_queue,
)
from scheduler.text import shown

PLACE = "write '#123', or 'owner/name#123' of another one"
ONE = "write one such as 'closed(#123)'"
COMMENT = f"{ONE}; a '#' after a space begins a comment unless the value is in quotes"
MORE = "has more than an issue or pull request in it"
ALL = "write one of: closed, merged, label, checks-pass, approved, succeeded, failed, finished"


@pytest.mark.parametrize(
    ("text", "said", "read"),
    [
        ("closed(#123)", "closed(#123)", Condition(name="closed", number=123)),
        ("merged(#1)", "merged(#1)", Condition(name="merged", number=1)),
        ("approved(#9999999999)", "approved(#9999999999)",
         Condition(name="approved", number=9_999_999_999)),
        ("checks-pass(octo/api#7)", "checks-pass(octo/api#7)",
         Condition(name="checks-pass", number=7, repo="octo/api")),
        ("  closed ( #123 )  ", "closed(#123)", Condition(name="closed", number=123)),
        ("label(#123, wip)", "label(#123, wip)",
         Condition(name="label", number=123, label="wip")),
        ("label(#123,wip)", "label(#123, wip)", Condition(name="label", number=123, label="wip")),
        ("label( o/n.x_y-z#1 ,  good first issue )", "label(o/n.x_y-z#1, good first issue)",
         Condition(name="label", number=1, repo="o/n.x_y-z", label="good first issue")),
        ("label(#1, needs (more) info)", "label(#1, needs (more) info)",
         Condition(name="label", number=1, label="needs (more) info")),
        ("label(#1, a, b)", "label(#1, a, b)", Condition(name="label", number=1, label="a, b")),
        ("label(#1, ))", "label(#1, ))", Condition(name="label", number=1, label=")")),
        ("label(#1, #2)", "label(#1, #2)", Condition(name="label", number=1, label="#2")),
        ("label(#1, Ärger 🚧)", "label(#1, Ärger 🚧)",
         Condition(name="label", number=1, label="Ärger 🚧")),
    ],
)  # fmt: skip
def test_what_is_read(text: str, said: str, read: Condition) -> None:
    assert parse("when", text) == read
    assert str(read) == said


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", f"is not a condition; {ONE}"),
        ("closed", f"is not a condition; {ONE}"),
        ("#123", f"is not a condition; {ONE}"),
        ("closed(", f"is not a condition; {COMMENT}"),
        ("label(#1,", f"is not a condition; {COMMENT}"),
        ("closed(#1", f"is not a condition; {COMMENT}"),
        ("not closed(#1)", "has no condition 'not closed' in it; did you mean 'closed'?"),
        ("Closed(#1)", "has no condition 'Closed' in it; did you mean 'closed'?"),
        (
            "checks_passed(#1)",
            "has no condition 'checks_passed' in it; did you mean 'checks-pass'?",
        ),
        ("lable(#1, x)", "has no condition 'lable' in it; did you mean 'label'?"),
        ("(#1)", f"has no condition '' in it; {ALL}"),
        ("exec(#1)", f"has no condition 'exec' in it; {ALL}"),
        ("closed(#1, #2)", f"{MORE}; write 'closed(#123)'"),
        ("merged(#1,)", f"{MORE}; write 'merged(#123)'"),
        ("label(#1)", "names no label; write 'label(#123, wip)'"),
        ("label(#1,  )", "names no label; write 'label(#123, wip)'"),
        (f"label(#1, {'x' * 51})", "names a label of 51 characters; GitHub allows 50"),
        ("closed(#1)\n", "holds the control character '\\n'; remove it"),
        ("x" * 301, "has 301 characters; keep it under 301"),
    ],
)
def test_what_is_refused(text: str, problem: str) -> None:
    with pytest.raises(InvalidJob) as refused:
        parse("when", text)
    assert str(refused.value) == f"when: {shown(text)} {problem}"


@pytest.mark.parametrize(
    "ref",
    [
        "",
        "123",
        "#",
        "#0",
        "#012",
        "#-1",
        "# 1",
        "#12345678901",
        "#\u0661",
        "name#1",
        "a/b/c#1",
        "o/..#1",
        "o/n#1#2",
        "https://github.com/o/n/issues/1",
        "#1) or merged(#2",
    ],
)
def test_what_is_no_issue_or_pull_request(ref: str) -> None:
    with pytest.raises(InvalidJob) as refused:
        parse("unless", f"closed({ref})")
    problem = f"has {ref!r} where an issue or pull request belongs"
    assert str(refused.value) == f"unless: 'closed({ref})' {problem}; {PLACE}"


NUMBERS = st.integers(1, 9_999_999_999)
REPOSITORIES = st.none() | st.from_regex(
    r"[A-Za-z0-9][A-Za-z0-9-]{0,9}/[A-Za-z0-9_-]{1,9}", fullmatch=True
)
LABELS = (
    st.text(st.characters(exclude_categories=["C", "Z"], include_characters=" "), min_size=1)
    .map(str.strip)
    .filter(lambda text: 0 < len(text) <= LONGEST_LABEL)
)
CONDITIONS = st.builds(
    Condition,
    name=st.sampled_from([name for name in NAMES if name != "label"]),
    number=NUMBERS,
    repo=REPOSITORIES,
) | st.builds(Condition, name=st.just("label"), number=NUMBERS, repo=REPOSITORIES, label=LABELS)


@given(CONDITIONS)
def test_what_is_written_is_read_again(condition: Condition) -> None:
    assert parse("when", str(condition)) == condition


@given(CONDITIONS, CONDITIONS)
def test_a_job_keeps_its_conditions(one: Condition, other: Condition) -> None:
    job = frontmatter.parse("---\nrun-at: 2026-11-23T09:00:00Z\n---\n")
    job = replace(job, unless=str(one), when=str(other))
    assert frontmatter.parse(frontmatter.render(job)) == job


PIECES = st.sampled_from([*NAMES, "(", ")", ",", "#", "1", "o/n", " ", "\n", "'", "label(#1,"])


@given(st.text() | st.lists(PIECES, max_size=9).map("".join))
@example("label(#1,\u3000)")
def test_any_text_is_read_or_refused_in_one_line(text: str) -> None:
    found, words = None, "unless: "
    try:
        found = parse("unless", text)
    except InvalidJob as refused:
        words = str(refused)
    assert words.startswith("unless: ")
    assert words.isprintable()
    assert found is None or parse("unless", str(found)) == found


def test_a_job_keeps_its_conditions_as_they_were_written() -> None:
    head = "---\nrun-at: 2026-11-23T09:00:00Z\n"
    job = frontmatter.parse(
        f'{head}unless: "closed( #12 )"\nwhen: label(o/n#3,go)\npatience: 2h\n---\n'
    )
    assert (job.unless, job.when) == ("closed( #12 )", "label(o/n#3,go)")
    with pytest.raises(
        InvalidJob, match=r"^unless: 'closed\(' is followed by '#12 \)', .* in quotes"
    ):
        frontmatter.parse(f"{head}unless: closed( #12 )\n---\n")
    with pytest.raises(InvalidJob, match="patience: '2h' waits for nothing"):
        frontmatter.parse(f"{head}unless: closed(#12)\npatience: 2h\n---\n")


README = (Path(__file__).resolve().parents[2] / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", NAMES)
def test_each_condition_is_documented(name: str) -> None:
    cell = rf"^\| `({name}\(#123[^`]*\))` \|"
    row = re.search(rf"{cell}.*https://docs\.github\.com/.*: read", README, re.MULTILINE)
    assert row
    assert str(parse("when", row[1])) == row[1]


@pytest.mark.parametrize("name", NAMES)
def test_what_is_asked_of_a_job_is_asked_of_another_one_of_this_queue(name: str) -> None:
    more = ", wip" if name == "label" else ""
    others = (f"{name}(#7{more})", f"{name}(octo/other#42{more})")
    for text, problem in zip(others, ("is about this job itself", "another queue"), strict=True):
        if name in OF_JOBS:
            with pytest.raises(InvalidJob, match=f"^when: .*{problem}"):
                require_of_queue("when", text, queue="octo/queue", number=7)
        else:
            require_of_queue("when", text, queue="octo/queue", number=7)
    for text in (f"{name}(#8{more})", f"{name}(Octo/Queue#8{more})"):
        require_of_queue("when", text, queue="octo/queue", number=7)
    assert parse("when", others[0]).of_job == (name in OF_JOBS)
