"""Who may have what run: an author's role, named bots, allow-lists. No label is a proof.

Every answer is None (it may) or the reason, one line that ends with the way out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from scheduler.job.model import Job
from scheduler.journal.record import RECORD
from scheduler.ports import Comment, Target, Ticket, User
from scheduler.settings.model import Settings

#: Roles from least to most, as ``role_name`` of GitHub's permission endpoint gives them.
#: https://docs.github.com/en/rest/collaborators/collaborators#get-repository-permissions-for-a-user
ROLES = ("none", "read", "triage", "write", "maintain", "admin")

#: What GitHub's lists call the author of an issue who is nobody of its repository's.
#: https://docs.github.com/en/graphql/reference/enums#commentauthorassociation
STRANGE = ("NONE", "FIRST_TIMER", "FIRST_TIME_CONTRIBUTOR", "CONTRIBUTOR", "MANNEQUIN")

#: The types of event that start the scheduler's own workflow, as users copy it.
OWN_EVENTS = ("schedule", "schedule-tick")


#: The ``parent`` of a job that an event had opened: the run, and whose event it was.
SENT = re.compile(r"run:\S{1,40} by (?P<login>[A-Za-z0-9][A-Za-z0-9_-]{0,99}(?:\[bot\])?)")


def sent(run: str, login: str) -> str:
    """The ``parent`` of a job that ``run`` opens for whoever sent the event that began it."""
    return f"run:{run} by {login}"


def sender_of(job: Job) -> User | None:
    """For whom a job was opened, if an event had it opened.

    Anybody may write that into a job: it only ever takes rights away.
    """
    match = SENT.fullmatch(job.parent or "")
    return User(login=match["login"], bot=match["login"].endswith("[bot]")) if match else None


def at_least(role: str, least: str) -> bool:
    """Whether ``role`` is ``least`` or above; a role that is not known counts as none."""
    rank = ROLES.index(role) if role in ROLES else 0
    return rank >= ROLES.index(least)


def named_bot(author: User, settings: Settings) -> bool:
    """Whether the settings name this author among the bots that may schedule."""
    return author.login.lower() in {bot.lower() for bot in settings.trust.bots}


def machine(user: User, settings: Settings) -> bool:
    """Whether an account is an app's, or the settings name it as a bot: it has no role."""
    return user.bot or named_bot(user, settings)


def insider(user: User, writes: Callable[[str], bool]) -> bool:
    """Whether an account may write to the repository, as every app that comments may.

    ``writes`` tells it of a person's login, and is asked about no app.
    """
    return user.bot or writes(user.login)


def recorder(comments: Iterable[Comment], writes: Callable[[str], bool]) -> str | None:
    """The first login of an insider that wrote a record: presumed to be the scheduler's own.

    For what is shown, and for what is only looked at before the own login is known; a tick acts
    on its own login's records alone.
    """
    authors = (each.author for each in comments if RECORD.match(each.body))
    return next((author.login for author in authors if insider(author, writes)), None)


def looks_strange(ticket: Ticket, settings: Settings) -> bool:
    """Whether an issue's author seems to be nobody whose jobs run; asks for nothing.

    Good for the order in which texts are read, and for nothing else: a private member of an
    organisation is shown as a stranger, and a member need not be allowed to write.
    """
    if machine(ticket.author, settings):
        return not named_bot(ticket.author, settings)
    return ticket.association in STRANGE


def author_refusal(author: User, role: str | None, settings: Settings) -> str | None:
    """Why ``author`` may not have jobs run; ``role`` is None of a bot, which has none."""
    if named_bot(author, settings):
        return None
    if author.bot:
        return (
            f"author: {author.login!r} is a bot that the settings do not name; add it to "
            "trust.bots in .github/scheduler.yml"
        )
    if at_least(role or "none", settings.trust.role):
        return None
    return (
        f"author: {author.login!r} has the role {role or 'none'!r} in this repository; "
        f"jobs are run for {settings.trust.role!r} and above"
    )


def target_refusal(author: User, target: Target, *, queue: str, settings: Settings) -> str | None:
    """Why ``author`` may not have ``target`` started from the repository ``queue``."""
    allow = settings.allow
    elsewhere = target.repo.lower() != queue.lower()
    # A machine's account is a user to GitHub, and no more to be trusted for that.
    author = replace(author, bot=author.bot or named_bot(author, settings))
    if elsewhere and not allow.permits_repository(target.repo):
        return (
            f"repo: {target.repo!r} is not in allow.repositories; add it to "
            f".github/scheduler.yml of {queue}"
        )
    if target.event is not None:
        # GitHub's expressions compare without regard to case.
        own = not elsewhere and target.event.lower() in OWN_EVENTS
        if own and target.event not in (allow.events or ()):
            return (
                f"event: {target.event!r} starts the scheduler itself; name it in allow.events of "
                ".github/scheduler.yml if that is meant"
            )
        return _listed("event", target.event, allow.events, allow.permits_event, author)
    name = target.workflow or ""
    own = not elsewhere and name == settings.scheduler.workflow
    if own and name not in (allow.workflows or ()):
        return (
            f"workflow: {name!r} is the scheduler itself; name it in allow.workflows of "
            ".github/scheduler.yml if that is meant"
        )
    return _listed("workflow", name, allow.workflows, allow.permits_workflow, author)


def ref_refusal(author: User, target: Target, settings: Settings) -> str | None:
    """Why ``author`` may not name the branch or tag of ``target``, if it is not the default one."""
    allow, ref = settings.allow, target.ref
    if not ref or target.event is not None or (allow.refs is not None and allow.permits_ref(ref)):
        return None
    if allow.refs is not None:
        return f"ref: {ref!r} is not in allow.refs; add it to .github/scheduler.yml"
    if not (author.bot or named_bot(author, settings)):
        return None
    return (
        f"ref: {ref!r} is named by the bot {author.login!r}, and bots may name only the default "
        "branch and what allow.refs names; add it to .github/scheduler.yml"
    )


def is_branch(ref: str, branch: str) -> bool:
    """Whether ``ref`` names ``branch``, in its short form or whole."""
    return ref in (branch, f"refs/heads/{branch}")


@dataclass(frozen=True, kw_only=True)
class Rights:
    """Who may schedule in the repository ``queue``, by its settings and what GitHub says.

    Whatever an account's part in a job is (author, editor, sender of an event, or who labelled,
    reopened or commanded it), this is what is asked of it.
    """

    queue: str
    settings: Settings
    #: The role of a person in the repository, by login; asked about no bot.
    role: Callable[[str], str]
    #: The default branch of a repository; asked only where it decides.
    branch: Callable[[str], str]

    def target(self, job: Job) -> Target:
        """Where ``job`` goes once the settings' defaults fill in what it does not say."""
        return target_of(job, queue=self.queue, settings=self.settings)

    def person_refusal(self, user: User) -> str | None:
        """Why an account may not have any jobs run, nor say what becomes of them."""
        role = None if machine(user, self.settings) else self.role(user.login)
        return author_refusal(user, role, self.settings)

    def target_refusal(self, user: User, target: Target) -> str | None:
        """Why an account may not have a job run there, whatever branch or tag it names."""
        return target_refusal(user, target, queue=self.queue, settings=self.settings)

    def ref_refusal(self, user: User, target: Target) -> str | None:
        """Why an account may not name the branch or tag of ``target``."""
        reason = ref_refusal(user, target, self.settings)
        return None if reason and is_branch(target.ref, self.branch(target.repo)) else reason

    def place_refusal(self, user: User, target: Target) -> str | None:
        """Why an account that may have jobs run may have none run there, at that branch."""
        return self.target_refusal(user, target) or self.ref_refusal(user, target)

    def refusal(self, user: User, target: Target) -> str | None:
        """Why an account may not have a job run there."""
        return self.person_refusal(user) or self.place_refusal(user, target)

    def command_refusal(self, user: User, target: Target) -> str | None:
        """Why what an account says of a job in a comment is no command.

        Who may schedule may say what becomes of jobs: a person of all of them, a bot of those
        that it may have started.
        """
        reason = self.person_refusal(user)
        if reason is not None or not machine(user, self.settings):
            return reason
        return self.place_refusal(user, target)


def _listed(field: str, name: str, listed: object, permits: object, author: User) -> str | None:
    if listed is None:
        if not author.bot:
            return None
        return (
            f"{field}: {name!r} is asked for by the bot {author.login!r}, and bots may start only "
            f"what allow.{field}s names; add it to .github/scheduler.yml"
        )
    if callable(permits) and permits(name):
        return None
    return f"{field}: {name!r} is not in allow.{field}s; add it to .github/scheduler.yml"


def target_of(job: Job, *, queue: str, settings: Settings, ref: str = "") -> Target:
    """Where ``job`` goes once the settings' defaults fill in what it does not say."""
    workflow = job.workflow or (None if job.event else settings.defaults.workflow)
    return Target(repo=job.repo or queue, ref=job.ref or ref, workflow=workflow, event=job.event)
