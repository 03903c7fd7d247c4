"""The text of the scheduler's own comments: the record's hidden line, and the same for people."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime

from scheduler.job.model import Job, occurrence_comment, occurrence_instant
from scheduler.job.states import NOT_CARRIED_OUT, State
from scheduler.journal import ends
from scheduler.journal.decisive import decisive, marks
from scheduler.journal.journal import (
    LONGEST_REASON,
    NEVER_STARTED,
    OLDER,
    WHOLE,
    Claim,
    Entry,
    Journal,
)
from scheduler.journal.notes import Asked, Explanation, News, Withdrawal
from scheduler.journal.record import BEGIN, hidden
from scheduler.text import cell, code
from scheduler.times.instants import format_instant, format_local, zone

#: The most characters of the hidden line; beyond it, older entries are left out. GitHub keeps
#: 65,536 characters of a comment, and the text for people takes 20,000 at most.
LONGEST_LINE = 45_000
KIND: dict[type, str] = {
    Claim: "claim",
    Journal: "journal",
    Explanation: "invalid",
    Withdrawal: "withdrawn",
    News: "outcome",
    Asked: "approval",
}

#: The reason where somebody's comment was carried out, or was not, as ``decide`` words it.
SAID = re.compile(
    r"(?:(?P<word>/[a-z]{2,12})|a comment) by '(?P<login>[A-Za-z0-9_-]{1,100}(?:\[bot\])?)'"
    r"(?:: (?P<more>.+))?",
    re.DOTALL,
)

UNDONE = frozenset(state.value for state in NOT_CARRIED_OUT)
#: How many entries people are shown; the hidden line holds more.
MAX_SHOWN_ENTRIES = 10
SYMBOLS = {
    State.DISPATCHED.value: "✅",
    State.MISSED.value: "⌛",
    State.REJECTED.value: "⛔",
    State.DISCARDED.value: "❌",
    State.HELD.value: "✋",
    State.SKIPPED.value: "⏭",
    State.PAUSED.value: "⏸",
    State.CANCELLED.value: "⛔",
    State.FAILED.value: "❌",
    State.APPROVAL.value: "✋",
    NEVER_STARTED: "↻",
}


def series_comment(journal: Journal, *, next_instant: datetime | None, asked: Job) -> str:
    """The journal comment of a series: what comes next, and a table of its last occurrences."""
    lines = [head(journal), coming(next_instant, asked), ""]
    lines += ["| occurrence | result | |", "|---|---|---|"]
    for entry in reversed(journal.entries[-MAX_SHOWN_ENTRIES:]):
        lines.append("| {} | {} | {} |".format(*(cell(each) for each in row(entry))))
    return "\n".join(lines)


def coming(moment: datetime | None, asked: Job) -> str:
    """The line that names the next instant, in UTC and in the job's own zone."""
    if moment is None:
        return "The series is over: nothing comes after this."
    local = ""
    if asked.timezone and asked.timezone != "UTC":
        local = f" ({format_local(moment, zone(asked.timezone, field='timezone'))})"
    return f"Next: {format_instant(moment)}{local}"


def row(entry: Entry) -> tuple[str, str, str]:
    """One occurrence as a table's cells: its instant, its outcome, and the run or the reason."""
    instant = occurrence_instant(entry.key)
    when = format_instant(instant) if instant else f"comment {occurrence_comment(entry.key)}"
    result = f"{SYMBOLS.get(entry.outcome, '•')} {WORDS.get(entry.outcome, entry.outcome)}"
    if entry.conclusion and entry.outcome == State.DISPATCHED.value:
        result = f"{ends.symbol(entry.conclusion)} {ends.shown(entry.conclusion)}"
    words = []
    if entry.outcome == State.DISPATCHED.value:
        run = f"[run {entry.run_id}]({entry.run_url})" if entry.run_url else ""
        words.append(run or (f"run {entry.run_id}" if entry.run_id else "run not named"))
        if entry.lateness_s is not None:
            words.append(lateness(entry.lateness_s))
        if entry.requested_by:
            words.append(asked_by(entry))
        if entry.took_s is not None:
            words.append(ends.took(entry.took_s))
        words += [code(each) for each in (entry.reason, entry.told) if each]
    elif entry.reason:
        words.append(why(entry.reason))
    if entry.told and entry.outcome != State.DISPATCHED.value:
        words.append(code(entry.told))
    if entry.passed:
        words.append(f"{entry.passed} earlier passed over")
    if entry.until:
        words.append(f"not before {format_instant(entry.until)}")
    return when, result, ", ".join(words)


def one_line(entry: Entry) -> str:
    """One occurrence in one line, for a terminal."""
    return ": ".join(filter(None, ("  ".join(row(entry)[:2]), row(entry)[2])))


#: The words for outcomes of one occurrence that differ from those for a job.
WORDS = {State.PENDING.value: "done", State.REJECTED.value: "refused"}


def lateness(seconds: float) -> str:
    """A lateness in ``seconds``, for people."""
    if seconds < 90:
        return f"{max(seconds, 0):.0f} s late"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min late"
    return f"{seconds / 3600:.1f} h late"


def claim_comment(claim: Claim) -> str:
    """The comment that announces a dispatch."""
    text = (
        f"⏳ Starting {code(claim.target)} (attempt {claim.attempt}). Written before the "
        "dispatch, so that no second one is made; the result will stand here."
    )
    return f"{head(claim)}\n{text}"


def journal_comment(journal: Journal) -> str:
    """The journal comment of a one-off job: its last entries, a sentence each."""
    shown = journal.entries[-MAX_SHOWN_ENTRIES:]
    return "\n".join([head(journal), *(sentence(entry) for entry in shown)])


def sentence(entry: Entry) -> str:
    """One entry of the journal, for people."""
    at = f"{entry.at:%Y-%m-%d %H:%M:%S} UTC"
    lead = f"{SYMBOLS.get(entry.outcome, '•')} "
    if entry.outcome == State.DISPATCHED.value:
        lead = f"{ends.symbol(entry.conclusion)} "
        target = code(entry.target or "the workflow")
        run = f" as [run {entry.run_id}]({entry.run_url})" if entry.run_id else ""
        late = f", {lateness(entry.lateness_s)}" if entry.lateness_s is not None else ""
        how = f" The run was found by {entry.matched}." if entry.matched else ""
        unnamed = "" if entry.run_id else " GitHub did not say which run it is."
        who = f" {asked_by(entry)}" if entry.requested_by else ""
        short = f" ⚠️ {code(entry.reason)}." if entry.reason else ""
        ended = ends.sentence(entry.conclusion, entry.took_s, entry.told)
        more = f"{how}{unnamed}{short}{f' {ended}' if ended else ''}"
        return f"{lead}Started {target}{who}{run} at {at}{late}.{more}"
    reason = why(entry.reason) if entry.reason else "no reason given"
    if entry.outcome in UNDONE and occurrence_comment(entry.key):
        return f"{lead}Not done, and the job is as it was: {reason}. ({at})"
    until = f" It does not run before {entry.until:%Y-%m-%d %H:%M:%S} UTC." if entry.until else ""
    texts = {
        State.MISSED.value: f"Missed: {reason}. To run it all the same, reopen the issue.",
        State.REJECTED.value: f"Rejected, not run: {reason}. Reopen the issue to ask again.",
        State.DISCARDED.value: f"Given up, not run: {reason}. Reopen the issue to try again.",
        State.HELD.value: (
            f"On hold: {reason}. Look at the runs; then comment `/resolve dispatched RUN-ID` if "
            "it ran, or `/resolve again` to have it run."
        ),
        State.SKIPPED.value: f"Skipped, not run: {reason}. Reopen the issue to ask again.",
        State.PAUSED.value: f"Paused: {reason}.",
        State.CANCELLED.value: f"Cancelled: {reason}.",
        State.PENDING.value: f"Done: {reason}.{until}",
        NEVER_STARTED: f"Attempt {entry.attempt} started no run: {reason}.",
    }
    told = f" ⚠️ {code(entry.told)}." if entry.told else ""
    return f"{lead}{texts.get(entry.outcome, reason)} ({at}){told}"


def why(reason: str) -> str:
    """The reason of an entry or a note as Markdown, in code; of what somebody said, who said it."""
    said = SAID.fullmatch(reason)
    if said is None:
        return code(reason)
    more = f": {code(said['more'])}" if said["more"] else ""
    word = code(said["word"]) if said["word"] else "a comment"
    return f"{word} by {code('@' + said['login'])}{more}"


def invalid_comment(explanation: Explanation, problem: str) -> str:
    """The comment that states what is wrong with a text; ``problem`` has the fix."""
    return (
        f"{head(explanation)}\n⚠️ This job can't be read, so it will not run:\n\n{code(problem)}\n\n"
        "Edit the issue's text: the next tick reads it again. Close the issue to cancel it."
    )


def waiting_comment(explanation: Explanation, reason: str, until: str | None) -> str:
    """The comment that states which condition a due job waits for.

    ``until`` is the end of its patience; None: of a series, whose next occurrence may come first.
    """
    end = f"until {until}" if until else "for as long as its patience lasts"
    return (
        f"{head(explanation)}\n⏳ This job is due, and waits:\n\n{code(reason)}\n\n"
        f"It is asked about again {end}; then it is not run. Comment `/run` to run it now, or "
        "close the issue to cancel it."
    )


def withdrawn_comment(withdrawal: Withdrawal, *, held: str) -> str:
    """The comment that says why nothing was started; ``held`` is the label of what is on hold.

    It is empty as long as every tick tries again.
    """
    again = (
        f"It is on hold, and tried again now and then; take the label {code(held)} off to have it "
        "tried at once."
        if held
        else "The next tick tries again."
    )
    times = "once" if withdrawal.times == 1 else f"{withdrawal.times} times"
    return (
        f"{head(withdrawal)}\n↻ Nothing was started, {times} so far: after a claim was written "
        f"on this issue, GitHub showed an older state of it: {code(withdrawal.reason)}. {again}"
    )


def stays_comment(explanation: Explanation, state: State, reason: str) -> str:
    """The comment that says why a job whose label was taken off stays paused, or on hold."""
    stays = {State.PAUSED: "paused", State.HELD: "on hold"}.get(state, state.value)
    return f"{head(explanation)}\n{SYMBOLS[state.value]} This job stays {stays}:\n\n{code(reason)}"


def holds_comment(reason: str) -> str:
    """The comment on a job that is on hold, of which no record says why."""
    symbol = SYMBOLS[State.HELD.value]
    return f"{head(Explanation.of(reason))}\n{symbol} This job is on hold:\n\n{code(reason)}"


def moved_comment(run_at: datetime) -> str:
    """The comment on a job that was given another time in the moment in which it was closed."""
    return (
        "✏️ This job was changed while it was being closed, so it does not run at "
        f"{run_at:%Y-%m-%d %H:%M:%S} UTC: to have it run then, reopen the issue."
    )


@dataclass(frozen=True, kw_only=True)
class Told:
    """What an explanation says to people."""

    #: The problem, or what is waited for; cut and made visible, as it stands there.
    reason: str
    #: Whether it is of a due job that waits for a condition.
    waits: bool


def told_in(body: str) -> Told | None:
    """What an explanation of the scheduler's own says; None: it says nothing that is known."""
    head, _, rest = body.partition("\n")
    lead, *parts = rest.split("\n\n")
    if not head.startswith(f"{BEGIN}{KIND[Explanation]} ") or not parts:
        return None
    return Told(reason=parts[0].strip().strip("`").strip(), waits=lead.startswith("⏳"))


def approval_comment(asked: Asked, *, role: str, label: str) -> str:
    """The comment that asks for somebody's approval of a job, as its text is now."""
    return (
        f"{head(asked)}\n{SYMBOLS[State.APPROVAL.value]} This job does not run before somebody has "
        f"approved it: a person with the role {code(role)} or above who neither opened it nor "
        f"changed it. Comment `/approve`, or take the label {code(label)} off. An edit of its text "
        "asks again; close the issue to cancel it."
    )


def head(record: Claim | Journal | Explanation | Withdrawal | News | Asked) -> str:
    """The hidden first line of a comment that holds ``record``."""
    kind = KIND[type(record)]
    if isinstance(record, Journal):
        record = _bounded(record)
    return hidden(kind, record)


def _bounded(journal: Journal) -> Journal:
    """The journal as far as it fits into ``LONGEST_LINE``.

    Entries that still decide something stay, and so do the newest, whole. Older ones stay
    without reason and target as far as there is room. If those that stay are too many by
    themselves, the marks lose their reasons too; then the oldest are dropped of those that record
    nothing but an end of an instant.
    """
    entries, marked = journal.entries, marks(journal)
    left, spared, terse = len(entries[:-WHOLE][-OLDER:]), sorted(decisive(journal)), False
    while True:
        kept = frozenset() if terse else marked
        fitting = _fitting(journal, {*spared}, left, whole=kept)
        if len(hidden("journal", fitting)) <= LONGEST_LINE:
            return fitting
        if left:
            left = max(left - 10, 0)
        elif not terse:
            terse = True
        elif len(spared) > len(marked):
            others = [place for place in spared if place not in marked]
            spared = sorted({*marked, *others[10:]})
        else:
            return fitting


def _fitting(journal: Journal, spared: set[int], left: int, *, whole: frozenset[int]) -> Journal:
    young = len(journal.entries) - WHOLE
    kept, out = [], [journal.left_out] if journal.left_out else []
    for place, entry in enumerate(journal.entries):
        if place >= young or place in whole:
            reason, told = entry.reason[:LONGEST_REASON], entry.told[:LONGEST_REASON]
            kept.append(replace(entry, reason=reason, told=told))
        elif place in spared or place >= young - left:
            kept.append(_short(entry, counts=entry is journal.furthest))
        else:
            out.append(entry.at)
    return replace(journal, entries=tuple(kept), left_out=max(out, default=None))


def _short(entry: Entry, *, counts: bool) -> Entry:
    """An entry without reason, run address and target, and with no more of its end than a word.

    The number ``nth`` stays only where a series ``counts`` from this entry.
    """
    if not counts and (entry.nth or entry.counted):
        entry = replace(entry, nth=None, counted="")
    if not (entry.target or entry.reason or entry.ended_at or entry.told):
        return entry
    bare = replace(entry, reason="", run_url="", target="", matched="")
    bare = replace(bare, ended_at=None, told="")
    if entry.conclusion:  # until then it is to be known where the end is told
        bare = replace(bare, reply_to="", reply="")
    return replace(bare, requested_by="", verified=None)


def asked_by(entry: Entry) -> str:
    """For whom something was started: a login, or an agent and whether a signature verifies it."""
    if entry.verified is None:
        return f"for {code('@' + entry.requested_by)}"
    signed = "verified by its signature" if entry.verified else "not verified by a signature"
    return f"for {code(entry.requested_by)} ({signed})"
