"""What runs came to, workflow by workflow: how many went well, and how long they took. Pure.

Percentiles are by nearest rank: each is what a run really took.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from scheduler.job.states import State
from scheduler.journal.journal import Entry
from scheduler.policy.outcomes import FAILED, GOOD, MAY_HIDE_NO_JOB
from scheduler.ports.values import Target
from scheduler.text import shown

#: A name is cut at so many characters in a table.
WIDTH = 44


@dataclass(frozen=True, kw_only=True)
class Reliability:
    """What the runs of one workflow came to, or those of all."""

    #: ``owner/name``, and the file's name; empty: of all, or not recorded.
    repository: str = ""
    workflow: str = ""
    #: How many runs ended in each word.
    outcomes: Mapping[str, int] = field(default_factory=dict)
    #: How long those took that had a job, in seconds; the shortest first.
    durations: tuple[float, ...] = ()

    @property
    def runs(self) -> int:
        """How many runs have ended, those included of which the end is unknown."""
        return sum(self.outcomes.values())

    @property
    def success_rate(self) -> float | None:
        """The success rate: the share of those that went well, of those whose end is known."""
        good = sum(self.outcomes.get(word, 0) for word in GOOD)
        known = good + sum(self.outcomes.get(word, 0) for word in FAILED)
        return good / known if known else None

    @property
    def p95(self) -> float | None:
        """What 95 percent of the runs took at most; seconds."""
        if not self.durations:
            return None
        return self.durations[max(-(-len(self.durations) * 95 // 100), 1) - 1]

    def as_json(self) -> dict[str, Any]:
        """The same for a program."""
        rate = self.success_rate
        return {
            "repository": self.repository or None,
            "workflow": self.workflow or None,
            "runs": self.runs,
            "outcomes": dict(self.outcomes),
            "success_rate": None if rate is None else round(rate, 4),
            "p95_duration_s": self.p95,
        }

    def name(self, *, whole: bool) -> str:
        """The workflow as a table shows it; ``whole``: with its repository."""
        if not self.workflow:
            return "(not recorded)"
        name = f"{self.repository} {self.workflow}" if whole else self.workflow
        return shown(name, WIDTH)[1:-1]


def reliability(
    entries: Iterable[Entry], *, since: datetime, until: datetime
) -> tuple[Reliability, ...]:
    """What the dispatches of a period came to, as far as it is known; the most runs first.

    A journal drops the target of its older entries; then a newer one of the same job tells it.
    """
    entries = sorted(entries, key=lambda entry: entry.at)
    targets = {entry.key.partition("@")[0]: entry.target for entry in entries if entry.target}
    by_target: dict[tuple[str, str], list[Entry]] = {}
    for entry in entries:
        if entry.outcome != State.DISPATCHED.value or not entry.conclusion:
            continue
        if since <= entry.at <= until:
            target = Target.of(entry.target or targets.get(entry.key.partition("@")[0], ""))
            by_target.setdefault((target.repo, target.workflow or ""), []).append(entry)
    found = [_of(group, *names) for names, group in by_target.items()]
    return tuple(sorted(found, key=lambda each: (-each.runs, each.repository, each.workflow)))


def total(each: Iterable[Reliability]) -> Reliability:
    """All of them as one."""
    each = list(each)
    counted: Counter[str] = Counter()
    for one in each:
        counted.update(one.outcomes)
    taken = sorted(length for one in each for length in one.durations)
    return Reliability(outcomes=dict(counted), durations=tuple(taken))


def rows(each: Iterable[Reliability]) -> list[tuple[str, str, str, float | None]]:
    """Each as a table has it: the workflow, the runs, the share that went well, the 95 percent."""
    each = list(each)
    whole = len({one.repository for one in each}) > 1
    return [
        (one.name(whole=whole), str(one.runs), _percent(one.success_rate), one.p95) for one in each
    ]


def _of(entries: list[Entry], repository: str, workflow: str) -> Reliability:
    took = [
        round(entry.took_s, 3)
        for entry in entries
        if entry.took_s is not None
        and math.isfinite(entry.took_s)
        and entry.conclusion in GOOD | MAY_HIDE_NO_JOB
    ]
    return Reliability(
        repository=repository,
        workflow=workflow,
        outcomes=dict(Counter(entry.conclusion for entry in entries)),
        durations=tuple(sorted(took)),
    )


def _percent(share: float | None) -> str:
    """Never ``100 %`` of what failed once."""
    return "-" if share is None else f"{math.floor(share * 100)} %"
