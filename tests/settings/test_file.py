from __future__ import annotations

import contextlib
import dataclasses
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from scheduler.errors import SettingsError
from scheduler.settings import file as rules
from scheduler.settings.file import parse
from scheduler.settings.model import (
    CLAIM_VALIDITY,
    IN_FLIGHT,
    ROUNDING,
    Allow,
    Defaults,
    Limits,
    Quotas,
    Scheduler,
    Settings,
    Trust,
)
from scheduler.times import instants

SCHEMA: dict[str, Any] = json.loads(
    (Path(rules.__file__).parents[1] / "settings.schema.json").read_text(encoding="utf-8")
)

WHOLE = """\
label: schedule
scheduler: {login: "github-actions[bot]", workflow: scheduler.yml}
trust: {role: write, bots: ["github-actions[bot]"]}
allow: {workflows: ["agent-*.yml", "run.yml"], events: [], repositories: []}
quotas: {open-per-agent: 50, new-per-agent-per-day: 100, depth: 10, horizon: 400d}
limits: {per-tick: 100, recover-after: 120s, backoff: 30s, relays-per-hour: 12, shortest-interval: 5m}
defaults: {workflow: run.yml, timezone: Europe/Berlin, deadline: 24h, max-attempts: 5}
signing: "off"
profile: balanced
nudge: true
paused: false
"""  # noqa: E501

GOOD = [
    "",
    "# nothing\n",
    WHOLE,
    "label: ⏰ later\n",
    "signing: 'off'\nnudge: false\npaused: true\n",
    "trust: {role: admin, bots: [], labelled: true}\n",
    "trust:\n  bots:\n    - my-app[bot]\n    - octo_company\n",
    "allow: {workflows: [], events: ['deploy/*'], repositories: [octo/*, '*/website']}\n",
    "quotas: {open-per-agent: 0, depth: 1000, horizon: PT2H}\n",
    "alarm: {repository: octo/clock, queue: 'q7', timers: 6}\nprofile: alarm\n",
    "limits: {alarms-per-hour: 0}\n",
    "limits: {recover-after: 0s, backoff: PT0S, per-tick: 1000, shortest-interval: 1w}\n",
    "defaults: {max-attempts: 99, deadline: P1DT30M, timezone: UTC}\n",
    "defaults: {pause-after: 0, max-runtime: 6h}\nlimits: {running: 1, running-per-agent: 9}\n",
    "follow: 0s\napprove: all\nalerts: {on: [held, paused], mention: ['@o/on.call', '@octo_co']}\n",
    "follow: 1d\napprove: none\nalerts: {on: [], mention: []}\n",
]

LENGTH = "write it like 90s, 2h30m, 1d or PT2H"
FILE = "write the file's name alone, such as run.yml"
GLOB = "write one such as agent-*.yml, no path"
# The text, and the message after ".github/scheduler.yml line ".
BAD = [
    ("lable: x", "1: 'lable' is not a key; did you mean 'label'?"),
    (
        "\n\nlimits: {per_tick: 5}",
        "3: limits: 'per_tick' is not a key; did you mean 'per-tick'?",
    ),
    ("scheduler:\n  xyz: 1", "2: scheduler: 'xyz' is not a key; the keys are login, workflow"),
    ("limits.per-tick: 5", None),
    ("label: ''", "1: label: '' is empty; write a value or remove the key"),
    ("label:", "1: label: '' is empty; write a value or remove the key"),
    ("label: [a]", "1: label: it is not a single value; write one on the key's line"),
    (
        "label: a,b",
        "1: label: 'a,b' can't be a label; write at most 50 characters, without a comma",
    ),
    (f"label: {'x' * 51}", None),
    ("label: 'a '", "1: label: 'a ' has odd characters or outer spaces; remove them"),
    ("trust: write", "1: trust: 'write' is not a mapping; write 'key: value' lines below it"),
    ("trust: [write]", "1: trust: it is not a mapping; write 'key: value' lines below it"),
    ("trust:", "1: trust: '' is not a mapping; write 'key: value' lines below it"),
    (
        "trust: {role: read}",
        "1: trust.role: 'read' is not a choice; write one of triage, write, maintain, admin",
    ),
    (
        "trust: {bots: dependabot}",
        "1: trust.bots: 'dependabot' is not a list; write it in brackets, or a '- ' line each",
    ),
    (
        "trust:\n  bots:\n    - ok[bot]\n    - '@octo cat'",
        "4: trust.bots: '@octo cat' is not a login; write one such as octocat or my-app[bot]",
    ),
    (
        "trust: {labelled: yes}",
        "1: trust.labelled: 'yes' is not a boolean; write true or false, without quotes",
    ),
    ("paused: True", "1: paused: 'True' is not a boolean; write true or false, without quotes"),
    ("nudge: 'true'", "1: nudge: 'true' is not a boolean; write true or false, without quotes"),
    (
        "scheduler: {workflow: .github/workflows/x.yml}",
        "1: scheduler.workflow: '.github/workflows/x.yml' is not the name of a workflow file; "
        + FILE,
    ),
    (
        "defaults: {workflow: run}",
        f"1: defaults.workflow: 'run' is not the name of a workflow file; {FILE}",
    ),
    ("defaults: {workflow: a..yml}", None),
    (
        "allow: {workflows: ['../*.yml']}",
        f"1: allow.workflows: '../*.yml' matches no workflow file's name; {GLOB}",
    ),
    ("allow: {workflows: ['*'], events: x}", None),
    (
        "allow: {repositories: [website]}",
        (
            "1: allow.repositories: 'website' matches no repository; "
            "write owner/name, where * stands for any part"
        ),
    ),
    ("allow: {repositories: [a/b/c]}", None),
    (
        f"allow: {{events: [{'e' * 101}]}}",
        f"1: allow.events: '{'e' * 79}…' is too long; write at most 100 characters",
    ),
    (
        "limits: {per-tick: many}",
        (
            "1: limits.per-tick: 'many' is not such a whole number; "
            "write one from 1 to 1000, without quotes"
        ),
    ),
    ("limits: {per-tick: 0}", None),
    ("limits: {per-tick: 1e2}", None),
    ("limits: {per-tick: 5.5}", None),
    ("limits: {per-tick: '5'}", None),
    ("limits: {per-tick: -5}", None),
    ("limits: {per-tick: 99999999999999999999}", None),
    (
        "defaults: {max-attempts: 100}",
        (
            "1: defaults.max-attempts: '100' is not such a whole number; "
            "write one from 1 to 99, without quotes"
        ),
    ),
    (
        "limits: {backoff: 30}",
        f"1: limits.backoff: '30' is not a duration; {LENGTH}",
    ),
    (
        "limits: {shortest-interval: 0s}",
        "1: limits.shortest-interval: '0s' is no time at all; write at least 1s",
    ),
    ("quotas: {horizon: 400}", f"1: quotas.horizon: '400' is not a duration; {LENGTH}"),
    ("signing: never", "1: signing: 'never' is not a choice; write one of off, optional, required"),
    ("profile: fast", None),
    ("approve: some", "1: approve: 'some' is not a choice; write one of none, bots, all"),
    ("follow: 6", f"1: follow: '6' is not a duration; {LENGTH}"),
    (
        "defaults: {max-runtime: 0s}",
        "1: defaults.max-runtime: '0s' is no time at all; write at least 1s",
    ),
    ("defaults: {pause-after: 101}", None),
    (
        "limits: {running: 0}",
        (
            "1: limits.running: '0' is not such a whole number; "
            "write one from 1 to 100000, without quotes"
        ),
    ),
    ("limits: {running-per-agent: -1}", None),
    (
        "alerts: {on: [failed, late]}",
        (
            "1: alerts.on: 'late' is not a choice; "
            "write one of failed, missed, held, discarded, paused"
        ),
    ),
    (
        "alerts: {on: failed}",
        "1: alerts.on: 'failed' is not a list; write it in brackets, or a '- ' line each",
    ),
    (
        "alerts: {mention: ['octo cat']}",
        (
            "1: alerts.mention: 'octo cat' is nobody's name; "
            "write one such as '@octocat' or '@org/team'"
        ),
    ),
    ("alerts: {mention: ['@a/b/c']}", None),
    ("alerts: {xyz: x}", "1: alerts: 'xyz' is not a key; the keys are on, mention"),
]

# What the reader alone refuses: a schema sees the values, not the text, and knows no zones.
BAD_TEXT = [
    (
        "defaults: {timezone: Europe/Berlim}",
        (
            "1: defaults.timezone: 'Europe/Berlim' is not a known time zone; "
            "did you mean Europe/Berlin?"
        ),
    ),
    (
        "quotas: {horizon: 101000d}",
        "1: quotas.horizon: '101000d' is longer than 100 years; write a shorter one",
    ),
    (
        "limits: {recover-after: 70s}",
        (
            "1: limits.recover-after: '70s' is shorter than a claim can be at work; "
            "write 71s or more, or 0s where never two ticks run at a time"
        ),
    ),
    ("limits: {recover-after: 1s}", None),
    (
        "follow: 1h\ndefaults: {max-runtime: 61m}",
        (
            "2: defaults.max-runtime: '61m' is longer than runs are followed (1h); "
            "raise follow, or leave it out"
        ),
    ),
    (
        "follow: 0s\nlimits:\n  running: 3",
        (
            "3: limits.running: '3' counts runs, and none is followed (follow: 0s); "
            "raise follow, or leave it out"
        ),
    ),
    ("follow: 0s\nlimits: {running-per-agent: 3}", None),
    ("follow: 0s\ndefaults: {max-runtime: 1s}", None),
    (
        "alerts: {mention: [@octocat]}",
        "1: has a tab, or a value that needs quotes; indent with spaces, or add the quotes",
    ),
    ("limits: {per-tick: 0x10}", None),
    (
        "alarm: {timers: 5}",
        "1: alarm.timers: '5' is not such a whole number; write one from 6 to 11, without quotes",
    ),
    (
        "alarm: {repository: clock}",
        "1: alarm.repository: 'clock' is no repository; write owner/name",
    ),
    (
        "alarm: {queue: 'a b'}",
        "1: alarm.queue: 'a b' is no name for a queue; write up to 100 characters, no space",
    ),
    ("label: a\nlabel: b", "2: gives 'label' a second time; remove one"),
    ("label: &a b", "1: has an anchor; write the value out"),
    ("trust: {<<: {role: read}}", "1: has a merge key; write the keys out"),
    ("label: !!str b", "1: has a tag; write plain text"),
    ("label: a\n---\nlabel: b", "2: begins a second document; only one is accepted"),
    ("label: |\n  a\n  b\n", "1: has a line break in a value; remove it"),
    ('label: "\\e[2J"', "1: has the control character U+001B in a value; remove it"),
    ('label: "\\u202e"', "1: label: '\\u202e' has odd characters or outer spaces; remove them"),
    ("- label", "1: is not a mapping; write 'key: value' lines"),
    ("#" * 65_537, "1: begins a text of 65537 characters; write at most 65536"),
]


def table() -> dict[str, Any]:
    """The schema's properties by dotted key."""
    found = {}
    for key, rule in SCHEMA["properties"].items():
        inner = rule.get("properties")
        found.update(
            {f"{key}.{name}": each for name, each in inner.items()} if inner else {key: rule}
        )
    return found


def attributes(value: object, prefix: str = "") -> dict[str, object]:
    """The dataclasses' values by dotted key."""
    found: dict[str, object] = {}
    for each in dataclasses.fields(value):  # type: ignore[arg-type]
        key, inner = prefix + each.name.replace("_", "-"), getattr(value, each.name)
        if dataclasses.is_dataclass(inner):
            found.update(attributes(inner, f"{key}."))
        else:
            found[key] = inner
    return found


def test_the_example_means_what_it_says() -> None:
    assert parse(WHOLE) == Settings(
        label="schedule",
        scheduler=Scheduler(login="github-actions[bot]", workflow="scheduler.yml"),
        trust=Trust(role="write", bots=("github-actions[bot]",), labelled=False),
        allow=Allow(workflows=("agent-*.yml", "run.yml"), events=(), repositories=()),
        quotas=Quotas(
            open_per_agent=50, new_per_agent_per_day=100, depth=10, horizon=timedelta(days=400)
        ),
        limits=Limits(
            per_tick=100,
            recover_after=timedelta(seconds=120),
            backoff=timedelta(seconds=30),
            relays_per_hour=12,
            shortest_interval=timedelta(minutes=5),
        ),
        defaults=Defaults(
            workflow="run.yml",
            timezone="Europe/Berlin",
            deadline=timedelta(hours=24),
            max_attempts=5,
        ),
        signing="off",
        profile="balanced",
        nudge=True,
        paused=False,
    )


@pytest.mark.parametrize("text", ["", "# only a comment\n", "---\n", "\ufeff\r\n", "{}"])
def test_an_empty_file_is_none(text: str) -> None:
    assert parse(text) == Settings()


@pytest.mark.parametrize("text", ["signing: off", 'signing: "off"', "signing: 'off'\r\n"])
def test_off_is_a_word(text: str) -> None:
    assert parse(text).signing == "off"


def test_a_claim_is_not_abandoned_before_its_run_would_show() -> None:
    least = parse("limits: {recover-after: 71s}").limits.recover_after
    assert least == CLAIM_VALIDITY + IN_FLIGHT + ROUNDING


def test_zero_where_it_means_something() -> None:
    limits = parse("limits: {recover-after: 0s, backoff: PT0S}").limits
    assert (limits.recover_after, limits.backoff) == (timedelta(), timedelta())


@pytest.mark.parametrize("text", GOOD)
def test_schema_and_reader_accept(text: str) -> None:
    parse(text)
    jsonschema.validate(yaml.load(text, Loader=Yaml12) or {}, SCHEMA)


@pytest.mark.parametrize(("text", "message"), BAD + BAD_TEXT)
def test_the_reader_refuses(text: str, message: str | None) -> None:
    with pytest.raises(SettingsError) as caught:
        parse(text)
    said = str(caught.value)
    assert said.startswith(".github/scheduler.yml line ")
    assert "; " in said
    assert len(said.splitlines()) == 1
    assert message is None or said == f".github/scheduler.yml line {message}"


@pytest.mark.parametrize("text", [text for text, _ in BAD])
def test_the_schema_refuses(text: str) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(yaml.load(text, Loader=Yaml12), SCHEMA)


class Yaml12(yaml.SafeLoader):
    """Reads ``yes`` and ``off`` as text, as the YAML 1.2 of editors does."""

    yaml_implicit_resolvers = {
        first: [rule for rule in found if rule[0] != "tag:yaml.org,2002:bool" or first in "tTfF"]
        for first, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
    } | {"T": []}


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert all(rule.get("description") for rule in table().values())


def test_schema_dataclasses_and_readers_have_the_same_keys() -> None:
    assert list(table()) == list(attributes(Settings())) == list(rules._READERS)


def test_the_schema_names_the_defaults() -> None:
    said, defaults = {}, {}
    for key, value in attributes(Settings()).items():
        said[key] = table()[key].get("default")
        if isinstance(value, timedelta):
            said[key] = instants.duration(said[key], field=key)
        defaults[key] = list(value) if isinstance(value, tuple) else value
    assert said == defaults


KEYS = st.sampled_from([*SCHEMA["properties"], "per-tick", "role", "bots", "horizon", "workflows"])
VALUES = st.text() | st.sampled_from(["true", "5", "[]", "{}", "90s", "[a, b]", "&a x", "*a"])
LINES = st.builds("{}{}: {}".format, st.sampled_from(["", "  "]), KEYS, VALUES)


@given(st.text() | st.lists(LINES).map("\n".join))
def test_whatever_is_written_only_settings_errors_escape(text: str) -> None:
    with contextlib.suppress(SettingsError):
        parse(text)


@pytest.mark.parametrize("blank", [" ", "\u00a0", "\u202f", "\u2009"])
def test_a_blank_of_any_width_is_one_in_a_length_of_time(blank: str) -> None:
    settings = parse(f'defaults: {{deadline: "6{blank}hours"}}\n')
    assert settings.defaults.deadline == timedelta(hours=6)
