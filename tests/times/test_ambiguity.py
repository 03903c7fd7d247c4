"""The refusals of times in words: what is wrong, word for word, and what else to write."""

from __future__ import annotations

import pytest

from scheduler.errors import InvalidJob, Refused
from scheduler.times import ambiguity, instants, phrases
from tests.times.test_phrases import BERLIN, NOON, said

HOURS = "write one between 0:00 and 23:59, or such as 9am"
SEVERAL, MEAN = "may be of several zones", "write the one you mean"
TODAY = "the next is 2026-11-24T08:00:00Z (Tuesday)"
VAGUE = "is no clock time; write one, such as 'tomorrow 9am'"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        # More than one reading.
        ("03/04", "may be 3 April or 4 March; write 2027-04-03T09:00 or 2027-03-04T09:00"),
        ("3/4/2027", "may be 3 April or 4 March; write 2027-04-03T09:00 or 2027-03-04T09:00"),
        ("3/4/27 9am", "may be 3 April or 4 March; write 2027-04-03T09:00 or 2027-03-04T09:00"),
        ("12/11", "may be 12 November or 11 December; write 2027-11-12T09:00 or 2026-12-11T09:00"),
        ("12/12", "is perhaps 12 December; write 2026-12-12T09:00"),
        ("24.12.2026", "is perhaps 24 December; write 2026-12-24T09:00"),
        ("24-12-2026 9am UTC", "is perhaps 24 December; write 2026-12-24T09:00"),
        (
            "04.03",
            ("may be 4 March, 3 April or the time 04:03; "
             "write 2027-03-04T09:00, 2027-04-03T09:00 or 04:03"),
        ),
        ("14.00", "is perhaps the time 14:00; write 14:00"),
        ("32/13", "is not in the calendar; write a day that exists, as in 2026-11-23T09:00"),
        ("30/2/2027", "is not in the calendar; write a day that exists, as in 2026-11-23T09:00"),
        (
            "10",
            "has a bare number, 10: may be 10am, 10pm or day 10 of a month; write 10am or 10pm",
        ),
        ("tomorrow 9", "has a bare number, 9: may be 9am or 9pm; write 9am or 9pm"),
        ("tomorrow 14", "has a bare number, 14: is perhaps 14:00; write 14:00"),
        (
            "next friday 9am",
            ("may be 2026-11-27, of this week, or 2026-12-04, of the next; "
             "write friday, or 2026-12-04 9:00"),
        ),
        (
            "friday midnight",
            "may be the start or the end of that day; write 0:00, of that day or of the next one",
        ),
        # Abbreviations of zones.
        (
            "9am EST",
            f"{SEVERAL}: EST is America/New_York, America/Panama or Australia/Sydney; {MEAN}",
        ),
        (
            "friday 14:00 cst",
            f"{SEVERAL}: CST is America/Chicago, Asia/Shanghai or America/Havana; {MEAN}",
        ),
        ("9am IST", f"{SEVERAL}: IST is Asia/Kolkata, Europe/Dublin or Asia/Jerusalem; {MEAN}"),
        ("9am PT", "has no IANA zone in PT; write America/Los_Angeles"),
        (
            "tomorrow 9am +02:00",
            ("names an offset, +02:00, and no zone; "
             "write a zone such as Europe/Berlin, or a whole 2026-11-23T09:00:00+01:00"),
        ),
        ("9am Berlin", "ends in no known time zone, 'Berlin'; did you mean Europe/Berlin?"),
        (
            "9am Mars/Olympus",
            "ends in no known time zone, 'Mars/Olympus'; write one such as Europe/Berlin, or UTC",
        ),
        # Not enough, or too much.
        ("noonish", f"is too vague: noonish {VAGUE}"),
        ("tomorrow morning", f"is too vague: morning {VAGUE}"),
        ("tonight", f"is too vague: tonight {VAGUE}"),
        ("next week", "names no day: a week has many; write one, such as 'next monday 9am'"),
        ("in 2 months", "names no day: a month has many; write one, such as 'next monday 9am'"),
        ("May", "names a month and no day; write one, such as '3 may 9am'"),
        ("may 2027", "names a month and no day; write one, such as '3 may 2027 9am'"),
        ("24th 9am", "names no month beside 24th; write one, such as '24 december 9am'"),
        ("in 2 hours and 3 hours", "says one unit twice; add the two up"),
        ("2 hours and 3 hours ago", "says one unit twice; add the two up"),
        ("in 0 minutes", "is no time at all; write at least 1s"),
        # No such time.
        ("12:61", f"has an impossible time of day, 12:61; {HOURS}"),
        ("tomorrow 24:00", f"has an impossible time of day, 24:00; {HOURS}"),
        ("tomorrow 13pm", f"has an impossible time of day, 13pm; {HOURS}"),
        ("0am", f"has an impossible time of day, 0am; {HOURS}"),
        ("30 February", "is not in the calendar; write a day that exists"),
        ("31 june 2027", "is not in the calendar; write a day that exists"),
        ("29 february 2027", "is not in the calendar; write a day that exists"),
        ("0 may", "is not in the calendar; write a day that exists"),
        ("2026-02-30 9am", "is not in the calendar; write a day that exists"),
        ("2027-13-01 9am", "is not in the calendar; write a day that exists"),
        ("9am 2027-25-12", "is not in the calendar; write a day that exists"),
        ("2027-00-10", "is not in the calendar; write a day that exists"),
        (
            "thursday 25 december",
            "is no Thursday: 2026-12-25 is a Friday; leave the weekday out, or correct it",
        ),
        (
            "9999-12-31 9am",
            "is not between 2000 and 2999; write an instant that a job can wait for",
        ),
        ("99999 weeks", "is not between 2000 and 2999; write an instant that a job can wait for"),
    ],
)  # fmt: skip
def test_what_is_refused(text: str, problem: str) -> None:
    with pytest.raises(InvalidJob) as caught:
        said(text)
    assert str(caught.value) == f"--at: {text!r} {problem}"


@pytest.mark.parametrize(
    "text",
    [
        "", "   ", "soonish", "half a day off", "every friday", "tomorrow or friday", "9am 10am",
        "1,000", "-2 hours", "in -2 hours", "2 hours before now", "morgen um neun", "9am ٣ may",
        "tomorrow potato", "tomorrow tomorrow", "next tuesdy", "friday 99", "٢ hours", "2026",
        "9am Europe/Berlin UTC", "9am localtime", "yesteryear", "3.30pm", "9am 9am",
    ],
)  # fmt: skip
def test_what_is_nothing_of_the_kind(text: str) -> None:
    with pytest.raises(InvalidJob) as caught:
        said(text)
    like = "write it like 2026-11-23T09:00:00Z, 'tomorrow 9am' or 'in 2 hours'"
    assert str(caught.value) == f"--at: {text!r} is no time that is understood; {like}"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            "today 9am",
            f"2026-11-23T08:00:00Z (Monday) was 4h ago; {TODAY}",
        ),
        (
            "yesterday",
            f"2026-11-22T08:00:00Z (Sunday) was 1d4h ago; {TODAY}",
        ),
        (
            "last friday 9am",
            "2026-11-20T08:00:00Z (Friday) was 3d4h ago; the next is 2026-11-27T08:00:00Z (Friday)",
        ),
        (
            "25 december 2025 9am",
            ("2025-12-25T08:00:00Z (Thursday) was 333d4h ago; "
             "the next is 2026-12-25T08:00:00Z (Friday)"),
        ),
        (
            "2026-11-01 18:00",
            ("2026-11-01T17:00:00Z (Sunday) was 21d19h ago; "
             "the next is 2026-11-23T17:00:00Z (Monday)"),
        ),
        ("2 hours ago", "2026-11-23T10:00:00Z (Monday) was 2h ago; write a time to come"),
    ],
)  # fmt: skip
def test_what_is_past_is_refused_with_the_next_to_come(text: str, problem: str) -> None:
    with pytest.raises(Refused) as caught:
        said(text)
    assert str(caught.value) == f"--at: {text!r} is past: {problem}"
    found = phrases.read(text, field="--at", now=NOON, default=BERLIN, allow_past=True)
    assert instants.format_instant(found.instant) == problem[:20]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("tomorrow 9am" * 1_000, "has 12000 characters; keep it under 101"),
        ("in 2\thours", "holds the control character '\\t'; remove it"),
        ("tomorrow\n9am", "holds the control character '\\n'; remove it"),
        ("9am\x00", "holds the control character '\\x00'; remove it"),
        ("tomorrow\u202e 9am", "holds the control character '\\u202e'; remove it"),
        ("9am \ud800", "holds the control character '\\ud800'; remove it"),
    ],
)
def test_hostile_text_is_refused_at_once(text: str, problem: str) -> None:
    with pytest.raises(InvalidJob) as caught:
        said(text)
    assert str(caught.value).endswith(problem)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 250


@pytest.mark.parametrize(("name", "zones"), ambiguity.ABBREVIATIONS.items())
def test_the_readings_of_an_abbreviation_are_zones(name: str, zones: tuple[str, ...]) -> None:
    assert [instants.zone(zone, field="x").key for zone in zones] == list(zones)
    with pytest.raises(InvalidJob, match=f"{name}.*{zones[0]}"):
        said(f"tomorrow 9am {name}")
