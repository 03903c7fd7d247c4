"""What people are told in a comment of its own: on the job, or where the job has it told.

An edit of the journal notifies nobody. Nothing here that somebody wrote is shown but in code:
who is mentioned stands in the settings alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import timedelta

from scheduler.job.states import State
from scheduler.journal.comments import SYMBOLS, head, why
from scheduler.journal.notes import News, Reply
from scheduler.journal.record import hidden, shown, typed
from scheduler.ports.values import Comment
from scheduler.text import code
from scheduler.times.instants import format_duration

#: How a reply begins. It may stand on a job, of this queue or of another, and is no record of that.
BEGIN = "<!-- schedule-"
REPLY = re.compile(rf"\A{BEGIN}(reply) (\{{[^\r\n]*\}}) -->")
#: An address that ends nothing in Markdown before its end.
ADDRESS = re.compile(r"https?://[^\s()<>\[\]\"'\\]{1,500}")
#: What is said of an end that is no run's.
NOT_RUN = {
    State.MISSED.value: "was missed, and is not run",
    State.REJECTED.value: "was rejected, and is not run",
    State.DISCARDED.value: "was given up, and is not run",
    State.SKIPPED.value: "was skipped, and is not run",
    State.CANCELLED.value: "was cancelled, and does not run any more",
}
#: What is said of a job for which somebody is called.
CALLED = {
    State.MISSED.value: "This job was missed",
    State.DISCARDED.value: "This job was given up",
    State.HELD.value: "This job is on hold",
    State.PAUSED.value: "This job is paused",
}
#: How the end of a run is shown, by whether it went well; None: that can't be told.
GOOD: dict[bool | None, str] = {True: "✅", False: "❌", None: "❔"}


def mentioning(text: str, who: Sequence[str]) -> str:
    """The ``text`` of a comment, and below it those of the settings who are to see it."""
    return f"{text}\n\n{' '.join(who)}" if who else text


def alert_comment(news: News, reason: str, who: Sequence[str]) -> str:
    """The comment that calls ``who`` to a job whose journal says the rest."""
    symbol = SYMBOLS.get(news.state, "•")
    said = f": {why(reason)}" if reason else ""
    return mentioning(f"{head(news)}\n{symbol} {CALLED[news.state]}{said}.", who)


def ran_comment(
    reply: Reply,
    *,
    address: str,
    target: str,
    run_url: str,
    conclusion: str,
    good: bool | None,
    took_s: float | None,
    told: str = "",
) -> str:
    """The comment that tells, where a job has it told, what its run came to.

    Args:
        reply: the record by which it is found again.
        address: the address of the job's issue.
        target: the file that was run, as the journal names it.
        run_url: the run's address.
        conclusion: how the run ended, in GitHub's word or the scheduler's.
        good: whether it did what it was to do; None: that can't be told.
        took_s: how long it was under way, in seconds.
        told: why its end can't be told.
    """
    run = linked(f"run {reply.run_id}" if reply.run_id else "its run", run_url)
    took = "" if took_s is None else f" after {format_duration(timedelta(seconds=took_s))}"
    ended = f"{run} ended with {code(conclusion)}{took}"
    if good is None:
        ended = f"what {run} came to can't be told{f': {code(told)}' if told else ''}"
    file = target.partition(" ")[2].partition("@")[0]
    started = code(file, 100) if file else "its workflow"
    lead = f"{GOOD[good]} {_job(reply, address)} has started {started}"
    return f"{_head(reply)}\n{lead}; {ended}."


def not_run_comment(reply: Reply, *, address: str) -> str:
    """The comment that tells, where a job has it told, that it is not run; the job says why."""
    symbol = SYMBOLS.get(reply.state, "•")
    return f"{_head(reply)}\n{symbol} {_job(reply, address)} {NOT_RUN[reply.state]}; it says why."


def _head(reply: Reply) -> str:
    """The hidden first line of a reply."""
    return hidden("reply", reply, begin=BEGIN)


def _job(reply: Reply, address: str) -> str:
    """The job, by its queue and its number."""
    number = reply.key.rpartition("@")[0].rpartition("#")[2]
    return f"Job {linked(f'{reply.queue}#{number}', address)}"


def linked(text: str, address: str) -> str:
    """``text``, with a link to an address that is one."""
    return f"[{text}]({address})" if ADDRESS.fullmatch(address) else text


def told(comments: Iterable[Comment], reply: Reply, *, login: str) -> Sequence[int]:
    """The ids of the scheduler's own comments that hold ``reply``, the oldest first.

    ``login`` is its own: whoever copies a record silences nobody.
    """
    own = (each for each in comments if each.author.login.lower() == login.lower())
    return sorted(each.id for each in own if _reply(each) == reply)


def _reply(comment: Comment) -> Reply | None:
    """The reply in a comment, whoever wrote it; None: it holds none."""
    try:
        record = shown(comment.body, REPLY)
        return Reply(**typed(Reply, record[1])) if record else None
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None
