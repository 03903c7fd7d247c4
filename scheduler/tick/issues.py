"""Changes the issues of jobs: closes them, titles them, puts labels on and takes them off.

Each label is put on or taken off by a request of its own, and nothing is written but what
changes: a label that a person put on or took off meanwhile stays as they left it. The queue's
own label is never written here.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection
from dataclasses import replace

from scheduler.errors import Rejected
from scheduler.job.states import LABELLED, State, begun_label, queued_label, state_label
from scheduler.ports.values import Ticket
from scheduler.tick.context import Context

#: GitHub refuses the next one, whichever: https://github.com/actions/labeler/issues/115
MOST_LABELS = 100
#: The labels that say only what the scheduler found, and come off once that is true no longer.
OURS = LABELLED - {State.HELD}


def close(ctx: Context, ticket: Ticket, state: State) -> Ticket:
    """Close the issue as ``state`` asks, after its journal says so; the issue as it is then.

    The order is the promise. The labels of other states come off before, the label of
    ``state`` is put on afterwards: an open issue with the label of an end is thus one that
    was reopened, also where a server tells no ``state_reason``. Whoever dies before the
    closing leaves it to the next tick; a label that is missing after it,
    `scheduler.tick.leftovers` puts on. One that GitHub refuses stops nothing: the journal
    says how it ended, and better closed without its label than left open.
    """
    with contextlib.suppress(Rejected):
        ticket = unmark(ctx, queue(ctx, ticket, queued=False), OURS - {state})
    reason = "completed" if state is State.DISPATCHED else "not_planned"
    closed = ctx.queue.set_state(ticket.number, reason=reason)
    if state in LABELLED:
        mark(ctx, closed, state)
    return closed


def close_anew(ctx: Context, ticket: Ticket) -> None:
    """Have a closed issue, which was completed, closed as not planned.

    GitHub's documents say that it ignores the reason where the state stays what it is; then the
    issue is opened and closed again. Whoever dies in between leaves an issue that is open with
    the label of its end, which the next tick closes; nothing in its journal is undone.
    https://docs.github.com/en/rest/issues/issues#update-an-issue

    Raises:
        RateLimited, Unavailable, Rejected, NotPermitted: it may be open now, and nothing may be
            recorded; one that is closed and takes no reason at all stays as it is.
    """
    try:
        shown = ctx.queue.set_state(ticket.number, reason="not_planned")
    except Rejected:
        return
    if not shown.open and shown.state_reason == "completed":
        ctx.queue.set_state(ticket.number, reason="reopened")
        ctx.queue.set_state(ticket.number, reason="not_planned")


def mark(ctx: Context, ticket: Ticket, state: State) -> None:
    """Put on the label of the end that a closed issue came to, if GitHub takes it."""
    with contextlib.suppress(Rejected):
        _put_on(ctx, ticket, state_label(ctx.settings.label, state))


def show(ctx: Context, ticket: Ticket, state: State) -> Ticket:
    """The issue, which stays open, with the label of ``state`` and of no other.

    But for the label of a hold, which a person may have put on, too: it comes off when one
    has said what is to become of the job, and not before.
    """
    if state in LABELLED:
        ticket = _put_on(ctx, ticket, state_label(ctx.settings.label, state))
    return unmark(ctx, ticket, OURS - {state})


def unmark(ctx: Context, ticket: Ticket, states: Collection[State]) -> Ticket:
    """The issue without the labels of ``states``."""
    for state in State:
        if state in states:
            ticket = _take_off(ctx, ticket, state_label(ctx.settings.label, state))
    return ticket


def pause(ctx: Context, ticket: Ticket, *, paused: bool) -> Ticket:
    """The issue, with the label that keeps its job from running or without it."""
    label = state_label(ctx.settings.label, State.PAUSED)
    return _put_on(ctx, ticket, label) if paused else _take_off(ctx, ticket, label)


def ask(ctx: Context, ticket: Ticket) -> Ticket:
    """The issue, with the label that asks for an approval of its job."""
    return _put_on(ctx, ticket, state_label(ctx.settings.label, State.APPROVAL))


def queue(ctx: Context, ticket: Ticket, *, queued: bool) -> Ticket:
    """The issue, with the label of a due job that waits for a run to end or without it."""
    label = queued_label(ctx.settings.label)
    return _put_on(ctx, ticket, label) if queued else _take_off(ctx, ticket, label)


def begun(ctx: Context, ticket: Ticket, state: State) -> Ticket:
    """The issue of a series that goes on in ``state``, with the label that it has begun."""
    return _put_on(ctx, show(ctx, ticket, state), begun_label(ctx.settings.label))


def retitle(ctx: Context, ticket: Ticket, titled: Callable[[str], str]) -> Ticket:
    """The issue with the title that ``titled`` makes of the one that it has.

    A title is written whole, so it is read once more right before: one that a person gave
    meanwhile is theirs. An issue that was closed meanwhile keeps its own.
    """
    if titled(ticket.title) == ticket.title:
        return ticket
    now = ctx.queue.ticket(ticket.number)
    if now is None or not now.open:
        return ticket
    title = titled(now.title)
    if title != now.title:
        ctx.queue.set_state(ticket.number, reason=None, title=title)
    return replace(ticket, title=title)


def _put_on(ctx: Context, ticket: Ticket, label: str) -> Ticket:
    """The issue with a label; one too many is noted in ``ctx.label_notices`` and not tried."""
    if label in ticket.labels:
        return ticket
    if len(ticket.labels) >= MOST_LABELS:
        ctx.label_notices[ticket.number] = full(ticket, label)
        return ticket
    ctx.queue.add_label(ticket.number, label)
    return replace(ticket, labels=(*ticket.labels, label))


def _take_off(ctx: Context, ticket: Ticket, label: str) -> Ticket:
    """The issue without a label."""
    if label not in ticket.labels:
        return ticket
    ctx.queue.remove_label(ticket.number, label)
    return replace(ticket, labels=tuple(each for each in ticket.labels if each != label))


def full(ticket: Ticket, label: str) -> str:
    """Why an issue takes no further label, and the way out."""
    return (
        f"label: {label!r} can't be put on #{ticket.number}: it has {len(ticket.labels)} labels, "
        "the most that GitHub allows; take one off"
    )
