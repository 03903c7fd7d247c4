"""What YAML, or the eye, makes of a text other than its author meant: refused, and shown."""

from __future__ import annotations

import pytest

from scheduler.errors import InvalidJob
from scheduler.job.frontmatter import parse

AT = "run-at: 2026-11-23T09:00:00Z"


def refusal(*lines: str) -> str:
    with pytest.raises(InvalidJob) as refused:
        parse("\n".join(["---", AT, *lines, "---", ""]))
    assert "\n" not in str(refused.value)
    return str(refused.value)


@pytest.mark.parametrize(
    ("line", "field", "kept", "cut"),
    [
        ("dedup-key: check PR #5", "dedup-key", "check PR", "#5"),
        ("dedup-key: check PR #6 again", "dedup-key", "check PR", "#6 again"),
        ("agent: bot #2", "agent", "bot", "#2"),
        ("agent: #2", "agent", "", "#2"),
        ("agent:   #2", "agent", "", "#2"),
        ("agent: bot\t#2", "agent", "bot", "#2"),
        ("agent: bot  ##", "agent", "bot", "##"),
        ("agent: it's #2", "agent", "it's", "#2"),
        ("agent:\n  bot\n  one #2", "agent", "bot one", "#2"),
        ("inputs:\n  model: Fix #123 now", "inputs.model", "Fix", "#123 now"),
        ("inputs:\n  a: b\n  model: #123", "inputs.model", "", "#123"),
        ("when: label(#12, a #b)", "when", "label(#12, a", "#b)"),
        ("ref: main #1", "ref", "main", "#1"),
        ("workflow: run.yml #1", "workflow", "run.yml", "#1"),
        ("request-id: \u5b57 #1", "request-id", "\u5b57", "#1"),
    ],
)
def test_a_value_that_yaml_would_cut_is_refused(line: str, field: str, kept: str, cut: str) -> None:
    said = refusal(line)
    assert said.startswith(f"{field}: {kept!r} is followed by {cut!r}")
    whole = f"{kept} {cut}".strip().replace("'", "''")
    assert f"quotes, as '{whole}'" in said


@pytest.mark.parametrize(
    ("line", "kept", "cut"),
    [
        ("deadline: 6h #hours", "6h", "#hours"),
        ("every: 2 hours #or so", "2 hours", "#or so"),
        ("timezone: Europe/Berlin #summer", "Europe/Berlin", "#summer"),
        ("cron: 0 9 * * 1 #2", "0 9 * * 1", "#2"),
        ("max-attempts: 3 #!", "3", "#!"),
    ],
)
def test_quotes_are_not_advised_where_they_would_not_help(line: str, kept: str, cut: str) -> None:
    problem = f"{kept!r} is followed by {cut!r}, which YAML takes for a comment"
    key = line.partition(":")[0]
    assert refusal(line) == f"{key}: {problem}; put a space after the '#' of a comment"


@pytest.mark.parametrize("name", ["at", "in", "At", "time", "due"])
def test_a_time_by_another_name_is_pointed_at(name: str) -> None:
    said = refusal(f"{name}: 2h")
    assert said == f"front matter: {name!r} is not a key of a job; did you mean 'run-at'?"


@pytest.mark.parametrize("key", ["dedup-key", "agent", "request-id"])
def test_the_fix_that_is_named_is_one(key: str) -> None:
    fix = refusal(f"{key}: it's PR #5").partition("quotes, as ")[2].partition(", or ")[0]
    job = parse(f"---\n{AT}\n{key}: {fix}\n---\n")
    assert getattr(job, key.replace("-", "_")) == "it's PR #5"


@pytest.mark.parametrize("end", [" # at nine", "   # at #9", "\t# 9", " #", " # ", "  #\tnine"])
def test_a_comment_stays_a_comment(end: str) -> None:
    job = parse(f"---\n{AT}{end}\nagent: 'bot #2'{end}\ninputs: {{}}{end}\n#x\n  #y\n---\n")
    assert job.agent == "bot #2"


@pytest.mark.parametrize(
    ("text", "agent"), [("'bot' #2", "bot"), ('"bot" #2', "bot"), ("bot#2", "bot#2")]
)
def test_what_is_whole_is_taken(text: str, agent: str) -> None:
    assert parse(f"---\n{AT}\nagent: {text}\n---\n").agent == agent


def test_two_keys_that_differ_behind_the_sign_are_two() -> None:
    keys = {
        parse(f"---\n{AT}\ndedup-key: 'check PR #{number}'\n---\n").dedup_key for number in (5, 6)
    }
    assert keys == {"check PR #5", "check PR #6"}


@pytest.mark.parametrize(
    "first", [" ---", "---\u00a0", "\u200b---", "\u00a0---", "---\u2003", "\t---", "---\ufeff"]
)
def test_a_first_line_that_only_looks_right_is_shown_as_it_is(first: str) -> None:
    with pytest.raises(InvalidJob) as refused:
        parse(f"{first}\n{AT}\n---\n")
    escaped = "".join(c if c.isascii() and c != "\t" else repr(c)[1:-1] for c in first)
    said = str(refused.value).replace("\\u00a0", "\\xa0")
    assert said.startswith(f"front matter: '{escaped}' is not how a job begins; write '---' alone")


@pytest.mark.parametrize("first", ["\u201c---\u201d", "\u2014", "----", "- --", "\u2013\u2013"])
def test_so_is_one_that_is_something_else(first: str) -> None:
    with pytest.raises(InvalidJob) as refused:
        parse(f"{first}\n{AT}\n---\n")
    assert str(refused.value).startswith(f"front matter: '{first}' is not how a job begins; begin ")


@pytest.mark.parametrize("dash", list("\u2010\u2011\u2012\u2013\u2014\u2212\uff0d"))
def test_three_signs_that_look_like_hyphens_are_told_from_them(dash: str) -> None:
    for body in (f"{dash * 3}\n{AT}\n---\n", f"---\n{AT}\n{dash * 3}\nDo it\n"):
        with pytest.raises(InvalidJob, match="; write three plain hyphens alone on their line"):
            parse(body)


@pytest.mark.parametrize("last", ["---\u00a0", " ---", "---\u200b"])
def test_and_a_last_line(last: str) -> None:
    with pytest.raises(InvalidJob, match="is not how it ends; write '---' alone"):
        parse(f"---\n{AT}\n{last}\nDo it\n")


@pytest.mark.parametrize("blank", ["\u00a0", "\u202f", "\u2003", "", "\u3000", "\u200b"])
def test_a_key_without_a_plain_space_behind_its_colon_is_shown(blank: str) -> None:
    said = refusal(f"workflow:{blank}run.yml")
    escaped = repr(f"workflow:{blank}run.yml").replace("\\xa0", "\\u00a0")
    assert said == (
        f"front matter: {escaped} has no space after ':'; write 'workflow: …', with a plain space"
    )


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_line_end_behind_a_colon_is_no_lack_of_a_space(end: str) -> None:
    said = refusal(f"inputs:{end}  model: [{end}agent: bot")
    assert "has no space" not in said
    assert said.startswith("front matter: line ")


@pytest.mark.parametrize("text", ["\u201c2026-11-23T09:00:00Z\u201d", "2026\u201311\u201323"])
def test_typographic_signs_are_shown(text: str) -> None:
    with pytest.raises(InvalidJob) as refused:
        parse(f"---\nrun-at: {text}\n---\n")
    assert str(refused.value).startswith(f"run-at: '{text}' ")
