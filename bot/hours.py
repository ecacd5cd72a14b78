"""The one business calendar: open spans a day, past midnight, Japanese holidays, exceptions. Pure.

`open_at` and `next_open` answer for the bot's words, the queue, promises and reports alike.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

TOKYO = ZoneInfo("Asia/Tokyo")
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_LOOK_AHEAD_DAYS = 400


class CalendarError(ValueError):
    """Says which part of the calendar cannot be read, and what is expected."""


@dataclass(frozen=True, slots=True)
class Span:
    """Minutes from the day's midnight; `end` above 1440 runs past midnight."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Closed:
    """No service from `first` to `last`, both included; without a year they come again every year."""

    first: tuple[int | None, int, int]
    last: tuple[int | None, int, int]

    def covers(self, day: date) -> bool:
        return any(start <= day <= end for start, end in self._ranges(day.year))

    def _ranges(self, year: int) -> Iterator[tuple[date, date]]:
        for at in (year - 1, year):
            wraps = self.first[0] is None and self.last[1:] < self.first[1:]
            yield _day(self.first, at), _day(self.last, at + wraps)


def _day(parts: tuple[int | None, int, int], year: int) -> date:
    month, day = parts[1:]
    if (month, day) == (2, 29) and parts[0] is None:
        return date(year, 3, 1) - timedelta(days=1)
    return date(parts[0] or year, month, day)


@dataclass(frozen=True, slots=True)
class Calendar:
    """`week`: spans from Monday to Sunday. `holidays`: closed, like a Sunday, or an ordinary day.

    `special`: spans of single days (empty: closed), which win over everything else; then `closed`,
    then holidays, then the week. Holidays are Japan's, with 振替休日 and 国民の休日.
    """

    week: tuple[tuple[Span, ...], ...]
    holidays: Literal["closed", "sunday", "ordinary"] = "closed"
    closed: tuple[Closed, ...] = ()
    special: tuple[tuple[date, tuple[Span, ...]], ...] = ()
    zone: ZoneInfo = TOKYO

    def spans(self, day: date) -> tuple[Span, ...]:
        for when, spans in self.special:
            if when == day:
                return spans
        if any(period.covers(day) for period in self.closed):
            return ()
        if self.holidays != "ordinary" and _holiday(day):
            return self.week[6] if self.holidays == "sunday" else ()
        return self.week[day.weekday()]


def open_at(calendar: Calendar | None, now: datetime) -> bool:
    """Without a calendar it is always open."""
    if calendar is None:
        return True
    today = now.astimezone(calendar.zone).date()
    return any(start <= now < end for start, end in _periods(calendar, today - timedelta(days=1), 2))


def next_open(calendar: Calendar | None, now: datetime) -> datetime | None:
    """When it opens next, in the shop's zone: `now` itself while open, None if not within 400 days."""
    if calendar is None:
        return now
    today = now.astimezone(calendar.zone).date()
    for start, end in _periods(calendar, today - timedelta(days=1), _LOOK_AHEAD_DAYS):
        if end > now:
            return max(start, now).astimezone(calendar.zone)
    return None


def _periods(calendar: Calendar, first: date, days: int) -> Iterator[tuple[datetime, datetime]]:
    for offset in range(days):
        day = first + timedelta(days=offset)
        for span in calendar.spans(day):
            yield _moment(calendar, day, span.start), _moment(calendar, day, span.end)


def _moment(calendar: Calendar, day: date, minutes: int) -> datetime:
    """Wall-clock time, so that a change of summer time does not move the opening."""
    days, rest = divmod(minutes, 24 * 60)
    clock = time(rest // 60, rest % 60)
    return datetime.combine(day + timedelta(days=days), clock, calendar.zone).astimezone(UTC)


def _holiday(day: date) -> bool:
    import jpholiday

    return bool(jpholiday.is_holiday(day))


def read_calendar(data: Mapping[str, Any]) -> Calendar:
    """From plain data; raises `CalendarError`.

    ``{"week": {"mon": ["10:00-12:00", "13:00-18:00"], "sat": ["20:00-26:00"]}, "holidays": "closed",
    "closed": ["12-29/01-03", "2026-08-13/2026-08-16"], "special": {"2026-12-30": ["10:00-15:00"]},
    "timezone": "Asia/Tokyo"}``; a day that is not named is closed; an end before its start is next day.
    """
    unknown = set(data) - {"week", "holidays", "closed", "special", "timezone"}
    if unknown:
        raise CalendarError(f"calendar: unknown key {sorted(unknown)[0]!r}")
    week = data.get("week", {})
    if not isinstance(week, Mapping) or set(week) - set(DAYS):
        raise CalendarError(f"calendar.week: an object with keys out of {', '.join(DAYS)}")
    holidays = data.get("holidays", "closed")
    if holidays not in ("closed", "sunday", "ordinary"):
        raise CalendarError(f"calendar.holidays: closed, sunday or ordinary, not {holidays!r}")
    special = data.get("special", {})
    return Calendar(
        week=tuple(_spans(week.get(name, ()), f"week.{name}") for name in DAYS),
        holidays=holidays,
        closed=tuple(_closed(text, f"closed[{n}]") for n, text in enumerate(data.get("closed", ()))),
        special=tuple((_date(day, "special"), _spans(s, f"special.{day}")) for day, s in special.items()),
        zone=_zone(data.get("timezone", "Asia/Tokyo")),
    )


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise CalendarError(f"calendar.timezone: no such time zone: {name!r}") from None


def _spans(texts: Iterable[str], where: str) -> tuple[Span, ...]:
    spans = sorted((_span(text, where) for text in texts), key=lambda span: span.start)
    if any(a.end > b.start for a, b in pairwise(spans)):
        raise CalendarError(f"calendar.{where}: spans overlap")
    return tuple(spans)


def _span(text: str, where: str) -> Span:
    try:
        start, end = (_minutes(part) for part in text.split("-"))
    except ValueError:
        raise CalendarError(f"calendar.{where}: HH:MM-HH:MM expected, not {text!r}") from None
    return Span(start, end if end > start else end + 24 * 60)


def _minutes(text: str) -> int:
    hours, minutes = (int(part) for part in text.strip().split(":"))
    if not (0 <= hours <= 36 and 0 <= minutes < 60):
        raise ValueError(text)
    return hours * 60 + minutes


def _date(text: str, where: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise CalendarError(f"calendar.{where}: YYYY-MM-DD expected, not {text!r}") from None


def _closed(text: str, where: str) -> Closed:
    first, _, last = text.partition("/")
    return Closed(_parts(first, where), _parts(last or first, where))


def _parts(text: str, where: str) -> tuple[int | None, int, int]:
    try:
        day = date.fromisoformat(text if text.count("-") == 2 else f"2000-{text}")
    except ValueError:
        raise CalendarError(f"calendar.{where}: MM-DD or YYYY-MM-DD expected, not {text!r}") from None
    return (day.year if text.count("-") == 2 else None), day.month, day.day
