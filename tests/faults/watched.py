"""A queue that is watched while it is explored: what holds after each dispatch.

I1  No occurrence is dispatched while the clock of its sender shows an instant before it, nor
    before a ``run-at`` that the text had before the outermost tick began.
I2  Of each occurrence, and of each command, at most one dispatch takes effect, unless a person
    said "again" or deleted the journal.
I6  No word of a stranger's is obeyed.
I7  No tick goes on for ever, and none meets an error of its own.
"""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, replace
from datetime import datetime

from scheduler.job import frontmatter
from scheduler.job.model import occurrence_comment, occurrence_instant
from scheduler.ports.values import Dispatch, Run
from scheduler.settings.model import Settings
from scheduler.tick.report import TickReport
from tests.support.fakes import BOT, Pull
from tests.support.hold_world import hold_world


@dataclass(frozen=True)
class Variant:
    """What the server does not have, and whether few entries stay in a journal."""

    graphql: bool = True
    comment_list: bool = True
    details: bool = True
    small: bool = False


class Broken(BaseException):
    """An invariant that does not hold: nothing of the scheduler's own may catch it."""


class Watched:
    """The queue of one seed, and what is known of it that it does not say itself."""

    def __init__(self, seed: int, variant: Variant) -> None:
        self.chance = random.Random(f"{variant} {seed}")
        self.variant = variant
        self.world = hold_world(hold=900, settings=Settings())
        self.hub = self.world.hub
        self.hub.graphql, self.hub.details = variant.graphql, variant.details
        self.hub.comment_list = variant.comment_list
        self.hub.pulls[900] = Pull()
        self.start, self.hub.start = self.hub.start, self.started  # type: ignore[method-assign]
        self.close_it, self.hub.close = self.hub.close, self.closed  # type: ignore[method-assign]
        #: What is shown of a new run.
        self.statuses = ["completed", "completed", "in_progress"]
        self.log: list[str] = []
        self.depth = self.seen = 0
        #: When the outermost tick began; None: no tick is under way.
        self.began: datetime | None = None
        #: When the text of each job was last changed, and whether that was within a tick.
        self.changed: dict[int, datetime] = {}
        self.edited: set[int] = set()
        self.hurried: set[int] = set()
        #: The instants in the texts under which something was dispatched.
        self.covered: set[tuple[int, datetime]] = set()
        #: How often the scheduler closed each job as not planned.
        self.refusals: Counter[int] = Counter()
        self.robbed: set[int] = set()
        self.resolved: set[int] = set()
        self.asked: dict[int, tuple[int, str]] = {}
        self.strangers: set[int] = set()

    @property
    def now(self) -> datetime:
        """The world's time."""
        return self.world.clock.true

    def tell(self, words: str) -> None:
        self.log.append(f"{self.now:%H:%M:%S} {'  ' * self.depth}{words}")

    def story(self) -> str:
        """Everything that happened, and what came of it."""
        return "\n".join((*self.log, self.world.story()))

    def expect(self, holds: object, words: str) -> None:
        if not holds:
            raise Broken(words)

    def sane(self, report: TickReport | None) -> None:
        for note in report.retrying if report else ():
            self.expect("internal error" not in note.reason, note.reason)

    def closed(self, number: int, *, by: str = "owner", reason: str = "completed") -> None:
        refused = self.hub.ticket(number).open and by == BOT and reason == "not_planned"
        self.refusals[number] += refused
        self.close_it(number, by=by, reason=reason)

    def started(self, request: Dispatch, actor: str) -> Run | None:
        run = self.start(request, actor)
        if run is not None:
            shown = replace(run, status=self.chance.choice(self.statuses))
            self.hub.runs[-1] = (self.hub.runs[-1][0], shown)
        self.check_sent()
        return run

    def check_sent(self) -> None:
        """I1, I2 and I6 of what was sent since."""
        for sent in self.hub.sent[self.seen :]:
            number, instant = int(sent.name), occurrence_instant(sent.key)
            self.tell(f"dispatch {sent.key}")
            run_at = frontmatter.parse(self.hub.ticket(number).body).run_at
            self.covered.add((number, run_at if instant is None else instant))
            if instant is not None:
                self.expect(sent.told >= instant, f"{sent.key} is early")
                if self.changed[number] < (self.began or self.now):
                    self.expect(sent.told >= run_at, f"{sent.key} is before run-at {run_at}")
            self.expect(occurrence_comment(sent.key) not in self.strangers, "a stranger's word")
        self.seen = len(self.hub.sent)
        for (name, key), count in Counter((s.name, s.key) for s in self.hub.sent).items():
            again = int(name) in self.robbed | self.resolved
            self.expect(count == 1 or again, f"{key} is doubled")
