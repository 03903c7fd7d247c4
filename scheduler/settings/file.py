"""The settings file ``.github/scheduler.yml``, read strictly.

Every key is optional. An unknown key and a value of the wrong kind are errors: a misspelt rule
that silently does not apply is worse than a queue that stands still. ``settings.schema.json``
holds the same for editors.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, TypeVar

import yaml

from scheduler.errors import InvalidJob, SettingsError
from scheduler.job import strict_yaml
from scheduler.job.keys import MOST_FAILURES
from scheduler.job.readers import WORKFLOW_NAME
from scheduler.settings.model import (
    APPROVE,
    LEAST_RECOVERY,
    NEWS,
    PROFILES,
    ROLES,
    SIGNING,
    Alarm,
    Alerts,
    Allow,
    Defaults,
    Limits,
    Quotas,
    Scheduler,
    Settings,
    Trust,
)
from scheduler.text import REPOSITORY, did_you_mean, refusal, shown
from scheduler.times import instants, spans

#: Where the file stands, on the default branch of the queue's repository.
PATH = ".github/scheduler.yml"
MAX_CHARS = 65_536

# GitHub's limit, without the comma that separates labels where it takes a list of them.
_LABEL = re.compile(r"[^,]{1,50}")
# A user's, an app's ("…[bot]") or a managed user's ("…_company") name.
_LOGIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}(?:\[bot\])?")
# A person, or a team of an organization.
_MENTION = re.compile(r"@[A-Za-z0-9](?:[A-Za-z0-9_-]{0,99})(?:/[A-Za-z0-9][A-Za-z0-9._-]{0,99})?")
_WORKFLOW_GLOB = re.compile(r"[^/\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]{1,250}")
_REPOSITORY_GLOB = re.compile(r"[A-Za-z0-9_*?\[\]!-]{1,80}/[A-Za-z0-9_.*?\[\]!-]{1,200}")
# https://docs.github.com/en/rest/repos/repos#create-a-repository-dispatch-event
_EVENT_GLOB = re.compile(r".{1,100}")
_REF_GLOB = re.compile(r"[^\x00-\x20\x7f~^:\\]{1,255}")
# Whoever sees the repository that lends alarms sees it; no space, which ends it in a title.
_QUEUE_NAME = re.compile(r"[A-Za-z0-9_./-]{1,100}")
_NUMBER = re.compile(r"0|[1-9][0-9]{0,8}")

#: What helps a brake that needs runs to be followed for longer.
RAISE = "raise follow, or leave it out"
_T = TypeVar("_T")


def parse(text: str) -> Settings:
    """The settings in the file's ``text``; an empty one is ``Settings()``.

    Raises:
        SettingsError: one line with the file, the line, the key, its value and the fix.
    """
    try:
        root = strict_yaml.load(text, max_chars=MAX_CHARS, max_depth=4, allow_newlines=False)
    except strict_yaml.YamlProblem as problem:
        raise SettingsError(f"{PATH} line {problem.line}: {problem.message}") from problem
    settings: Settings = _read("", root)
    _agree(root, settings)
    return settings


def _agree(root: yaml.MappingNode, settings: Settings) -> None:
    """Refuse a brake that can't work, since it needs runs to be followed for longer.

    Raises:
        SettingsError: there is one.
    """
    follow, limits = settings.follow, settings.limits
    said = instants.format_duration(follow)
    longest = settings.defaults.max_runtime
    if longest is not None and longest > follow:
        problem = f"is longer than runs are followed ({said})"
        raise _error(_node(root, "defaults", "max-runtime"), "defaults.max-runtime", problem, RAISE)
    for name, most in (
        ("running", limits.running),
        ("running-per-agent", limits.running_per_agent),
    ):
        if most is not None and not follow:
            problem = f"counts runs, and none is followed (follow: {said})"
            raise _error(_node(root, "limits", name), f"limits.{name}", problem, RAISE)


def _node(root: yaml.MappingNode, *path: str) -> yaml.Node:
    """The value that stands at ``path``."""
    node: yaml.Node = root
    for name in path:
        node = next(value for key, value in node.value if key.value == name)
    return node


def _read(section: str, node: yaml.Node) -> Any:
    if not isinstance(node, yaml.MappingNode):
        raise _error(node, section, "is not a mapping", "write 'key: value' lines below it")
    kind = _SECTIONS[section]
    keys = {each.name.replace("_", "-"): each.name for each in dataclasses.fields(kind)}
    found: dict[str, object] = {}
    for key, value in node.value:
        if key.value not in keys:
            fix = did_you_mean(key.value, keys, f"the keys are {', '.join(keys)}")
            raise _error(key, section, "is not a key", fix)
        dotted = f"{section}.{key.value}" if section else key.value
        found[keys[key.value]] = _READERS.get(dotted, _read)(dotted, value)
    return kind(**found)


def _error(node: yaml.Node, key: str, problem: str, fix: str) -> SettingsError:
    where = f"{key}: " if key else ""
    found = "it"
    if isinstance(node, yaml.ScalarNode):
        found = shown(node.value)
    return SettingsError(f"{PATH} line {strict_yaml.line(node)}: {where}{found} {problem}; {fix}")


def _text(key: str, node: yaml.Node) -> str:
    if not isinstance(node, yaml.ScalarNode):
        raise _error(node, key, "is not a single value", "write one on the key's line")
    text: str = node.value
    if not text.strip():
        raise _error(node, key, "is empty", "write a value or remove the key")
    if not text.isprintable() or text != text.strip():
        raise _error(node, key, "has odd characters or outer spaces", "remove them")
    return text


def _plain(node: yaml.Node) -> yaml.Node:
    """A single value with plain spaces for those of any width, as times have them elsewhere."""
    if not isinstance(node, yaml.ScalarNode):
        return node
    text = spans.plain(node.value)
    return yaml.ScalarNode(node.tag, text, node.start_mark, node.end_mark, node.style)


def _like(pattern: re.Pattern[str], problem: str, fix: str) -> Callable[..., str]:
    def read(key: str, node: yaml.Node) -> str:
        text = _text(key, node)
        if not pattern.fullmatch(text):
            raise _error(node, key, problem, fix)
        return text

    return read


def _one_of(*words: str) -> Callable[..., str]:
    def read(key: str, node: yaml.Node) -> str:
        text = _text(key, node)
        if text not in words:
            raise _error(node, key, "is not a choice", f"write one of {', '.join(words)}")
        return text

    return read


def _flag(key: str, node: yaml.Node) -> bool:
    text = _text(key, node)
    if text not in ("true", "false") or _quoted(node):
        raise _error(node, key, "is not a boolean", "write true or false, without quotes")
    return text == "true"


def _whole(least: int, most: int) -> Callable[..., int]:
    def read(key: str, node: yaml.Node) -> int:
        text = _text(key, node)
        if not _NUMBER.fullmatch(text) or _quoted(node) or not least <= int(text) <= most:
            fix = f"write one from {least} to {most}, without quotes"
            raise _error(node, key, "is not such a whole number", fix)
        return int(text)

    return read


def _quoted(node: yaml.Node) -> bool:
    # Other tools read this file as well, and to them "5" is no number.
    return isinstance(node, yaml.ScalarNode) and bool(node.style)


def _timely(read: Callable[[str, str], _T]) -> Callable[..., _T]:
    def read_at(key: str, node: yaml.Node) -> _T:
        try:
            return read(key, _text(key, _plain(node)))
        except InvalidJob as exc:
            raise SettingsError(f"{PATH} line {strict_yaml.line(node)}: {exc}") from exc

    return read_at


def _list(item: Callable[..., str]) -> Callable[..., tuple[str, ...]]:
    def read(key: str, node: yaml.Node) -> tuple[str, ...]:
        if not isinstance(node, yaml.SequenceNode):
            raise _error(node, key, "is not a list", "write it in brackets, or a '- ' line each")
        return tuple(item(key, each) for each in node.value)

    return read


def _patience(key: str, text: str) -> timedelta:
    length = instants.duration(text, field=key, allow_zero=True)
    if timedelta(0) < length < LEAST_RECOVERY:
        least = f"{LEAST_RECOVERY.total_seconds():.0f}s"
        fix = f"write {least} or more, or 0s where never two ticks run at a time"
        raise refusal(key, text, "is shorter than a claim can be at work", fix)
    return length


_event_glob = _like(_EVENT_GLOB, "is too long", "write at most 100 characters")
_label = _like(_LABEL, "can't be a label", "write at most 50 characters, without a comma")
_login = _like(_LOGIN, "is not a login", "write one such as octocat or my-app[bot]")
_mention = _like(_MENTION, "is nobody's name", "write one such as '@octocat' or '@org/team'")
_workflow = _like(
    WORKFLOW_NAME,
    "is not the name of a workflow file",
    "write the file's name alone, such as run.yml",
)
_workflow_glob = _like(
    _WORKFLOW_GLOB, "matches no workflow file's name", "write one such as agent-*.yml, no path"
)
_ref_glob = _like(_REF_GLOB, "matches no branch or tag", "write one such as main or release/*")
_repository_glob = _like(
    _REPOSITORY_GLOB, "matches no repository", "write owner/name, where * stands for any part"
)

_length = _timely(lambda key, text: instants.duration(text, field=key))
_length_or_zero = _timely(lambda key, text: instants.duration(text, field=key, allow_zero=True))
_zone = _timely(lambda key, text: instants.zone(text, field=key).key)

_SECTIONS: Mapping[str, type[Any]] = {
    "": Settings,
    "scheduler": Scheduler,
    "trust": Trust,
    "allow": Allow,
    "quotas": Quotas,
    "limits": Limits,
    "defaults": Defaults,
    "alarm": Alarm,
    "alerts": Alerts,
}
_READERS: Mapping[str, Callable[[str, yaml.Node], Any]] = {
    "label": _label,
    "scheduler.login": _login,
    "scheduler.workflow": _workflow,
    "trust.role": _one_of(*ROLES),
    "trust.bots": _list(_login),
    "trust.labelled": _flag,
    "allow.workflows": _list(_workflow_glob),
    "allow.events": _list(_event_glob),
    "allow.repositories": _list(_repository_glob),
    "allow.refs": _list(_ref_glob),
    "quotas.open-per-agent": _whole(0, 100_000),
    "quotas.new-per-agent-per-day": _whole(0, 100_000),
    "quotas.depth": _whole(0, 1_000),
    "quotas.horizon": _length,
    "limits.per-tick": _whole(1, 1_000),
    "limits.recover-after": _timely(_patience),
    "limits.backoff": _length_or_zero,
    "limits.relays-per-hour": _whole(0, 60),
    "limits.alarms-per-hour": _whole(0, 60),
    "limits.shortest-interval": _length,
    "limits.running": _whole(1, 100_000),
    "limits.running-per-agent": _whole(1, 100_000),
    "defaults.workflow": _workflow,
    "defaults.timezone": _zone,
    "defaults.deadline": _length,
    "defaults.max-attempts": _whole(1, 99),
    "defaults.pause-after": _whole(0, MOST_FAILURES),
    "defaults.max-runtime": _length,
    "follow": _length_or_zero,
    "approve": _one_of(*APPROVE),
    "alerts.on": _list(_one_of(*NEWS)),
    "alerts.mention": _list(_mention),
    "signing": _one_of(*SIGNING),
    "profile": _one_of(*PROFILES),
    "alarm.repository": _like(REPOSITORY, "is no repository", "write owner/name"),
    "alarm.queue": _like(
        _QUEUE_NAME, "is no name for a queue", "write up to 100 characters, no space"
    ),
    "alarm.timers": _whole(6, 11),
    "nudge": _flag,
    "keep-alive": _flag,
    "paused": _flag,
}
