"""The keys of a job that say when it comes again, and when it makes no sense any more."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import yaml

from scheduler import conditions, when
from scheduler.cron_rule import cron_text
from scheduler.fields import refusal, text_of
from scheduler.model import Job
from scheduler.rrule_rule import rrule_text

#: A series that is to be counted is looked at from its start.
MOST_INSTANTS = 10_000
#: Longer than this it would no longer be the same day's job.
LONGEST_JITTER = timedelta(days=1)
MISFIRE, OVERLAP = ("skip", "latest", "all"), ("allow", "skip")
RULES = ("cron", "rrule", "every")


def _condition(field: str, node: yaml.Node) -> str:
    return rule(conditions.canonical, field, text_of(field, node, 300))


def _duration(field: str, node: yaml.Node) -> timedelta:
    return when.duration(text_of(field, node), field=field)


def jitter(field: str, text: str) -> timedelta:
    """Read how far jobs of the same instant are spread: up to a day."""
    found = when.duration(text, field=field)
    if found > LONGEST_JITTER:
        raise refusal(field, text, "is longer than a day", "write a shorter one, such as 10m")
    return found


def _until(field: str, node: yaml.Node, zone: str | None) -> datetime:
    return when.instant(text_of(field, node), field=field, timezone=zone)


def count(field: str, text: str) -> int:
    """Read how many instants a series has, from 1 to ``MOST_INSTANTS``."""
    number = int(text) if re.fullmatch(r"[1-9][0-9]{0,4}", text) else 0
    if not 0 < number <= MOST_INSTANTS:
        fix = "write one such as 10, or leave it out"
        raise refusal(field, text, f"is not a number from 1 to {MOST_INSTANTS}", fix)
    return number


def one_of(field: str, text: str, words: tuple[str, ...]) -> str:
    """Read one of a few words."""
    if text not in words:
        raise refusal(field, text, "is not known", f"write one of: {', '.join(words)}")
    return text


def rule(check: Callable[[str, str], str], field: str, text: str) -> str:
    """Read a rule as it was written: a signature is over these words, not over their meaning."""
    check(field, text)
    return text


#: How the value of each of these keys is read.
READERS: Mapping[str, Callable[..., Any]] = {
    "cron": lambda field, node: rule(cron_text, field, text_of(field, node, 500)),
    "rrule": lambda field, node: rule(rrule_text, field, text_of(field, node, 500)),
    "every": _duration,
    "until": _until,
    "count": lambda field, node: count(field, text_of(field, node)),
    "misfire": lambda field, node: one_of(field, text_of(field, node), MISFIRE),
    "overlap": lambda field, node: one_of(field, text_of(field, node), OVERLAP),
    "jitter": lambda field, node: jitter(field, text_of(field, node)),
    "unless": _condition,
    "when": _condition,
    "patience": _duration,
}


def read(key: str, field: str, text: str, zone: str | None) -> Any:
    """Read the value of one of these keys, called ``field`` to whoever wrote it.

    Raises:
        InvalidJob: it is wrong.
    """
    node = yaml.ScalarNode("", text)
    return READERS[key](field, node, zone) if key == "until" else READERS[key](field, node)


def _shown(job: Job, name: str) -> object:
    value = getattr(job, name)
    if isinstance(value, datetime):
        return when.format_instant(value)
    return when.format_duration(value) if isinstance(value, timedelta) else value


def agree(job: Job) -> None:
    """Make sure that the keys of a job fit together.

    Raises:
        InvalidJob: two rules, what only a series can have on a one-off, or patience for nothing.
    """
    rules = [name for name in RULES if getattr(job, name) is not None]
    if len(rules) > 1:
        fix = "keep one of cron, rrule and every"
        raise refusal(rules[1], _shown(job, rules[1]), f"stands beside {rules[0]}", fix)
    if not rules:
        for name in ("until", "count", "misfire", "overlap"):
            if getattr(job, name) is not None:
                fix = "add cron, rrule or every, or remove it"
                raise refusal(name, _shown(job, name), "is for a job that comes again", fix)
    if job.until is not None and job.until < job.run_at:
        problem = f"is before run-at, {when.format_instant(job.run_at)}"
        raise refusal("until", _shown(job, "until"), problem, "write a later one")
    if job.patience is not None and job.when is None:
        fix = "say what for with 'when', or remove it"
        raise refusal("patience", _shown(job, "patience"), "waits for nothing", fix)
