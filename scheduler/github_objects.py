"""GitHub's JSON objects, as this program's values.

Missing fields are tolerated: a GitHub Enterprise Server of some age, or another
implementation of the API, leaves some out.
"""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from scheduler.model import Comment, Run, Ticket, User


def items(data: Any) -> list[dict[str, Any]]:
    """The objects of a list."""
    return [item for item in data or [] if isinstance(item, dict)]


def runs_of(data: Any) -> list[Run]:
    """The runs of a REST list of workflow runs."""
    return [run_of(item) for item in (data or {}).get("workflow_runs") or []]


def _instant(text: Any) -> datetime | None:
    if not text:
        return None
    return datetime.fromisoformat(str(text).replace("Z", "+00:00")).astimezone(timezone.utc)


def _required(text: Any) -> datetime:
    return _instant(text) or datetime(1970, 1, 1, tzinfo=timezone.utc)


def user_of(data: Any) -> User:
    """A REST ``user`` object; a deleted account is GitHub's ``ghost``."""
    login = str((data or {}).get("login") or "ghost")
    return User(login=login, bot=(data or {}).get("type") == "Bot" or login.endswith("[bot]"))


def ticket_of(data: dict[str, Any]) -> Ticket:
    """A REST issue object."""
    labels = [each if isinstance(each, str) else each.get("name") for each in data["labels"]]
    return Ticket(
        number=int(data["number"]),
        title=str(data.get("title") or ""),
        body=str(data.get("body") or ""),
        author=user_of(data.get("user")),
        open=data.get("state", "open") == "open",
        state_reason=data.get("state_reason"),
        labels=tuple(str(label) for label in labels if label),
        comments=int(data.get("comments") or 0),
        locked=bool(data.get("locked")),
        url=str(data.get("html_url") or data.get("url") or ""),
        created_at=_required(data.get("created_at")),
        updated_at=_required(data.get("updated_at")),
        closed_at=_instant(data.get("closed_at")),
        closed_by=user_of(data["closed_by"]).login if data.get("closed_by") else None,
    )


def comment_of(data: dict[str, Any], issue: int) -> Comment:
    """A REST comment object; ``issue`` is the number of the issue that it stands on."""
    return Comment(
        id=int(data["id"]),
        issue=issue,
        body=str(data.get("body") or ""),
        author=user_of(data.get("user")),
        created_at=_required(data.get("created_at")),
    )


def issue_of(data: dict[str, Any]) -> int:
    """The number of the issue that a REST comment object stands on; 0: it does not say."""
    number = str(data.get("issue_url") or "").rpartition("/")[2]
    return int(number) if number.isdigit() else 0


def run_of(data: dict[str, Any]) -> Run:
    """A REST workflow run object."""
    return Run(
        id=int(data["id"]),
        url=str(data.get("html_url") or ""),
        title=str(data.get("display_title") or data.get("name") or ""),
        actor=user_of(data["actor"]).login if data.get("actor") else "",
        event=str(data.get("event") or ""),
        status=str(data.get("status") or ""),
        conclusion=data.get("conclusion"),
        created_at=_instant(data.get("created_at")),
    )
