"""A repository in memory, its rules, and the jobs that they are asked about."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from scheduler.errors import SettingsUnreadable
from scheduler.job import frontmatter, signing
from scheduler.job.model import occurrence_key
from scheduler.job.signing import Keys
from scheduler.job.states import State
from scheduler.ports.values import Acts, Event, Ticket, User
from scheduler.settings.model import Settings
from scheduler.tick import rules
from scheduler.tick.context import new_context
from scheduler.tick.occurrence import Occurrence
from tests.support.fakes import NOON, FakeClock, MemoryHub, MemoryQueue

KEY = "k" * 32
KEYS = Keys({"alice": (KEY,)})
OWNER, TRIAGE, STRANGER = (User(login=login) for login in ("owner", "triage", "stranger"))
APP = User(login="app[bot]", bot=True)
MINUTE = timedelta(minutes=1)


class Queue(MemoryQueue):
    """Contents that may be unreadable, and acts that GitHub may not tell of."""

    unreadable = False
    acts_lost = False
    since: Sequence[datetime] = ()

    def prove_contents(self) -> None:
        super().prove_contents()
        if self.unreadable:
            raise SettingsUnreadable("token: may not read the contents; give it 'contents: read'")

    def acts(self, numbers: Sequence[int]) -> dict[int, Acts] | None:
        return {} if self.acts_lost else super().acts(numbers)

    def created_since(self, since: datetime) -> list[Ticket]:
        self.since = [*self.since, since]
        return super().created_since(since)


class Court:
    """A repository, its rules, and the jobs that they are asked about."""

    def __init__(self, settings: Settings = Settings(), *, found: bool = True) -> None:  # noqa: B008
        self.clock = FakeClock()
        self.hub = MemoryHub(self.clock)
        self.hub.roles = {
            "agent": "write",
            "owner": "admin",
            "triage": "triage",
            "stranger": "read",
        }
        self.hub.workflows = {
            "run.yml": "on: {workflow_dispatch: {inputs: {place: {type: choice, options: [a, b]}}}}"
        }
        self.queue = Queue(self.hub)
        self.settings = settings
        self.ctx = new_context(
            self.queue,
            clock=self.clock,
            settings=settings,
            nonce=lambda: "nonce",
            settings_found=found,
            keys=KEYS,
        )

    def open(self, *lines: str, author: str = "agent", at: datetime = NOON) -> Occurrence:
        body = "\n".join(
            ["---", f"run-at: {at:%Y-%m-%dT%H:%M:%SZ}", "workflow: run.yml", *lines, "---"]
        )
        return self.known(self.hub.open(body, author=author))

    def known(self, number: int) -> Occurrence:
        ticket = self.hub.ticket(number)
        job = frontmatter.parse(ticket.body)
        key = occurrence_key(number, job.run_at)
        return Occurrence(ticket=ticket, raw=job, asked=job, job=job, key=key, instant=job.run_at)

    def signed(self, *, author: str = "agent", nonce: str = "n" * 24) -> Occurrence:
        job = frontmatter.parse(self.open("agent: alice").ticket.body)
        mine = signing.sign(
            job, KEY, repository=self.hub.repository, issued_at=self.hub.now(), nonce=nonce
        )
        return self.known(self.hub.open(frontmatter.render(mine), author=author))

    def happened(self, found: Occurrence, *events: tuple[str, User | None]) -> None:
        """What was done to an issue, a minute apart, the last of it at noon."""
        self.hub.events[found.number] = [
            Event(event=event, at=NOON - MINUTE * (len(events) - place), actor=actor, label=label)
            for place, (said, actor) in enumerate(events, start=1)
            for event, _, label in [said.partition(" ")]
        ]

    def verdict(self, found: Occurrence) -> tuple[State, str] | None:
        return rules.judge(self.ctx, found)[2]

    def refused(self, found: Occurrence, *words: str) -> None:
        verdict = self.verdict(found)
        assert verdict is not None
        assert verdict[0] is State.REJECTED
        for word in words:
            assert word in verdict[1]
