from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import islice

import pytest
from croniter import CroniterBadDateError, croniter

from scheduler.times.cron import CronRule, cron_text
from tests.support.seed import seed


def wall(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%d %H:%M")  # noqa: DTZ007 - wall time


#: A Monday.
START = wall("2026-11-23 12:00")


def rule(text: str) -> CronRule:
    return CronRule(cron_text("cron", text))


#: What an expression is made of: least, greatest, names, longest step.
FIELDS = (
    (0, 59, (), 59),
    (0, 23, (), 23),
    (1, 31, (), 30),
    (1, 12, ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"),
     11),
    (0, 7, ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"), 6),
)  # fmt: skip


def any_item(pick: random.Random, low: int, high: int, names: tuple[str, ...], span: int) -> str:
    def shown(number: int) -> str:
        if names and number - low < len(names) and pick.random() < 0.4:
            return pick.choice((names[number - low], names[number - low].lower()))
        return f"{number:02}" if pick.random() < 0.1 else str(number)

    first, last = sorted((pick.randint(low, high), pick.randint(low, high)))
    step = pick.randint(1, min(span, 12))
    forms: tuple[Callable[[], str], ...] = (
        lambda: shown(first),
        lambda: shown(last),
        lambda: f"{shown(first)}-{shown(last)}",
        lambda: f"{shown(first)}-{shown(last)}/{step}",
    )
    return pick.choice(forms)()


def any_field(pick: random.Random, kind: tuple[int, int, tuple[str, ...], int]) -> str:
    form = pick.random()
    if form < 0.35:
        return "*"
    if form < 0.5:
        return f"*/{pick.randint(1, kind[3])}"
    return ",".join(any_item(pick, *kind) for _ in range(pick.choice((1, 1, 1, 2, 3, 5))))


def for_croniter(field: str, low: int, names: tuple[str, ...]) -> str:
    """A field without ranges of one value, which croniter takes for all values."""

    def number(text: str) -> int:
        return names.index(text.upper()) + low if text.isalpha() else int(text)

    items = []
    for item in field.split(","):
        first, _, last = item.partition("/")[0].partition("-")
        items.append(first if last and number(first) == number(last) else item)
    return ",".join(items)


def theirs(text: str, start: datetime, count: int) -> list[datetime]:
    """What croniter finds from ``start`` on; ``implement_cron_bug``: as Vixie reads ``*/2``."""
    fields = zip(text.split(), FIELDS, strict=True)
    text = " ".join(for_croniter(field, low, names) for field, (low, _, names, _) in fields)
    other = croniter(text, start - timedelta(seconds=1), datetime, implement_cron_bug=True)
    found: list[datetime] = []
    try:
        while len(found) < count:
            found.append(other.get_next())
    except CroniterBadDateError:
        pass
    return found


def compare(expressions: int, name: str) -> int:
    """How many of so many random expressions fire at all; each equals croniter's reading."""
    pick = random.Random(name)
    first, firing = wall("2000-01-01 00:00"), 0
    for _ in range(expressions):
        text = " ".join(any_field(pick, kind) for kind in FIELDS)
        start = first + timedelta(minutes=pick.randrange(38 * 365 * 24 * 60))
        ours = list(islice(rule(text).since(start), 5))
        assert ours == theirs(text, start, 5), f"{text} from {start}"
        firing += bool(ours)
        if ours:
            last = rule(text).last(ours[-1] + 59 * timedelta(seconds=1), not_before=start)
            assert last == ours[-1], f"{text} to {ours[-1]}"
    return firing


def test_random_expressions_are_read_as_another_program_reads_them() -> None:
    assert compare(200, "quick") > 190


@pytest.mark.slow
def test_more_random_expressions() -> None:
    assert compare(2_000, "slow") > 1_930


@pytest.mark.soak
def test_ten_thousand_random_expressions() -> None:
    assert compare(10_000, f"soak {seed()}") > 9_500


def test_where_programs_differ_about_a_step_in_a_day_field() -> None:
    # POSIX knows no steps. croniter reads `*/2` as a list, Vixie and we as a star.
    text = "0 0 */2 * MON"
    ours = list(islice(rule(text).since(START), 3))
    assert ours == theirs(text, START, 3)
    listed = croniter(text, START, datetime)
    assert [listed.get_next() for _ in range(2)] == [
        wall("2026-11-25 00:00"), wall("2026-11-27 00:00"),
    ]  # fmt: skip
    assert ours[0] == wall("2026-12-07 00:00")


def test_where_programs_differ_about_a_range_of_one_value() -> None:
    # To croniter it is the whole week, to Vixie and to us the one day.
    text = "0 0 * * TUE-TUE"
    whole = croniter(text, START, datetime)
    assert [whole.get_next() for _ in range(2)] == [
        wall("2026-11-24 00:00"), wall("2026-11-25 00:00"),
    ]  # fmt: skip
    ours = list(islice(rule(text).since(START), 2))
    assert ours == [wall("2026-11-24 00:00"), wall("2026-12-01 00:00")]
    assert ours == theirs(text, START, 2)
