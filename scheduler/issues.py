"""Changes the issues of jobs: closes them, titles them, and sets their labels."""

from __future__ import annotations

from dataclasses import replace

from scheduler.gateway import Queue
from scheduler.model import Ticket
from scheduler.states import LABELLED, State, begun_label, state_label


class Issues:
    """The issues of a queue; each method is given one as it was last read."""

    def __init__(self, queue: Queue, *, label: str) -> None:
        self.queue = queue
        self.label = label

    def close(self, ticket: Ticket, state: State) -> None:
        """Close the issue as ``state`` asks; the state's label and the closing are one write."""
        reason = "completed" if state is State.DISPATCHED else "not_planned"
        labels = labels_for(ticket, state, self.label)
        unchanged = set(labels) == set(ticket.labels)
        self.queue.set_state(
            ticket.number, reason=reason, labels=None if unchanged else sorted(labels)
        )

    def show(self, ticket: Ticket, state: State) -> None:
        """Give an issue that stays open the label of ``state``, and no other state's."""
        labels = labels_for(ticket, state, self.label)
        if set(labels) != set(ticket.labels):
            self.queue.set_state(ticket.number, reason=None, labels=sorted(labels))

    def pause(self, ticket: Ticket, *, paused: bool) -> Ticket:
        """The issue, with the label that keeps its job from running or without it."""
        label = state_label(self.label, State.PAUSED)
        others = [name for name in ticket.labels if name != label]
        wanted = [*others, label] if paused else others
        if set(wanted) != set(ticket.labels):
            self.queue.set_state(ticket.number, reason=None, labels=sorted(wanted))
        return replace(ticket, labels=tuple(sorted(wanted)))

    def retitle(self, ticket: Ticket, title: str) -> None:
        """Give the issue another title."""
        if title != ticket.title:
            self.queue.set_state(ticket.number, reason=None, title=title)

    def go_on(self, ticket: Ticket, state: State, *, title: str) -> Ticket:
        """The issue of a series, with what shows that it has begun and in its title comes next."""
        kept = labels_for(ticket, state, self.label)
        labels = sorted({*kept, begun_label(self.label)})
        changes = set(labels) != set(ticket.labels)
        if changes or title != ticket.title:
            self.queue.set_state(
                ticket.number,
                reason=None,
                labels=labels if changes else None,
                title=title if title != ticket.title else None,
            )
        return replace(ticket, labels=tuple(labels), title=title)


def labels_for(ticket: Ticket, state: State, queue_label: str) -> list[str]:
    """The issue's labels with those of states replaced by the one of ``state``."""
    known = {state_label(queue_label, each) for each in State if each is not State.PAUSED}
    kept = [label for label in ticket.labels if label not in known]
    return [*kept, state_label(queue_label, state)] if state in LABELLED else kept
