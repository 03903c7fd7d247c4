"""Issues, labels and events.

https://docs.github.com/rest/issues
"""

from __future__ import annotations

from typing import Any

from scheduler.sandbox.api import shapes
from scheduler.sandbox.http.failure import (
    ApiFailure,
    invalid_request,
    no_admin,
    not_found,
    too_long,
    validation_failed,
)
from scheduler.sandbox.http.routing import REPO, Answer, Call, Routes
from scheduler.sandbox.hub import issues
from scheduler.sandbox.hub.clock import iso, parse_iso
from scheduler.sandbox.hub.people import at_least
from scheduler.sandbox.hub.records import Issue, IssueView, Label

routes = Routes()
ISSUES = REPO + "/issues"
ISSUE = ISSUES + "/<int:number>"


def issue_of(call: Call) -> Issue:
    """The issue that the path names."""
    number = call.params["number"]
    below = call.path.partition(f"/issues/{number}")[2]
    return issues.find(call.repo, number, call.base, below)


def answer(call: Call, issue: Issue, status: int = 200) -> Answer:
    """The writer's own answer: the issue as it is now."""
    return Answer(shapes.issue(issue, issue.view, call.repo, call.base), status)


@routes.add("GET", ISSUES, needs="issues:read")
def list_issues(call: Call) -> Answer:
    """Filters: state, labels (all of them), creator, assignee, since; sort, direction."""
    query = call.query
    state = query.get("state", "open")
    wanted = {name.strip().lower() for name in query.get("labels", "").split(",") if name.strip()}
    creator, assignee = query.get("creator", "").lower(), query.get("assignee", "").lower()
    since = parse_iso(query["since"]) if query.get("since") else None
    found: list[tuple[Issue, IssueView]] = []
    for issue in call.repo.issues.values():
        view = call.state.seen(issue)
        if view is None or state not in ("all", view.state):
            continue
        if wanted and not wanted <= {label.name.lower() for label in view.labels}:
            continue
        if creator and issue.author.login.lower() != creator:
            continue
        if assignee and not _assigned(assignee, view):
            continue
        if since and iso(view.updated_at) < iso(since):
            continue
        found.append((issue, view))
    sort = query.get("sort", "created")
    newest_first = query.get("direction", "desc") != "asc"
    found.sort(key=lambda pair: _order(sort, *pair), reverse=newest_first)
    return call.page(
        found,
        lambda pair: shapes.issue(*pair, call.repo, call.base),
        cursor=lambda pair: pair[0].number,
    )


def _assigned(login: str, view: IssueView) -> bool:
    people = {person.login.lower() for person in view.assignees}
    return bool(people) if login == "*" else not people if login == "none" else login in people


def _order(sort: str, issue: Issue, view: IssueView) -> Any:
    if sort == "updated":
        return (view.updated_at, issue.number)
    if sort == "comments":
        return (view.comments, issue.number)
    return issue.number


@routes.add("POST", ISSUES, needs="issues:write", content=True)
def create_issue(call: Call) -> Answer:
    """201; anyone who can read may open one, labels need push access."""
    given = call.given()
    title = given.get("title")
    if title is None:
        raise invalid_request('"title" wasn\'t supplied.')
    if not isinstance(title, (str, int)) or isinstance(title, bool):
        raise invalid_request(f"For 'properties/title', {title} is not a string or number.")
    issue = call.desk.open(
        str(title), call.text("body"), call.names("labels"), call.names("assignees")
    )
    made = answer(call, issue, 201)
    made.headers["Location"] = made.body["url"]
    return made


@routes.add("GET", ISSUE, needs="issues:read")
def get_issue(call: Call) -> Answer:
    """200, 301 where it moved, 404, or 410 where it was deleted."""
    issue = issue_of(call)
    view = call.state.seen(issue)
    if view is None:
        raise not_found()
    return Answer(shapes.issue(issue, view, call.repo, call.base))


@routes.add("PATCH", ISSUE, needs="issues:write")
@routes.add("POST", ISSUE, needs="issues:write")
def edit_issue(call: Call) -> Answer:
    """Title, body, state, state_reason, labels, assignees; the last write wins."""
    desk, issue = call.desk, issue_of(call)
    given = call.given()
    changes: dict[str, Any] = {}
    for name in ("title", "body", "state", "state_reason"):
        if name in given and (given[name] is not None or name == "body"):
            changes[name] = call.text(name)
    for name in ("labels", "assignees"):
        if given.get(name) is not None:
            changes[name] = call.names(name)
    desk.edit(issue, changes)
    return answer(call, issue)


@routes.add("PUT", ISSUE + "/lock", needs="issues:write")
def lock(call: Call) -> Answer:
    """204."""
    call.desk.lock(issue_of(call), locked=True, reason=call.text("lock_reason"))
    return Answer(status=204)


@routes.add("DELETE", ISSUE + "/lock", needs="issues:write")
def unlock(call: Call) -> Answer:
    """204."""
    call.desk.lock(issue_of(call), locked=False)
    return Answer(status=204)


@routes.add("GET", ISSUE + "/labels", needs="issues:read")
def list_issue_labels(call: Call) -> Answer:
    """The labels of one issue."""
    view = call.state.seen(issue_of(call))
    if view is None:
        raise not_found()
    return call.page(view.labels, lambda label: _label(call, label))


@routes.add("POST", ISSUE + "/labels", needs="issues:write")
def add_labels(call: Call) -> Answer:
    """Adding a label that is there already answers 200 as well."""
    issue = issue_of(call)
    call.desk.add_labels(issue, _names(call))
    return Answer([_label(call, label) for label in issue.view.labels])


@routes.add("PUT", ISSUE + "/labels", needs="issues:write")
def set_labels(call: Call) -> Answer:
    """Make the labels exactly these."""
    call.need_role("triage")
    issue = issue_of(call)
    call.desk.set_labels(issue, _names(call))
    return Answer([_label(call, label) for label in issue.view.labels])


@routes.add("DELETE", ISSUE + "/labels/<path:label>", needs="issues:write")
def remove_label(call: Call) -> Answer:
    """The labels that are left; 404 where the issue has none of that name."""
    issue = issue_of(call)
    call.desk.unlabel(issue, call.params["label"])
    return Answer([_label(call, label) for label in issue.view.labels])


def _names(call: Call) -> list[str]:
    if isinstance(call.body, list):
        call.body = {"labels": call.body}
    names = call.names("labels")
    if not all(name.strip() for name in names):
        raise validation_failed("Label", "missing_field", "name")
    return names


def _label(call: Call, label: Label) -> dict[str, Any]:
    return shapes.label(label, call.repo, call.base)


@routes.add("GET", REPO + "/labels", needs="issues:read")
def list_labels(call: Call) -> Answer:
    """The repository's labels, by name."""
    labels = sorted(call.repo.labels.values(), key=lambda label: label.name.lower())
    return call.page(labels, lambda label: _label(call, label))


@routes.add("POST", REPO + "/labels", needs="issues:write")
def create_label(call: Call) -> Answer:
    """201; 422 ``already_exists``."""
    call.need_role("write")
    name = call.text("name", required=True) or ""
    if not name.strip():
        raise validation_failed("Label", "missing_field", "name")
    if name.lower() in call.repo.labels:
        raise validation_failed("Label", "already_exists", "name")
    description = call.text("description")
    if description and len(description) > 100:
        raise too_long("Label", "description", 100)
    color = (call.text("color") or "ededed").lstrip("#")
    if len(color) not in (3, 6) or set(color.lower()) - set("0123456789abcdef"):
        raise validation_failed("Label", "invalid", "color")
    label = call.desk.label(name, color, description)
    return Answer(_label(call, label), 201)


@routes.add("GET", REPO + "/labels/<path:label>", needs="issues:read")
def get_label(call: Call) -> Answer:
    """200 or 404."""
    label = call.repo.labels.get(call.params["label"].lower())
    if label is None:
        raise not_found()
    return Answer(_label(call, label))


@routes.add("PATCH", REPO + "/labels/<path:label>", needs="issues:write")
def edit_label(call: Call) -> Answer:
    """Its description; the issues that carry it show that at once."""
    call.need_role("write")
    label = call.repo.labels.get(call.params["label"].lower())
    if label is None:
        raise not_found()
    description = call.text("description")
    if description and len(description) > 100:
        raise too_long("Label", "description", 100)
    return Answer(_label(call, call.desk.describe(label, description)))


@routes.add("GET", ISSUE + "/events", needs="issues:read")
def list_events(call: Call) -> Answer:
    """What was done to an issue, oldest first."""
    return call.page(issue_of(call).events, lambda one: shapes.event(one, call.repo, call.base))


@routes.add("GET", ISSUES + "/events", needs="issues:read")
def list_repository_events(call: Call) -> Answer:
    """The events of all issues, newest first."""
    everything = [one for issue in call.repo.issues.values() for one in issue.events]
    everything.sort(key=lambda one: -one.id)

    def shape(one: Any) -> dict[str, Any]:
        issue = call.repo.issues[one.issue]
        whole = shapes.issue(issue, issue.view, call.repo, call.base)
        return shapes.event(one, call.repo, call.base) | {"issue": whole}

    return call.page(everything, shape)


@routes.add("GET", ISSUE + "/timeline", needs="issues:read")
def timeline(call: Call) -> Answer:
    """Events and comments of an issue, oldest first."""
    issue = issue_of(call)
    entries = [(one.created_at, one.id, shapes.event(one, call.repo, call.base))
               for one in issue.events]  # fmt: skip
    for comment in issue.comments:
        if not call.state.visible(comment.created_at, call.state.staleness.comments):
            continue
        shape = shapes.comment(comment, call.repo, call.base)
        shape |= {"event": "commented", "actor": shape["user"]}
        entries.append((comment.created_at, comment.id, shape))
    entries.sort(key=lambda entry: entry[:2])
    return call.page(entries, lambda entry: entry[2])


@routes.add("GET", ISSUE + "/reactions", needs="issues:read")
def list_reactions(call: Call) -> Answer:
    """Reactions to an issue."""
    return call.page(issue_of(call).reactions, lambda one: shapes.reaction(one, call.base))


@routes.add("POST", ISSUE + "/reactions", needs="issues:write")
def react(call: Call) -> Answer:
    """201, or 200 where the user had reacted so before."""
    made, new = call.desk.react(issue_of(call), call.text("content", required=True) or "")
    return Answer(shapes.reaction(made, call.base), 201 if new else 200)


@routes.add("GET", REPO + "/collaborators/<login>/permission", needs="metadata:read")
def permission(call: Call) -> Answer:
    """A user's role, exact in ``role_name``; only for callers with push access.

    ``permission`` knows only admin, write, read and none: maintain shows as write,
    triage as read. https://docs.github.com/rest/collaborators/collaborators
    """
    if not at_least(call.repo.role(call.user), "write"):
        raise ApiFailure(403, "Must have push access to view collaborator permission.")
    login = call.params["login"]
    user = call.state.users.get(login.lower())
    if user is None or user.kind != "User":
        raise ApiFailure(404, f"{login} is not a user")
    role = call.repo.role(user)
    legacy = {"triage": "read", "maintain": "write"}.get(role, role)
    shape = shapes.user(user, call.base)
    shape |= {"permissions": shapes.permissions(role), "role_name": role}
    return Answer({"permission": legacy, "role_name": role, "user": shape})


@routes.add("GET", REPO + "/collaborators/<login>", needs="metadata:read")
def is_collaborator(call: Call) -> Answer:
    """204 or 404."""
    if not at_least(call.repo.role(call.user), "write"):
        raise no_admin()
    user = call.state.users.get(call.params["login"].lower())
    if user is None or user.login not in call.repo.roles:
        raise not_found()
    return Answer(status=204)
