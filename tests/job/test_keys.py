"""The table of a job's keys, and that all who read or write a job follow it."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import click
import pytest
import yaml

from scheduler.cli.main import cli
from scheduler.commands.job_of import job_of
from scheduler.commands.request import Request, from_json
from scheduler.environment import Environment
from scheduler.errors import InvalidJob
from scheduler.job import conditions, frontmatter, retrying, signing
from scheduler.job.keys import IN_ISSUE, IN_REQUEST, values_of, written
from scheduler.job.model import Job
from scheduler.job.strict_yaml import load
from scheduler.settings.model import Settings
from scheduler.times import instants

#: A text of each key that an issue may have, in its canonical form, and what it needs beside it.
TEXTS = {
    "run-at": "2026-11-23T09:00:00Z", "timezone": "Europe/Berlin", "cron": "*/30 9-17 * * 1-5",
    "rrule": "FREQ=WEEKLY;BYDAY=MO", "every": "2h", "until": "2027-01-31T18:00:00Z", "count": "12",
    "misfire": "all", "overlap": "allow", "jitter": "10m", "pause-after": "3",
    "unless": "closed(#123)",
    "when": "label(o/n#7, wip)", "patience": "1h30m", "workflow": "run.yml", "event": "wake-up",
    "repo": "octo/other", "ref": "feature/x", "agent": "probe-1", "inputs": "{model: opus}",
    "deadline": "6h", "tolerance": "2h", "dedup-key": "daily", "request-id": "r-1",
    "max-attempts": "7",
    "retries": "3", "retry-on": "failure, never ran", "retry-after": "5m", "max-runtime": "2h",
    "reply-to": "#123", "reply": "failure",
    "parent": "run:7", "signature": "v1:abc=",
}  # fmt: skip
BESIDE = {
    "until": "every: 1h", "count": "every: 1h", "misfire": "every: 1h", "overlap": "every: 1h",
    "pause-after": "every: 1h", "patience": "when: closed(#1)", "retry-on": "retries: 1",
    "retry-after": "retries: 1", "reply": "reply-to: 5",
}  # fmt: skip
SAID = {**TEXTS, "in": "2h", "message": "m"}
ALIEN = ("\x1b[2J", "\u202e", "\x00")


def body(name: str, text: str) -> str:
    first = "" if name == "run-at" else f"run-at: {TEXTS['run-at']}\n"
    beside = f"{BESIDE[name]}\n" if name in BESIDE else ""
    quoted = text if IN_ISSUE[name].many else f'"{text}"'
    return f"---\n{first}{beside}{name}: {quoted}\n---\nm"


def test_a_job_has_a_field_for_each_key_and_the_message() -> None:
    fields = [field.name for field in dataclasses.fields(Job)]
    assert sorted(fields) == sorted([*(key.field for key in IN_ISSUE.values()), "message"])
    assert [*TEXTS] == [*IN_ISSUE]


@pytest.mark.parametrize("name", TEXTS)
def test_the_parser_reads_what_the_renderer_writes(name: str) -> None:
    job = frontmatter.parse(body(name, TEXTS[name]))
    assert {key.name: value for key, value in values_of(job)}[name] is not None
    text = frontmatter.render(job)
    keys = {
        key.value: value.value
        for key, value in load(text.split("---\n")[1], max_chars=999, max_depth=3).value
    }
    if not IN_ISSUE[name].many:
        assert keys[name] == TEXTS[name]
    assert list(keys) == sorted(keys, key=list(IN_ISSUE).index)
    assert frontmatter.parse(text) == job


@pytest.mark.parametrize("name", [name for name in TEXTS if name != "signature"])
def test_a_signature_is_over_every_key(name: str) -> None:
    job = frontmatter.parse(body(name, TEXTS[name]))
    moment = instants.instant(TEXTS["run-at"], field="x", timezone=None)
    form = signing.canonical(job, repository="o/n", issued_at=moment, nonce="n" * 16)
    assert f'"{name}":' in form.decode()


@pytest.mark.parametrize("name", [name for name, key in IN_ISSUE.items() if not key.many])
def test_no_key_takes_what_is_empty_too_long_or_no_text(name: str) -> None:
    key = IN_ISSUE[name]
    for text in ("", " ", "a" * (key.longest + 1), *(f"a{odd}b" for odd in ALIEN)):
        with pytest.raises(InvalidJob) as refused:
            key.value("--called", text, None, empty="leave it out")
        assert str(refused.value).startswith("--called: ")
        assert str(refused.value).isprintable()


@pytest.mark.parametrize("name", [name for name, key in IN_ISSUE.items() if not key.many])
def test_what_is_written_of_a_value_is_read_as_it(name: str) -> None:
    key = IN_ISSUE[name]
    value = key.value(name, TEXTS[name], None, empty="")
    assert written(value) == TEXTS[name]
    assert key.value(name, str(written(value)), None, empty="") == value


def options(command: str) -> dict[str, click.Option]:
    found = {}
    made = cli.get_command(click.Context(cli), command)
    assert made is not None
    for each in made.params:
        if isinstance(each, click.Option):
            found[each.opts[0]] = each
    return found


def test_a_command_has_an_option_for_each_key_of_a_request_and_says_the_table_s_words() -> None:
    own = [
        "--on-duplicate",
        "--allow-past",
        "--unchecked",
        "--nudge",
        "--explain",
        "--dry-run",
        "--json",
    ]
    shown = options("create")
    keys = sorted(IN_REQUEST.values(), key=lambda key: key.series)
    assert [*shown] == [*(key.option for key in keys), *own, "--queue"]
    for key in keys:
        option = shown[key.option]
        told = f"{key.help}  [default: {key.assumed}]" if key.assumed else key.help
        assert (option.help, option.metavar or "") == (told, key.metavar)
        assert option.opts == list(key.options or (key.option,))
        assert option.multiple is key.many
        assert key.help.endswith(".")
        assert len(key.help) < 75
    assert [*options("reschedule")][:3] == ["--at", "--in", "--timezone"]


def test_the_help_shows_what_holds_without_a_key() -> None:
    assert {name: key.assumed for name, key in IN_REQUEST.items() if key.assumed} == {
        "misfire": "latest", "overlap": "skip",
        "patience": instants.format_duration(conditions.PATIENCE),
        "repo": "the queue's repository", "ref": "the default branch",
        "max-attempts": str(Settings().defaults.max_attempts),
        "pause-after": str(Settings().defaults.pause_after),
        "retries": "0", "retry-on": ", ".join(retrying.ON),
        "retry-after": instants.format_duration(retrying.PAUSE), "reply": "always",
        "tolerance": "0s",
    }  # fmt: skip


@pytest.mark.parametrize("name", ["misfire", "overlap", "reply"])
def test_the_help_shows_each_word_that_a_key_takes(name: str) -> None:
    key = IN_REQUEST[name]
    words = key.metavar.strip("[]").split("|")
    assert key.assumed in words
    assert [key.value(name, word, None, empty="") for word in words] == words
    with pytest.raises(InvalidJob, match=f"write one of: {', '.join(words)}"):
        key.value(name, "word", None, empty="")


def test_a_request_of_json_takes_each_key_in_both_spellings() -> None:
    given: dict[str, object] = {name: SAID[name] for name in IN_REQUEST}
    given |= {"inputs": {"model": "opus"}, "max-attempts": 7, "count": 12, "retries": 3}
    given |= {"pause-after": 3, "retry-on": ["failure", "never ran"]}
    expected = {name: SAID[name] for name in IN_REQUEST if name != "inputs"}
    for joint in "-_":
        data = {name.replace("-", joint): value for name, value in given.items()}
        found = from_json(json.dumps(data), Request())
        assert dict(found.texts) == expected
        assert found.inputs == {"model": "opus"}
    for name in IN_ISSUE.keys() - IN_REQUEST.keys():
        with pytest.raises(InvalidJob, match="is not a key of a request"):
            from_json(json.dumps({name: "x"}), Request())


@pytest.mark.parametrize("name", [name for name in TEXTS if name in IN_REQUEST])
def test_what_is_asked_for_is_what_an_issue_says(name: str) -> None:
    """By an option's text and in JSON a job has the values that its front matter would have."""
    key = IN_REQUEST[name]
    at = TEXTS["run-at"]
    beside = dict(line.split(": ") for line in [BESIDE[name]]) if name in BESIDE else {}
    asked = Request(texts={"run-at": at, **beside, name: SAID[name]})
    if key.many:
        asked = Request(texts={"run-at": at}, inputs={"model": "opus"})
    moment = instants.instant(at, field="x", timezone=None)
    job = job_of(asked, Environment(), now=moment, queue="o/n")
    assert getattr(job, key.field) == getattr(frontmatter.parse(body(name, TEXTS[name])), key.field)


def test_the_form_has_the_fields_that_the_table_gives_it() -> None:
    path = Path(__file__).resolve().parents[2] / ".github" / "workflows" / "scheduler.yml"
    form = yaml.safe_load(path.read_text(encoding="utf-8"))[True]["workflow_dispatch"]["inputs"]
    # By the last an alarm wakes a tick: it is no key of a job.
    assert set(form) == {*(name for name, key in IN_REQUEST.items() if key.in_form), "alarm"}
