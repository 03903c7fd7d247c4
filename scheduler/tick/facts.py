"""What a tick has asked GitHub already, so that it asks each question once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from scheduler.errors import NotPermitted, Rejected, Unavailable
from scheduler.job.workflow_file import Declared, declared
from scheduler.policy.trust import at_least
from scheduler.ports.clock import Clock
from scheduler.ports.queue import Queue
from scheduler.ports.values import Acts, Comment, Recent, Target, Ticket

#: How old an answer about somebody's rights may be when a job is claimed, in seconds: then it
#: is at most a minute old when the job is dispatched.
REMEMBERED = 50.0
#: So many issues are asked about in one GraphQL query.
BATCH = 50
#: What a server can't tell of jobs, by whether it tells no edits, and whether no events.
UNTOLD = {
    (True, False): (
        "trust: this server has no GraphQL, so who last changed a job's text can't be told; jobs "
        "were judged by their authors, and by who labelled, reopened and resumed them"
    ),
    (True, True): (
        "trust: this server has no GraphQL and tells no events of an issue, so who changed, "
        "labelled, reopened and resumed a job can't be told; jobs were judged by their authors"
    ),
    (False, True): (
        "trust: this server does not tell who labelled, reopened and resumed a job; jobs were "
        "judged by their authors, and by who last changed their texts"
    ),
}


class Facts:
    """Answers of one tick; those about rights and who did what are forgotten after a minute.

    ``login`` is the scheduler's own as the settings name it. ``branch`` is the default branch of
    the queue's repository as far as the process was told it; what GitHub says with a file goes
    first.
    """

    def __init__(
        self,
        queue: Queue,
        *,
        clock: Clock,
        login: str | None = None,
        settings_found: bool = True,
        branch: str | None = None,
    ) -> None:
        self._queue = queue
        self._proven = settings_found
        self._login = login
        self._asked_login = False
        self._clock = clock
        self._roles: dict[tuple[str, str | None], tuple[float, str]] = {}
        #: The roles that were not enough.
        self._lacking: dict[str, str] = {}
        #: When it was asked, of which issue as it was listed, and the answer.
        self._acts: dict[int, tuple[float, Ticket, Acts]] = {}
        self._ahead: list[Ticket] = []
        self._places: dict[int, int] = {}
        #: Whether the server has shown that it can't tell who changed a body, or did anything else.
        self.edits_unknown = False
        self.events_unknown = False
        self._files: dict[tuple[str, str, str | None], Declared | None] = {}
        self._branches: dict[str, str] = {queue.repository: branch} if branch else {}
        self._newest: dict[str, int | None] = {}
        self._created: tuple[datetime, Sequence[Ticket]] | None = None
        self._recent: tuple[datetime, Recent | None] | None = None
        #: The recent comments as they were before something was written.
        self._earlier: tuple[datetime, Recent] | None = None
        self._older: tuple[Recent | None] | None = None
        #: The runs that this process started or found, and of which occurrence each is, recorded
        #: or not: it proves nothing of any other, and all of its own.
        self.started: dict[int, str] = {}

    def login(self) -> str | None:
        """The scheduler's own login; None until a first write shows it.

        From the settings, else GraphQL's ``viewer``: a ``GITHUB_TOKEN`` may not call
        ``GET /user``.
        """
        if self._login is None and not self._asked_login:
            self._asked_login = True
            self._login = self._queue.viewer()
        return self._login

    @property
    def known_login(self) -> str | None:
        """The scheduler's own login, as far as it is known without asking."""
        return self._login

    def renew(self) -> None:
        """Ask anew about targets, runs and comments: the settings were read anew."""
        self._files.clear()
        self._newest.clear()
        self._recent = self._earlier = self._created = self._older = None

    def learn_login(self, login: str) -> None:
        """Take the author of the scheduler's own write for its login."""
        self._login = login

    def role(self, login: str, repo: str | None = None) -> str:
        """The role of a user in ``repo``, or the queue's own, at most a minute old."""
        now = self._clock.monotonic()
        known = self._roles.get((login, repo))
        if known is None or now - known[0] > REMEMBERED:
            known = self._roles[login, repo] = (now, self._queue.role(login, repo))
        return known[1]

    def lasting_role(self, login: str, *, enough: str) -> str:
        """The role of a user in the queue's repository; one below ``enough`` is asked for once.

        It is asked of whoever writes a comment, and nobody's words are to cost a tick more than
        one question: a role that is not enough is remembered for as long as the tick lasts.
        """
        known = self._lacking.get(login)
        if known is not None and not at_least(known, enough):
            return known
        role = self.role(login)
        if not at_least(role, enough):
            self._lacking[login] = role
        return role

    def may_write(self, login: str) -> bool:
        """Whether a user may write to the queue's repository; a no lasts for the whole tick."""
        return at_least(self.lasting_role(login, enough="write"), "write")

    def expect(self, tickets: Sequence[Ticket]) -> None:
        """Say which issues will be asked about, so that they can be asked at once."""
        self._ahead = list(tickets)
        self._places = {ticket.number: place for place, ticket in enumerate(tickets)}

    def acts(self, ticket: Ticket) -> Acts:
        """What was done to an issue, as far as the server can tell.

        What was told of another state of the issue than it has now is not remembered.

        Raises:
            Unavailable: the server can tell, and has not.
        """
        now, number = self._clock.monotonic(), ticket.number
        known = self._acts.get(number)
        if known is None or now - known[0] > REMEMBERED or _touched(known[1], ticket):
            if not self.edits_unknown:
                self._ask_ahead(ticket, now)
            known = (now, ticket, Acts()) if self.edits_unknown else self._acts[number]
            known = self._acts[number] = (*known[:2], self._all_events(number, known[2]))
        return known[2]

    def forget_acts(self, number: int) -> None:
        """Ask anew what was done to an issue that was closed or unlabelled meanwhile."""
        self._acts.pop(number, None)

    @property
    def untold(self) -> str | None:
        """What the server could not tell of those who let jobs run; None: it told all."""
        return UNTOLD.get((self.edits_unknown, self.events_unknown))

    def _ask_ahead(self, ticket: Ticket, now: float) -> None:
        """Ask who did what to an issue and to those that come after it.

        Raises:
            Unavailable: the server tells it of others, and not of this one.
        """
        place = self._places.get(ticket.number, len(self._ahead))
        batch = [ticket, *self._ahead[place + 1 : place + BATCH]]
        found = self._queue.acts([each.number for each in batch])
        if found is None:
            self.edits_unknown = True
            return
        told = ((each, found.get(each.number)) for each in batch)
        self._acts |= {each.number: (now, each, acts) for each, acts in told if acts}
        if ticket.number not in found:
            raise Unavailable(f"who did what to #{ticket.number} can't be told now; the next tick")

    def _all_events(self, number: int, acts: Acts) -> Acts:
        """``acts`` with all events of the issue, which are asked for where some are missing."""
        if self.events_unknown or (acts.events is not None and acts.whole):
            return acts
        events = self._queue.events(number)
        if events is None:
            self.events_unknown = acts.events is None
            return acts
        return replace(acts, events=tuple(events), whole=True)

    def created_since(self, since: datetime, *, beside: Ticket) -> Sequence[Ticket]:
        """The jobs created since, from the longest list that was asked for.

        It is no older than the text of ``beside``, one of them.
        """
        text = (beside.number, beside.body)
        known = self._created
        if known is None or known[0] > since or all((t.number, t.body) != text for t in known[1]):
            known = self._created = (since, self._queue.created_since(since))
        return known[1]

    def declared(self, target: Target) -> Declared | None:
        """What ``target`` declares; None: there is no such file.

        An event has no file: its declaration is empty.

        Raises:
            Rejected, NotPermitted: the target's repository can't be seen.
            RateLimited, Unavailable: GitHub did not say.
        """
        if target.workflow is None:
            return Declared()
        asked = (target.repo, target.workflow, target.ref or None)
        if asked not in self._files:
            file = self._queue.workflow_file(*asked)
            self._files[asked] = declared(file.text) if file else None
            if file and file.ref and not target.ref:
                self._branches[target.repo] = file.ref
        found = self._files[asked]
        self._proven |= found is not None and target.repo == self._queue.repository
        return found

    def target(self, target: Target) -> tuple[Target, Declared | None]:
        """``target`` with the branch that is meant where it names none, and what it declares.

        Raises:
            Rejected, NotPermitted, RateLimited, Unavailable: as ``declared``.
        """
        found = self.declared(target)
        if target.workflow and not target.ref:
            target = replace(target, ref=self.branch(target.repo))
        return target, found

    def prove_settings(self) -> None:
        """Make sure that settings which were not found are really not there.

        To a token that may not read contents GitHub can answer 404 as well. Any file that
        it did read from the same repository is the proof; else one is asked for.

        Raises:
            SettingsUnreadable: the token may not read the repository's contents.
        """
        if not self._proven:
            self._queue.prove_contents()
            self._proven = True

    def known_branch(self, repo: str) -> str | None:
        """The name of a repository's default branch, as far as it is known without asking."""
        return self._branches.get(repo)

    def branch(self, repo: str) -> str:
        """The name of a repository's default branch."""
        if repo not in self._branches:
            try:
                self._branches[repo] = self._queue.default_branch(repo)
            except Rejected as refused:
                if refused.status != 404 or repo != self._queue.repository or not self._proven:
                    raise
                self._branches[repo] = "main"  # a file of it was read, so it is there
        return self._branches[repo]

    def newest_run(self, repo: str) -> int | None:
        """The highest run id known of a repository; ids are GitHub's own and only grow."""
        if repo not in self._newest:
            try:
                self._newest[repo] = self._queue.newest_run(repo)
            except (Rejected, NotPermitted):
                self._newest[repo] = None
        return self._newest[repo]

    def saw_run(self, repo: str, run_id: int, key: str) -> None:
        """Remember a run of a job, which is then no other's."""
        self.started[run_id] = key
        self._newest[repo] = max(run_id, self._newest.get(repo) or 0)

    def newest_comments(self, since: datetime) -> Recent | None:
        """The repository's comments changed since, or the newest of them; None: it can't tell."""
        if self._recent is None or self._recent[0] > since:
            try:
                self._recent = (since, self._queue.recent_comments(since))
            except (Rejected, NotPermitted, Unavailable):
                return None
        return self._recent[1]

    def recent_comments(
        self, since: datetime, *, earlier: bool = False
    ) -> Sequence[Comment] | None:
        """All the repository's comments changed since; None where that can't be told.

        ``earlier``: what this tick has done meanwhile need not be among them.
        """
        if earlier and self._recent is None and self._earlier and self._earlier[0] <= since:
            newest: Recent | None = self._earlier[1]
        else:
            newest = self.newest_comments(since)
        return newest.items if newest is not None and newest.since <= since else None

    def known_comments(self, since: datetime) -> Recent | None:
        """The repository's comments changed since, or the newest of them, if they were asked for.

        What this tick has done meanwhile need not be among them.
        """
        asked = (self._recent, self._earlier)
        return next((known[1] for known in asked if known and known[1] and known[0] <= since), None)

    def older_comments(self, since: datetime) -> Recent | None:
        """The repository's comments changed since, asked for once; None: unknown, or too many."""
        if self._older is None:
            try:
                self._older = (self._queue.recent_comments(since),)
            except (Rejected, NotPermitted, Unavailable):
                self._older = (None,)
        older = self._older[0]
        return older if older is not None and older.since <= since else None

    def forget_comments(self) -> None:
        """Ask for the recent comments again when they are next needed, if they can be told."""
        if self._older and self._older[0] is not None:
            self._older = None
        if self._recent and self._recent[1] is not None:
            self._earlier = (self._recent[0], self._recent[1])
            self._recent = None


def _touched(before: Ticket, now: Ticket) -> bool:
    """Whether somebody did more to an issue than to write a comment, as far as it shows that."""
    shown, shows = (
        (each.body, each.open, each.state_reason, each.locked, frozenset(each.labels))
        for each in (before, now)
    )
    later = before.updated_at != now.updated_at and before.comments == now.comments
    return shown != shows or later
