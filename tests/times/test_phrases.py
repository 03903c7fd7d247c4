"""Times as people say them: what each is, what none is, and that nothing else can happen."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta, timezone
from time import thread_time
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from scheduler.errors import InvalidJob, Refused
from scheduler.times import instants, phrases

#: A Monday; 13:00 in Berlin, 7:00 in New York, 21:00 in Tokyo.
NOON = datetime(2026, 11, 23, 12, tzinfo=timezone.utc)
BERLIN = "Europe/Berlin"


def utc(text: str) -> datetime:
    return instants.instant(text, field="x", timezone=None)


def said(text: str, now: datetime | str = NOON, zone: str | None = BERLIN) -> str:
    now = utc(now) if isinstance(now, str) else now
    found = phrases.read(text, field="--at", now=now, default=zone)
    assert found.instant.tzinfo is timezone.utc
    return instants.format_instant(found.instant)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # A day and a clock time, in either order.
        ("tomorrow 9am", "2026-11-24T08:00:00Z"),
        ("Tomorrow at 9 AM", "2026-11-24T08:00:00Z"),
        ("9 a.m. tomorrow", "2026-11-24T08:00:00Z"),
        ("tomorrow, 9:30 p.m.", "2026-11-24T20:30:00Z"),
        ("  tomorrow   09:00:05 ", "2026-11-24T08:00:05Z"),
        ("today 18:00", "2026-11-23T17:00:00Z"),
        ("noon tomorrow", "2026-11-24T11:00:00Z"),
        ("tomorrow 12am", "2026-11-23T23:00:00Z"),
        ("tomorrow 12pm", "2026-11-24T11:00:00Z"),
        ("tomorrow 12:30am", "2026-11-23T23:30:00Z"),
        ("the day after tomorrow 0:00", "2026-11-24T23:00:00Z"),
        ("in 3 days at 9am", "2026-11-26T08:00:00Z"),
        ("in two weeks 9am", "2026-12-07T08:00:00Z"),
        # A weekday is the next to come, today if its time is still ahead.
        ("friday 14:00", "2026-11-27T13:00:00Z"),
        ("fri 14:00", "2026-11-27T13:00:00Z"),
        ("this friday 2pm", "2026-11-27T13:00:00Z"),
        ("2pm on friday", "2026-11-27T13:00:00Z"),
        ("on thurs at 14:00", "2026-11-26T13:00:00Z"),
        ("sunday 23:59", "2026-11-29T22:59:00Z"),
        ("monday 13:01", "2026-11-23T12:01:00Z"),
        ("monday 13:00", "2026-11-30T12:00:00Z"),
        ("monday 9am", "2026-11-30T08:00:00Z"),
        ("next monday 23:00", "2026-11-30T22:00:00Z"),
        # A day alone is 9:00 of it.
        ("tomorrow", "2026-11-24T08:00:00Z"),
        ("next monday", "2026-11-30T08:00:00Z"),
        ("monday", "2026-11-30T08:00:00Z"),
        ("tue", "2026-11-24T08:00:00Z"),
        ("3 december", "2026-12-03T08:00:00Z"),
        # A clock time alone is the next such time.
        ("9am", "2026-11-24T08:00:00Z"),
        ("at 14:00", "2026-11-23T13:00:00Z"),
        ("13:00", "2026-11-24T12:00:00Z"),
        ("noon", "2026-11-24T11:00:00Z"),
        ("midnight", "2026-11-23T23:00:00Z"),
        # Dates; without their year, the next such.
        ("3 dec 2026 9am", "2026-12-03T08:00:00Z"),
        ("Dec 3rd, 2026 at 09:00", "2026-12-03T08:00:00Z"),
        ("the 3rd of december 9am", "2026-12-03T08:00:00Z"),
        ("9am on december 3", "2026-12-03T08:00:00Z"),
        ("may 3", "2027-05-03T07:00:00Z"),
        ("23 nov 14:00", "2026-11-23T13:00:00Z"),
        ("23 nov 12:00", "2027-11-23T11:00:00Z"),
        ("1 sept 9am", "2027-09-01T07:00:00Z"),
        ("29 february 9am", "2028-02-29T08:00:00Z"),
        ("friday 25 december 9am", "2026-12-25T08:00:00Z"),
        ("2026-12-03 9am", "2026-12-03T08:00:00Z"),
        ("2026-12-03", "2026-12-03T08:00:00Z"),
        ("2026-12-03 9:00\u202fAM", "2026-12-03T08:00:00Z"),
        ("2026-12-03\u00a09\u2009am", "2026-12-03T08:00:00Z"),
        ("in half an hour", "2026-11-23T12:30:00Z"),
        ("thu 2026-12-03 9am", "2026-12-03T08:00:00Z"),
    ],
)
def test_days_and_clock_times(text: str, expected: str) -> None:
    assert said(text) == expected


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("in 2 hours", 7_200), ("in 90 minutes", 5_400), ("in 3 days", 259_200),
        ("2 hours from now", 7_200), ("2 hours", 7_200), ("in an hour", 3_600), ("a week", 604_800),
        ("In Two Hours", 7_200), ("in 2 hours and 30 minutes", 9_000), ("in 1.5 hours", 5_400),
        ("in 1 day, 2 hrs 3 mins 4 secs", 93_784), ("in twelve days", 1_036_800),
        ("in 2h30m", 9_000), ("2h", 7_200), ("PT2H", 7_200), ("in 36525d", 3_155_760_000),
        ("in 0.01 minutes", 1), ("in 3 days and an hour Europe/Berlin", 262_800),
    ],
)  # fmt: skip
def test_delays_need_no_zone(text: str, seconds: int) -> None:
    expected = instants.format_instant(NOON + timedelta(seconds=seconds))
    assert said(text, zone=None) == expected
    # Never early, and on a whole second.
    assert said(text, NOON - timedelta(microseconds=1), zone=None) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("an hour ago", "2026-11-23T11:00:00Z"),
        ("2 hours and 30 minutes ago", "2026-11-23T09:30:00Z"),
        ("0.5 seconds ago", "2026-11-23T12:00:00Z"),
        ("1.5 seconds ago", "2026-11-23T11:59:59Z"),
    ],
)
def test_what_was_is_a_whole_second_and_never_early(text: str, expected: str) -> None:
    found = phrases.read(text, field="--at", now=NOON, allow_past=True)
    assert found.instant == utc(expected)


@pytest.mark.parametrize(
    ("text", "zone", "expected", "named"),
    [
        ("friday 14:00 Europe/Berlin", None, "2026-11-27T13:00:00Z", BERLIN),
        ("friday 14:00 Europe/Berlin", "Asia/Tokyo", "2026-11-27T13:00:00Z", BERLIN),
        ("friday 14:00", "America/New_York", "2026-11-27T19:00:00Z", None),
        ("tomorrow 9am UTC", BERLIN, "2026-11-24T09:00:00Z", "UTC"),
        ("tomorrow 9am z", BERLIN, "2026-11-24T09:00:00Z", "UTC"),
        ("9am Japan", None, "2026-11-24T00:00:00Z", "Japan"),
        ("2026-12-03T09:00 Asia/Kolkata", None, "2026-12-03T03:30:00Z", "Asia/Kolkata"),
        ("in 2 hours Asia/Tokyo", None, "2026-11-23T14:00:00Z", "Asia/Tokyo"),
    ],
)
def test_the_zone_is_in_the_words_else_the_setting(
    text: str, zone: str | None, expected: str, named: str | None
) -> None:
    found = phrases.read(text, field="--at", now=NOON, default=zone)
    assert (instants.format_instant(found.instant), found.zone) == (expected, named)


def test_the_zone_s_own_day_counts() -> None:
    late = "2026-11-23T23:30:00Z"  # Tuesday 0:30 in Berlin
    assert said("today 9am", late) == "2026-11-24T08:00:00Z"
    assert said("tomorrow 9am", late) == "2026-11-25T08:00:00Z"
    assert said("tuesday 9am", late) == "2026-11-24T08:00:00Z"
    assert said("tuesday 0:10", late) == "2026-11-30T23:10:00Z"
    assert said("tomorrow 9am", late, "UTC") == "2026-11-24T09:00:00Z"
    assert said("tomorrow 9am", late, "Pacific/Apia") == "2026-11-24T20:00:00Z"


@pytest.mark.parametrize(
    ("text", "now", "zone", "expected"),
    [
        # 2:00 to 3:00 is skipped on 29 March and shown twice on 25 October.
        ("tomorrow 2:30", "2026-03-28T12:00:00Z", BERLIN, "2026-03-29T01:00:00Z"),
        ("tomorrow 3am", "2026-03-28T12:00:00Z", BERLIN, "2026-03-29T01:00:00Z"),
        ("2:30", "2026-03-29T00:30:00Z", BERLIN, "2026-03-29T01:00:00Z"),
        ("sunday 2:30", "2026-10-24T12:00:00Z", BERLIN, "2026-10-25T00:30:00Z"),
        ("2:30am", "2026-10-25T00:45:00Z", BERLIN, "2026-10-26T01:30:00Z"),
        ("tomorrow 9am", "2026-10-24T12:00:00Z", BERLIN, "2026-10-25T08:00:00Z"),
        ("in 1 day", "2026-10-24T12:00:00Z", BERLIN, "2026-10-25T12:00:00Z"),
        ("in 1 day 14:00", "2026-10-24T12:00:00Z", BERLIN, "2026-10-25T13:00:00Z"),
        # 8 March and 1 November in New York.
        ("8 march 2:30am", "2026-03-01T12:00:00Z", "America/New_York", "2026-03-08T07:00:00Z"),
        ("tomorrow 1:30", "2026-10-31T12:00:00Z", "America/New_York", "2026-11-01T05:30:00Z"),
        ("sunday noon", "2026-10-31T12:00:00Z", "America/New_York", "2026-11-01T17:00:00Z"),
        # The day that Samoa skipped.
        ("tomorrow noon", "2011-12-29T20:00:00Z", "Pacific/Apia", "2011-12-30T10:00:00Z"),
        ("9am", "2011-12-29T20:00:00Z", "Pacific/Apia", "2011-12-30T10:00:00Z"),
    ],
)
def test_days_on_which_clocks_change(text: str, now: str, zone: str, expected: str) -> None:
    assert said(text, now, zone) == expected


@pytest.mark.parametrize("days", range(7))
def test_next_monday_is_never_today(days: int) -> None:
    now = NOON + timedelta(days=days)
    expected = "2026-11-30T08:00:00Z"
    assert said("next monday", now) == expected
    assert said("next mon 9:00", now) == expected


def test_next_friday_is_only_one_day_from_friday_on() -> None:
    for days in (4, 5, 6):
        assert said("next friday", NOON + timedelta(days=days)) == "2026-12-04T08:00:00Z"
    for days in range(4):
        with pytest.raises(InvalidJob, match="may be 2026-11-27, of this week, or 2026-12-04, of"):
            said("next friday", NOON + timedelta(days=days))


@pytest.mark.parametrize("text", ["tomorrow 9am", "friday", "9am", "3 december 9:00", "midnight"])
def test_words_and_clock_times_need_a_zone(text: str) -> None:
    with pytest.raises(InvalidJob, match="has no time zone; end it with one such as Europe/Berlin"):
        said(text, zone=None)


@pytest.mark.parametrize(
    ("text", "beside", "fix"),
    [
        ("9am", "--timezone", "end it with one such as Europe/Berlin, or give --timezone or def"),
        ("9am", "timezone", "end it with one such as Europe/Berlin, or give timezone or defaults"),
        ("9am", None, "end the time with a zone, such as '9am Europe/Berlin'"),
        ("2026-12-25T09:00", None, "such as '2026-12-25T09:00 Europe/Berlin'"),
        ("tomorrow" + " " * 70 + "9am", None, "such as 'tomorrow 9am Europe/Berlin'"),
    ],
)
def test_a_missing_zone_is_asked_for_where_it_can_be_given(
    text: str, beside: str | None, fix: str
) -> None:
    with pytest.raises(InvalidJob) as refused:
        phrases.read(text, field="run-at", now=NOON, beside=beside)
    assert fix in str(refused.value)


def test_a_zone_that_contradicts_the_flag_is_refused() -> None:
    def read(flag: str) -> phrases.Said:
        text = "tomorrow 9am Europe/Berlin"
        return phrases.read(text, field="--at", now=NOON, timezone=flag, default="Asia/Tokyo")

    assert instants.format_instant(read(BERLIN).instant) == "2026-11-24T08:00:00Z"
    with pytest.raises(InvalidJob, match="another zone than --timezone Asia/Tokyo; keep one of"):
        read("Asia/Tokyo")
    with pytest.raises(InvalidJob, match="timezone: 'Nowhere' is not a known time zone"):
        phrases.read("9am", field="--at", now=NOON, timezone="Nowhere", default=BERLIN)


DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
CLOCK = st.times().map(lambda clock: clock.replace(microsecond=0, second=0))
ZONES = st.sampled_from([BERLIN, "UTC", "America/New_York", "Asia/Kolkata", "Pacific/Apia"])
NOWS = st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=st.just(timezone.utc))  # noqa: DTZ001


@given(NOWS, ZONES, CLOCK)
def test_a_clock_time_is_what_clocks_show_within_a_day(
    now: datetime, zone: str, clock: time
) -> None:
    """Other than where clocks change, which the tables have."""
    texts = [f"{clock:%H:%M}", f"{clock:%I:%M}{'am' if clock.hour < 12 else 'pm'}"]
    for text in texts:
        found = phrases.read(text, field="x", now=now, timezone=zone).instant
        assert now < found <= now + timedelta(hours=26)
        if (
            found.astimezone(ZoneInfo(zone)).utcoffset()
            == now.astimezone(ZoneInfo(zone)).utcoffset()
        ):
            assert instants.wall(found, ZoneInfo(zone)).time() == clock


@given(NOWS, ZONES, st.sampled_from(DAYS))
def test_a_weekday_is_the_next_to_come(now: datetime, zone: str, weekday: str) -> None:
    place = ZoneInfo(zone)
    found = phrases.read(f"{weekday} 12:00", field="x", now=now, timezone=zone).instant
    assert now < found <= now + timedelta(days=7, hours=2)
    local = instants.wall(found, place)
    assert (instants.weekday(local).lower(), local.hour, local.minute) == (weekday, 12, 0)


UNITS = {"second": 1, "minute": 60, "hour": 3_600, "day": 86_400, "week": 604_800}


@given(st.dictionaries(st.sampled_from(list(UNITS)), st.integers(1, 999), min_size=1))
def test_a_delay_is_the_sum_of_its_parts(parts: dict[str, int]) -> None:
    text = " and ".join(f"{number} {unit}{'s' * (number > 1)}" for unit, number in parts.items())
    total = timedelta(seconds=sum(number * UNITS[unit] for unit, number in parts.items()))
    assert phrases.read(f"in {text}", field="x", now=NOON).instant == NOON + total


HUNDREDTHS = st.integers(1, 9_999_999)


@given(NOWS, HUNDREDTHS, st.sampled_from(list(UNITS)), st.booleans())
@example(NOON, 9_999_999, "week", True)  # of which a float is microseconds off
def test_decimals_are_exact_and_rounded_up_to_a_second(
    now: datetime, hundredths: int, unit: str, past: bool
) -> None:
    now = now.replace(microsecond=0)
    number = f"{hundredths // 100}.{hundredths % 100:02}"
    wanted = (-1 if past else 1) * hundredths * UNITS[unit]
    text = f"{number} {unit}s ago" if past else f"in {number} {unit}s"
    expected = now + timedelta(seconds=-(-wanted // 100))
    if instants.FIRST_YEAR <= expected.year <= instants.LAST_YEAR:
        assert phrases.read(text, field="x", now=now, allow_past=True).instant == expected
    else:
        with pytest.raises(InvalidJob, match="is not between 2000 and 2999"):
            phrases.read(text, field="x", now=now, allow_past=True)


MONTHS = (
    "january jan", "february feb", "march mar", "april apr", "may", "june jun", "july jul",
    "august aug", "september sept sep", "october oct", "november nov", "december dec",
)  # fmt: skip
SHORTER = {"tuesday": ["tues"], "thursday": ["thur", "thurs"]}


@given(st.dates(date(2000, 1, 2), date(2999, 12, 30)), st.data())
def test_a_date_is_the_same_in_every_order_and_spelling(day: date, data: st.DataObject) -> None:
    def one_of(*options: str) -> str:
        return data.draw(st.sampled_from(options))

    whole = DAYS[day.weekday()]
    named = one_of("", *(f"{each} " for each in (whole, whole[:3], *SHORTER.get(whole, []))))
    nth = f"{day.day}{one_of('', 'st', 'nd', 'rd', 'th')}"
    month = one_of(*MONTHS[day.month - 1].split())
    text = one_of(
        f"{named}{nth} {month} {day.year}",
        f"{named}the {nth} of {month} {day.year}",
        f"{named}{month} {nth}, {day.year}",
        f"on {named}{month} the {nth} {day.year}",
        f"{named}{day}",
    )
    clock = data.draw(st.integers(0, 1_439))
    hour, minute = divmod(clock, 60)
    half = f"{(hour + 11) % 12 + 1}:{minute:02}"
    said = one_of(
        f"{hour}:{minute:02}", f"{hour:02}:{minute:02}:00", f"{half} {'ap'[hour > 11]}m",
        f"{half} {'AP'[hour > 11]}.M.",
    )  # fmt: skip
    text = one_of(f"{text} {said}", f"{text} at {said}", f"{said} {text}")
    found = phrases.read(text, field="x", now=NOON, timezone="UTC", allow_past=True).instant
    assert found == datetime.combine(day, time(hour, minute), tzinfo=timezone.utc)


@given(NOWS, ZONES, st.integers(0, 6), st.sampled_from(["", "this ", "next ", "last ", "on "]))
def test_a_weekday_is_the_first_such_day_on_its_side(
    now: datetime, zone: str, weekday: int, which: str
) -> None:
    """``next`` is a day of the next week, or is refused as either of two."""
    today = instants.wall(now, ZoneInfo(zone)).date()
    coming = today + timedelta(days=(weekday - today.weekday()) % 7)
    expected = {"next ": coming + timedelta(days=7 * (coming == today)),
                "last ": coming - timedelta(days=7)}.get(which, coming)  # fmt: skip
    text = f"{which}{DAYS[weekday]} 12:00"

    def read() -> datetime:
        return phrases.read(text, field="x", now=now, timezone=zone, allow_past=True).instant

    if which == "next " and expected.isocalendar()[:2] == today.isocalendar()[:2]:
        with pytest.raises(InvalidJob, match=f"may be {expected}, of this week, or "):
            read()
        return
    days = [expected, expected + timedelta(days=7)] if which in ("", "this ", "on ") else [expected]
    noons = [
        instants.first_instant(datetime.combine(day, time(12)), ZoneInfo(zone)) for day in days
    ]
    assert read() == next((noon for noon in noons if noon > now), noons[-1])


WORDS = (
    "at on in the of next last this from now ago and today tomorrow yesterday day after friday mon",
    "may 3rd 29 february 2026 2028 9am 12:30 13:99 noon midnight two 1.5 10 hours minutes weeks",
    "2h PT5M 03/04 04.03 2026-12-03 Europe/Berlin UTC EST z week month , +02:00 12pm 0 -2",
)
WORD = st.sampled_from(" ".join(WORDS).split())


@given(
    st.text(max_size=120)
    | st.lists(WORD, max_size=7).map(" ".join)
    | st.from_regex("[0-9/.: apm-]+"),
    NOWS,
    st.sampled_from([None, BERLIN, "America/New_York"]),
)
@example("tomorrow 9am", NOON.replace(year=2999, month=12, day=31), "UTC")
@example("last monday", NOON.replace(year=2000, month=1, day=1), "UTC")
@example("1 january 1000", NOON, "Asia/Tokyo")
@example("in 99999 weeks 99999 days 99999 hours", NOON, None)
def test_whatever_is_said_it_is_an_instant_to_come_or_refused(
    text: str, now: datetime, zone: str | None
) -> None:
    began = thread_time()
    try:
        found = phrases.read(text, field="--at", now=now, default=zone).instant
    except Refused as refused:
        message = str(refused)
        assert message.startswith(("--at: ", "timezone: "))
        assert message.isprintable()
        assert len(message) < 400
    else:
        assert found.tzinfo is timezone.utc
        assert found.microsecond == 0
        assert found > now - timedelta(seconds=1)
    assert thread_time() - began < 2
