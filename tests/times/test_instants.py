from __future__ import annotations

import contextlib
import zoneinfo
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from scheduler.errors import InvalidJob
from scheduler.times import instants

NOON = datetime(2026, 11, 23, 12, tzinfo=timezone.utc)
FORM = "write it like 90s, 2h30m, 1d or PT2H"
ZONES = [
    "UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca",
    "Pacific/Apia", "America/Rainy_River", "Europe/Dublin", "Asia/Kolkata", "America/St_Johns",
    "Africa/Monrovia", "Asia/Pyongyang", "Pacific/Kiritimati", "America/Sao_Paulo", "Asia/Gaza",
    "Antarctica/Troll", "Etc/GMT+12",
]  # fmt: skip
ANY_ZONE = st.sampled_from(sorted(zoneinfo.available_timezones() - {"localtime", "Factory"}))
SECONDS = st.datetimes(datetime(2000, 1, 2), datetime(2037, 12, 30)).map(  # noqa: DTZ001
    lambda moment: moment.replace(microsecond=0)
)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90s", 90), ("2h30m", 9_000), ("1d", 86_400), ("1w", 604_800), ("PT2H", 7_200),
        ("P1DT30M", 88_200), ("1w2d3h4m5s", 788_645), ("P1W", 604_800), ("PT90S", 90),
        ("400d", 34_560_000), ("0h1s", 1), ("36525d", 3_155_760_000),
        ("2 h", 7_200), ("2h 30m", 9_000), ("2 h 30 m", 9_000), ("2 hours", 7_200),
        ("1 hour 30 minutes", 5_400), ("an hour and 5 mins", 3_900), ("Two Hours", 7_200),
        ("in 2 hours", 7_200), ("half an hour", 1_800), ("1.5 days", 129_600), ("90 min", 5_400),
        ("2\u00a0hours", 7_200), ("2\u202fh\u200930\u3000m", 9_000), ("  1  week ", 604_800),
        ("0.01 seconds", 1),
    ],
)  # fmt: skip
def test_durations(text: str, seconds: int) -> None:
    assert instants.duration(text, field="in") == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", f"in: '' is not a duration; {FORM}"),
        ("2", f"in: '2' is not a duration; {FORM}"),
        ("h", f"in: 'h' is not a duration; {FORM}"),
        ("30m2h", f"in: '30m2h' is not a duration; {FORM}"),
        ("2H", f"in: '2H' is not a duration; {FORM}"),
        ("1.5h", f"in: '1.5h' is not a duration; {FORM}"),
        ("2h\n", f"in: '2h\\n' is not a duration; {FORM}"),
        ("2\th", f"in: '2\\th' is not a duration; {FORM}"),
        ("2 months", f"in: '2 months' is not a duration; {FORM}"),
        ("2 hours 3 hours", f"in: '2 hours 3 hours' is not a duration; {FORM}"),
        ("hours", f"in: 'hours' is not a duration; {FORM}"),
        ("2 hours ago", f"in: '2 hours ago' is not a duration; {FORM}"),
        ("2h 30", f"in: '2h 30' is not a duration; {FORM}"),
        ("30 2h", f"in: '30 2h' is not a duration; {FORM}"),
        ("0 hours", "in: '0 hours' is no time at all; write at least 1s"),
        ("-2h", f"in: '-2h' is negative; {FORM}"),
        ("P", f"in: 'P' is not a duration; {FORM}"),
        ("PT", f"in: 'PT' is not a duration; {FORM}"),
        ("P1DT", f"in: 'P1DT' is not a duration; {FORM}"),
        ("P1M", f"in: 'P1M' is not a duration; {FORM}"),
        ("P1Y", f"in: 'P1Y' is not a duration; {FORM}"),
        ("٢h", f"in: '٢h' is not a duration; {FORM}"),
        ("1" * 13 + "s", f"in: '{'1' * 13}s' is not a duration; {FORM}"),
        ("0s", "in: '0s' is no time at all; write at least 1s"),
        ("PT0H0M", "in: 'PT0H0M' is no time at all; write at least 1s"),
        ("36525d1s", "in: '36525d1s' is longer than 100 years; write a shorter one"),
        ("9" * 12 + "w", f"in: '{'9' * 12}w' is longer than 100 years; write a shorter one"),
        ("x" * 99, f"in: '{'x' * 79}…' is not a duration; {FORM}"),
    ],
)
def test_durations_that_are_none(text: str, message: str) -> None:
    with pytest.raises(InvalidJob) as caught:
        instants.duration(text, field="in")
    assert str(caught.value) == message


def test_zero_where_it_means_something() -> None:
    assert instants.duration("0s", field="recover-after", allow_zero=True) == timedelta()


@given(st.timedeltas(timedelta(seconds=1), instants.LONGEST))
def test_a_written_duration_is_read_as_the_same(length: timedelta) -> None:
    whole = timedelta(seconds=length // timedelta(seconds=1))
    assert instants.duration(instants.format_duration(length), field="in") == whole


@pytest.mark.parametrize(
    ("text", "zone", "utc"),
    [
        ("2026-11-23T09:00:00Z", None, "2026-11-23T09:00:00Z"),
        ("2026-11-23t09:00:00z", None, "2026-11-23T09:00:00Z"),
        ("2026-11-23 09:00Z", None, "2026-11-23T09:00:00Z"),
        ("2026-11-23T09:00:00+02:00", None, "2026-11-23T07:00:00Z"),
        ("2026-11-23T09:00:00-00:00", None, "2026-11-23T09:00:00Z"),
        ("2026-11-23T09:00:00.000Z", None, "2026-11-23T09:00:00Z"),
        ("2026-11-23T09:00:00.001Z", None, "2026-11-23T09:00:01Z"),
        ("2026-12-31T23:59:59.9Z", None, "2027-01-01T00:00:00Z"),
        ("2028-02-29T00:00:00Z", None, "2028-02-29T00:00:00Z"),
        # An offset decides; the zone is for display.
        ("2026-11-23T09:00:00Z", "America/New_York", "2026-11-23T09:00:00Z"),
        ("2026-11-23T09:00", "Europe/Berlin", "2026-11-23T08:00:00Z"),
        ("2026-07-23T09:00", "Europe/Berlin", "2026-07-23T07:00:00Z"),
        # Gaps end at the instant that comes next, folds are their first half.
        ("2026-03-29T01:59:59", "Europe/Berlin", "2026-03-29T00:59:59Z"),
        ("2026-03-29T02:00:00", "Europe/Berlin", "2026-03-29T01:00:00Z"),
        ("2026-03-29T02:30:00", "Europe/Berlin", "2026-03-29T01:00:00Z"),
        ("2026-03-29T03:00:00", "Europe/Berlin", "2026-03-29T01:00:00Z"),
        ("2026-10-25T02:30:00", "Europe/Berlin", "2026-10-25T00:30:00Z"),
        ("2026-10-25T02:59:59.5", "Europe/Berlin", "2026-10-25T01:00:00Z"),
        ("2026-10-25T03:00:00", "Europe/Berlin", "2026-10-25T02:00:00Z"),
        ("2026-03-08T02:30:00", "America/New_York", "2026-03-08T07:00:00Z"),
        ("2026-11-01T01:30:00", "America/New_York", "2026-11-01T05:30:00Z"),
        ("2026-10-04T02:15:00", "Australia/Lord_Howe", "2026-10-03T15:30:00Z"),
        ("2026-04-05T01:45:00", "Australia/Lord_Howe", "2026-04-04T14:45:00Z"),
        # The day that Samoa skipped.
        ("2011-12-30T12:00:00", "Pacific/Apia", "2011-12-30T10:00:00Z"),
    ],
)
def test_instants(text: str, zone: str | None, utc: str) -> None:
    found = instants.instant(text, field="run-at", timezone=zone)
    assert found.tzinfo is timezone.utc
    assert instants.format_instant(found) == utc


RFC = "is not an RFC 3339 instant; write it like 2026-11-23T09:00:00Z"
RANGE = "is not between 2000 and 2999; write an instant that a job can wait for"
CLOCK = "has an impossible time of day; write it between 00:00:00 and 23:59:59"


@pytest.mark.parametrize(
    ("text", "zone", "message"),
    [
        ("", None, f"run-at: '' {RFC}"),
        ("tomorrow", None, f"run-at: 'tomorrow' {RFC}"),
        ("09:00Z", None, f"run-at: '09:00Z' {RFC}"),
        ("2026-327T09:00:00Z", None, f"run-at: '2026-327T09:00:00Z' {RFC}"),
        ("2026-W48-1T09:00:00Z", None, f"run-at: '2026-W48-1T09:00:00Z' {RFC}"),
        ("20261123T090000Z", None, f"run-at: '20261123T090000Z' {RFC}"),
        ("2026-11-23T09Z", None, f"run-at: '2026-11-23T09Z' {RFC}"),
        ("2026-11-23T09:00:00+0200", None, f"run-at: '2026-11-23T09:00:00+0200' {RFC}"),
        ("2026-11-23T09:00:00 EST", None, f"run-at: '2026-11-23T09:00:00 EST' {RFC}"),
        ("2026-11-23T09:00:00Z\n", None, f"run-at: '2026-11-23T09:00:00Z\\n' {RFC}"),
        ("２026-11-23T09:00:00Z", None, f"run-at: '２026-11-23T09:00:00Z' {RFC}"),  # noqa: RUF001
        (
            "2026-11-23",
            None,
            "run-at: '2026-11-23' has no time of day; write 2026-11-23T09:00:00Z",
        ),
        (
            "2026-11-23T09:00",
            None,
            (
                "run-at: '2026-11-23T09:00' has no UTC offset; "
                "write 2026-11-23T09:00Z, or add a timezone"
            ),
        ),
        (
            "2026-02-30T09:00:00Z",
            None,
            "run-at: '2026-02-30T09:00:00Z' is not in the calendar; write a day that exists",
        ),
        (
            "2026-13-01T09:00:00Z",
            None,
            "run-at: '2026-13-01T09:00:00Z' is not in the calendar; write a day that exists",
        ),
        (
            "0000-01-01T09:00:00Z",
            None,
            "run-at: '0000-01-01T09:00:00Z' is not in the calendar; write a day that exists",
        ),
        ("2026-11-23T24:00:00Z", None, f"run-at: '2026-11-23T24:00:00Z' {CLOCK}"),
        ("2026-11-23T09:60:00Z", None, f"run-at: '2026-11-23T09:60:00Z' {CLOCK}"),
        (
            "2016-12-31T23:59:60Z",
            None,
            (
                "run-at: '2016-12-31T23:59:60Z' is in a leap second; "
                "write second 59, or 00 of the next minute"
            ),
        ),
        (
            "2026-11-23T09:00:00+24:00",
            None,
            (
                "run-at: '2026-11-23T09:00:00+24:00' has an impossible UTC offset; "
                "write one such as +02:00, or Z"
            ),
        ),
        ("1999-12-31T23:59:59Z", None, f"run-at: '1999-12-31T23:59:59Z' {RANGE}"),
        ("2000-01-01T00:00:00+01:00", None, f"run-at: '2000-01-01T00:00:00+01:00' {RANGE}"),
        ("9999-12-31T23:59:59Z", None, f"run-at: '9999-12-31T23:59:59Z' {RANGE}"),
        ("9999-12-31T23:59:59.5-23:59", None, f"run-at: '9999-12-31T23:59:59.5-23:59' {RANGE}"),
        ("0001-01-01T00:00:00+23:59", None, f"run-at: '0001-01-01T00:00:00+23:59' {RANGE}"),
        ("0001-01-01T00:00:00", "Asia/Tokyo", f"run-at: '0001-01-01T00:00:00' {RANGE}"),
        ("9999-12-31T23:59:59", "America/Adak", f"run-at: '9999-12-31T23:59:59' {RANGE}"),
        (
            "2026-11-23T09:00:00Z",
            "Mars/Olympus",
            (
                "timezone: 'Mars/Olympus' is not a known time zone; "
                "write one such as Europe/Berlin, or UTC"
            ),
        ),
    ],
)
def test_instants_that_are_none(text: str, zone: str | None, message: str) -> None:
    with pytest.raises(InvalidJob) as caught:
        instants.instant(text, field="run-at", timezone=zone)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("europe/berlin", "Europe/Berlin"), ("Europe/Berlim", "Europe/Berlin"),
        ("Berlin", "Europe/Berlin"), ("America/New York", "America/New_York"),
        ("utc", "UTC"),
    ],
)  # fmt: skip
def test_an_unknown_zone_gets_the_nearest(name: str, near: str) -> None:
    with pytest.raises(InvalidJob, match=f"is not a known time zone; did you mean {near}\\?$"):
        instants.zone(name, field="timezone")


@pytest.mark.parametrize(
    "name",
    ["", "../x", "/etc/passwd", "/usr/share/zoneinfo/UTC", "Europe", "Europe/", "Europe/../UTC",
     "right/UTC", "posix/UTC", "localtime", "posixrules", "Factory", "tzdata.zi", "zone.tab",
     "a\0b", "\ud800", "UTC\n", "a" * 5000, "A/" * 3000, "."],
)  # fmt: skip
def test_names_that_no_zone_has(name: str) -> None:
    with pytest.raises(InvalidJob) as caught:
        instants.zone(name, field="timezone")
    assert str(caught.value).startswith("timezone: ")
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 250


def test_a_machine_without_zones_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(instants, "_zone_names", tuple)
    with pytest.raises(InvalidJob, match="install the Python package tzdata"):
        instants.zone("Nowhere", field="timezone")


@given(ANY_ZONE)
def test_every_known_zone_is_found(name: str) -> None:
    assert instants.zone(name, field="timezone").key == name


@given(SECONDS, ANY_ZONE)
def test_an_instant_is_the_same_in_every_zone(moment: datetime, name: str) -> None:
    utc = moment.replace(tzinfo=timezone.utc)
    written = instants.format_instant(utc)
    assert instants.instant(written, field="run-at", timezone=name) == utc
    local = utc.astimezone(ZoneInfo(name))
    assert instants.instant(local.isoformat(), field="run-at", timezone=None) == utc


def clocks(moment: datetime, zone: ZoneInfo) -> datetime:
    return moment.astimezone(zone).replace(tzinfo=None)


@given(SECONDS, st.sampled_from(ZONES) | ANY_ZONE)
@example(datetime(2026, 3, 29, 2, 30), "Europe/Berlin")  # noqa: DTZ001
@example(datetime(2026, 10, 25, 2, 30), "Europe/Berlin")  # noqa: DTZ001
@example(datetime(2011, 12, 30), "Pacific/Apia")  # noqa: DTZ001
def test_a_local_time_is_the_first_instant_that_shows_it_or_a_later_one(
    local: datetime, name: str
) -> None:
    check_first(local, name)


def check_first(local: datetime, name: str) -> None:
    zone = ZoneInfo(name)
    found = instants.instant(local.isoformat(), field="run-at", timezone=name)
    assert clocks(found, zone) >= local
    assert clocks(found - timedelta(seconds=1), zone) < local
    earlier = [found - timedelta(minutes=minutes) for minutes in range(15, 26 * 60, 15)]
    assert local not in [clocks(moment, zone) for moment in earlier]


@pytest.mark.parametrize(
    ("first", "last"), [(2026, 2027), pytest.param(2000, 2037, marks=pytest.mark.slow)]
)
@pytest.mark.parametrize("name", ZONES)
def test_gaps_and_folds(name: str, first: int, last: int) -> None:
    """Around every change of offset in those years, asked of zoneinfo hour by hour."""
    zone = ZoneInfo(name)
    moment = datetime(first, 1, 2, tzinfo=timezone.utc)
    before = moment.astimezone(zone).utcoffset()
    while moment.year <= last:
        moment += timedelta(hours=12)
        offset = moment.astimezone(zone).utcoffset()
        if offset != before:
            start = clocks(moment - timedelta(hours=12), zone) - timedelta(hours=1)
            for minutes in range(0, 15 * 60, 30):
                check_first(start + timedelta(minutes=minutes), name)
            before = offset


@pytest.mark.parametrize(
    ("length", "text"),
    [
        (timedelta(), "0s"), (timedelta(seconds=59.9), "59s"),
        (timedelta(hours=2, minutes=5), "2h5m"),
        (timedelta(days=400), "400d"), (timedelta(days=1, seconds=1), "1d1s"),
        (timedelta(minutes=-3), "-3m"), (timedelta(seconds=-0.5), "0s"),
    ],
)  # fmt: skip
def test_durations_for_people(length: timedelta, text: str) -> None:
    assert instants.format_duration(length) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "now"), (0.4, "now"), (-0.4, "now"), (1, "in 1s"), (-180, "3m ago"), (7_500, "in 2h5m"),
        (7_199.9, "in 2h"), (-7_199.9, "2h ago"), (3_599.9, "in 1h"), (86_399, "in 1d"),
        (90_000, "in 1d1h"), (90_061, "in 1d1h1m"), (150, "in 2m30s"), (88_200, "in 1d30m"),
        (-88_165, "1d29m ago"), (34_561_799, "in 400d30m"),
    ],
)  # fmt: skip
def test_distances(seconds: float, text: str) -> None:
    assert instants.distance(NOON + timedelta(seconds=seconds), NOON) == text


@pytest.mark.parametrize(
    ("seconds", "whole"),
    [(0, 0), (0.4, 0), (-0.4, -1), (1, 1), (-180, -180), (7_200.9, 7_200), (-7_199.1, -7_200)],
)
def test_a_distance_in_whole_seconds_is_negative_when_it_is_past(
    seconds: float, whole: int
) -> None:
    assert instants.seconds(NOON + timedelta(seconds=seconds), NOON) == whole


@given(st.integers(1, 900 * 86_400))
def test_a_distance_is_off_by_half_a_minute_at_most(seconds: int) -> None:
    said = instants.distance(NOON + timedelta(seconds=seconds), NOON).removeprefix("in ")
    off = abs(instants.duration(said, field="in").total_seconds() - seconds)
    assert off <= (30 if seconds >= 3_600 else 0)


def test_local_times_for_people() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    assert instants.format_local(NOON, berlin) == "Monday 2026-11-23 13:00 Europe/Berlin (+01:00)"
    later = NOON + timedelta(days=6, seconds=5)
    assert (
        instants.format_local(later, berlin) == "Sunday 2026-11-29 13:00:05 Europe/Berlin (+01:00)"
    )


def test_an_instant_is_written_in_utc() -> None:
    assert (
        instants.format_instant(NOON.astimezone(ZoneInfo("Asia/Kolkata"))) == "2026-11-23T12:00:00Z"
    )


def test_a_time_without_an_offset_is_no_instant() -> None:
    with pytest.raises(ValueError, match="no UTC offset"):
        instants.format_instant(NOON.replace(tzinfo=None))


@given(st.text() | st.from_regex(r"[0-9-]{10}[T ][0-9:]{8}[.0-9]*(Z|[+-][0-9:]{5})?"))
def test_whatever_is_written_only_invalid_job_escapes(text: str) -> None:
    for read in (
        lambda: instants.instant(text, field="run-at", timezone=None),
        lambda: instants.instant(text, field="run-at", timezone="Europe/Berlin"),
        lambda: instants.zone(text, field="timezone"),
        lambda: instants.duration(text, field="in"),
    ):
        with contextlib.suppress(InvalidJob):
            read()
