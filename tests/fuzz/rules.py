"""Random rules, good ones and those that are nearly so, for the tests that try many."""

from __future__ import annotations

import random

DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
FREQUENCIES = ("YEARLY", "MONTHLY", "WEEKLY", "DAILY", "HOURLY", "MINUTELY")
#: Parts, and their least and greatest number; whether they may count from the end.
LISTS = {
    "BYMONTH": (1, 12, False),
    "BYWEEKNO": (1, 53, True),
    "BYYEARDAY": (1, 366, True),
    "BYMONTHDAY": (1, 31, True),
    "BYHOUR": (0, 23, False),
    "BYMINUTE": (0, 59, False),
    "BYSECOND": (0, 59, False),
    "BYSETPOS": (1, 366, True),
}
#: What goes with a frequency, as RFC 5545 and this project have it.
WITH = {
    "YEARLY": ("BYMONTH", "BYWEEKNO", "BYYEARDAY", "BYMONTHDAY", "BYSETPOS"),
    "MONTHLY": ("BYMONTH", "BYMONTHDAY", "BYSETPOS"),
    "WEEKLY": ("BYMONTH", "BYSETPOS"),
    "DAILY": ("BYMONTH", "BYMONTHDAY", "BYSETPOS"),
    "HOURLY": (),
    "MINUTELY": (),
}


def numbers(pick: random.Random, name: str, most: int) -> str:
    """A value of one of the parts that are lists of numbers."""
    low, high, signed = LISTS[name]
    signs = (1, 1, -1) if signed else (1,)
    top = 6 if name == "BYSETPOS" and pick.random() < 0.8 else high
    chosen = [pick.choice(signs) * pick.randint(low, top) for _ in range(pick.randint(1, most))]
    return ",".join(map(str, chosen))


def weekdays(pick: random.Random, most: int) -> str:
    """A BYDAY; ``most`` is how many of a weekday a period has, 0 where they are not counted."""
    counted = most > 0 and pick.random() < 0.5
    found = []
    for _ in range(pick.randint(1, 4)):
        nth = str(pick.choice((1, -1)) * pick.randint(1, most)) if counted else ""
        found.append(nth + pick.choice(DAYS))
    return ",".join(found)


def rrule(pick: random.Random) -> str:
    """A rule that is good, though it may never fire."""
    freq = pick.choice(FREQUENCIES)
    parts = [f"FREQ={freq}"]
    if pick.random() < 0.5:
        parts.append(f"INTERVAL={pick.choice((2, 3, 5, 7, 12, pick.randint(1, 500)))}")
    of_days = ("BYMONTH", "BYWEEKNO", "BYYEARDAY", "BYMONTHDAY")
    wanted = [name for name in of_days if name in WITH[freq] and pick.random() < 0.3]
    parts += [f"{name}={numbers(pick, name, 4)}" for name in wanted]
    given = {part.partition("=")[0] for part in parts}
    if "BYWEEKNO" in given or pick.random() < 0.45:
        most = 5 if "BYMONTH" in given else 53
        most = {"YEARLY": most, "MONTHLY": 5}.get(freq, 0)
        parts.append(f"BYDAY={weekdays(pick, 0 if 'BYWEEKNO' in given else most)}")
    likely = {"BYHOUR": 0.3, "BYMINUTE": 0.3, "BYSECOND": 0.1}
    wanted = [name for name, chance in likely.items() if pick.random() < chance]
    parts += [f"{name}={numbers(pick, name, 4)}" for name in wanted]
    counts = any(part[:2] == "BY" for part in parts)
    if "BYSETPOS" in WITH[freq] and counts and pick.random() < 0.3:
        parts.append(f"BYSETPOS={numbers(pick, 'BYSETPOS', 3)}")
    if pick.random() < 0.3:
        parts.append(f"WKST={pick.choice(DAYS)}")
    return ";".join(parts)


def odd_rrule(pick: random.Random) -> str:
    """A rule with numbers beyond what its parts or its frequency have, in any company."""
    parts = [f"FREQ={pick.choice((*FREQUENCIES, 'SECONDLY', ''))}"]
    for name, (low, high, _) in LISTS.items():
        if pick.random() < 0.25:
            chosen = [pick.randint(-high - 2, high + 2) for _ in range(pick.choice((1, 2, 9)))]
            parts.append(f"{name}={','.join(map(str, [*chosen, low]))}")
    if pick.random() < 0.5:
        parts.append(f"BYDAY={weekdays(pick, pick.choice((0, 5, 6, 53, 99)))}")
    for name, most in (("INTERVAL", 10_001), ("COUNT", 10_001)):
        if pick.random() < 0.3:
            parts.append(f"{name}={pick.choice((0, 1, 2, 7, 9_973, most - 1, most))}")
    ends = ("20270131T180000Z", "00010101T000000", "99991231T235959")
    if pick.random() < 0.2:
        parts.append(f"UNTIL={pick.choice(ends)}")
    pick.shuffle(parts)
    return ";".join(parts)


def cron(pick: random.Random) -> str:
    """A cron expression, good in most of its fields."""
    fields = []
    for low, high in ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7)):
        first, last = sorted((pick.randint(low, high), pick.randint(low, high)))
        step = pick.randint(1, max(high - low, 1))
        forms = ("*", f"*/{step}", f"{first}", f"{first}-{last}", f"{first}-{last}/{step}",
                 f"{last},{first}", f"{high + 1}")  # fmt: skip
        fields.append(pick.choices(forms, (8, 4, 6, 3, 2, 3, 0.2))[0])
    return " ".join(fields)
