"""The lateness of dispatches, and what became of their runs: numbers, tables, a chart. Pure.

Percentiles are by nearest rank: each is the lateness of a dispatch that really happened.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from scheduler.commands.at_work import NO_ALARM
from scheduler.commands.reliability import Reliability, reliability, rows, total
from scheduler.commands.stuck import Stuck
from scheduler.commands.watchdog import NAMED, Overdue, numbers
from scheduler.job.states import State
from scheduler.journal.journal import Entry
from scheduler.settings.profiles import PROFILES
from scheduler.text import code
from scheduler.times.instants import distance, format_instant

#: Upper ends of the chart's classes: seconds, and as the chart calls them.
CLASSES = (
    (1, "1 s"),
    (5, "5 s"),
    (30, "30 s"),
    (60, "1 min"),
    (300, "5 min"),
    (1800, "30 min"),
    (7200, "2 h"),
    (math.inf, "more"),
)

#: The columns of what became of runs.
ENDS = ["WORKFLOW", "RUNS", "SUCCESS", "P95"]


#: What is said where a chain of alarms has ended though jobs wait.


@dataclass(frozen=True, kw_only=True)
class Late:
    """A dispatch."""

    #: The issue's number.
    id: int
    #: Its instant minus ``run-at``, in seconds.
    seconds: float


@dataclass(frozen=True, kw_only=True)
class Stats:
    """The lateness of dispatches in a period, and what became of their runs."""

    #: The begin of the period that was asked for.
    asked: datetime
    #: The begin of the period that was read: too long a history is read in part.
    since: datetime
    until: datetime
    #: Least late first.
    dispatches: tuple[Late, ...] = ()
    #: How many jobs did not run since they were too late; they have no lateness.
    missed: int = 0
    #: The jobs that wait though they are due.
    overdue: tuple[Overdue, ...] = ()
    #: What the runs of each workflow came to, as far as it is known; the most runs first.
    workflows: tuple[Reliability, ...] = ()
    #: The profile that is at work; empty: it was not asked.
    clock: str = ""
    #: Whether that clock should be there, and is not.
    stopped: bool = False

    @property
    def complete(self) -> bool:
        """Whether all of the period was read."""
        return self.since <= self.asked

    @property
    def worst(self) -> Late | None:
        """The latest of all."""
        return self.dispatches[-1] if self.dispatches else None

    def percentile(self, share: int) -> float | None:
        """The lateness that ``share`` percent of the dispatches did not exceed; seconds."""
        if not self.dispatches:
            return None
        rank = -(-len(self.dispatches) * share // 100)
        return self.dispatches[max(rank, 1) - 1].seconds

    def as_json(self) -> dict[str, Any]:
        """The object that ``schedule stats --json`` prints."""
        worst = self.worst
        return {
            "since": format_instant(self.since),
            "until": format_instant(self.until),
            "complete": self.complete,
            "count": len(self.dispatches),
            "p50_s": self.percentile(50),
            "p95_s": self.percentile(95),
            "p99_s": self.percentile(99),
            "worst_s": worst.seconds if worst else None,
            "worst_id": worst.id if worst else None,
            "missed": self.missed,
            "overdue": [overdue_json(each, self.until) for each in self.overdue],
            "outcomes": (ends := total(self.workflows).as_json())["outcomes"],
            "success_rate": ends["success_rate"],
            "p95_duration_s": ends["p95_duration_s"],
            "workflows": [each.as_json() for each in self.workflows],
            "clock": self.clock or None,
            "expect": self._expected() or None,
        }

    def text(self) -> str:
        """The same for a terminal of 80 columns."""
        lines = [self.headline()]
        lines += _columns([list(self._cells()), list(self._cells().values())])
        if self.worst:
            lines.append(f"the worst was #{self.worst.id}")
        if self.workflows:
            lines += ["What became of the runs", *_columns([ENDS, *self._ends()], names=True)]
        if self.note():
            lines.append(self.note())
        if self.clock:
            lines += f"clock {self.clock}: {self._expected()}".split("; ")
        return "\n".join(lines)

    def _expected(self) -> str:
        """The lateness to expect of the clock at work, whether cron comes or not."""
        if self.stopped:
            return NO_ALARM
        return PROFILES[self.clock].without_cron if self.clock else ""

    def headline(self) -> str:
        """The period, in words."""
        return f"Lateness from {format_instant(self.since)} to {format_instant(self.until)}"

    def note(self) -> str:
        """The part of the period that is not in the numbers; empty: none."""
        if self.complete:
            return ""
        return f"not read from {format_instant(self.asked)} on: that is too much"

    def _cells(self) -> dict[str, str]:
        worst = self.worst
        return {
            "DISPATCHED": str(len(self.dispatches)),
            "P50": span(self.percentile(50)),
            "P95": span(self.percentile(95)),
            "P99": span(self.percentile(99)),
            "WORST": span(worst.seconds if worst else None),
            "MISSED": str(self.missed),
            "OVERDUE": str(len(self.overdue)),
        }

    def _ends(self) -> list[list[str]]:
        each = rows(self.workflows)
        if len(self.workflows) > 1:
            each += [("all", *row[1:]) for row in rows([total(self.workflows)])]
        return [[name, runs, share, span(p95)] for name, runs, share, p95 in each]

    def markdown(self) -> str:
        """A job summary: the tables and the chart."""
        cells = self._cells()
        lines = [
            f"### {self.headline()}",
            "",
            "| " + " | ".join(name.lower() for name in cells) + " |",
            "|" + "---:|" * len(cells),
            "| " + " | ".join(cells.values()) + " |",
        ]
        if self.note():
            lines += ["", self.note()]
        if self.clock:
            lines += ["", f"Clock {self.clock}: {self._expected()}"]
        if self.workflows:
            lines += ["", "| " + " | ".join(name.lower() for name in ENDS) + " |"]
            lines += ["|---|" + "---:|" * (len(ENDS) - 1)]
            lines += [
                "| " + " | ".join([code(name).replace("|", "\\|"), *cells]) + " |"
                for name, *cells in self._ends()
            ]
        if self.dispatches:
            lines += ["", "```mermaid", self.chart(), "```"]
        return "\n".join(lines) + "\n"

    def chart(self) -> str:
        """How many dispatches were how late, as a Mermaid chart.

        https://mermaid.js.org/syntax/xyChart.html
        """
        counts = self.histogram()
        names = ", ".join(f'"{name}"' for _, name in CLASSES)
        return "\n".join(
            [
                "xychart-beta",
                '    title "How late: at most"',
                f"    x-axis [{names}]",
                f'    y-axis "dispatches" 0 --> {max([*counts, 1])}',
                f"    bar [{', '.join(map(str, counts))}]",
            ]
        )

    def histogram(self) -> list[int]:
        """How many dispatches are in each of ``CLASSES``."""
        counts = [0] * len(CLASSES)
        for late in self.dispatches:
            counts[next(n for n, (end, _) in enumerate(CLASSES) if late.seconds <= end)] += 1
        return counts


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """The jobs that are overdue, and what keeps runs from running."""

    now: datetime
    #: The longest first.
    overdue: tuple[Overdue, ...]
    #: What to do about them.
    fix: str
    stuck: Stuck = field(default_factory=Stuck)

    def as_json(self) -> dict[str, Any]:
        """The object that ``schedule stats --overdue --json`` prints."""
        late = [overdue_json(each, self.now) for each in self.overdue]
        told = {"now": format_instant(self.now), "overdue": late}
        return {**told, **self.stuck.as_json(self.now)}

    def text(self) -> str:
        """The same for a person."""
        late = overdue_lines(self.overdue, self.now)
        found = late if self.problem() else ["nothing is overdue"]
        return "\n".join([*found, *self.stuck.lines(self.now)])

    def problem(self) -> str | None:
        """The error for a monitor; None: nothing is wrong."""
        found = self.stuck.problems(self.now)
        if len(found) > NAMED:
            found = [*found[:NAMED], f"and {len(found) - NAMED} more"]
        if self.overdue:
            verb = "is" if len(self.overdue) == 1 else "are"
            found = [f"{numbers(self.overdue)} {verb} overdue; {self.fix}", *found]
        return "; ".join(found) or None


def stats(
    entries: Iterable[Entry],
    *,
    asked: datetime,
    since: datetime,
    until: datetime,
    overdue: Sequence[Overdue] = (),
) -> Stats:
    """The numbers of what the journals record; one dispatch for each occurrence."""
    entries = list(entries)
    seconds: dict[str, float] = {}
    missed: set[str] = set()
    for entry in sorted(entries, key=lambda entry: entry.at):
        if not since <= entry.at <= until:
            continue
        if entry.outcome == State.MISSED.value:
            missed.add(entry.key)
        late = entry.lateness_s
        known = late is not None and math.isfinite(late)
        if entry.outcome == State.DISPATCHED.value and late is not None and known:
            seconds.setdefault(entry.key, round(late, 3))
    dispatches = [Late(id=issue_of(key), seconds=late) for key, late in seconds.items()]
    dispatches.sort(key=lambda late: (late.seconds, late.id))
    return Stats(
        asked=asked,
        since=since,
        until=until,
        dispatches=tuple(dispatches),
        missed=len(missed),
        overdue=tuple(overdue),
        workflows=reliability(entries, since=since, until=until),
    )


def _columns(rows: Sequence[Sequence[str]], *, names: bool = False) -> list[str]:
    """A table's lines, flush right; with ``names`` the first column is flush left."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = []
    for row in rows:
        cells = [text.rjust(width) for text, width in zip(row, widths, strict=True)]
        if names:
            cells[0] = row[0].ljust(widths[0])
        lines.append("  ".join(cells))
    return lines


def issue_of(key: str) -> int:
    """The issue of an occurrence key; 0: it names none."""
    number = key.rpartition("@")[0].rpartition("#")[2]
    return int(number) if number.isascii() and number.isdigit() and len(number) < 20 else 0


def span(seconds: float | None) -> str:
    """A lateness in two or three figures: ``0.4 s``, ``12 s``, ``3.2 min``, ``1.5 h``."""
    if seconds is None:
        return "-"
    for unit, length in (("s", 1), ("min", 60), ("h", 3600)):
        value = seconds / length
        if abs(value) < 90 or unit == "h":
            digits = 1 if abs(value) < 9.95 else 0
            return f"{value:.{digits}f} {unit}"
    raise AssertionError("hours take everything")


def overdue_json(late: Overdue, now: datetime) -> dict[str, Any]:
    """An overdue job as JSON."""
    return {
        "id": late.number,
        "run_at": format_instant(late.run_at),
        "overdue_s": round((now - late.since).total_seconds(), 3),
        "target": late.target,
        "url": late.url,
    }


def overdue_lines(late: Sequence[Overdue], now: datetime) -> list[str]:
    """One line for each overdue job."""
    return [
        f"#{each.number} {each.target} could have run {distance(each.since, now)}: {each.url}"
        for each in late
    ]
