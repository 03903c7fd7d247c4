"""How a life that `tests.faults.explorer` led may end.

E1  Ticks come to rest.
E2  A one-off that the scheduler closed as completed ran: at the ``run-at`` that its text shows,
    or by a command in place of that.
E3  What is open, labelled, not paused and not on hold is a series; what is on hold says why.
E4  What a person asked for in a comment stands in the journal, and was done once. A thumb up
    stands on what was done, and on nothing else.
E5  The scheduler closes a job as not planned once for each entry that says so.
E6  A series that nobody edited is sound: `tests.faults.series`.

E7  What a run came to is recorded as it was, and nobody is told of one failure twice.

A small journal forgets what E2, E4, E5 and E6 are read from.
"""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

from scheduler.job import frontmatter
from scheduler.job.model import Job, occurrence_comment, which_try
from scheduler.journal.journal import Journal
from scheduler.policy.outcomes import FAILED
from scheduler.policy.series import position
from scheduler.ports.values import Ticket
from tests.faults.explorer import PAUSED, Explorer
from tests.faults.series import sound
from tests.support.fakes import BOT

#: What entries say of a command that was carried out.
DONE = ("dispatched", "paused", "pending", "cancelled")
#: What entries say of a job that is then closed as not planned.
REFUSED = ("cancelled", "missed", "rejected", "discarded", "skipped")


def end(it: Explorer) -> None:
    """Let ticks run until quiet, and look at every job. Broken, AssertionError: as it says."""
    it.tell("the end")
    mend(it)
    for pause in (8000, 65):
        it.world.clock.sleep(pause)
        it.world.until_quiet(150, pause=47)
    for report in it.world.reports:
        it.sane(report)
    it.check_sent()
    for number in it.changed:
        ticket, journal = it.hub.ticket(number), it.world.history(number).journal
        job = frontmatter.parse(ticket.body)
        if number not in it.robbed and not it.variant.small:
            words(it, number, journal)
            endings(it, number, journal)
        ends(it, number, journal)
        if not ticket.open:
            closed(it, ticket, job, journal)
        elif it.hub.label in ticket.labels:
            left_open(it, ticket, job, journal)


def mend(it: Explorer) -> None:
    """Nothing is in the way of any job any more."""
    it.world.clock.skew = timedelta(0)
    it.hub.disabled.clear()
    it.hub.pulls[900].merged = True
    it.runs_end()
    it.statuses = ["completed"]


def words(it: Explorer, number: int, journal: Journal) -> None:
    """E4, of what was heard."""
    told = Counter(
        occurrence_comment(e.key)
        for e in journal.entries
        if occurrence_comment(e.key)
        # A further try of what somebody asked for is meant: its run failed, and it was reopened.
        and which_try(e.key) == 1
        and e.outcome not in ("never-started", "held")
        # Each of two ticks that died at it, one after the other, may leave a claim to settle.
        and e.reason != "the issue was closed"
    )
    again = number in it.resolved
    twice = [comment for comment, count in told.items() if count > 1]
    it.expect(again or not twice, f"#{number}: {twice} were done twice")
    done = {occurrence_comment(e.key) for e in journal.entries if e.outcome in DONE}
    thumbs = {c for c, (job, _) in it.asked.items() if job == number and liked(it, c)}
    # Under a claim that was only to tell whose records are to be believed, it was done too; of
    # one that is left behind nobody can say that nothing was sent to an event.
    done |= {occurrence_comment(e.key) for e in journal.entries if e.outcome == "held"}
    it.expect(thumbs <= done, f"#{number}: {thumbs - done} are said to be done")


def liked(it: Explorer, comment: int) -> bool:
    return (BOT, "+1") in it.hub.reactions.get(comment, ())


def endings(it: Explorer, number: int, journal: Journal) -> None:
    """E5; a claim is what a tick leaves that died at it, if no other came for an hour."""
    if any(e.conclusion in FAILED for e in journal.entries):
        return  # reopened, it is closed again as what its run came to
    told = sum(e.outcome in REFUSED for e in journal.entries) + len(it.world.history(number).claims)
    it.expect(it.refusals[number] <= told, f"#{number} was closed more often than it says")


def ends(it: Explorer, number: int, journal: Journal) -> None:
    """E7."""
    runs = {run.id: run for _, run in it.hub.runs}
    for entry in journal.entries:
        run = runs.get(entry.run_id or 0)
        known = entry.conclusion in ("", "unknown") or run is None
        right = known or (run is not None and run.conclusion == entry.conclusion)
        it.expect(right, f"#{number}: run {entry.run_id} did not end as {entry.conclusion}")
    told = Counter((news.key, news.run_id, news.state) for news in it.world.history(number).news)
    twice = [each for each, count in told.items() if count > 1]
    it.expect(not twice, f"#{number}: {twice} were told twice")


def closed(it: Explorer, ticket: Ticket, job: Job, journal: Journal) -> None:
    """E2."""
    number, by_bot = ticket.number, ticket.closed_by == BOT
    if job.recurring or number in it.robbed | it.resolved | it.hurried or not by_bot:
        return
    after = ticket.closed_at is not None and ticket.closed_at > it.changed[number]
    reached = position(journal)
    if ticket.state_reason == "completed" and after and not (reached and reached >= job.run_at):
        ran = (number, job.run_at) in it.covered
        it.expect(ran, f"#{number} is closed as completed, but did not run at {job.run_at}")


def left_open(it: Explorer, ticket: Ticket, job: Job, journal: Journal) -> None:
    """E3, E4 of what was not heard, and E6."""
    number = ticket.number
    if "schedule:held" in ticket.labels:
        held = [e.reason for e in journal.entries if e.outcome == "held"]
        why = held and (it.variant.small or all(held))
        it.expect(why or number in it.robbed, f"#{number} is on hold, nobody knows why")
        return
    known = number not in it.robbed and not it.variant.small
    told = {occurrence_comment(e.key) for e in journal.entries}
    asked = {c: word for c, (on, word) in it.asked.items() if on == number and c not in told}
    it.expect(not (known and asked), f"#{number}: {asked} are unheard")
    if PAUSED in ticket.labels:
        return
    it.expect(job.recurring, f"#{number} is still open, and comes once")
    if known and number not in it.edited | it.resolved:
        for comment in it.hub.on(number):
            if comment.author.login == BOT and "schedule:invalid" in comment.body:
                it.hub.delete_comment(comment.id)
        sound(it.world, number, str(number))
