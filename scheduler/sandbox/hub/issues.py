"""What people and programs do to issues, with GitHub's rules; no HTTP here."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from scheduler.sandbox.http.failure import ApiFailure, not_found, too_long, validation_failed
from scheduler.sandbox.hub.issue_text import check_text
from scheduler.sandbox.hub.people import User, at_least
from scheduler.sandbox.hub.records import (
    BodyEdit,
    Comment,
    Issue,
    IssueEvent,
    IssueView,
    Label,
    Pull,
    Reaction,
)
from scheduler.sandbox.hub.repository import Repository
from scheduler.sandbox.hub.state import State

LABELS_LIMIT = 100
COMMENTS_LIMIT = 2_500
REACTIONS = ("+1", "-1", "laugh", "confused", "heart", "hooray", "rocket", "eyes")
REASONS = ("completed", "not_planned", "duplicate", "reopened")
ASSOCIATION = {"admin": "OWNER", "maintain": "COLLABORATOR", "write": "COLLABORATOR"}


@dataclass
class Desk:
    """One user at work in one repository. The caller holds the state's lock."""

    state: State
    repository: Repository
    user: User

    @property
    def role(self) -> str:
        """The user's role here."""
        return self.repository.role(self.user)

    def association(self) -> str:
        """``author_association``, as far as a sandbox has it."""
        return "NONE" if self.user.kind == "Bot" else ASSOCIATION.get(self.role, "NONE")

    def label(self, name: str, color: str = "ededed", description: str | None = None) -> Label:
        """The repository's label of that name, made where it is missing."""
        key = name.lower()
        if key not in self.repository.labels:
            if len(name) > 50:
                raise too_long("Label", "name", 50)
            self.repository.labels[key] = Label(
                id=self.state.new_id(), name=name, color=color, description=description
            )
        return self.repository.labels[key]

    def describe(self, label: Label, description: str | None) -> Label:
        """Give a label another description; the issues that carry it are not changed by it."""
        changed = replace(label, description=description)
        self.repository.labels[label.name.lower()] = changed
        for issue in self.repository.issues.values():
            issue.view = _described(issue.view, changed)
            issue.history = [(at, _described(view, changed)) for at, view in issue.history]
        return changed

    def open(
        self,
        title: str,
        body: str | None,
        labels: Iterable[str] = (),
        assignees: Iterable[str] = (),
        pull: Pull | None = None,
    ) -> Issue:
        """Open an issue. Labels and assignees need push access, else they are dropped."""
        check_text("Issue", title=title, body=body)
        push = at_least(self.role, "write")
        now = self.state.clock()
        chosen = tuple({n.lower(): self.label(n) for n in labels}.values()) if push else ()
        self.repository.last_number += 1
        view = IssueView(
            title=title,
            body=body,
            updated_at=now,
            labels=chosen,
            assignees=tuple(map(self.state.add_user, assignees)) if push else (),
        )
        issue = Issue(
            id=self.state.new_id(),
            number=self.repository.last_number,
            author=self.user,
            created_at=now,
            view=view,
            association=self.association(),
            pull=pull,
            history=[(now, view)],
        )
        self.repository.issues[issue.number] = issue
        for label in chosen:
            self.event(issue, "labeled", label=label)
        self.tell(issue, "opened")
        for label in chosen:
            self.tell(issue, "labeled", label=label)
        return issue

    def edit(self, issue: Issue, changes: dict[str, Any]) -> None:
        """Change an issue as ``PATCH`` does; who may not edit what is refused or ignored."""
        triage = at_least(self.role, "triage")
        if not triage and issue.author.id != self.user.id:
            raise ApiFailure(403, "Must have admin rights to Repository.")
        view = issue.view
        check_text("Issue", title=changes.get("title", view.title), body=changes.get("body"))
        title, body = changes.get("title", view.title), changes.get("body", view.body)
        if body != view.body:
            self.note_edit(issue, body)
        if (title, body) != (view.title, view.body):
            self.put(issue, replace(view, title=title, body=body))
            if title != view.title:
                self.event(issue, "renamed", rename={"from": view.title, "to": title})
            self.tell(issue, "edited")
        if triage and "labels" in changes:
            self.set_labels(issue, changes["labels"])
        if triage and "assignees" in changes:
            people = tuple(map(self.state.add_user, changes["assignees"]))
            self.put(issue, replace(issue.view, assignees=people))
        if "state" in changes or "state_reason" in changes:
            self.move(issue, changes.get("state", issue.view.state), changes.get("state_reason"))

    def note_edit(self, issue: Issue, body: str | None) -> None:
        """Add to the history of the body; the first edit also brings in the creation."""
        new_id = self.state.new_id
        if not issue.edits:
            issue.edits.append(BodyEdit(
                id=new_id(), editor=issue.author, edited_at=issue.created_at, diff=issue.view.body
            ))  # fmt: skip
        now = self.state.clock()
        issue.edits.append(BodyEdit(id=new_id(), editor=self.user, edited_at=now, diff=body))

    def move(self, issue: Issue, state: str, reason: str | None) -> None:
        """Close or reopen; what an issue was closed for stays, where it is closed already.

        "Ignored unless `state` is changed", says GitHub of the reason:
        https://docs.github.com/en/rest/issues/issues#update-an-issue
        """
        view = issue.view
        if state not in ("open", "closed"):
            raise validation_failed("Issue", "invalid", "state")
        if reason is not None and reason not in REASONS:
            raise validation_failed("Issue", "invalid", "state_reason")
        if state == "closed":
            reason = reason if reason and reason != "reopened" else "completed"
            same = reason == view.state_reason or not self.state.closed_anew
            if view.state == "closed" and same:
                return
            now = self.state.clock()
            self.put(
                issue,
                replace(view, state=state, state_reason=reason, closed_at=now, closed_by=self.user),
            )
            self.event(issue, "closed", state_reason=reason)
            self.tell(issue, "closed")
        elif view.state == "closed":
            self.put(
                issue,
                replace(view, state=state, state_reason="reopened", closed_at=None, closed_by=None),
            )
            self.event(issue, "reopened", state_reason="reopened")
            self.tell(issue, "reopened")

    def set_labels(self, issue: Issue, names: Iterable[str]) -> None:
        """Make the issue's labels exactly these."""
        wanted = {name.lower(): self.label(name) for name in names}
        present = {label.name.lower(): label for label in issue.view.labels}
        for key in [key for key in present if key not in wanted]:
            self.unlabel(issue, key)
        self.add_labels(issue, [label.name for key, label in wanted.items() if key not in present])

    def add_labels(self, issue: Issue, names: Iterable[str]) -> None:
        """Add labels; one that the issue has already stays as it is."""
        if not at_least(self.role, "triage"):
            raise ApiFailure(403, "Must have admin rights to Repository.")
        for name in names:
            label = self.label(name)
            if label not in issue.view.labels:
                if len(issue.view.labels) >= LABELS_LIMIT:
                    words = f"Validation Failed. Issues cannot have more than {LABELS_LIMIT} labels"
                    raise ApiFailure(422, words)
                self.put(issue, replace(issue.view, labels=(*issue.view.labels, label)))
                self.event(issue, "labeled", label=label)
                self.tell(issue, "labeled", label=label)

    def unlabel(self, issue: Issue, name: str) -> None:
        """Take a label off. Raises: 404 where the issue does not have it."""
        if not at_least(self.role, "triage"):
            raise ApiFailure(403, "Must have admin rights to Repository.")
        gone = [label for label in issue.view.labels if label.name.lower() == name.lower()]
        if not gone:
            raise ApiFailure(404, "Label does not exist")
        kept = tuple(label for label in issue.view.labels if label not in gone)
        self.put(issue, replace(issue.view, labels=kept))
        self.event(issue, "unlabeled", label=gone[0])
        self.tell(issue, "unlabeled", label=gone[0])

    def lock(self, issue: Issue, *, locked: bool, reason: str | None = None) -> None:
        """Lock or unlock the conversation."""
        if not at_least(self.role, "triage"):
            raise ApiFailure(403, "Must have admin rights to Repository.")
        if locked != issue.view.locked:
            self.put(issue, replace(issue.view, locked=locked, lock_reason=reason))
            self.event(issue, "locked" if locked else "unlocked", lock_reason=reason)
            self.tell(issue, "locked" if locked else "unlocked")

    def comment(self, issue: Issue, body: str) -> Comment:
        """Write a comment."""
        check_text("IssueComment", body=body, required=True)
        if issue.view.locked and not at_least(self.role, "triage"):
            raise ApiFailure(403, "Unable to create comment because issue is locked.")
        if len(issue.comments) >= COMMENTS_LIMIT:
            text = f"Commenting is disabled on issues with more than {COMMENTS_LIMIT} comments"
            raise ApiFailure(403, text)
        now = self.state.clock()
        comment = Comment(
            id=self.state.new_id(),
            issue=issue.number,
            author=self.user,
            body=body,
            created_at=now,
            updated_at=now,
        )
        issue.comments.append(comment)
        self.repository.comments[comment.id] = comment
        self.put(issue, replace(issue.view, comments=len(issue.comments)))
        self.tell(issue, "created", event="issue_comment", comment=comment)
        return comment

    def edit_comment(self, comment: Comment, body: str) -> None:
        """Change a comment; one's own, or with push access anyone's."""
        check_text("IssueComment", body=body, required=True)
        self.own(comment)
        comment.body, comment.updated_at = body, self.state.clock()
        issue = self.repository.issues[comment.issue]
        self.put(issue, issue.view)
        self.tell(issue, "edited", event="issue_comment", comment=comment)

    def delete_comment(self, comment: Comment) -> None:
        """Delete a comment; one's own, or with push access anyone's."""
        self.own(comment)
        issue = self.repository.issues[comment.issue]
        del self.repository.comments[comment.id]
        issue.comments.remove(comment)
        self.put(issue, replace(issue.view, comments=len(issue.comments)))
        self.tell(issue, "deleted", event="issue_comment", comment=comment)

    def own(self, comment: Comment) -> None:
        """Refuse a comment that is neither the user's nor theirs to moderate."""
        if comment.author.id != self.user.id and not at_least(self.role, "write"):
            raise ApiFailure(403, "Must have admin rights to Repository.")

    def react(self, where: Issue | Comment, content: str) -> tuple[Reaction, bool]:
        """The user's reaction of that kind, and whether it is new."""
        if content not in REACTIONS:
            raise validation_failed("Reaction", "invalid", "content")
        for reaction in where.reactions:
            if reaction.user.id == self.user.id and reaction.content == content:
                return reaction, False
        now = self.state.clock()
        reaction = Reaction(id=self.state.new_id(), user=self.user, content=content, created_at=now)
        where.reactions.append(reaction)
        return reaction, True

    def put(self, issue: Issue, view: IssueView) -> None:
        """Write a new view of the issue; it is updated now."""
        now = self.state.clock()
        issue.change(replace(view, updated_at=now), now)

    def event(self, issue: Issue, kind: str, **extra: Any) -> None:
        """Add to the issue's own history of events."""
        made = IssueEvent(
            id=self.state.new_id(),
            issue=issue.number,
            event=kind,
            actor=self.user,
            created_at=self.state.clock(),
            extra=extra,
        )
        issue.events.append(made)

    def tell(self, issue: Issue, kind: str, *, event: str = "issues", **extra: Any) -> None:
        """Send the webhook event that workflows listen to."""
        payload = {"action": kind, "issue": issue, **extra}
        self.state.emit(self.repository, event, kind, self.user, payload)


def find(repository: Repository, number: int, base: str, below: str = "") -> Issue:
    """The issue, or the answer for one that never was, was deleted or has moved.

    ``below`` is what the path asks of it, such as ``/comments``: so does the new address.
    """
    if number in repository.issues:
        return repository.issues[number]
    fate = repository.gone.get(number)
    if fate is None:
        raise not_found()
    if fate == "deleted":
        raise ApiFailure(410, "This issue was deleted")
    where, _, moved = fate.partition("#")
    location = f"{base}/repositories/{where}/issues/{moved}{below}"
    raise ApiFailure(301, "Moved Permanently", headers={"Location": location})


def remove(repository: Repository, number: int, at: datetime, fate: str = "deleted") -> Issue:
    """Take an issue away, with its comments. ``fate`` is what `Repository.gone` remembers."""
    issue = repository.issues.pop(number)
    for comment in issue.comments:
        repository.comments.pop(comment.id, None)
    repository.gone[number] = fate
    issue.change(replace(issue.view, updated_at=at), at)
    return issue


def _described(view: IssueView, label: Label) -> IssueView:
    """The view with this label in the place of that which has its id."""
    labels = tuple(label if each.id == label.id else each for each in view.labels)
    return view if labels == view.labels else replace(view, labels=labels)
