"""Lengths of time in words: ``2 hours and 30 minutes``, ``an hour``, ``1.5 days``."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal

_NUMBERS = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8,
    "nine": 9, "ten": 10, "eleven": 11, "twelve": 12, "half an": 0.5, "half a": 0.5, "an": 1,
    "a": 1,
}  # fmt: skip
_UNITS = {
    "s": timedelta(seconds=1), "m": timedelta(minutes=1), "h": timedelta(hours=1),
    "d": timedelta(days=1), "w": timedelta(weeks=1),
}  # fmt: skip

#: Parts of patterns, for text in lower case with single spaces.
NUMBER = f"(?:{'|'.join(_NUMBERS)})"
UNIT = "(?:seconds?|secs?|minutes?|mins?|hours?|hrs?|days?|weeks?)"
SPAN = rf"(?:{NUMBER}|[0-9]{{1,5}}(?:\.[0-9]{{1,2}})?) {UNIT}"
SPANS = rf"{SPAN}(?: (?:and )?{SPAN}){{0,4}}"

#: The spaces of Unicode, category Zs.
_SPACES = dict.fromkeys([0xA0, 0x1680, *range(0x2000, 0x200B), 0x202F, 0x205F, 0x3000], " ")
_WHOLE = re.compile(SPANS)
_UNITS_OF = re.compile(UNIT)
_LENGTHS = re.compile(rf"({NUMBER}|[0-9]{{1,5}}(?:\.[0-9]{{1,2}})?) ({UNIT})")


def plain(text: str) -> str:
    """``text`` with one plain space for each run of spaces of any width, and none at its ends.

    Programs write a no-break space, U+00A0 or U+202F, between a clock time and its ``AM``, as
    Unicode's locale data has it. Tabs and line ends stay, and are refused.
    """
    return " ".join(part for part in text.translate(_SPACES).split(" ") if part)


def in_words(spoken: str) -> bool:
    """Whether all of a text (lower case, single spaces) is a length of time in words."""
    return _WHOLE.fullmatch(spoken) is not None


def says_twice(spans: str) -> bool:
    """Whether a length of time in words has one unit more than once."""
    units = [unit[0] for unit in _UNITS_OF.findall(spans)]
    return len(units) > len(set(units))


def length(spans: str) -> timedelta:
    """How long ``2 hours and 30 minutes`` are; a day has 24 hours."""
    found = timedelta()
    for number, unit in _LENGTHS.findall(spans):
        # There are two decimals at most, and a hundredth of each unit is exact, as no float is.
        hundredths = int(Decimal(_NUMBERS.get(number, number)) * 100)
        found += _UNITS[unit[0]] * hundredths / 100
    return found
