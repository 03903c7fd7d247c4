from __future__ import annotations

from datetime import datetime, timedelta
from itertools import islice

import pytest

from scheduler.errors import InvalidJob
from scheduler.times.cron import WORDS, CronRule, cron_text

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def wall(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%d %H:%M")  # noqa: DTZ007 - wall time


#: A Monday.
START = wall("2026-11-23 12:00")


def rule(text: str) -> CronRule:
    return CronRule(cron_text("cron", text))


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("* * * * *", "* * * * *"),
        ("  0\t9  * * 1-5 ", "0 9 * * 1-5"),
        ("05 09 01 02 *", "05 09 01 02 *"),
        ("*/30 9-17 * * 1-5", "*/30 9-17 * * 1-5"),
        ("0-59/59 0-23/23 1-31/30 1-12/11 0-7/6", "0-59/59 0-23/23 1-31/30 1-12/11 0-7/6"),
        ("*/59 */23 */30 */11 */6", "*/59 */23 */30 */11 */6"),
        ("0,15,30-40/5,*/50 0,12 * * *", "0,15,30-40/5,*/50 0,12 * * *"),
        ("0 0 * jan-Mar,DEC mon-fri", "0 0 * JAN-MAR,DEC MON-FRI"),
        ("0 0 * JAN-3 MON-5", "0 0 * JAN-3 MON-5"),
        ("0 0 * * FRI-SUN", "0 0 * * FRI-SUN"),
        ("0 0 * * 7", "0 0 * * 7"),
        ("0 0 1-1 * SUN-SUN", "0 0 1-1 * SUN-SUN"),
        ("@Daily ", "@daily"),
        ("@HOURLY", "@hourly"),
    ],
)
def test_what_is_accepted(text: str, canonical: str) -> None:
    assert cron_text("cron", text) == canonical
    assert cron_text("cron", canonical) == canonical


@pytest.mark.parametrize("word", WORDS)
def test_a_word_means_what_it_stands_for(word: str) -> None:
    some = list(islice(rule(word).since(START), 20))
    assert some == list(islice(rule(WORDS[word]).since(START), 20))
    assert rule(word).shortest_gap() == rule(WORDS[word]).shortest_gap()


FIVE = "write five: minute hour day-of-month month day-of-week"
FORM = "which is not a form of POSIX cron; write it like 5, 1-5, 1,15 or */10"
KNOWN = (
    "is not a known word; write one of: "
    "@hourly, @daily, @midnight, @weekly, @monthly, @yearly, @annually"
)
BACKWARDS = "which runs backwards; write it as a list, such as FRI,SAT,SUN,MON"
STAR = "write '*' alone, or list the days"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", f"has 0 fields; {FIVE}"),
        ("* * * *", f"has 4 fields; {FIVE}"),
        ("0 * * * * *", f"has 6 fields; {FIVE}"),
        ("0 0 12 * * ? *", f"has 7 fields; {FIVE}"),
        ("@reboot", KNOWN),
        ("@every 5m", KNOWN),
        ("@", KNOWN),
        ("60 * * * *", "has the minute '60', which does not exist; write 0-59"),
        ("* 24 * * *", "has the hour '24', which does not exist; write 0-23"),
        ("* * 0 * *", "has the day of the month '0', which does not exist; write 1-31"),
        ("* * 32 * *", "has the day of the month '32', which does not exist; write 1-31"),
        ("* * * 0 *", "has the month '0', which does not exist; write 1-12 or JAN …"),
        ("* * * 13 *", "has the month '13', which does not exist; write 1-12 or JAN …"),
        ("* * * * 8", "has the day of the week '8', which does not exist; write 0-7 or SUN …"),
        (
            "* * * * XYZ",
            "has the day of the week 'XYZ', which does not exist; write 0-7 or SUN …",
        ),
        ("MON * * * *", "has the minute 'MON', which does not exist; write 0-59"),
        ("* * * MON *", "has the month 'MON', which does not exist; write 1-12 or JAN …"),
        ("* * * * JAN", "has the day of the week 'JAN', which does not exist; write 0-7 or SUN …"),
        ("0-60 * * * *", "has the minute '0-60', which does not exist; write 0-59"),
        ("5/15 * * * *", "has the minute '5/15', which programs read in two ways; write 5-59/15"),
        ("0 5/2 * * *", "has the hour '5/2', which programs read in two ways; write 5-23/2"),
        (
            "0 0 2/2 * *",
            "has the day of the month '2/2', which programs read in two ways; write 2-31/2",
        ),
        ("0 0 1 JAN/3 *", "has the month 'JAN/3', which programs read in two ways; write JAN-12/3"),
        (
            "0 0 * * 1/2",
            "has the day of the week '1/2', which programs read in two ways; write 1-6/2",
        ),
        ("0 0 L * *", f"has the day of the month 'L', {FORM}"),
        ("0 0 LW * *", f"has the day of the month 'LW', {FORM}"),
        ("0 0 15W * *", f"has the day of the month '15W', {FORM}"),
        ("0 0 * * 5L", f"has the day of the week '5L', {FORM}"),
        ("0 0 * * MON#2", f"has the day of the week 'MON#2', {FORM}"),
        ("0 0 ? * *", f"has the day of the month '?', {FORM}"),
        ("H H * * *", f"has the minute 'H', {FORM}"),
        ("0 0 * * MONDAY", f"has the day of the week 'MONDAY', {FORM}"),
        ("-5 * * * *", f"has the minute '-5', {FORM}"),
        ("1- * * * *", f"has the minute '1-', {FORM}"),
        ("1,,2 * * * *", f"has the minute '', {FORM}"),
        ("1, * * * *", f"has the minute '', {FORM}"),
        ("1.5 * * * *", f"has the minute '1.5', {FORM}"),
        ("007 * * * *", f"has the minute '007', {FORM}"),
        ("1-5-9 * * * *", f"has the minute '1-5-9', {FORM}"),
        ("*-5 * * * *", f"has the minute '*-5', {FORM}"),
        ("** * * * *", f"has the minute '**', {FORM}"),
        ("*/ * * * *", f"has the minute '*/', {FORM}"),
        ("*/-5 * * * *", f"has the minute '*/-5', {FORM}"),
        ("*/5/5 * * * *", f"has the minute '*/5/5', {FORM}"),
        ("٣ * * * *", f"has the minute '٣', {FORM}"),
        (
            "*/0 * * * *",
            "has the minute '*/0', whose step is outside of the field; write a step from 1 to 59",
        ),
        (
            "*/60 * * * *",
            "has the minute '*/60', whose step is outside of the field; write a step from 1 to 59",
        ),
        (
            "0 */24 * * *",
            "has the hour '*/24', whose step is outside of the field; write a step from 1 to 23",
        ),
        (
            "0 0 * * */7",
            (
                "has the day of the week '*/7', whose step is outside of the field; "
                "write a step from 1 to 6"
            ),
        ),
        ("30-10 * * * *", f"has the minute '30-10', {BACKWARDS}"),
        ("0 22-2 * * *", f"has the hour '22-2', {BACKWARDS}"),
        ("0 0 * NOV-FEB *", f"has the month 'NOV-FEB', {BACKWARDS}"),
        ("0 0 * * SAT-MON", f"has the day of the week 'SAT-MON', {BACKWARDS}"),
        ("0 0 * * FRI-0", f"has the day of the week 'FRI-0', {BACKWARDS}"),
        ("0 0 1,* * *", f"has '*' in a list, in the day of the month; {STAR}"),
        ("0 0 */2,1 * *", f"has '*' in a list, in the day of the month; {STAR}"),
        ("0 0 * * *,MON", f"has '*' in a list, in the day of the week; {STAR}"),
    ],
)
def test_what_is_refused(text: str, problem: str) -> None:
    with pytest.raises(InvalidJob) as caught:
        cron_text("cron", text)
    assert str(caught.value) == f"cron: {text!r} {problem}"


@pytest.mark.parametrize("text", ["*\x00 * * * *", "\ud800", "9" * 400, "1," * 200, "@" * 300])
def test_nothing_but_a_refusal_escapes(text: str) -> None:
    with pytest.raises(InvalidJob) as caught:
        cron_text("cron", text)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 600


def test_the_step_that_is_offered_instead_is_accepted() -> None:
    for text in ("5-59/15 * * * *", "0 5-23/2 * * *", "0 0 2-31/2 * *", "0 0 1 JAN-12/3 1-6/2"):
        assert cron_text("cron", text) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("30 12 * * *", ["2026-11-23 12:30", "2026-11-24 12:30"]),
        ("0 12 * * *", ["2026-11-23 12:00", "2026-11-24 12:00"]),
        # One day field is restricted: it decides alone.
        ("0 9 1 * *", ["2026-12-01 09:00", "2027-01-01 09:00"]),
        ("0 9 * * MON", ["2026-11-30 09:00", "2026-12-07 09:00"]),
        # Both are: either of them is enough, as POSIX says.
        ("0 9 1 * MON", ["2026-11-30 09:00", "2026-12-01 09:00", "2026-12-07 09:00"]),
        ("0 9 13 * FRI", ["2026-11-27 09:00", "2026-12-04 09:00", "2026-12-11 09:00",
                          "2026-12-13 09:00"]),
        ("0 9 1-31 * MON", ["2026-11-24 09:00", "2026-11-25 09:00"]),
        ("0 9 1 * 0-6", ["2026-11-24 09:00", "2026-11-25 09:00"]),
        # A field that begins with a star restricts nothing in this sense: both have to match.
        ("0 9 */2 * MON", ["2026-12-07 09:00", "2026-12-21 09:00", "2027-01-11 09:00"]),
        ("0 9 1 * */2", ["2026-12-01 09:00", "2027-04-01 09:00", "2027-05-01 09:00"]),
        ("0 9 */1 * MON", ["2026-11-30 09:00", "2026-12-07 09:00"]),
        # Sunday is 0 and 7.
        ("0 0 * * 0", ["2026-11-29 00:00", "2026-12-06 00:00"]),
        ("0 0 * * 7", ["2026-11-29 00:00", "2026-12-06 00:00"]),
        ("0 0 * * SUN", ["2026-11-29 00:00", "2026-12-06 00:00"]),
        ("0 0 * * SUN-SUN", ["2026-11-29 00:00", "2026-12-06 00:00"]),
        ("0 0 * * 7-SUN", ["2026-11-29 00:00", "2026-12-06 00:00"]),
        ("0 0 * * FRI-SUN", ["2026-11-27 00:00", "2026-11-28 00:00", "2026-11-29 00:00",
                             "2026-12-04 00:00"]),
        ("0 0 * * SUN-TUE", ["2026-11-24 00:00", "2026-11-29 00:00", "2026-11-30 00:00"]),
        ("0 7-7/9 * * *", ["2026-11-24 07:00", "2026-11-25 07:00"]),
        ("0 0 * * 5-7/2", ["2026-11-27 00:00", "2026-11-29 00:00"]),
        ("0 0 * * */3", ["2026-11-25 00:00", "2026-11-28 00:00", "2026-11-29 00:00"]),
        # A step counts from the range's beginning, and begins anew with the field.
        ("*/25 * * * *", ["2026-11-23 12:00", "2026-11-23 12:25", "2026-11-23 12:50",
                          "2026-11-23 13:00"]),
        ("3-59/25 12 * * *", ["2026-11-23 12:03", "2026-11-23 12:28", "2026-11-23 12:53",
                              "2026-11-24 12:03"]),
        ("0 0 */10 * *", ["2026-12-01 00:00", "2026-12-11 00:00", "2026-12-21 00:00",
                          "2026-12-31 00:00", "2027-01-01 00:00"]),
        # Month ends and leap days.
        ("0 0 31 * *", ["2026-12-31 00:00", "2027-01-31 00:00", "2027-03-31 00:00",
                        "2027-05-31 00:00"]),
        ("0 0 30 1,2,3 *", ["2027-01-30 00:00", "2027-03-30 00:00", "2028-01-30 00:00"]),
        ("0 0 29 2 *", ["2028-02-29 00:00", "2032-02-29 00:00", "2036-02-29 00:00"]),
        ("0 0 29 FEB */6", ["2032-02-29 00:00", "2048-02-29 00:00", "2060-02-29 00:00"]),
        ("0 0 30 2 MON", ["2027-02-01 00:00", "2027-02-08 00:00"]),
    ],
)  # fmt: skip
def test_the_wall_times_that_an_expression_names(text: str, expected: list[str]) -> None:
    found = list(islice(rule(text).since(START), len(expected)))
    assert found == [wall(each) for each in expected]


@pytest.mark.parametrize(
    "text", ["0 0 30 2 *", "0 0 31 2 *", "0 0 31 4,6,9,11 *", "0 0 30-31 FEB */2"]
)
def test_what_never_fires(text: str) -> None:
    assert list(rule(text).since(START)) == []
    assert rule(text).last(START, not_before=wall("2000-01-01 00:00")) is None
    assert rule(text).shortest_gap() is None


@pytest.mark.parametrize(
    ("text", "gap"),
    [
        ("* * * * *", MINUTE),
        ("*/5 * * * *", 5 * MINUTE),
        ("*/25 * * * *", 10 * MINUTE),
        ("0 * * * *", HOUR),
        ("0,59 * * * *", MINUTE),
        ("0,59 0 * * *", 59 * MINUTE),
        ("@daily", DAY),
        ("0 9,17 * * *", 8 * HOUR),
        # Over midnight, but only where the next day is one too.
        ("0 1,23 * * *", 2 * HOUR),
        ("0 1,23 * * 1,3", 22 * HOUR),
        ("0 1,23 * * MON-TUE", 2 * HOUR),
        ("0 1,23 * * SAT,SUN", 2 * HOUR),
        ("0 0,23 31 1,12 *", 23 * HOUR),
        ("0,59 0,23 1,31 * *", MINUTE),
        ("0 0 * * 1,3", 2 * DAY),
        ("@weekly", 7 * DAY),
        ("@monthly", 28 * DAY),
        ("0 0 31 * *", 31 * DAY),
        ("0 0 1,31 * *", DAY),
        ("0 0 29,1 2,3 *", DAY),
        ("@yearly", 365 * DAY),
        ("0 0 29 2 *", 1461 * DAY),
        # The 13th, or a Friday.
        ("0 0 13 * FRI", DAY),
        ("59 23 31 12 *", 365 * DAY),
    ],
)
def test_the_smallest_distance(text: str, gap: timedelta) -> None:
    assert rule(text).shortest_gap() == gap


def test_a_rule_of_leap_days_on_weekends_is_compared_to_the_end_of_the_calendar() -> None:
    # 500 of them reach to the year 9001.
    assert rule("0 0 29 2 */6").shortest_gap() == 3 * 1461 * DAY - DAY


@pytest.mark.parametrize(
    ("text", "end", "expected"),
    [
        ("0 9 * * *", "2026-11-23 12:00", "2026-11-23 09:00"),
        ("0 9 * * *", "2026-11-23 09:00", "2026-11-23 09:00"),
        ("0 9 * * *", "2026-11-23 08:59", "2026-11-22 09:00"),
        ("0 0 29 2 *", "2026-11-23 12:00", "2024-02-29 00:00"),
        ("0 0 31 * *", "2026-07-01 00:00", "2026-05-31 00:00"),
        ("0 9 1 1 *", "2020-05-01 00:00", "2020-01-01 09:00"),
        ("0 9 2 1 *", "2020-01-02 08:00", None),
    ],
)
def test_the_last_wall_time(text: str, end: str, expected: str | None) -> None:
    found = rule(text).last(wall(end), not_before=wall("2020-01-01 09:00"))
    assert found == (wall(expected) if expected else None)
