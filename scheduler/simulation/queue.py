"""A process's connection to the hub: the port of a tick and of a holder, in memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import TypeVar

from scheduler.ports.values import (
    Accepted,
    Acts,
    Check,
    Comment,
    Comments,
    Dispatch,
    Environment,
    Event,
    PullRequest,
    Recent,
    Review,
    Run,
    Target,
    Ticket,
    WorkflowFile,
)
from scheduler.simulation import threads
from scheduler.simulation.hub import BOT, Hub, refusal

T = TypeVar("T")
#: How many items are on a page.
PAGE = 100


class HubQueue:
    """A `scheduler.ports.hold.HeldQueue` over a hub, as one account.

    Every request goes through `ask`, in which a simulation lets time pass and a test puts
    what goes wrong.
    """

    def __init__(self, hub: Hub, *, login: str = BOT) -> None:
        self.hub = hub
        self.login = login
        self.requests = 0
        self._version = -1

    @property
    def repository(self) -> str:
        """The hub's only one."""
        return self.hub.repository

    def ask(self, name: str, act: Callable[[], T], *, content: bool = False) -> T:
        """What ``act``, which carries out the request ``name``, is answered.

        ``content``: it creates a comment, of which GitHub takes only so many.
        """
        self.requests += 1
        return act()

    def listed(self, name: str, find: Callable[[], list[T]]) -> list[T]:
        """The same of a list, which may have several pages."""
        return self.ask(name, find)

    def visible(self, comment: Comment) -> bool:
        """Whether a read by this process shows a comment."""
        return True

    def prove_contents(self) -> None:
        """The token may read them."""
        self.ask("prove_contents", lambda: None)

    # Issues.

    def open_tickets(self) -> list[Ticket]:
        """The queue, oldest first."""
        return self.listed("open_tickets", self.hub.open_issues)

    def poll_open(self) -> Sequence[Ticket] | None:
        """The queue anew; None where no issue has changed."""
        before, self._version = self._version, self.hub.version
        found = self.listed("poll_open", self.hub.open_issues)
        return None if before == self._version else found

    def closed_tickets(self, since: datetime, *, changed: bool = False) -> list[Ticket]:
        """Those that were closed since, newest first; or that changed since."""
        act = partial(self.hub.closed_since, since, changed=changed)
        return self.listed("closed_tickets", act)

    def created_since(self, since: datetime) -> list[Ticket]:
        """Those that were created since, newest first."""
        return self.listed("created_since", lambda: self.hub.created_since(since))

    def ticket(self, number: int) -> Ticket | None:
        """One issue; None when it is gone."""
        hub = self.hub
        return self.ask("ticket", lambda: hub.shown(number) if hub.has(number) else None)

    def set_state(self, number: int, *, reason: str | None, title: str | None = None) -> Ticket:
        """Close an issue, open it, or change its title."""

        def write() -> Ticket:
            if title is not None:
                self.hub.change(number, title=title)
            if reason == "reopened":
                self.hub.reopen(number, by=self.login)
            elif reason is not None:
                self.hub.close(number, by=self.login, reason=reason)
            return self.hub.ticket(number)

        return self.ask("set_state", write)

    # Comments.

    def room(self, writes: int = 1) -> float:
        """This hub takes any number of comments."""
        return 0.0

    def comments(self, number: int, *, since: datetime | None = None, skip: int = 0) -> Comments:
        """The comments of an issue, oldest first."""

        def find() -> Comments:
            hub = self.hub
            shown = [
                each for each in hub.on(number)
                if self.visible(each) and (since is None or hub.updated[each.id] >= since)
            ]  # fmt: skip
            return Comments(items=tuple(shown[skip - skip % PAGE :]), as_of=hub.now())

        return self.ask("comments", find)

    def comment(self, comment_id: int) -> Comment | None:
        """One comment; None when it is gone."""

        def find() -> Comment | None:
            found = self.hub.comments.get(comment_id)
            return found if found is not None and self.visible(found) else None

        return self.ask("comment", find)

    def recent_comments(self, since: datetime) -> Recent | None:
        """The comments of the repository that changed since, newest first."""
        items = self.listed(
            "recent_comments",
            lambda: [each for each in self.hub.recent_comments(since) if self.visible(each)],
        )
        return Recent(items=tuple(items), since=since, as_of=self.hub.now())

    def add_comment(self, number: int, body: str) -> Comment:
        """Write a comment."""
        return self.ask(
            "add_comment", lambda: self.hub.comment(number, body, by=self.login), content=True
        )

    def edit_comment(self, comment_id: int, body: str) -> None:
        """Replace its text."""
        self.ask("edit_comment", lambda: self.hub.edit_comment(comment_id, body))

    def delete_comment(self, comment_id: int) -> None:
        """Delete it."""
        self.ask("delete_comment", lambda: self.hub.delete_comment(comment_id))

    def react(self, comment_id: int, content: str) -> None:
        """Answer it in one sign."""
        self.ask("react", lambda: self.hub.react(comment_id, content, by=self.login))

    # Labels.

    def add_label(self, number: int, label: str) -> Sequence[str]:
        """Put one label on."""
        return self.ask("add_label", lambda: self.hub.put_on(number, label, by=self.login))

    def remove_label(self, number: int, label: str) -> None:
        """Take one label off."""
        self.ask("remove_label", lambda: self.hub.take_off(number, label, by=self.login))

    # People.

    def noted(self) -> str | None:
        """The description of the queue's label."""
        return self.hub.description

    def note(self, text: str) -> None:
        """Describe it anew."""
        self.ask("note", lambda: setattr(self.hub, "description", text))

    def environments(self, repo: str) -> list[Environment]:
        """The environments."""
        return self.ask("environments", lambda: list(self.hub.environments))

    def make_environment(self, repo: str, name: str, minutes: int) -> None:
        """Make one, or set it."""

        def make() -> None:
            others = [each for each in self.hub.environments if each.name != name]
            self.hub.environments = [*others, Environment(name=name, minutes=minutes)]

        self.ask("make_environment", make)

    def remove_environment(self, repo: str, name: str) -> bool:
        """Remove one; false when it was not there."""

        def remove() -> bool:
            left = [each for each in self.hub.environments if each.name != name]
            there, self.hub.environments = len(left) < len(self.hub.environments), left
            return there

        return self.ask("remove_environment", remove)

    def role(self, login: str, repo: str | None = None) -> str:
        """Somebody's role, which is the same in every repository."""
        return self.ask("role", lambda: self.hub.role(login))

    def acts(self, numbers: Sequence[int]) -> dict[int, Acts] | None:
        """What was done to the issues."""
        hub = self.hub
        return self.ask(
            "acts", lambda: {number: hub.acts(number) for number in numbers if hub.has(number)}
        )

    def events(self, number: int) -> list[Event] | None:
        """All that was done to one."""
        return self.ask("events", lambda: list(self.hub.acts(number).events or ()))

    def viewer(self) -> str | None:
        """Who this is."""
        return self.ask("viewer", lambda: self.login)

    # Workflows.

    def default_branch(self, repo: str) -> str:
        """The only branch."""
        return self.ask("default_branch", lambda: "main")

    def workflow_file(self, repo: str, workflow: str, ref: str | None) -> WorkflowFile | None:
        """The file, which is the same in every repository and at every ref."""

        def find() -> WorkflowFile | None:
            text = self.hub.workflows.get(workflow)
            return None if text is None else WorkflowFile(text=text, ref=ref or "main")

        return self.ask("workflow_file", find)

    def workflow_names(self, repo: str, ref: str | None) -> list[str]:
        """The names of the files."""
        return self.ask("workflow_names", lambda: sorted(self.hub.workflows))

    def newest_run(self, repo: str) -> int | None:
        """The highest run id."""
        runs = self.ask("newest_run", lambda: self.hub.shown_runs(filtered=False))
        return runs[-1][1].id if runs else None

    def runs(self, target: Target, since: datetime, *, filtered: bool = True) -> list[Run]:
        """The runs of a workflow that were created since, newest first."""

        def find() -> list[Run]:
            if target.workflow not in self.hub.workflows:
                raise refusal(404, "Not Found")
            found: list[Run] = []
            for name, run in reversed(self.hub.shown_runs(filtered=filtered)):
                if run.created_at is not None and run.created_at < since.replace(microsecond=0):
                    break
                if name == target.workflow and (run.event == "workflow_dispatch" or not filtered):
                    found.append(run)
            return found

        return self.listed("runs", find)

    def waiting_runs(self, target: Target) -> list[Run]:
        """The runs of the target's workflow that wait."""

        def find() -> list[Run]:
            shown = reversed(self.hub.shown_runs(filtered=True))
            return [
                run for name, run in shown if (name, run.status) == (target.workflow, "waiting")
            ]

        return self.listed("waiting_runs", find)

    def recent_runs(self, repo: str, since: datetime) -> list[Run]:
        """The runs of all workflows that a dispatch created since, newest first."""

        def find() -> list[Run]:
            self.hub.reachable(repo)
            found: list[Run] = []
            for _, run in reversed(self.hub.shown_runs(filtered=True)):
                if run.created_at is not None and run.created_at < since.replace(microsecond=0):
                    break
                if run.event == "workflow_dispatch":
                    found.append(run)
            return found

        return self.listed("recent_runs", find)

    def jobs_of_run(self, repo: str, run_id: int) -> int | None:
        """How many jobs it has; None: there is no such run."""
        return self.ask("jobs_of_run", lambda: self.hub.jobs(run_id))

    def run(self, repo: str, run_id: int) -> Run | None:
        """One run; None: there is none."""
        return self.ask("run", lambda: self.hub.found(run_id))

    def cancel_run(self, repo: str, run_id: int) -> bool:
        """Cancel a run; false when it has ended already."""
        return self.ask("cancel_run", lambda: self.hub.cancel(run_id))

    def dispatch(self, request: Dispatch) -> Accepted:
        """Start a run, or tell of an event."""

        def send() -> Accepted:
            run = self.hub.start(request, self.login)
            return Accepted() if run is None else Accepted(run_id=run.id, run_url=run.url)

        return self.ask("dispatch", send)

    # Questions.

    def issue(self, repo: str, number: int) -> Ticket:
        """An issue of any repository, of which all are this one."""

        def find() -> Ticket:
            self.hub.reachable(repo)
            if not self.hub.has(number):
                raise refusal(404, "Not Found")
            return self.hub.shown(number)

        return self.ask("issue", find)

    def pull_request(self, repo: str, number: int) -> PullRequest:
        """A pull request."""
        return self.ask("pull_request", lambda: self.hub.pull(repo, number).shown)

    def reviews(self, repo: str, number: int) -> list[Review]:
        """Its reviews."""
        return self.ask("reviews", lambda: list(self.hub.pull(repo, number).reviews))

    def check_runs(self, repo: str, ref: str) -> list[Check]:
        """The check runs of a commit."""
        return self.ask("check_runs", lambda: list(self.hub.check_runs.get(ref, ())))

    def statuses(self, repo: str, ref: str) -> list[Check]:
        """The statuses of a commit."""
        return self.ask("statuses", lambda: list(self.hub.statuses.get(ref, ())))

    # Replies.

    def replies(self, repo: str, number: int, since: datetime) -> list[Comment]:
        """The comments of an issue or a pull request that changed since, oldest first."""
        found = self.listed("replies", lambda: threads.listed(self.hub, repo, number, since))
        return [each for each in found if self.visible(each)]

    def reply(self, repo: str, number: int, body: str) -> Comment:
        """Write one there."""
        return self.ask(
            "reply",
            lambda: threads.written(self.hub, repo, number, body, by=self.login),
            content=True,
        )

    def take_back(self, repo: str, comment_id: int) -> None:
        """Delete it."""
        self.ask("take_back", lambda: threads.taken_back(self.hub, comment_id))
