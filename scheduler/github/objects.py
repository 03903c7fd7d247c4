"""GitHub's JSON objects, as this program's values.

Missing fields are tolerated: a GitHub Enterprise Server of some age, or another
implementation of the API, leaves some out.
"""

from __future__ import annotations

import functools
import re
import urllib.parse
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from http import HTTPStatus
from typing import Any, ParamSpec, TypeVar

from dateutil.parser import isoparse

from scheduler.errors import Unavailable
from scheduler.ports.values import (
    UNCOUNTED,
    Acts,
    Check,
    Comment,
    Edit,
    Environment,
    Event,
    Group,
    PullRequest,
    Review,
    Run,
    Ticket,
    User,
)
from scheduler.times.bounds import EARLIEST, bounded

P = ParamSpec("P")
T = TypeVar("T")
#: Nanoseconds, which some servers write, are more than a datetime holds.
FRACTION = re.compile(r"([.,][0-9]{6})[0-9]+")
OTHER = "GITHUB_API_URL: the answer is something else than was asked for"


def _shaped(make: Callable[P, T]) -> Callable[P, T]:
    """``make``, with ``Unavailable`` for what is of another shape than GitHub's."""

    @functools.wraps(make)
    def made(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return make(*args, **kwargs)
        except (AttributeError, KeyError, TypeError, ValueError) as wrong:
            raise Unavailable(OTHER) from wrong

    return made


def items(data: Any) -> list[dict[str, Any]]:
    """The objects of a list. Raises ``Unavailable`` when it is none."""
    if not isinstance(data, list) or not all(isinstance(item, dict) for item in data):
        raise Unavailable("GITHUB_API_URL: the answer is no list; is it GitHub's REST API?")
    return data


def record(data: Any, *needed: str) -> dict[str, Any]:
    """``data`` if it is an object with these keys. Raises ``Unavailable``."""
    if not isinstance(data, dict) or any(data.get(key) is None for key in needed):
        raise Unavailable(OTHER)
    return data


@_shaped
def runs_of(data: Any) -> list[Run]:
    """The runs of a REST list of workflow runs; some servers write an empty one as null."""
    found = record(data)["workflow_runs"]
    return [run_of(item) for item in items([] if found is None else found)]


def ends_before(moments: Sequence[datetime], since: datetime) -> bool:
    """Whether what follows a page of a list, asked for newest first, is older than ``since``.

    Not where the page runs the other way: then the server ignores the order.
    """
    return bool(moments) and since > moments[-1] and moments[0] >= moments[-1]


def error_message(data: Any) -> str:
    """GitHub's own words in an error answer, on one line."""
    if not isinstance(data, dict):
        return "no message"
    words = str(data.get("message") or "no message")
    errors = data.get("errors")
    details = [
        _detail(error) if isinstance(error, dict) else error
        for error in (errors if isinstance(errors, list) else [])
    ]
    return one_line("; ".join([words, *(str(detail) for detail in details if detail)]))


def version_refused(status: int, headers: Mapping[str, str], data: Any) -> bool:
    """Whether a refusal is of the API's version that was named, and of nothing else.

    GitHub answers 410 to a version that it has retired, and 400 to one that it never had. What
    the 410 says nobody has seen yet (https://github.com/github/rest-api-description/issues/7054),
    so with GitHub's own every 410 is that which does not say that something else is gone.
    """
    words = error_message(data).lower()
    if "x-github-api-version" in words:
        return True
    if status != HTTPStatus.GONE or is_gone(words):
        return False
    told = str(data.get("documentation_url") or "") if isinstance(data, dict) else ""
    return "version" in words or "api-versions" in told or "x-github-request-id" in headers


def is_gone(words: str) -> bool:
    """Whether GitHub's words of a 410 are of an issue, or of all issues of a repository."""
    return any(each in words.lower() for each in ("deleted", "disabled"))


def _detail(error: dict[str, Any]) -> str:
    """One of an answer's errors: its words, or the field that it is about and why.

    https://docs.github.com/en/rest/using-the-rest-api/troubleshooting-the-rest-api#validation-failed
    """
    # The name of a label is refused, not that of the issue that was to have it.
    name = "label" if error.get("resource") == "Label" else error.get("field")
    parts = [name, error.get("message") or error.get("code")]
    return ": ".join(str(part) for part in parts if part)


def one_line(text: str) -> str:
    """``text`` on one line, cut at 500 characters and without control characters."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:500]


def _instant(text: Any) -> datetime | None:
    if not text:
        return None
    short = FRACTION.sub(r"\1", str(text))
    try:
        return bounded(isoparse(short))
    except (ValueError, OverflowError):
        raise Unavailable(f"GITHUB_API_URL: {one_line(str(text))[:80]!r} is no instant") from None


def _required(text: Any) -> datetime:
    return _instant(text) or EARLIEST


@_shaped
def user_of(data: Any) -> User:
    """A REST ``user`` object; a deleted account is GitHub's ``ghost``."""
    login = str((data or {}).get("login") or "ghost")
    return User(login=login, bot=(data or {}).get("type") == "Bot" or login.endswith("[bot]"))


_ISSUE_IN = re.compile(r"/repos/([^/]+/[^/]+?)(?:/issues/\d+)?/?")


def repository_in(data: Mapping[str, Any]) -> str | None:
    """The ``owner/name`` in whose repository a REST issue object stands; None: it does not say."""
    for key in ("repository_url", "url"):
        address = data.get(key)
        path = urllib.parse.urlsplit(address).path if isinstance(address, str) else ""
        if found := _ISSUE_IN.fullmatch(path[max(path.find("/repos/"), 0) :]):
            return found[1]
    return None


def label_names(data: Any) -> tuple[str, ...]:
    """The names of a REST list of labels; of an issue's, GitHub allows plain names, too."""
    names = (each.get("name") if isinstance(each, dict) else each for each in data or ())
    return tuple(str(name) for name in names if name)


@_shaped
def ticket_of(data: Any) -> Ticket:
    """A REST issue object."""
    data = record(data, "number")
    return Ticket(
        number=int(data["number"]),
        title=str(data.get("title") or ""),
        body=str(data.get("body") or ""),
        author=user_of(data.get("user")),
        open=data.get("state", "open") == "open",
        state_reason=data.get("state_reason"),
        labels=label_names(data.get("labels")),
        comments=data["comments"] if isinstance(data.get("comments"), int) else UNCOUNTED,
        locked=bool(data.get("locked")),
        url=str(data.get("html_url") or data.get("url") or ""),
        created_at=_required(data.get("created_at")),
        updated_at=changed_at(data),
        closed_at=_instant(data.get("closed_at")),
        closed_by=user_of(data["closed_by"]).login if data.get("closed_by") else None,
        association=str(data.get("author_association") or ""),
    )


@_shaped
def comment_of(data: Any, issue: int) -> Comment:
    """A REST comment object; ``issue`` is the number of the issue that it stands on."""
    data = record(data, "id")
    created_at, updated_at = _required(data.get("created_at")), data.get("updated_at")
    return Comment(
        id=int(data["id"]),
        issue=issue,
        body=str(data.get("body") or ""),
        author=user_of(data.get("user")),
        created_at=created_at,
        edited=bool(updated_at) and _required(updated_at) > created_at,
    )


def issue_of(data: dict[str, Any]) -> int:
    """The number of the issue that a REST comment object stands on; 0: it does not say."""
    number = str(data.get("issue_url") or "").rpartition("/")[2]
    return int(number) if number.isdigit() else 0


def changed_at(data: dict[str, Any]) -> datetime:
    """When a REST object last changed, as far as it tells."""
    told = (data.get(key) for key in ("updated_at", "closed_at", "created_at"))
    return _required(next(filter(None, told), None))


@_shaped
def committed_at(data: dict[str, Any]) -> datetime | None:
    """When a REST commit object was committed; None: it does not say."""
    return _instant(((data.get("commit") or {}).get("committer") or {}).get("date"))


@_shaped
def environments_of(data: Any) -> list[Environment]:
    """The environments of a REST list of them."""
    return [
        Environment(
            name=str(item["name"]),
            minutes=sum(int(rule.get("wait_timer") or 0) for rule in _rules(item)),
            rules=tuple(
                str(rule.get("type")) for rule in _rules(item) if rule.get("type") != "wait_timer"
            ),
        )
        for item in items(record(data)["environments"])
    ]


def _rules(item: dict[str, Any]) -> list[dict[str, Any]]:
    return items(item.get("protection_rules") or [])


@_shaped
def run_of(data: Any) -> Run:
    """A REST workflow run object."""
    data = record(data, "id")
    return Run(
        id=int(data["id"]),
        url=str(data.get("html_url") or ""),
        title=str(data.get("display_title") or data.get("name") or ""),
        actor=user_of(data["actor"]).login if data.get("actor") else "",
        event=str(data.get("event") or ""),
        status=str(data.get("status") or ""),
        conclusion=data.get("conclusion"),
        created_at=_instant(data.get("created_at")),
        started_at=_instant(data.get("run_started_at")),
        updated_at=_instant(data.get("updated_at")),
        attempt=data["run_attempt"] if isinstance(data.get("run_attempt"), int) else 1,
        workflow=str(data.get("path") or "").partition("@")[0].rpartition("/")[2],
    )


@_shaped
def job_count(data: Any) -> int:
    """How many jobs a REST list of a run's jobs counts, or at least has on this page."""
    data = record(data)
    total = data.get("total_count")
    return total if isinstance(total, int) else len(data["jobs"] or ())


@_shaped
def group_of(data: Any) -> Group:
    """An item of a REST list of concurrency groups."""
    data = record(data, "group_name")
    return Group(name=str(data["group_name"]), acquired_at=_instant(data.get("last_acquired_at")))


@_shaped
def holders_of(data: Any) -> list[int]:
    """The ids of the runs that hold a REST concurrency group; a run may hold it by several jobs."""
    members = items(record(data, "group_members")["group_members"])
    held = (int(each["run_id"]) for each in members if each["status"] == "in_progress")
    return list(dict.fromkeys(held))


def _actor(data: Any) -> User | None:
    """A GraphQL actor; an app's login lacks the ``[bot]`` that REST shows."""
    if not data or not data.get("login"):
        return None
    login = str(data["login"])
    if data.get("__typename") == "Bot" and not login.endswith("[bot]"):
        login += "[bot]"
    return User(login=login, bot=login.endswith("[bot]"))


def unknown_field(errors: Any) -> bool:
    """Whether a GraphQL server answers that it has not all that it was asked for."""
    listed = errors if isinstance(errors, list) else []
    codes = ((record(each).get("extensions") or {}) for each in listed if isinstance(each, dict))
    return any(isinstance(each, dict) and each.get("code") == "undefinedField" for each in codes)


#: GraphQL's types of what is done to an issue, and REST's words for it.
EVENTS = {
    "LabeledEvent": "labeled",
    "UnlabeledEvent": "unlabeled",
    "ClosedEvent": "closed",
    "ReopenedEvent": "reopened",
    "LockedEvent": "locked",
    "UnlockedEvent": "unlocked",
}


@_shaped
def acts_of(data: dict[str, Any], most: int) -> Acts:
    """A GraphQL issue's last edit and its newest events, of which ``most`` were asked for."""
    edit = Edit(at=_instant(data.get("lastEditedAt")), editor=_actor(data.get("editor")))
    if "timelineItems" not in data:
        return Acts(edit=edit)
    nodes = [node for node in data["timelineItems"]["nodes"] if node]
    events = tuple(
        Event(
            event=EVENTS[node["__typename"]],
            at=_required(node["createdAt"]),
            actor=_actor(node.get("actor")),
            label=str((node.get("label") or {}).get("name") or ""),
        )
        for node in nodes
    )
    return Acts(edit=edit, events=events, whole=len(nodes) < most)


@_shaped
def event_of(data: dict[str, Any]) -> Event:
    """A REST issue event."""
    return Event(
        event=str(data.get("event") or ""),
        at=_required(data.get("created_at")),
        actor=user_of(data["actor"]) if data.get("actor") else None,
        label=next(iter(label_names([data.get("label")])), ""),
    )


@_shaped
def pull_request_of(data: Any) -> PullRequest:
    """A REST pull request object, as asked for alone: in a list it lacks ``merged``."""
    data = record(data, "head")
    return PullRequest(
        open=data.get("state", "open") == "open",
        merged=bool(data.get("merged") or data.get("merged_at")),
        head=str(record(data["head"], "sha")["sha"]),
    )


@_shaped
def review_of(data: Any) -> Review:
    """A REST review object."""
    return Review(author=user_of(data.get("user")), state=str(data.get("state") or "").upper())


#: Conclusions with which GitHub lets a required check pass; any other is a failure.
#: https://docs.github.com/en/repositories/configuring-branches-and-merges-in-your-repository/managing-protected-branches/about-protected-branches#require-status-checks-before-merging
PASSING = frozenset({"success", "neutral", "skipped"})


@_shaped
def check_run_of(data: Any) -> Check:
    """A REST check run object; what has no conclusion is still to come."""
    done, conclusion = data.get("status") == "completed", data.get("conclusion")
    state = ("passed" if conclusion in PASSING else "failed") if done and conclusion else "pending"
    return Check(name=one_line(str(data.get("name") or "a check")), state=state)


@_shaped
def status_of(data: Any) -> Check:
    """A REST commit status object: ``error``, ``failure``, ``pending`` or ``success``."""
    said = str(data.get("state") or "pending")
    state = {"success": "passed", "pending": "pending"}.get(said, "failed")
    return Check(name=one_line(str(data.get("context") or "a status")), state=state)
