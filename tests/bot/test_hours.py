"""The calendar: spans, midnight, Japanese holidays, exceptions, and the time zone."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.hours import TOKYO, Calendar, CalendarError, next_open, open_at, read_calendar

WORKDAYS = {day: ["10:00-12:00", "13:00-18:00"] for day in ("mon", "tue", "wed", "thu", "fri")}
SHOP = read_calendar(
    {
        "week": WORKDAYS | {"sat": ["20:00-02:00"], "sun": ["13:00-15:00"]},
        "holidays": "sunday",
        "closed": ["12-29/01-03", "2026-08-13/2026-08-16", "06-01"],
        "special": {"2026-12-30": ["10:00-11:00"], "2026-07-03": []},
    }
)


def tokyo(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=TOKYO)


@pytest.mark.parametrize(
    ("when", "is_open", "why"),
    [
        ("2026-07-01T09:59", False, "before"),
        ("2026-07-01T10:00", True, "the first minute"),
        ("2026-07-01T12:00", False, "the lunch break begins"),
        ("2026-07-01T12:59", False, "lunch"),
        ("2026-07-01T17:59", True, "the last minute"),
        ("2026-07-01T18:00", False, "after"),
        ("2026-07-04T23:59", True, "Saturday night"),
        ("2026-07-05T01:59", True, "past midnight"),
        ("2026-07-05T02:00", False, "the night ends"),
        ("2026-07-20T11:00", False, "海の日: like a Sunday"),
        ("2026-07-20T13:00", True, "海の日: like a Sunday"),
        ("2026-05-06T11:00", False, "振替休日"),
        ("2026-09-22T11:00", False, "国民の休日"),
        ("2026-09-22T14:00", True, "国民の休日, like a Sunday"),
        ("2026-08-14T11:00", False, "お盆 of one year"),
        ("2027-08-13T11:00", True, "not the next year's"),
        ("2026-12-29T11:00", False, "年末年始"),
        ("2027-01-02T21:00", False, "年末年始, into the next year"),
        ("2027-01-04T11:00", True, "over"),
        ("2026-12-30T10:30", True, "a special opening wins"),
        ("2026-12-30T11:30", False, "its end"),
        ("2026-07-03T11:00", False, "臨時休業"),
        ("2026-06-01T11:00", False, "every first of June"),
    ],
)
def test_open_at(when: str, is_open: bool, why: str) -> None:
    assert open_at(SHOP, tokyo(when)) is is_open, why
    assert open_at(SHOP, tokyo(when).astimezone(UTC)) is is_open


@pytest.mark.parametrize(
    ("now", "opens"),
    [
        ("2026-07-01T11:00", "2026-07-01T11:00"),
        ("2026-07-01T12:30", "2026-07-01T13:00"),
        ("2026-07-02T18:00", "2026-07-04T20:00"),
        ("2026-12-28T18:00", "2026-12-30T10:00"),
        ("2026-12-30T11:00", "2027-01-04T10:00"),
    ],
)
def test_next_open(now: str, opens: str) -> None:
    assert next_open(SHOP, tokyo(now)) == tokyo(opens)


def test_without_a_calendar_it_is_always_open() -> None:
    now = tokyo("2026-07-01T03:00")
    assert open_at(None, now)
    assert next_open(None, now) == now


def test_a_desk_that_never_opens_says_so() -> None:
    never = read_calendar({})
    assert not open_at(never, tokyo("2026-07-01T11:00"))
    assert next_open(never, tokyo("2026-07-01T11:00")) is None


def test_holidays_can_be_closed_or_ordinary() -> None:
    sea_day = tokyo("2026-07-20T11:00")
    assert not open_at(read_calendar({"week": WORKDAYS}), sea_day)
    assert open_at(read_calendar({"week": WORKDAYS, "holidays": "ordinary"}), sea_day)


def test_summer_time_keeps_the_clock_on_the_wall() -> None:
    berlin = read_calendar(
        {"week": {"sun": ["09:00-10:00"]}, "timezone": "Europe/Berlin", "holidays": "ordinary"}
    )
    before, after = datetime(2026, 3, 22, 8, 30, tzinfo=UTC), datetime(2026, 3, 29, 7, 30, tzinfo=UTC)
    assert open_at(berlin, before) and open_at(berlin, after)
    assert not open_at(berlin, datetime(2026, 3, 29, 8, 30, tzinfo=UTC))


@pytest.mark.parametrize(
    ("data", "names"),
    [
        ({"weeks": {}}, "weeks"),
        ({"week": {"monday": []}}, "week"),
        ({"week": {"mon": ["10-18"]}}, "week.mon"),
        ({"week": {"mon": ["10:00-18:00", "17:00-19:00"]}}, "overlap"),
        ({"week": {"mon": ["10:61-18:00"]}}, "week.mon"),
        ({"holidays": "no"}, "holidays"),
        ({"closed": ["13-40"]}, r"closed\[0\]"),
        ({"closed": ["12-29/x"]}, r"closed\[0\]"),
        ({"special": {"tomorrow": []}}, "special"),
        ({"timezone": "Asia/Edo"}, "Asia/Edo"),
    ],
)
def test_what_cannot_be_read_is_named(data: dict[str, object], names: str) -> None:
    with pytest.raises(CalendarError, match=names):
        read_calendar(data)


def test_leap_days_repeat_on_the_last_of_february() -> None:
    calendar = read_calendar(
        {
            "week": {d: ["09:00-10:00"] for d in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")},
            "closed": ["02-29"],
            "holidays": "ordinary",
        }
    )
    assert calendar.spans(date(2027, 2, 28)) == ()
    assert calendar.spans(date(2028, 2, 28)) != ()
    assert calendar.spans(date(2028, 2, 29)) == ()


@settings(max_examples=80, deadline=None)
@given(
    st.integers(0, 2 * 365 * 24 * 60),
    st.sampled_from(["Asia/Tokyo", "America/New_York"]),
)
def test_next_open_is_open_and_nothing_between_is(minutes: int, zone: str) -> None:
    calendar = Calendar(SHOP.week, SHOP.holidays, SHOP.closed, SHOP.special, ZoneInfo(zone))
    now = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    opens = next_open(calendar, now)
    assert opens is not None
    assert open_at(calendar, opens)
    assert (opens == now) is open_at(calendar, now)
    if opens > now:
        assert not open_at(calendar, opens - timedelta(microseconds=1))
        assert not open_at(calendar, now + (opens - now) / 2)
