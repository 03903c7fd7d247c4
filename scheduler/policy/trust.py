"""Who may schedule what: an author's role, bots by name, lists of what is allowed.

A label proves nothing. Every answer is None (allowed) or the reason, one line that ends with
the fix.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from scheduler.job.model import Job
from scheduler.journal.record import RECORD
from scheduler.policy.news import place_of
from scheduler.ports.values import Comment, Target, Ticket, User
from scheduler.settings.model import Settings
from scheduler.text import choices

#: Roles from least to most, as ``role_name`` of GitHub's permission endpoint gives them.
#: https://docs.github.com/en/rest/collaborators/collaborators#get-repository-permissions-for-a-user
ROLES = ("none", "read", "triage", "write", "maintain", "admin")

#: GitHub's words for an author who has no part in the repository.
#: https://docs.github.com/en/graphql/reference/enums#commentauthorassociation
STRANGE = ("NONE", "FIRST_TIMER", "FIRST_TIME_CONTRIBUTOR", "CONTRIBUTOR", "MANNEQUIN")

#: The types of event that start the scheduler's own workflow, as users copy it.
OWN_EVENTS = ("schedule", "schedule-tick")


#: The ``parent`` of a job that a run opened for an event: the run, and who sent the event.
SENT = re.compile(r"run:\S{1,40} by (?P<login>[A-Za-z0-9][A-Za-z0-9_-]{0,99}(?:\[bot\])?)")


def sent(run: str, login: str) -> str:
    """The ``parent`` of a job that ``run`` opens for the sender ``login`` of its event."""
    return f"run:{run} by {login}"


def sender_of(job: Job) -> User | None:
    """The sender of the event for which a job was opened; None: it was opened for none.

    Anybody may write that into a job: it only takes rights away.
    """
    match = SENT.fullmatch(job.parent or "")
    return User(login=match["login"], bot=match["login"].endswith("[bot]")) if match else None


def at_least(role: str, least: str) -> bool:
    """Whether ``role`` is ``least`` or above; an unknown role counts as none."""
    rank = ROLES.index(role) if role in ROLES else 0
    return rank >= ROLES.index(least)


def may_be_another_s(name: str, settings: Settings) -> bool:
    """Whether a command in a comment that was changed may be somebody's who may not give it.

    Whoever may write to a repository can change another's comment. Most commands they may give
    themselves; an approval of their own job they may not, nor any where more is asked for.
    """
    return name == "approve" or not at_least("write", settings.trust.role)


def named_bot(author: User, settings: Settings) -> bool:
    """Whether ``trust.bots`` of the settings names this account."""
    return author.login.lower() in {bot.lower() for bot in settings.trust.bots}


def machine(user: User, settings: Settings) -> bool:
    """Whether an account is an app's or named in ``trust.bots``: then it has no role."""
    return user.bot or named_bot(user, settings)


def insider(user: User, writes: Callable[[str], bool]) -> bool:
    """Whether an account may write to the repository; every app that comments may.

    ``writes`` answers for a person's login; it is asked about no app.
    """
    return user.bot or writes(user.login)


def recorder(comments: Iterable[Comment], writes: Callable[[str], bool]) -> str | None:
    """The login of the first insider that wrote a record: presumably the scheduler's own.

    For display, and for a first look before the own login is known. A tick acts only on records
    of its own login.
    """
    authors = (each.author for each in comments if RECORD.match(each.body))
    return next((author.login for author in authors if insider(author, writes)), None)


#: The account of every workflow's own token.
ACTIONS = "github-actions[bot]"


def scheduler_shown(comments: Iterable[Comment], writes: Callable[[str], bool]) -> str | None:
    """Whose records are shown where the settings name no scheduler: an app's go first.

    A person who has ticked once by hand is not the scheduler; nothing but a tick is told by this.
    """
    authors = dict.fromkeys(each.author for each in comments if RECORD.match(each.body))
    apps = [each.login for each in authors if each.bot]
    if apps:
        return ACTIONS if ACTIONS in apps else apps[0]
    return next((each.login for each in authors if insider(each, writes)), None)


def looks_strange(ticket: Ticket, settings: Settings) -> bool:
    """Whether an issue's author is probably nobody who may schedule; asks GitHub nothing.

    Only for the order in which texts are read: a private member of an organisation is shown as a
    stranger, and a member may lack the right to write.
    """
    if machine(ticket.author, settings):
        return not named_bot(ticket.author, settings)
    return ticket.association in STRANGE


def author_refusal(author: User, role: str | None, settings: Settings) -> str | None:
    """Why ``author`` may not schedule; ``role`` is None of a bot, which has none."""
    if named_bot(author, settings):
        return None
    if author.bot:
        return (
            f"author: {author.login!r} is a bot that the settings do not name; ask a maintainer to "
            "add it to trust.bots in .github/scheduler.yml"
        )
    if at_least(role or "none", settings.trust.role):
        return None
    return (
        f"author: {author.login!r} has the role {role or 'none'!r} in this repository; "
        f"jobs are run for {settings.trust.role!r} and above: ask somebody of that role to open "
        "the job, or an admin to give the role"
    )


def target_refusal(
    author: User, target: Target, *, queue: str, settings: Settings, agent: bool = False
) -> str | None:
    """Why ``author`` may not start ``target`` from the repository ``queue``.

    ``agent``: it is told to one, which is not to widen a rule itself.
    """
    allow = settings.allow
    elsewhere = target.repo.lower() != queue.lower()
    # A bot that the settings name may be a user to GitHub; it is a bot all the same.
    author = replace(author, bot=author.bot or named_bot(author, settings))
    asks, listed = agent or author.bot, allow.repositories
    if elsewhere and not allow.permits_repository(target.repo):
        return (
            f"repo: {target.repo!r} is not in allow.repositories; {_allowed(target.repo, listed)}"
            f"{_asked(asks, f'add it to .github/scheduler.yml of {queue}')}"
        )
    if target.event is not None:
        # GitHub's expressions compare without regard to case.
        own = not elsewhere and target.event.lower() in OWN_EVENTS
        if own and target.event not in (allow.events or ()):
            return f"event: {target.event!r} starts the scheduler itself; " + _asked(
                asks, "name it in allow.events of .github/scheduler.yml if that is meant"
            )
        return _listed(
            "event", target.event, allow.events, allow.permits_event, author=author, asks=asks
        )
    name = target.workflow or ""
    own = not elsewhere and name == settings.scheduler.workflow
    if own and name not in (allow.workflows or ()):
        return f"workflow: {name!r} is the scheduler itself; " + _asked(
            asks, "name it in allow.workflows of .github/scheduler.yml if that is meant"
        )
    return _listed(
        "workflow", name, allow.workflows, allow.permits_workflow, author=author, asks=asks
    )


def reply_refusal(repo: str, *, queue: str, settings: Settings, agent: bool = False) -> str | None:
    """Why nobody's job has its outcome told in ``repo``, from the repository ``queue``.

    Whoever may have a job run may have it told in the queue's own repository, and in those that
    the settings name: an issue's number says nothing of who asks.
    """
    listed = settings.allow.repositories
    if repo.lower() == queue.lower() or settings.allow.permits_repository(repo):
        return None
    return (
        f"reply-to: {repo!r} is not in allow.repositories; {_allowed(repo, listed)}"
        f"{_asked(agent, f'add it to .github/scheduler.yml of {queue}')}"
    )


def ref_refusal(
    author: User, target: Target, settings: Settings, *, agent: bool = False
) -> str | None:
    """Why ``author`` may not name the branch or tag of ``target``, if it is not the default one."""
    allow, ref = settings.allow, target.ref
    if not ref or target.event is not None or (allow.refs is not None and allow.permits_ref(ref)):
        return None
    bot = author.bot or named_bot(author, settings)
    add = _asked(agent or bot, "add it to .github/scheduler.yml")
    if allow.refs is not None:
        return f"ref: {ref!r} is not in allow.refs; {_allowed(ref, allow.refs)}{add}"
    if not bot:
        return None
    return (
        f"ref: {ref!r} is named by the bot {author.login!r}, and bots may name only the default "
        f"branch and what allow.refs names; {add}"
    )


def is_branch(ref: str, branch: str) -> bool:
    """Whether ``ref`` names ``branch``, short or as ``refs/heads/…``."""
    return ref in (branch, f"refs/heads/{branch}")


@dataclass(frozen=True, kw_only=True)
class Rights:
    """Who may schedule, by the settings and by what GitHub says.

    The same is asked of every account with a part in a job: its author, its last editor, the sender
    of its event, and whoever labelled, reopened or commanded it.
    """

    #: The queue's own ``owner/name``.
    queue: str
    #: The queue's settings.
    settings: Settings
    #: A person's role in the queue's repository, by login; asked about no bot.
    role: Callable[[str], str]
    #: A repository's default branch; asked only where it decides.
    branch: Callable[[str], str]
    #: Whether the reasons are told to an agent, which asks people to widen a rule.
    agent: bool = False

    def target(self, job: Job) -> Target:
        """Where ``job`` goes, with the settings' defaults."""
        return target_of(job, queue=self.queue, settings=self.settings)

    def person_refusal(self, user: User) -> str | None:
        """Why an account may neither schedule nor steer jobs."""
        role = None if machine(user, self.settings) else self.role(user.login)
        return author_refusal(user, role, self.settings)

    def target_refusal(self, user: User, target: Target) -> str | None:
        """Why an account may not start ``target``, whatever its branch or tag."""
        return target_refusal(
            user, target, queue=self.queue, settings=self.settings, agent=self.agent
        )

    def reply_refusal(self, job: Job) -> str | None:
        """Why ``job`` may not have its outcome told where it names; asked about no account."""
        place = place_of(job, queue=self.queue)
        if place is None:
            return None
        return reply_refusal(place.repo, queue=self.queue, settings=self.settings, agent=self.agent)

    def ref_refusal(self, user: User, target: Target) -> str | None:
        """Why an account may not name the branch or tag of ``target``."""
        reason = ref_refusal(user, target, self.settings, agent=self.agent)
        return None if reason and is_branch(target.ref, self.branch(target.repo)) else reason

    def place_refusal(self, user: User, target: Target) -> str | None:
        """Why an account that may schedule may not start ``target`` at its branch or tag."""
        return self.target_refusal(user, target) or self.ref_refusal(user, target)

    def refusal(self, user: User, target: Target) -> str | None:
        """Why an account may not schedule ``target``."""
        return self.person_refusal(user) or self.place_refusal(user, target)

    def command_refusal(self, user: User, target: Target) -> str | None:
        """Why an account's command on a job of ``target`` counts for nothing.

        People who may schedule steer all jobs; bots those of targets that they may start.
        """
        reason = self.person_refusal(user)
        if reason is not None or not machine(user, self.settings):
            return reason
        return self.place_refusal(user, target)


def _listed(
    field: str,
    name: str,
    listed: tuple[str, ...] | None,
    permits: Callable[[str], bool],
    *,
    author: User,
    asks: bool,
) -> str | None:
    add = _asked(asks, "add it to .github/scheduler.yml")
    if listed is None:
        if not author.bot:
            return None
        return (
            f"{field}: {name!r} is asked for by the bot {author.login!r}, and bots may start only "
            f"what allow.{field}s names; {add}"
        )
    if permits(name):
        return None
    return f"{field}: {name!r} is not in allow.{field}s; {_allowed(name, listed)}{add}"


def _asked(agent: bool, fix: str) -> str:  # noqa: FBT001 - said in one word
    """A fix that widens a rule: an agent is to ask for it."""
    return f"ask a maintainer to {fix}" if agent else fix


def _allowed(name: str, listed: Sequence[str]) -> str:
    """What is allowed in the place of ``name``, the nearest first, if anything is."""
    return f"{choices(name, listed, 'allowed:')}; " if listed else ""


def target_of(job: Job, *, queue: str, settings: Settings, ref: str = "") -> Target:
    """Where ``job`` goes, with the settings' defaults; ``ref`` is for a job that names none."""
    workflow = job.workflow or (None if job.event else settings.defaults.workflow)
    return Target(repo=job.repo or queue, ref=job.ref or ref, workflow=workflow, event=job.event)
