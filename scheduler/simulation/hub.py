"""GitHub in memory: one repository with issues, people, workflows and their runs.

There is no network and no clock in it: a subclass tells the instant. Instants that it tells
have whole seconds, as GitHub's have, and its refusals have GitHub's status. It is the server
of every simulation, and of the tests that need no HTTP; `scheduler.simulation.queue` is a
process's way to it.
"""

from __future__ import annotations

import functools
import itertools
import re
from abc import ABC, abstractmethod
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from scheduler.errors import Rejected
from scheduler.job.workflow_file import declared
from scheduler.ports.values import (
    Acts,
    Check,
    Comment,
    Dispatch,
    Edit,
    Environment,
    Event,
    Run,
    Ticket,
)
from scheduler.simulation.records import Pull, Sent, Thread, user

#: An input in a `run-name`, as GitHub expands it.
INPUT = re.compile(r"\$\{\{ inputs\.(\w+) \}\}")
BOT = "github-actions[bot]"
#: The most of each that an issue may have.
MOST_COMMENTS, MOST_LABELS = 2500, 100


def refusal(status: int, words: str) -> Rejected:
    """What GitHub answers when it refuses something for good."""
    return Rejected(f"GitHub answers {status}: {words}", status=status)


@functools.cache
def _run_name(text: str) -> str:
    return declared(text).run_name


@dataclass(kw_only=True)
class Hub(ABC):
    """The server: one for all the processes of a simulation or a test."""

    repository: str = "octo/queue"
    label: str = "schedule"
    #: The role of each account, and that of all others.
    roles: dict[str, str] = field(default_factory=dict)
    others: str = "none"
    #: The text of each workflow file, on every branch, and which of them are disabled.
    workflows: dict[str, str] = field(default_factory=dict)
    disabled: set[str] = field(default_factory=set)
    #: The status with which a run begins.
    begins: str = "queued"
    #: All comments by their ids, and when each was last written to, that last changed last.
    comments: dict[int, Comment] = field(default_factory=dict)
    updated: dict[int, datetime] = field(default_factory=dict)
    #: By the id of a comment: who reacted, and how.
    reactions: dict[int, set[tuple[str, str]]] = field(default_factory=dict)
    #: The workflow of each run, and the run; the oldest first.
    runs: list[tuple[str, Run]] = field(default_factory=list)
    #: The runs that never had a job; of all others it is one.
    without_jobs: set[int] = field(default_factory=set)
    #: Those that wait for an environment, by their ids, and their workflows; the oldest first.
    waiting: dict[int, str] = field(default_factory=dict)
    sent: list[Sent] = field(default_factory=list)
    #: The numbers of the issues that were deleted or transferred.
    gone: set[int] = field(default_factory=set)
    #: By the number of an issue: the last edit of its body, and what was done to it.
    edited: dict[int, Edit] = field(default_factory=dict)
    events: dict[int, list[Event]] = field(default_factory=dict)
    #: Whether a closed issue may be given another reason, as GitHub's documents deny.
    closed_anew: bool = False
    pulls: dict[int, Pull] = field(default_factory=dict)
    #: By the commit.
    check_runs: dict[str, list[Check]] = field(default_factory=dict)
    statuses: dict[str, list[Check]] = field(default_factory=dict)
    #: Those of this repository, and what stands in the description of the queue's label.
    environments: list[Environment] = field(default_factory=list)
    description: str = ""
    #: What is no job: by the repository and the number of an issue or a pull request.
    threads: dict[tuple[str, int], Thread] = field(default_factory=dict)
    ids: Iterator[int] = field(default_factory=lambda: itertools.count(1001))
    #: Grows with every change of an issue.
    version: int = 0
    _open: dict[int, Ticket] = field(default_factory=dict)
    #: That which was changed last is the last.
    _closed: dict[int, Ticket] = field(default_factory=dict)
    _on: dict[int, list[int]] = field(default_factory=dict)

    @abstractmethod
    def instant(self) -> datetime:
        """The world's time, in UTC."""

    def senders_instant(self) -> datetime:
        """The time by the clock of whoever asks."""
        return self.instant()

    def now(self) -> datetime:
        """GitHub's own time, in whole seconds."""
        return self.instant().replace(microsecond=0)

    # Issues.

    def numbers(self) -> list[int]:
        """The numbers of all issues that are there, the oldest first."""
        return sorted((*self._open, *self._closed))

    def any_open(self) -> bool:
        """Whether any issue is open."""
        return bool(self._open)

    def ticket(self, number: int) -> Ticket:
        """The issue as it is. Raises ``Rejected`` (410) when it is gone."""
        found = self._open.get(number) or self._closed.get(number)
        if found is None:
            raise refusal(410, "This issue was deleted")
        return found

    def has(self, number: int) -> bool:
        """Whether there is such an issue."""
        return number in self._open or number in self._closed

    def shown(self, number: int) -> Ticket:
        """The issue as a read shows it. Raises ``Rejected`` (410)."""
        return self.ticket(number)

    def labelled(self, tickets: Iterable[Ticket]) -> Iterator[Ticket]:
        """Those of them that carry the queue's label."""
        label = self.label.lower()
        return (ticket for ticket in tickets if label in map(str.lower, ticket.labels))

    def open_issues(self) -> list[Ticket]:
        """The queue's open issues, the oldest first."""
        return sorted(self.labelled(self._open.values()), key=lambda ticket: ticket.number)

    def closed_since(self, since: datetime, *, changed: bool = False) -> list[Ticket]:
        """The queue's issues that were closed at ``since`` or later, the newest first.

        ``changed``: also those that were closed earlier, and changed since.
        """
        lately = itertools.takewhile(
            lambda ticket: ticket.updated_at >= since, reversed(self._closed.values())
        )
        here = self.labelled(lately)
        return [t for t in here if changed or (t.closed_at and t.closed_at >= since)]

    def created_since(self, since: datetime) -> list[Ticket]:
        """The queue's issues that were created at ``since`` or later, the newest first."""
        newest = (self.ticket(number) for number in reversed(self.numbers()))
        lately = itertools.takewhile(lambda ticket: ticket.created_at >= since, newest)
        return list(self.labelled(lately))

    def put(self, ticket: Ticket) -> None:
        """Make an issue what it is to be."""
        self.version += 1
        here, there = (self._open, self._closed) if ticket.open else (self._closed, self._open)
        there.pop(ticket.number, None)
        if not ticket.open:
            self._closed.pop(ticket.number, None)
        here[ticket.number] = ticket

    def change(self, number: int, **changes: object) -> None:
        """Change an issue, as any of its writers may. Raises ``Rejected`` (410)."""
        changed: Ticket = replace(self.ticket(number), updated_at=self.now(), **changes)  # type: ignore[arg-type]
        self.put(changed)

    def open(self, body: str, *, author: str = "agent") -> int:
        """Open an issue with the queue's label; its number."""
        number = len(self._open) + len(self._closed) + len(self.gone) + 1
        ticket = Ticket(
            number=number,
            body=body,
            author=user(author),
            labels=(self.label,),
            url=f"https://github.com/{self.repository}/issues/{number}",
            created_at=self.now(),
            updated_at=self.now(),
        )
        self._on[number] = []
        self.put(ticket)
        self.event(number, "labeled", by=author, label=self.label)
        return number

    def close(self, number: int, *, by: str = "owner", reason: str = "completed") -> None:
        """Close an issue; one that is closed stays closed for what it was.

        "Ignored unless `state` is changed", says GitHub of the reason:
        https://docs.github.com/en/rest/issues/issues#update-an-issue
        """
        if not (self.ticket(number).open or self.closed_anew):
            return
        self.change(number, open=False, state_reason=reason, closed_at=self.now(), closed_by=by)
        self.event(number, "closed", by=by)

    def reopen(self, number: int, *, by: str = "owner") -> None:
        """Reopen an issue."""
        self.change(number, open=True, state_reason="reopened", closed_at=None, closed_by=None)
        self.event(number, "reopened", by=by)

    def delete(self, number: int) -> None:
        """Delete an issue, or transfer it away, with all that stands on it."""
        self.version += 1
        self._open.pop(number, None)
        self._closed.pop(number, None)
        self.gone.add(number)
        for comment_id in self._on.pop(number):
            self._forget(comment_id)

    # Labels, and what was done.

    def put_on(self, number: int, label: str, *, by: str = "owner") -> tuple[str, ...]:
        """Put one label on an issue; those that it has then. GitHub's labels know no case."""
        labels, label = self.ticket(number).labels, self.spelled(label)
        if label.lower() not in map(str.lower, labels):
            if len(labels) >= MOST_LABELS:
                raise refusal(422, f"Issues cannot have more than {MOST_LABELS} labels")
            self.event(number, "labeled", by=by, label=label)
            labels = (*labels, label)
            self.change(number, labels=labels)
        return labels

    def spelled(self, label: str) -> str:
        """A label of the queue in the queue's own letter case; any other as it is."""
        ours = f"{label}:".lower().startswith(f"{self.label}:".lower())
        return self.label + label.lower()[len(self.label) :] if ours else label

    def take_off(self, number: int, label: str, *, by: str = "owner") -> None:
        """Take one label off an issue, if it is there."""
        labels = self.ticket(number).labels
        left = tuple(each for each in labels if each.lower() != label.lower())
        if left != labels:
            self.event(number, "unlabeled", by=by, label=self.spelled(label))
            self.change(number, labels=left)

    def event(self, number: int, event: str, *, by: str, label: str = "") -> None:
        """Keep what somebody did to an issue."""
        made = Event(event=event, at=self.now(), actor=user(by), label=label)
        self.events.setdefault(number, []).append(made)

    def acts(self, number: int) -> Acts:
        """What was done to an issue."""
        edit = self.edited.get(number, Edit())
        return Acts(edit=edit, events=tuple(self.events.get(number, ())))

    def role(self, login: str) -> str:
        """Somebody's role."""
        return self.roles.get(login, self.others)

    # Comments.

    def comment(self, number: int, body: str, *, by: str) -> Comment:
        """Write a comment. Raises ``Rejected`` as GitHub refuses one."""
        ticket = self.ticket(number)
        if ticket.locked and by not in self.roles:
            raise refusal(403, "locked")
        if ticket.comments >= MOST_COMMENTS:
            words = f"Commenting is disabled on issues with more than {MOST_COMMENTS} comments"
            raise refusal(403, words)
        made = Comment(
            id=next(self.ids), issue=number, body=body, author=user(by), created_at=self.now()
        )
        self.comments[made.id] = made
        self._on[number].append(made.id)
        self._touch(made.id)
        self.change(number, comments=ticket.comments + 1)
        return made

    def edit_comment(self, comment_id: int, body: str) -> None:
        """Replace a comment's text. Raises ``Rejected`` (404)."""
        if comment_id not in self.comments:
            raise refusal(404, "Not Found")
        self.comments[comment_id] = replace(self.comments[comment_id], body=body, edited=True)
        self._touch(comment_id)

    def delete_comment(self, comment_id: int) -> None:
        """Delete a comment that may be gone."""
        if comment_id in self.comments:
            number = self.comments[comment_id].issue
            self._on[number].remove(comment_id)
            self._forget(comment_id)
            self.change(number, comments=self.ticket(number).comments - 1)

    def react(self, comment_id: int, content: str, *, by: str) -> None:
        """Answer a comment in one sign, unless it is gone; the same one again is no other."""
        if comment_id in self.comments:
            self.reactions.setdefault(comment_id, set()).add((by, content))

    def on(self, number: int) -> list[Comment]:
        """All comments of an issue, the oldest first."""
        return [self.comments[each] for each in self._on.get(number, ())]

    def recent_comments(self, since: datetime) -> list[Comment]:
        """The comments that were written to at ``since`` or later, that changed last first."""
        lately = itertools.takewhile(lambda each: each[1] >= since, reversed(self.updated.items()))
        return [self.comments[comment_id] for comment_id, _ in lately]

    def _touch(self, comment_id: int) -> None:
        self.updated.pop(comment_id, None)
        self.updated[comment_id] = self.now()

    def _forget(self, comment_id: int) -> None:
        del self.comments[comment_id]
        self.updated.pop(comment_id, None)

    # What conditions ask.

    def reachable(self, repo: str) -> None:
        """Raise what the token is answered that does not reach a repository; here it does."""
        return

    def pull(self, repo: str, number: int) -> Pull:
        """A pull request. Raises ``Rejected`` (404)."""
        self.reachable(repo)
        if number not in self.pulls:
            raise refusal(404, "Not Found")
        return self.pulls[number]

    # Runs.

    def shown_runs(self, *, filtered: bool) -> Sequence[tuple[str, Run]]:
        """The runs as a list shows them, ``filtered`` by a search or all; the oldest first."""
        return self.runs

    def run(self, workflow: str, event: str, *, title: str = "", actor: str = BOT) -> Run:
        """Create a run."""
        number = next(self.ids)
        made = Run(
            id=number,
            url=f"https://github.com/{self.repository}/actions/runs/{number}",
            title=title,
            actor=actor,
            event=event,
            status=self.begins,
            created_at=self.now(),
            started_at=self.now(),
            updated_at=self.now(),
            workflow=workflow,
        )
        self.runs.append((workflow, made))
        return made

    def found(self, run_id: int) -> Run | None:
        """The run with this id; None: there is none."""
        place = self._place(run_id)
        return None if place is None else self.runs[place][1]

    def mark(self, run_id: int, status: str, conclusion: str | None = None) -> None:
        """Say of a run where it is."""
        place = self._place(run_id)
        if place is not None:
            workflow, run = self.runs[place]
            changed = replace(run, status=status, conclusion=conclusion, updated_at=self.now())
            self.runs[place] = (workflow, changed)
            self.waiting.pop(run_id, None)
            if status == "waiting":
                self.waiting[run_id] = workflow

    def jobs(self, run_id: int) -> int | None:
        """How many jobs a run had; None: there is no such run."""
        return None if self.found(run_id) is None else int(run_id not in self.without_jobs)

    def delete_run(self, run_id: int) -> None:
        """Delete a run."""
        place = self._place(run_id)
        if place is not None:
            del self.runs[place]

    def _place(self, run_id: int) -> int | None:
        place = bisect_left(self.runs, run_id, key=lambda each: each[1].id)
        there = place < len(self.runs) and self.runs[place][1].id == run_id
        return place if there else None

    def cancel(self, run_id: int) -> bool:
        """Cancel a run; false when it has ended already. Raises ``Rejected`` (404)."""
        run = self.found(run_id)
        if run is None:
            raise refusal(404, "Not Found")
        if run.status == "completed":
            return False
        self.mark(run_id, "completed", "cancelled")
        return True

    def start(self, request: Dispatch, actor: str) -> Run | None:
        """Take a dispatch; None: it is an event. Raises ``Rejected`` as GitHub refuses one."""
        target = request.target
        run = None
        if target.workflow is not None:
            if target.workflow not in self.workflows:
                raise refusal(404, "Not Found")
            if target.workflow in self.disabled:
                raise refusal(422, "a disabled workflow")
            run = self.run(
                target.workflow, "workflow_dispatch", title=self._title(request), actor=actor
            )
            if any(each.minutes for each in self.environments if each.name in self.waits(request)):
                self.mark(run.id, "waiting")
        self.sent.append(Sent(request, self.instant(), self.senders_instant(), run))
        return run

    def waits(self, request: Dispatch) -> list[str]:
        """The names that an environment would have in which its run waits."""
        return [each for each in map(request.inputs.get, ("alarm", "timer")) if each]

    def _title(self, request: Dispatch) -> str:
        workflow = request.target.workflow or ""
        name = " ".join(["alarm", *self.waits(request), request.inputs.get("queue", "")]).strip()
        if not self.waits(request):
            name = _run_name(self.workflows[workflow]) or workflow
        return INPUT.sub(lambda found: request.inputs.get(found[1], ""), name)
