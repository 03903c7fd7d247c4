"""The records in the scheduler's own comments: claims, the journal, explanations, withdrawals.

A record is one hidden line of JSON at the head of a comment; below it the same stands for
people. Only records of the scheduler's own login are believed: `read` takes that login.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property, lru_cache, reduce

from scheduler.job.model import occurrence_comment, occurrence_instant
from scheduler.job.states import HANDLED, TERMINAL, State
from scheduler.journal.notes import Asked, Explanation, News, Withdrawal
from scheduler.journal.record import BEGIN, shown, typed
from scheduler.ports.values import Comment

#: A journal fits into the 65,536 characters of a comment: the newest ``WHOLE`` entries are written
#: whole, ``OLDER`` more without reason and target, and a reason is cut at ``LONGEST_REASON``.
WHOLE, OLDER, LONGEST_REASON = 10, 150, 200

#: The outcome of an attempt that started no run, as recovery has shown.
NEVER_STARTED = "never-started"
#: The outcomes that end an occurrence until a person reopens its issue.
OVER = frozenset(state.value for state in TERMINAL)
#: The outcomes that end an occurrence of a series.
ENDS = frozenset(state.value for state in HANDLED)


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A comment that announces one dispatch before it is sent."""

    #: The comment's id; 0 before it is written.
    id: int = 0
    #: When the comment was created, by GitHub's clock.
    created_at: datetime | None = None
    #: The occurrence key.
    key: str
    #: Which attempt at the occurrence it is, from 1.
    attempt: int
    #: A random text: it tells this claim from another tick's to the same attempt.
    nonce: str
    #: ``owner/name workflow.yml@ref`` or the event, as people read it.
    target: str
    #: When the tick wrote it, by the tick's clock.
    made_at: datetime
    #: Until when a dispatch may be sent under it, by the tick's clock.
    expires_at: datetime
    #: The highest run id known in the target's repository; the run it starts has a higher one.
    newest_run: int | None = None
    #: The comment id of the claim that it replaces.
    supersedes: int | None = None
    #: The state in which it ends the job; under such a claim nothing is dispatched.
    ends: str = ""
    #: The text by which its run's title shows the occurrence; empty: the title shows none.
    title: str = ""
    #: The ``run_at`` in whose place a command runs a one-off job.
    instead_of: datetime | None = None
    #: Which of the job's own words its run is not told, and why; empty: it is told all.
    left_out: str = ""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One line of a journal: what became of one attempt or one command."""

    #: The occurrence key.
    key: str
    #: Which attempt it was, from 1.
    attempt: int
    #: A value of ``State``, or ``NEVER_STARTED``.
    outcome: str
    #: When this was decided, in UTC.
    at: datetime
    #: Why, in one line; of a dispatch, what its run was not told, as its claim states it.
    reason: str = ""
    #: GitHub's id of the run; None: not known.
    run_id: int | None = None
    #: The run's address.
    run_url: str = ""
    #: The dispatch instant less ``run_at``, in seconds.
    lateness_s: float | None = None
    #: By what recovery recognised the run; empty: GitHub's answer named it.
    matched: str = ""
    #: The comment id of the attempt's claim.
    claim: int | None = None
    #: Where it went, as the claim states it.
    target: str = ""
    #: Of a job put on hold: the highest comment id then. Only later comments can resolve it.
    seen: int | None = None
    #: How many earlier instants of the series this one passed over.
    passed: int | None = None
    #: The earliest instant at which a job that was put off may run.
    until: datetime | None = None
    #: The ``run_at`` in whose place a command ran; as its claim states it.
    instead_of: datetime | None = None
    #: Who asked for what was dispatched: the job's agent, or the author's login.
    requested_by: str = ""
    #: Whether a signature verified that agent; None: it is a login, or nothing was dispatched.
    verified: bool | None = None
    #: Which instant of a series with a count it is, from 1.
    nth: int | None = None
    #: The digest of the rule by which ``nth`` was counted.
    counted: str = ""
    #: Of a dispatch: how its run ended, in GitHub's word, or ``never ran``, or ``unknown``. Empty:
    #: not known yet. Written once.
    conclusion: str = ""
    #: When the run ended, by GitHub's time, and how many seconds it was under way.
    ended_at: datetime | None = None
    took_s: float | None = None
    #: What a person should know of that end in one line, such as why it can't be known.
    told: str = ""
    #: The key of the try that follows, and from when on it may be sent: beside the end of a run
    #: that is tried again, or as a command asks for it.
    again: str = ""
    again_at: datetime | None = None
    #: Of a dispatch: where its end is told, ``owner/name#123``, and ``failure`` if no other is.
    reply_to: str = ""
    reply: str = ""
    #: Of an ``/approve``: the digest of the text that was approved.
    approved: str = ""


@dataclass(frozen=True, kw_only=True)
class Journal:
    """The comment in which a job's entries stand."""

    #: The comment's id; 0 before it is written.
    id: int = 0
    #: What happened, oldest first.
    entries: tuple[Entry, ...] = ()
    #: The id of the last comment whose command was carried out, refused or passed over.
    handled: int | None = None
    #: When the newest entry was decided that was dropped for lack of room.
    left_out: datetime | None = None
    #: GitHub's time when all comments had been read and this journal was written: all that an
    #: earlier comment decides stands here.
    read_at: datetime | None = None

    def of(self, key: str) -> tuple[Entry, ...]:
        """The entries of one occurrence, oldest first."""
        return tuple(entry for entry in self.entries if entry.key == key)

    @cached_property
    def furthest(self) -> Entry | None:
        """The entry that ended the latest instant of a series; None: none has ended yet."""
        # An instant may have ended twice, missed and then run: `max` returns the later entry.
        ends = [e for e in reversed(self.entries) if e.outcome in ENDS]
        found = ((at, e) for e in ends if (at := occurrence_instant(e.key)))
        return max(found, key=lambda each: each[0], default=(None, None))[1]

    @cached_property
    def put_off(self) -> Entry | None:
        """The last entry that put the job off."""
        return next((e for e in reversed(self.entries) if e.until is not None), None)

    @cached_property
    def resumed(self) -> Entry | None:
        """The last command that let a paused job go on."""
        done = (e for e in reversed(self.entries) if e.outcome == State.PENDING.value)
        done = (e for e in done if e.until is None and not (e.again or e.approved))
        return next((e for e in done if occurrence_comment(e.key)), None)

    @cached_property
    def retried(self) -> Entry | None:
        """The last command that had a run tried again."""
        done = (e for e in reversed(self.entries) if e.outcome == State.PENDING.value)
        return next((e for e in done if e.again), None)

    @cached_property
    def approved(self) -> Entry | None:
        """The last command that approved the job's text."""
        return next((e for e in reversed(self.entries) if e.approved), None)

    @cached_property
    def instead(self) -> Entry | None:
        """The last run by a command that took the place of the job's own instant."""
        return next((e for e in reversed(self.entries) if e.instead_of is not None), None)

    @cached_property
    def parted(self) -> Entry | None:
        """The last entry that gave up, as ``seen``, records that could not be read."""
        held = State.HELD.value
        return next((e for e in reversed(self.entries) if e.seen and e.outcome != held), None)

    @cached_property
    def held(self) -> str | None:
        """The first occurrence that is on hold; None: none is."""
        last = {entry.key: place for place, entry in enumerate(self.entries)}
        ends = (self.entries[place] for place in sorted(last.values()))
        return next((entry.key for entry in ends if entry.outcome == State.HELD.value), None)

    @cached_property
    def ran(self) -> Entry | None:
        """The last dispatch. The next occurrence may have to wait for its run."""
        dispatched = State.DISPATCHED.value
        return next((e for e in reversed(self.entries) if e.outcome == dispatched), None)

    def keeps(self, claim: Claim) -> bool:
        """Whether ``claim`` stays for the person who resolves its occurrence."""
        entries = self.of(claim.key)
        return bool(entries) and entries[-1].outcome == State.HELD.value

    def records(self, claim: Claim) -> bool:
        """Whether an entry records the claim's attempt, or a dispatch of its occurrence."""
        ran = State.DISPATCHED.value
        return any(e.attempt == claim.attempt or e.outcome == ran for e in self.of(claim.key))

    def with_entry(self, entry: Entry) -> Journal:
        """This journal with one more entry.

        A dispatch that two ticks record is entered once.
        """
        over = entry.outcome not in (NEVER_STARTED, State.HELD.value)
        handled = max(self.handled or 0, occurrence_comment(entry.key) if over else 0) or None
        ran = entry.outcome == State.DISPATCHED.value
        told = any(
            (e.attempt, e.outcome) == (entry.attempt, entry.outcome) for e in self.of(entry.key)
        )
        entries = self.entries if ran and told else (*self.entries, entry)
        return replace(self, entries=entries, handled=handled)

    @cached_property
    def unknown(self) -> tuple[Entry, ...]:
        """The dispatches of which it is not known yet how their runs ended, oldest first."""
        ran = State.DISPATCHED.value
        return tuple(e for e in self.entries if e.outcome == ran and not e.conclusion)

    def with_ends(self, ended: Iterable[Entry]) -> Journal:
        """This journal with the ends of runs, as ``ended`` has them: once known, none changes."""
        ends = {(e.key, e.attempt): e for e in ended if e.conclusion}
        known = ((e, ends.get((e.key, e.attempt))) for e in self.unknown)
        told = {id(e): _with_end(e, end) for e, end in known if end}
        entries = tuple(told.get(id(e), e) for e in self.entries)
        return replace(self, entries=entries) if told else self

    def joined(self, other: Journal) -> Journal:
        """This journal with the entries that only ``other`` has; no entry of either is lost.

        Nor is the end of a run that only one of them knows.
        """
        mine, others = self.with_ends(other.entries), other.with_ends(self.entries)
        said = {(e.key, e.attempt, e.outcome, e.claim) for e in mine.entries}
        full = len(self.entries) >= WHOLE + OLDER
        more = (
            e
            for e in others.entries
            # An entry that this journal dropped for its age is not added again.
            if (e.key, e.attempt, e.outcome, e.claim) not in said
            and not (full and e.at < self.entries[-WHOLE].at)
            and not (self.left_out and e.at <= self.left_out)
        )
        return Journal(
            id=self.id or other.id,
            entries=tuple(dict.fromkeys((*mine.entries, *more))),
            handled=max(self.handled or 0, other.handled or 0) or None,
            left_out=max(filter(None, (self.left_out, other.left_out)), default=None),
            read_at=self.read_at,
        )


@dataclass(frozen=True, kw_only=True)
class History:
    """All records in an issue's comments."""

    #: What happened, of all journals on the issue together.
    journal: Journal = Journal()
    #: The scheduler's own claims, by comment id.
    claims: tuple[Claim, ...] = ()
    #: Its explanations.
    explanations: tuple[Explanation, ...] = ()
    #: Its counts of withdrawn claims.
    withdrawals: tuple[Withdrawal, ...] = ()
    #: What it told people of the ends of runs.
    news: tuple[News, ...] = ()
    #: For which texts it asked for an approval.
    asked: tuple[Asked, ...] = ()
    #: Login and comment id of claims and journals by others. None is believed; one by a login with
    #: write access puts the job on hold.
    foreign: tuple[tuple[str, int], ...] = ()
    #: Comment ids of the scheduler's own records that can't be read: damaged, or of a newer
    #: version.
    unreadable: tuple[int, ...] = ()
    #: Comment ids of further journals, whose entries ``journal`` has.
    copies: tuple[int, ...] = ()

    @property
    def lost(self) -> tuple[int, ...]:
        """The ids of unreadable records that no person has resolved yet."""
        parted = self.journal.parted
        return tuple(
            number for number in self.unreadable if number > ((parted and parted.seen) or 0)
        )

    @property
    def told_twice(self) -> tuple[int, ...]:
        """The ids of comments that tell people what an earlier one told them."""
        first: dict[News, int] = {}
        for news in sorted(self.news, key=lambda each: each.id):
            first.setdefault(replace(news, id=0), news.id)
        return tuple(news.id for news in self.news if news.id not in first.values())

    @property
    def standing(self) -> tuple[Claim, ...]:
        """The claims that may have started a run which no entry records, oldest first.

        Of one attempt only the first claim, by creation and then by id, can have been dispatched. A
        claim that a later one supersedes, or whose attempt the journal records, is over.
        """
        replaced = {claim.supersedes for claim in self.claims}
        first: dict[tuple[str, int], Claim] = {}
        for claim in sorted(self.claims, key=lambda c: (c.created_at or c.made_at, c.id)):
            first.setdefault((claim.key, claim.attempt), claim)
        return tuple(
            claim
            for claim in first.values()
            if claim.id not in replaced and not self.journal.records(claim)
        )


def _with_end(entry: Entry, ended: Entry) -> Entry:
    """``entry`` with the end of its run, and with that run where it was not known before."""
    named = entry if entry.run_id or entry.run_url else ended
    entry = replace(entry, run_id=named.run_id, run_url=named.run_url, matched=named.matched)
    names = ("conclusion", "ended_at", "took_s", "told", "again", "again_at")
    return replace(entry, **{name: getattr(ended, name) for name in names})


def never_started(claim: Claim, at: datetime) -> Entry:
    """The entry of a claim under which no run was started."""
    return Entry(
        key=claim.key,
        attempt=claim.attempt,
        outcome=NEVER_STARTED,
        at=at,
        reason="GitHub knows no run of it",
        claim=claim.id,
        target=claim.target,
    )


Record = Claim | Journal | Explanation | Withdrawal | News | Asked


def claim_of(comment: Comment) -> Claim | None:
    """The claim in a comment, whoever wrote it; None: it holds none."""
    record = _record(comment)
    return record if isinstance(record, Claim) else None


def highest_attempt(comments: Iterable[Comment], key: str) -> int:
    """The highest attempt at ``key`` in any record, whoever wrote it; 0: there is none."""
    attempts = [0]
    for comment in comments:
        record = _record(comment)
        if isinstance(record, Claim) and record.key == key:
            attempts.append(record.attempt)
        elif isinstance(record, Journal):
            attempts += [entry.attempt for entry in record.of(key)]
    return max(attempts)


def read(comments: Iterable[Comment], *, login: str) -> History:
    """The records in ``comments``.

    ``login`` is the scheduler's own, in any letter case: only its records are believed.
    """
    own: list[Record] = []
    foreign: list[tuple[str, int]] = []
    unreadable: list[int] = []
    for comment in sorted(comments, key=lambda comment: comment.id):
        if not comment.body.startswith(BEGIN):
            continue
        record = _record(comment)
        if comment.author.login.lower() != login.lower():
            if isinstance(record, (Claim, Journal)):
                foreign.append((comment.author.login, comment.id))
        elif record is not None:
            own.append(record)
        else:
            unreadable.append(comment.id)
    journals = [each for each in own if isinstance(each, Journal)]
    return History(
        journal=_merged(journals),
        claims=tuple(each for each in own if isinstance(each, Claim)),
        explanations=tuple(each for each in own if isinstance(each, Explanation)),
        withdrawals=tuple(each for each in own if isinstance(each, Withdrawal)),
        news=tuple(each for each in own if isinstance(each, News)),
        asked=tuple(each for each in own if isinstance(each, Asked)),
        foreign=tuple(foreign),
        unreadable=tuple(unreadable),
        copies=tuple(journal.id for journal in journals[1:]),
    )


def _merged(journals: list[Journal]) -> Journal:
    # There is one journal, but for two first claims of different attempts, each of which became
    # one. Then the entries of both count.
    if len(journals) < 2:
        return journals[0] if journals else Journal()
    return replace(reduce(Journal.joined, journals), read_at=None)


@lru_cache(maxsize=64)
def _record(comment: Comment) -> Record | None:
    try:
        record = shown(comment.body)
        if record is None:
            return None
        kind, data = record
        if kind == "claim":
            values = typed(Claim, data)
            return Claim(**{**values, "id": comment.id, "created_at": comment.created_at})
        if kind == "invalid":
            return Explanation(id=comment.id, **typed(Explanation, data))
        if kind == "withdrawn":
            return Withdrawal(id=comment.id, **typed(Withdrawal, data))
        if kind == "approval":
            values = typed(Asked, data)
            return Asked(**{**values, "id": comment.id, "created_at": comment.created_at})
        if kind == "outcome":
            return News(id=comment.id, **typed(News, data))
        entries = tuple(Entry(**typed(Entry, entry)) for entry in data.pop("entries"))
        outcomes = {state.value for state in State} | {NEVER_STARTED}
        if any(entry.outcome not in outcomes for entry in entries):
            return None
        return Journal(id=comment.id, entries=entries, **typed(Journal, data))
    except (ValueError, TypeError, KeyError, AttributeError, ArithmeticError, RecursionError):
        # ArithmeticError: an instant that is outside of the calendar in UTC.
        return None
