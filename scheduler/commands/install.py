"""Makes the environments in which alarms wait, and removes them: ``schedule clock install alarm``.

Nothing is made before it is seen that all can be made; what is there already stays, so that it can
be repeated. With a lender the same is done there, and its workflow is written beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from scheduler.connection import Connection
from scheduler.errors import NotPermitted, Refused, Rejected, SchedulerError, UsageError
from scheduler.hold import alarm, memory
from scheduler.hold.arming import LENT, Arming, Place
from scheduler.job.workflow_file import declared
from scheduler.ports.commands import CommandQueue
from scheduler.ports.values import Environment
from scheduler.settings.model import Settings
from scheduler.text import REPOSITORY, shown

WORKFLOWS = ".github/workflows"
#: What is asked of a token that may not.
RIGHT = "use the token of an administrator with 'Administration: read and write'"
#: What an onlooker of a public repository that lends alarms learns.
ONLOOKER = (
    "who looks at {repo} sees which timer was started when, and the name {name!r} that the queue "
    "has there; no job, no time of a job, no message"
)


@dataclass(frozen=True, kw_only=True)
class Installed:
    """What was made or removed."""

    #: Where: ``owner/name``.
    repository: str
    #: The names of the environments that were made, set right, left as they are, and removed.
    made: Sequence[str] = ()
    mended: Sequence[str] = ()
    there: Sequence[str] = ()
    removed: Sequence[str] = ()
    #: The lender's workflow: ``written``, ``there`` or ``printed``; None: it needs none.
    workflow: str | None = None
    #: The text of it that is to be written by hand.
    printed: str = ""
    #: What is left to be done by hand, a line each.
    needs: Sequence[str] = ()
    #: What else is to be known.
    notices: Sequence[str] = ()

    def as_json(self) -> dict[str, Any]:
        """The object that ``--json`` prints."""
        return {
            "repository": self.repository,
            "made": [*self.made],
            "mended": [*self.mended],
            "there": [*self.there],
            "removed": [*self.removed],
            "workflow": self.workflow,
            "text": self.printed or None,
            "needs": [*self.needs],
            "notices": [*self.notices],
        }

    def text(self) -> str:
        """The same for a person."""
        lines = []
        for verb in ("made", "mended", "there", "removed"):
            if names := getattr(self, verb):
                said = "already there" if verb == "there" else verb
                lines.append(f"{said} in {self.repository}: {', '.join(names)}")
        if not lines:
            lines.append(f"nothing to do in {self.repository}: there are no such environments")
        if self.workflow:
            words = {"written": "written", "there": "already there", "printed": "to be written"}
            lines.append(f"{WORKFLOWS}/{LENT} in {self.repository}: {words[self.workflow]}")
        lines += [f"left to do: {each}" for each in self.needs]
        lines += self.notices
        return "\n".join([*lines, *(["", self.printed.rstrip()] if self.printed else [])])


def install_alarm(connection: Connection, lender: str | None = None) -> Installed:
    """Make the environments of the alarms in the queue's repository, or in that of ``lender``.

    Raises:
        Refused: the plan has no wait timers there, an environment is another's, or there is no
            workflow that could wait in them.
        NotPermitted: the token may not make environments.
        UsageError: the lender is not an ``owner/name``.
    """
    queue, settings = connection.queue, connection.settings
    repo = _place(queue, settings, lender)
    lent = repo.lower() != queue.repository.lower()
    private = _private(queue, repo)
    if queue.actions_enabled(repo) is False:
        raise Refused(
            f"{repo}: Actions are switched off; switch them on under Settings, Actions, General"
        )
    if not lent:
        _require_workflow(queue, settings)
    names = [alarm.environment(timer) for timer in alarm.timers(settings.alarm.timers)]
    there = {each.name.lower(): each for each in queue.environments(repo)}
    _refuse_foreign(repo, [there[name] for name in names if name in there])
    done: dict[str, list[str]] = {"made": [], "mended": [], "there": []}
    for name in names:
        minutes = _minutes(name)
        found = there.get(name)
        if found is not None and found.minutes == minutes:
            done["there"].append(name)
            continue
        _make(queue, repo, name, minutes, private=private)
        done["mended" if found is not None else "made"].append(name)
    workflow, printed, notices = _lending(queue, repo) if lent else (None, "", [])
    if lent and not private:
        notices.append(ONLOOKER.format(repo=repo, name=settings.alarm.queue or "q7"))
    notices += _forget(queue, unless="alarm")
    if settings.profile not in ("auto", "alarm"):
        notices.append(
            f"the settings say 'profile: {settings.profile}', so no alarm is armed; write "
            "'profile: auto', or leave it out"
        )
    return Installed(
        repository=repo,
        **done,
        workflow=workflow,
        printed=printed,
        needs=_needs(queue, repo, settings) if lent else (),
        notices=notices,
    )


def uninstall_alarm(connection: Connection, lender: str | None = None) -> Installed:
    """Remove the environments, and cancel the alarms of this queue that wait in them.

    Raises:
        NotPermitted: the token may not remove environments.
        UsageError: the lender is not an ``owner/name``.
    """
    queue, settings = connection.queue, connection.settings
    repo = _place(queue, settings, lender)
    lent = repo.lower() != queue.repository.lower()
    _private(queue, repo)
    found = [each for each in queue.environments(repo) if alarm.timer_of(each.name.lower())]
    notices = [
        f"{each.name} has {_rules(each)}, so it is another's, and stays"
        for each in found
        if each.rules
    ]
    ours = [each.name for each in found if not each.rules]
    if ours:
        notices += _cancel(connection, repo, lent=lent)
    removed = []
    for name in ours:
        try:
            queue.remove_environment(repo, name)
        except Rejected as refused:
            raise _not_permitted(refused, repo, "remove") from refused
        removed.append(name)
    notices += _forget(queue, unless="")
    if lent:
        notices.append(f"{WORKFLOWS}/{LENT} in {repo} stays: delete it, and its secrets, by hand")
    return Installed(repository=repo, removed=removed, notices=notices)


def _place(queue: CommandQueue, settings: Settings, lender: str | None) -> str:
    """Where the environments are: what was asked for, what the settings say, or the queue's."""
    if lender is not None and not REPOSITORY.fullmatch(lender):
        raise UsageError(f"--in: {shown(lender)} is not a repository; write 'owner/name'")
    return lender or settings.alarm.repository or queue.repository


def _private(queue: CommandQueue, repo: str) -> bool:
    try:
        return queue.is_private(repo)
    except Rejected as refused:
        raise NotPermitted(
            f"repository: {repo!r} does not exist, or the token can't see it; {RIGHT}"
        ) from refused


def _require_workflow(queue: CommandQueue, settings: Settings) -> None:
    """Make sure that the scheduler's workflow is there, and has a job that waits."""
    name = settings.scheduler.workflow
    found = queue.workflow_file(queue.repository, name, None)
    if found is None:
        raise Refused(
            f"{name}: is not on the default branch of {queue.repository}; copy it from the README "
            "to .github/workflows/ first"
        )
    if "alarm" not in declared(found.text).inputs:
        raise Refused(
            f"{name}: is an old copy without the input 'alarm'; copy it anew from the README first"
        )


def _minutes(name: str) -> int:
    timer = alarm.timer_of(name)
    return timer // alarm.MINUTE if timer else 0


def _rules(found: Environment) -> str:
    return " and ".join(each.replace("_", " ") for each in found.rules)


def _refuse_foreign(repo: str, found: Sequence[Environment]) -> None:
    """Make sure that no environment has rules that somebody else has given it."""
    for each in found:
        if each.rules:
            raise Refused(
                f"{each.name}: this environment of {repo} has {_rules(each)}, by which no alarm "
                "would ring by itself; take that away under Settings, Environments, or rename it"
            )


def _make(queue: CommandQueue, repo: str, name: str, minutes: int, *, private: bool) -> None:
    try:
        queue.make_environment(repo, name, minutes)
    except Rejected as refused:
        if refused.status == 422 and "plan" in str(refused):
            kind = "private repository" if private else "repository"
            raise Refused(
                f"{repo}: this {kind}'s plan has no wait timers; have a public repository lend the "
                "alarms: 'schedule clock install alarm --in OWNER/NAME'"
            ) from refused
        raise _not_permitted(refused, repo, "make") from refused


def _not_permitted(refused: Rejected, repo: str, verb: str) -> SchedulerError:
    if refused.status in (403, 404):
        return NotPermitted(f"token: may not {verb} environments in {repo} ({refused}); {RIGHT}")
    return refused


def lending_workflow() -> str:
    """The text of the workflow that lends alarms."""
    return files("scheduler").joinpath("docs").joinpath(LENT).read_text(encoding="utf-8")


def _lending(queue: CommandQueue, repo: str) -> tuple[str, str, list[str]]:
    """Write the lender's workflow: what became of it, its text where it is to be written by hand.

    One that is there is never written over.
    """
    text = lending_workflow()
    if (found := queue.workflow_file(repo, LENT, None)) is not None:
        if found.text == text:
            return "there", "", []
        return "printed", text, [f"{LENT} in {repo} has another text than this one; compare them"]
    try:
        queue.add_file(repo, f"{WORKFLOWS}/{LENT}", text, message="Lend alarms")
    except Rejected as refused:
        found = queue.workflow_file(repo, LENT, None)
        if found is not None and found.text == text:
            return "written", "", []  # the answer to an earlier try was lost
        words = "it takes 'Contents: read and write' and 'Workflows: read and write'"
        return "printed", text, [f"{LENT} was not written ({refused}); {words}"]
    return "written", "", []


def _needs(own: CommandQueue, repo: str, settings: Settings) -> list[str]:
    """The tokens that lent alarms take, with their least rights."""
    queue, branch = own.repository, own.default_branch(own.repository)
    name, right, found = settings.alarm.queue or queue, "'Actions: read and write'", []
    if settings.scheduler.workflow != "scheduler.yml":
        found.append(f"in {LENT} of {repo}: WORKFLOW: {settings.scheduler.workflow}")
    place = queue if branch == "main" else f"{queue}@{branch}"  # `main` is what the lender presumes
    if (settings.alarm.repository or "").lower() != repo.lower():
        found.append(
            f"in .github/scheduler.yml of {queue}: alarm: {{repository: {repo}, queue: q7}}, where "
            "q7 is any name"
        )
        name = "q7"
    return [
        *found,
        f"in {queue}, the action's input 'alarm-token': a token for {repo} alone, with {right}",
        f"in {repo}, the secret ALARM_TOKEN: a token for {queue} alone, with {right}",
        "one app that is installed in both, and has that right in both, does for the two tokens",
        f"in {repo}, the secret QUEUES: the line {name}={place}, so that the name says nothing",
    ]


def _cancel(connection: Connection, repo: str, *, lent: bool) -> list[str]:
    """Cancel this queue's alarms that wait: they would wait on, and ring; what went wrong."""
    queue, settings = connection.queue, connection.settings
    place: Place = Arming(
        queue, connection.clock, settings, branch=queue.default_branch, lender=connection.lender
    ).place
    if lent and place.target.repo.lower() != repo.lower():
        return []
    runs = connection.lender or queue
    try:
        for each in place.waiting(runs.waiting_runs(place.target)):
            if each.run_id is not None:
                runs.cancel_run(place.target.repo, each.run_id)
    except SchedulerError as problem:
        return [f"alarms that wait were not cancelled, and ring once more ({problem})"]
    return []


def _forget(queue: CommandQueue, *, unless: str) -> list[str]:
    """Have the next tick look which clock there is, unless it knows this one already."""
    try:
        queue.newest_tickets(1)
        known = memory.read(queue.noted())
        if known is None or known.clock == unless:
            return []
        queue.note(memory.written(queue.noted(), None) or "")
    except SchedulerError as problem:
        return [f"ticks look tomorrow which clock there is ({problem})"]
    return []
