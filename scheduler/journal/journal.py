"""What stands in the scheduler's own comments: claims, the journal, explanations.

A record is one hidden line of JSON at the head of a comment; below it stands the same
for people. A record is only believed of the scheduler's own login: the functions here
read, the caller says whose comments they are.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property, lru_cache, reduce

from scheduler.job.model import occurrence_comment, occurrence_instant
from scheduler.job.states import HANDLED, TERMINAL, State
from scheduler.journal.record import shown, typed
from scheduler.ports import Comment

#: GitHub keeps 65,536 characters of a comment. So many entries are written with their
#: words, so many older ones without, and a reason is cut at so many characters.
WHOLE, OLDER, LONGEST_REASON = 10, 150, 200

#: An attempt of which recovery showed that it never started a run.
NEVER_STARTED = "never-started"
#: What ends an occurrence, until a person reopens its issue.
OVER = frozenset(state.value for state in TERMINAL)
#: What ends an occurrence of a series.
ENDS = frozenset(state.value for state in HANDLED)


@dataclass(frozen=True, kw_only=True)
class Claim:
    """Says, before a dispatch, that a tick is about to make it.

    ``id`` and ``created_at`` are the comment's own, by GitHub's clock; ``made_at`` and
    ``expires_at`` are the claimant's. ``newest_run`` is the highest run id that was known
    in the target's repository, ``supersedes`` the comment id of the claim it replaces,
    ``title`` what its run shows in its title, as far as the workflow's file tells.
    ``ends`` is the state that the job is to be ended in; under such a claim nothing is sent.
    ``instead_of`` is the ``run-at`` in whose place a command runs a job that comes once.
    """

    id: int = 0
    created_at: datetime | None = None
    key: str
    attempt: int
    nonce: str
    target: str
    made_at: datetime
    expires_at: datetime
    newest_run: int | None = None
    supersedes: int | None = None
    ends: str = ""
    title: str = ""
    instead_of: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Entry:
    """What came of one attempt. ``outcome`` is a ``State`` value or ``NEVER_STARTED``.

    ``at`` is when it was decided, ``lateness_s`` the dispatch instant minus ``run-at`` in
    seconds, ``matched`` how the run was found, ``claim`` the id of the attempt's claim,
    ``seen`` the highest comment id when a job was held: only later words can settle it.
    ``passed`` is how many earlier instants of a series were passed over, ``until`` when a
    job that was put off may run at the earliest, ``instead_of`` is its claim's. ``nth`` is which
    instant of a count it is, from 1, by the rule whose digest is ``counted``.
    ``requested_by`` is who asked for what was dispatched, ``verified`` whether it was signed.
    """

    key: str
    attempt: int
    outcome: str
    at: datetime
    reason: str = ""
    run_id: int | None = None
    run_url: str = ""
    lateness_s: float | None = None
    matched: str = ""
    claim: int | None = None
    target: str = ""
    seen: int | None = None
    passed: int | None = None
    until: datetime | None = None
    instead_of: datetime | None = None
    requested_by: str = ""
    verified: bool | None = None
    nth: int | None = None
    counted: str = ""


@dataclass(frozen=True, kw_only=True)
class Journal:
    """The comment in which what happened stands; ``id`` is 0 before it is written.

    ``handled`` is the id of the last comment whose command was carried out or refused, or
    passed by. ``left_out`` is when the newest entry was decided that did not fit any more.
    ``read_at`` is GitHub's time when all comments were read and this journal written: of what
    was said until then, all that decides anything stands here.
    """

    id: int = 0
    entries: tuple[Entry, ...] = ()
    handled: int | None = None
    left_out: datetime | None = None
    read_at: datetime | None = None

    def of(self, key: str) -> tuple[Entry, ...]:
        """The entries of one occurrence, oldest first."""
        return tuple(entry for entry in self.entries if entry.key == key)

    @cached_property
    def furthest(self) -> Entry | None:
        """The end of the latest instant of a series that was dealt with; None: none yet."""
        # Of an instant that ended twice, once missed and then run, the first that `max` meets.
        ends = [e for e in reversed(self.entries) if e.outcome in ENDS]
        found = ((at, e) for e in ends if (at := occurrence_instant(e.key)))
        return max(found, key=lambda each: each[0], default=(None, None))[1]

    @cached_property
    def put_off(self) -> Entry | None:
        """What the last command that put the job off led to."""
        return next((e for e in reversed(self.entries) if e.until is not None), None)

    @cached_property
    def resumed(self) -> Entry | None:
        """The last word that let a paused job go on."""
        done = (e for e in reversed(self.entries) if e.outcome == State.PENDING.value)
        return next((e for e in done if e.until is None and occurrence_comment(e.key)), None)

    @cached_property
    def instead(self) -> Entry | None:
        """The last run by a command that took the place of a job's own."""
        return next((e for e in reversed(self.entries) if e.instead_of is not None), None)

    @cached_property
    def parted(self) -> Entry | None:
        """The last entry that left behind, as ``seen``, what could not be read any more."""
        held = State.HELD.value
        return next((e for e in reversed(self.entries) if e.seen and e.outcome != held), None)

    @cached_property
    def held(self) -> str | None:
        """The first occurrence of which a person has to say what became of it; None: of none."""
        last = {entry.key: place for place, entry in enumerate(self.entries)}
        ends = (self.entries[place] for place in sorted(last.values()))
        return next((entry.key for entry in ends if entry.outcome == State.HELD.value), None)

    @cached_property
    def ran(self) -> Entry | None:
        """The last dispatch: what overlaps with its run may have to wait."""
        dispatched = State.DISPATCHED.value
        return next((e for e in reversed(self.entries) if e.outcome == dispatched), None)

    @cached_property
    def marks(self) -> frozenset[int]:
        """Which of ``entries`` say how far the job is, and what people decided or have to."""
        one = (self.furthest, self.put_off, self.instead, self.resumed, self.parted, self.ran)
        last = {entry.key: entry for entry in self.entries}
        kept = [*one, *(e for e in last.values() if e.outcome == State.HELD.value)]
        known = {id(entry) for entry in kept if entry is not None}
        return frozenset(place for place, e in enumerate(self.entries) if id(e) in known)

    @cached_property
    def decisive(self) -> frozenset[int]:
        """Which of ``entries`` still decide something, however much was written since.

        Beside ``marks``, the end, the attempts and the run of what may be looked at again.
        """
        places: dict[str, list[int]] = {}
        for place, entry in enumerate(self.entries):
            places.setdefault(entry.key, []).append(place)
        looked_at = (own for key, own in places.items() if self._looked_at(key, own[-1]))
        return self.marks.union(*map(self._deciding, looked_at))

    def _looked_at(self, key: str, last: int) -> bool:
        """Whether the occurrence of ``key`` may be looked at again."""
        if self.entries[last].outcome == State.HELD.value:
            return True
        if (instant := occurrence_instant(key)) is None:
            return occurrence_comment(key) > (self.handled or 0)
        reached = occurrence_instant(self.furthest.key) if self.furthest else None
        return reached is None or instant >= reached

    def _deciding(self, places: list[int]) -> set[int]:
        """Which of an occurrence's own entries say what is to become of it."""
        entries = self.entries
        ends = [p for p in places if entries[p].outcome in OVER]
        ran = [p for p in places if entries[p].outcome == State.DISPATCHED.value]
        told = [p for p in places if entries[p].outcome != NEVER_STARTED]
        last = max(places, key=lambda place: entries[place].attempt)
        since = [p for p in places if not ends or p >= ends[-1]]
        return {*since, *ran[:1], *told[-1:], last}

    def keeps(self, claim: Claim) -> bool:
        """Whether a claim stays where it is, for the person who decides what became of it."""
        entries = self.of(claim.key)
        return bool(entries) and entries[-1].outcome == State.HELD.value

    def settles(self, claim: Claim) -> bool:
        """Whether it says what came of the claim's attempt, or that its occurrence ran."""
        ran = State.DISPATCHED.value
        return any(e.attempt == claim.attempt or e.outcome == ran for e in self.of(claim.key))

    def with_entry(self, entry: Entry) -> Journal:
        """This journal and one more entry; of one dispatch that two ticks tell, only the first."""
        over = entry.outcome not in (NEVER_STARTED, State.HELD.value)
        handled = max(self.handled or 0, occurrence_comment(entry.key) if over else 0) or None
        ran = entry.outcome == State.DISPATCHED.value
        told = any(
            (e.attempt, e.outcome) == (entry.attempt, entry.outcome) for e in self.of(entry.key)
        )
        entries = self.entries if ran and told else (*self.entries, entry)
        return replace(self, entries=entries, handled=handled)

    def joined(self, other: Journal) -> Journal:
        """This journal with what only ``other`` says: nothing that stood in one is lost."""
        said = {(e.key, e.attempt, e.outcome, e.claim) for e in self.entries}
        full = len(self.entries) >= WHOLE + OLDER
        more = (
            e
            for e in other.entries
            # What was too old for this one is not new to it.
            if (e.key, e.attempt, e.outcome, e.claim) not in said
            and not (full and e.at < self.entries[-WHOLE].at)
            and not (self.left_out and e.at <= self.left_out)
        )
        return Journal(
            id=self.id or other.id,
            entries=tuple(dict.fromkeys((*self.entries, *more))),
            handled=max(self.handled or 0, other.handled or 0) or None,
            left_out=max(filter(None, (self.left_out, other.left_out)), default=None),
            read_at=self.read_at,
        )


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """Says why a text is no job, or what a job waits for; ``text_hash`` is of what it is about."""

    id: int = 0
    text_hash: str


@dataclass(frozen=True, kw_only=True)
class Withdrawal:
    """Says how often in a row claims were given up, ``at`` when last, and for what reason."""

    id: int = 0
    times: int
    at: datetime
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class History:
    """Everything that an issue's comments record.

    ``foreign`` are the (login, comment id) of others' well-formed records: none of them
    is believed, and one by a login with write access puts the job on hold. ``unreadable``
    are the ids of the scheduler's own records that can't be read: damaged, or of a newer
    version. ``copies`` are the ids of the journals that ``journal`` has taken in.
    """

    journal: Journal = Journal()
    claims: tuple[Claim, ...] = ()
    explanations: tuple[Explanation, ...] = ()
    withdrawals: tuple[Withdrawal, ...] = ()
    foreign: tuple[tuple[str, int], ...] = ()
    unreadable: tuple[int, ...] = ()
    copies: tuple[int, ...] = ()

    @property
    def lost(self) -> tuple[int, ...]:
        """The records that can't be read and were not yet left behind."""
        parted = self.journal.parted
        return tuple(
            number for number in self.unreadable if number > ((parted and parted.seen) or 0)
        )

    @property
    def standing(self) -> tuple[Claim, ...]:
        """The claims that may yet have a run nobody recorded, the first first.

        Of one attempt only the first claim can have been dispatched, by its instant and then
        by its id; what a later claim supersedes, or the journal settles, is over.
        """
        replaced = {claim.supersedes for claim in self.claims}
        first: dict[tuple[str, int], Claim] = {}
        for claim in sorted(self.claims, key=lambda c: (c.created_at or c.made_at, c.id)):
            first.setdefault((claim.key, claim.attempt), claim)
        return tuple(
            claim
            for claim in first.values()
            if claim.id not in replaced and not self.journal.settles(claim)
        )


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


def claim_of(comment: Comment) -> Claim | None:
    """The claim that a comment is, whoever wrote it; None: it is none."""
    record = _record(comment)
    return record if isinstance(record, Claim) else None


def highest_attempt(comments: Iterable[Comment], key: str) -> int:
    """The highest attempt at ``key`` in any record, whoever wrote it; 0: none."""
    attempts = [0]
    for comment in comments:
        record = _record(comment)
        if isinstance(record, Claim) and record.key == key:
            attempts.append(record.attempt)
        elif isinstance(record, Journal):
            attempts += [entry.attempt for entry in record.of(key)]
    return max(attempts)


def read(comments: Iterable[Comment], *, login: str) -> History:
    """The records in ``comments``; those of ``login`` (any letter case) are believed."""
    claims: list[Claim] = []
    journals: list[Journal] = []
    explanations: list[Explanation] = []
    withdrawals: list[Withdrawal] = []
    foreign: list[tuple[str, int]] = []
    unreadable: list[int] = []
    for comment in sorted(comments, key=lambda comment: comment.id):
        if not comment.body.startswith("<!-- schedule:"):
            continue
        record = _record(comment)
        if comment.author.login.lower() != login.lower():
            if isinstance(record, (Claim, Journal)):
                foreign.append((comment.author.login, comment.id))
        elif isinstance(record, Claim):
            claims.append(record)
        elif isinstance(record, Journal):
            journals.append(record)
        elif isinstance(record, Explanation):
            explanations.append(record)
        elif isinstance(record, Withdrawal):
            withdrawals.append(record)
        else:
            unreadable.append(comment.id)
    return History(
        journal=_merged(journals),
        claims=tuple(claims),
        explanations=tuple(explanations),
        withdrawals=tuple(withdrawals),
        foreign=tuple(foreign),
        unreadable=tuple(unreadable),
        copies=tuple(journal.id for journal in journals[1:]),
    )


def _merged(journals: list[Journal]) -> Journal:
    # One journal is the rule. Two can only come from two first claims of different
    # attempts; what any of them says has happened counts.
    if len(journals) < 2:
        return journals[0] if journals else Journal()
    return replace(reduce(Journal.joined, journals), read_at=None)


@lru_cache(maxsize=64)
def _record(comment: Comment) -> Claim | Journal | Explanation | Withdrawal | None:
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
        entries = tuple(Entry(**typed(Entry, entry)) for entry in data.pop("entries"))
        outcomes = {state.value for state in State} | {NEVER_STARTED}
        if any(entry.outcome not in outcomes for entry in entries):
            return None
        return Journal(id=comment.id, entries=entries, **typed(Journal, data))
    except (ValueError, TypeError, KeyError, AttributeError, ArithmeticError, RecursionError):
        # ArithmeticError: an instant that no calendar holds once it is in UTC.
        return None
