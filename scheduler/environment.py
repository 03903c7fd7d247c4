"""The environment of the process as one typed value, read once.

The variables are GitHub's own, and this program's ``SCHEDULE_…``.
https://docs.github.com/en/actions/reference/workflows-and-actions/variables
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from scheduler.errors import NotPermitted, UsageError
from scheduler.job import strict_json
from scheduler.job.model import OCCURRENCE_KEY
from scheduler.job.readers import WORKFLOW_NAME
from scheduler.settings.model import PROFILES
from scheduler.text import REPOSITORY

#: GitHub's names of the events on which a tick may ride.
RIDES = ("push", "workflow_run")
PUBLIC_API = "https://api.github.com"


@dataclass(frozen=True, kw_only=True)
class Environment:
    """The environment of the process."""

    #: The REST API, without a slash at the end.
    api_url: str = PUBLIC_API
    #: The web server, without a slash at the end.
    server_url: str = "https://github.com"
    #: ``GITHUB_TOKEN``, else ``GH_TOKEN``; a ``repr`` does not show it.
    token: str = field(default="", repr=False)
    #: The queue's ``owner/name``; empty: not given.
    repository: str = ""
    #: Whether the process runs in a step of a workflow.
    in_actions: bool = False
    #: The file name of the run's workflow.
    workflow: str | None = None
    #: The run's id.
    run_id: str | None = None
    #: Who started the run.
    actor: str | None = None
    #: Who started it anew.
    triggering_actor: str | None = None
    #: GitHub's name of the run's event.
    event_name: str = ""
    #: The payload of the run's event; empty outside of Actions.
    event: Mapping[str, Any] = field(default_factory=dict, repr=False)
    #: The file of the step's outputs.
    output_path: str | None = None
    #: The file of the step's summary.
    summary_path: str | None = None
    #: The pace of comments and issues; None: GitHub's own; 0: no limit.
    writes_per_second: float | None = None
    #: The action's input: how long to hold.
    hold: str | None = None
    #: The action's input: the time between two polls.
    poll: str | None = None
    #: The action's input: one of ``PROFILES``.
    profile: str | None = None
    #: The action's input: the token that starts and sees the runs of lent alarms; a ``repr`` does
    #: not show it.
    alarm_token: str = field(default="", repr=False)
    #: Whether the run's runner is the owner's own machine.
    self_hosted: bool = False
    #: The key that signs jobs; a ``repr`` does not show it.
    signing_key: str | None = field(default=None, repr=False)
    #: The keys that verify them, as JSON; a ``repr`` does not show them.
    signing_keys: str | None = field(default=None, repr=False)
    #: The action's input: where a monitor waits for each tick; a ``repr`` does not show it.
    heartbeat_url: str | None = field(default=None, repr=False)
    #: The action's input: the lists of a tick's report that make its run fail.
    fail_on: str = ""

    @classmethod
    def read(cls, environ: Mapping[str, str]) -> Environment:
        """The environment in ``environ``.

        Raises:
            UsageError: a variable has a value that it can't have.
        """
        in_actions = environ.get("GITHUB_ACTIONS") == "true"
        return cls(
            api_url=(environ.get("GITHUB_API_URL") or PUBLIC_API).rstrip("/"),
            server_url=(environ.get("GITHUB_SERVER_URL") or "https://github.com").rstrip("/"),
            token=(environ.get("GITHUB_TOKEN") or environ.get("GH_TOKEN") or "").strip(),
            repository=environ.get("GITHUB_REPOSITORY", "").strip(),
            in_actions=in_actions,
            workflow=_workflow(environ.get("GITHUB_WORKFLOW_REF", "")) if in_actions else None,
            run_id=environ.get("GITHUB_RUN_ID") or None,
            actor=environ.get("GITHUB_ACTOR") or None,
            triggering_actor=environ.get("GITHUB_TRIGGERING_ACTOR") or None,
            event_name=environ.get("GITHUB_EVENT_NAME", ""),
            event=_event(environ.get("GITHUB_EVENT_PATH")) if in_actions else {},
            output_path=environ.get("GITHUB_OUTPUT") or None,
            summary_path=environ.get("GITHUB_STEP_SUMMARY") or None,
            hold=environ.get("SCHEDULE_HOLD") or None,
            poll=environ.get("SCHEDULE_POLL") or None,
            profile=_one_of(environ.get("SCHEDULE_PROFILE"), PROFILES, "profile"),
            alarm_token=environ.get("SCHEDULE_ALARM_TOKEN", "").strip(),
            self_hosted=in_actions and environ.get("RUNNER_ENVIRONMENT") == "self-hosted",
            signing_key=environ.get("SCHEDULE_SIGNING_KEY") or None,
            signing_keys=environ.get("SCHEDULE_SIGNING_KEYS") or None,
            heartbeat_url=environ.get("SCHEDULE_HEARTBEAT_URL") or None,
            fail_on=environ.get("SCHEDULE_FAIL_ON") or "",
            writes_per_second=_rate(environ.get("SCHEDULE_WRITES_PER_SECOND")),
        )

    def need_token(self) -> str:
        """The token.

        Raises:
            NotPermitted: there is none, or it has characters that no token has.
        """
        if not self.token:
            raise NotPermitted(
                "token: is missing; set GITHUB_TOKEN (in a workflow: "
                "'GITHUB_TOKEN: ${{ github.token }}' under 'env:')"
            )
        return _token(self.token, "token", "set GITHUB_TOKEN anew")

    def lending_token(self) -> str:
        """The token for lent alarms; empty: it is the queue's.

        Raises:
            NotPermitted: it has characters that no token has.
        """
        return _token(self.alarm_token, "alarm-token", "set that secret anew")

    def need_repository(self, given: str | None = None) -> str:
        """The queue's ``owner/name``: ``given``, else that of the environment.

        Raises:
            UsageError: it is missing or malformed.
        """
        name = given or self.repository
        if not name:
            raise UsageError("repository: is missing; set GITHUB_REPOSITORY or pass --queue O/N")
        if not REPOSITORY.fullmatch(name):
            raise UsageError(f"repository: {name!r} is not a repository; write 'owner/name'")
        return name

    @property
    def inputs(self) -> Mapping[str, str]:
        """The inputs (or the payload) that this run was started with."""
        given = self.event.get("inputs") or self.event.get("client_payload")
        if not isinstance(given, Mapping):
            return {}
        return {str(k): _text(v) for k, v in given.items() if isinstance(v, (str, int, float))}

    @property
    def senders(self) -> tuple[str, ...]:
        """The logins of who sent the run's event and who started it anew, each once.

        https://docs.github.com/en/actions/reference/workflows-and-actions/variables
        """
        sender = self.event.get("sender")
        told = sender.get("login") if isinstance(sender, Mapping) else None
        found = (told if isinstance(told, str) else None, self.actor, self.triggering_actor)
        return tuple({login.lower(): login for login in reversed(found) if login}.values())[::-1]

    def default_branch(self, repository: str) -> str | None:
        """The default branch of ``repository``, as the run's event names it; None: it does not.

        https://docs.github.com/en/webhooks/webhook-events-and-payloads
        """
        told = self.event.get("repository")
        if not isinstance(told, Mapping) or told.get("full_name") != repository:
            return None
        branch = told.get("default_branch")
        return branch if isinstance(branch, str) and branch else None

    @property
    def private(self) -> bool | None:
        """Whether the repository of the run's event is private; None: that is not told."""
        told = self.event.get("repository")
        private = told.get("private") if isinstance(told, Mapping) else None
        return private if isinstance(private, bool) else None

    @property
    def rides(self) -> bool:
        """Whether the run was started by what happens in a repository anyway."""
        return self.event_name in RIDES

    @property
    def follows(self) -> bool:
        """Whether the run was started by the end of another that somebody has dispatched."""
        run = self.event.get("workflow_run")
        event = run.get("event") if isinstance(run, Mapping) else None
        return event in ("workflow_dispatch", "repository_dispatch")

    @property
    def alarm(self) -> str:
        """The environment in which this run has waited before it ticks; empty: in none."""
        return self.inputs.get("alarm", "") if self.event_name == "workflow_dispatch" else ""

    @property
    def agent(self) -> str | None:
        """The agent of this run: its ``agent`` input, else its workflow's name; None outside."""
        if not self.in_actions:
            return None
        return self.inputs.get("agent") or (self.workflow or "").rpartition(".")[0] or None

    @property
    def parent(self) -> str | None:
        """The ``parent`` of a job that this run creates: its occurrence, else the run."""
        if not self.in_actions:
            return None
        key = self.inputs.get("schedule_id", "")
        if OCCURRENCE_KEY.fullmatch(key):
            return key
        return f"run:{self.run_id}" if self.run_id else None


def _token(token: str, name: str, fix: str) -> str:
    if not token.isascii() or not (token or "-").isprintable() or " " in token:
        raise NotPermitted(f"{name}: holds characters that no token has; {fix}")
    return token


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _workflow(ref: str) -> str | None:
    # owner/name/.github/workflows/agent.yml@refs/heads/main
    name = (ref.rpartition("@refs/")[0] or ref.rpartition("@")[0]).rpartition("/")[2]
    return name if WORKFLOW_NAME.fullmatch(name) else None


def _event(path: str | None) -> Mapping[str, Any]:
    if not path:
        return {}
    try:
        event = strict_json.load(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return event if isinstance(event, dict) else {}


def _one_of(text: str | None, words: tuple[str, ...], field_name: str) -> str | None:
    if not text:
        return None
    if text not in words:
        raise UsageError(f"{field_name}: {text!r} is not a choice; write {', '.join(words)}")
    return text


def _rate(text: str | None) -> float | None:
    if not text:
        return None
    try:
        rate = float(text)
    except ValueError:
        rate = -1.0
    if not 0 <= rate <= 1000:
        raise UsageError(
            f"SCHEDULE_WRITES_PER_SECOND: {text!r} is not a rate; write a number, 0 for no limit"
        )
    return rate
