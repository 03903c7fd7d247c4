"""Keeps a holder's agenda true: what GitHub's list of open issues says now, and the settings.

Polls are conditional, so that what has not changed costs nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import islice

from scheduler.errors import RateLimited, SchedulerError, Unavailable, VersionRetired
from scheduler.hold.agenda import Agenda
from scheduler.ports.hold import HeldQueue
from scheduler.ports.values import Ticket
from scheduler.settings.model import Settings
from scheduler.tick import claims, invalid, rules
from scheduler.tick.claims import changed
from scheduler.tick.context import renew
from scheduler.tick.outcome import Heading
from scheduler.tick.reading import in_order
from scheduler.tick.rules import COUNTED
from scheduler.tick.tick import Tick

#: Settings and quotas are at most this old when a job is claimed, in seconds, and so a minute
#: when it is dispatched.
REFRESH = 50.0


class Superseded(SchedulerError):
    """The settings name another label, so this holder's list is no longer the queue."""

    passing = True


class Poller:
    """Polls for one holder; ``settings`` reads them anew. Ages are by the steady clock."""

    def __init__(
        self,
        tick: Tick,
        queue: HeldQueue,
        agenda: Agenda,
        *,
        poll: timedelta,
        settings: Callable[[], Settings] | None,
    ) -> None:
        self.tick = tick
        self._queue = queue
        self.ctx = tick.ctx
        self.agenda = agenda
        #: When to poll next, by the steady clock.
        self.next_poll = self.ctx.clock.monotonic()
        #: The open issues, by number; none while the queue is paused.
        self.listed: dict[int, Ticket] = {}
        self._open: dict[int, Ticket] = {}
        self.every = poll
        self._settings = settings
        self._settings_until = self.next_poll + REFRESH
        self._closed_until = self.next_poll
        self._closed: Sequence[Ticket] = ()
        self._seen: dict[int, Ticket] = {}
        #: The texts that were read as jobs, and turned out to be none as they were carried out.
        self._refused: dict[int, str] = {}
        self._silent = False

    def poll(self) -> None:
        """Poll the queue; no answer is noted once, and waited for.

        Raises:
            RateLimited, NotPermitted, UsageError, Superseded: as ``renew``.
        """
        now, steady = self.ctx.clock.now(), self.ctx.clock.monotonic()
        self.next_poll = steady + self.every.total_seconds()
        try:
            tickets = self._queue.poll_open()
            due = self.agenda.next_due()
            near = due is not None and (due - now).total_seconds() <= REFRESH
            if tickets is not None or near or self.ctx.settings.paused:
                # Only where they are soon used: an hour has so many requests, and more minutes.
                self._renew_settings()
        except (RateLimited, VersionRetired):
            raise
        except Unavailable as outage:
            if not self._silent:
                self.ctx.notices.append(f"a poll was not answered: {outage}")
            self._silent = True
            return
        self._silent = False
        if tickets is not None:
            self._open = {ticket.number: ticket for ticket in tickets}
        if tickets is not None or len(self._seen) < len(self.listed):
            self._take_in()
        self.agenda.looked = True

    def refuse(self, ticket: Ticket) -> None:
        """Take up an issue no more until its text is another, or the settings are."""
        self._refused[ticket.number] = ticket.body

    def renew(self) -> None:
        """Read what a job is judged by, where that was read too long ago.

        Raises:
            RateLimited, Unavailable, NotPermitted: GitHub's answer.
            UsageError: the settings are broken.
            Superseded: the queue has another label now.
        """
        self._renew_settings()
        clock = self.ctx.clock
        if clock.monotonic() >= self._closed_until:
            self._closed = self.ctx.queue.closed_tickets(clock.now() - COUNTED)
            self._closed_until = clock.monotonic() + REFRESH
            self._enter()

    def _renew_settings(self) -> None:
        """Read the settings again where that was too long ago, and go by them.

        Raises:
            SchedulerError: as ``renew``.
        """
        steady = self.ctx.clock.monotonic()
        if self._settings is None or steady < self._settings_until:
            return
        before, settings = self.ctx.settings, self._settings()
        if settings.label != before.label:
            raise Superseded("the settings name another label now; the next tick goes by it")
        self._settings_until = steady + REFRESH
        renew(self.ctx, settings)
        if settings != before:
            self._seen, self._refused = {}, {}
            self._take_in()

    def _take_in(self) -> None:
        """Make the agenda say what the open issues say now."""
        agenda = self.agenda
        self.listed = {} if self.ctx.settings.paused else self._open
        self._take_back()
        busy = set(agenda.claimed) | {sent.standing.found.number for sent in agenda.unrecorded}
        for number in {*agenda.waiting, *agenda.running} - set(self.listed):
            agenda.drop(number)
            invalid.forget(self.ctx, self.tick.tally, number)
            self.ctx.facts.forget_acts(number)
        seen, now = {}, self.ctx.clock.now()
        # What was read of comments is older than these issues.
        self.ctx.facts.forget_comments()
        for ticket in in_order(self.ctx, self.listed.values()):
            number = ticket.number
            if number in busy:
                continue
            before = self._seen.get(number)
            if before != ticket and self._refused.get(number) != ticket.body:
                # What was put back is not begun anew because its own claim came and went.
                again = agenda.again(number) if before and _talked(before, ticket) else None
                agenda.drop(number)
                if again is None:
                    invalid.forget(self.ctx, self.tick.tally, number)
                if found := self.tick.read(ticket, now=now):
                    agenda.put(found, None if found.command else again)
            seen[number] = ticket
        self._seen = seen
        self._enter()

    def _take_back(self) -> None:
        """Give up claims on what was closed or changed since: there is still time."""
        for number, standing in list(self.agenda.claimed.items()):
            ticket, shown = standing.found.ticket, self.listed.get(number)
            reason: str | None = "the issue was closed or unlabelled, or the queue was paused"
            if shown is not None:
                newer = shown.updated_at >= ticket.updated_at
                reason = changed(ticket, shown, self.ctx.settings.label) if newer else None
            if reason:
                del self.agenda.claimed[number]
                self.ctx.facts.forget_acts(number)
                claims.withdraw(self.ctx, standing.own)
                self.tick.tally.note(number, Heading.WITHDRAWN, reason)

    def _enter(self) -> None:
        """Count what is known now against the quotas; what they forbid is to be looked at."""
        agenda = self.agenda
        known = [*agenda.waiting.values(), *(each.found for each in agenda.claimed.values())]
        others = [*self._closed, *self.listed.values()]
        rules.enter(self.ctx, known, others, now=self.ctx.clock.now())
        # Said at once, as a pass does, and not more at a time.
        most = max(self.tick.most - self.tick.tally.ended, 0)
        refused = (
            number for number, found in agenda.waiting.items() if rules.forbidden(self.ctx, found)
        )
        agenda.refuse(islice(refused, most))


def _talked(before: Ticket, now: Ticket) -> bool:
    """Whether there is nothing new about an issue but comments that were written or deleted."""
    return replace(before, comments=now.comments, updated_at=now.updated_at) == now
