"""Writing entries as iCalendar (RFC 5545): one VEVENT per lesson, and no rule of repetition.

Week sets and 调休 break rules of repetition, and Outlook misreads their exceptions. A lesson keeps
its UID for life. Whatever changes raises SEQUENCE and LAST-MODIFIED of that lesson alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from functools import cache

from icalendar import Calendar, Event, Timezone, vDuration

from signaling.timetable.feeds.entries import Entry
from signaling.timetable.feeds.words import CANCELLED, CLASS_KINDS, REASON, TEACHER, week_label

PRODUCT = "-//Tongke//Timetable//ZH"
REFRESH = timedelta(hours=1)  # how often programs are asked to come again
# VTIMEZONE tells of these years only; China has had no summer time since 1991.
_ZONE_FROM, _ZONE_TO = date(2020, 1, 1), date(2038, 1, 1)
_END = b"END:VCALENDAR\r\n"


@cache
def _zone(name: str) -> Timezone:
    """A VTIMEZONE: 20 ms of work."""
    return Timezone.from_tzid(name, first_date=_ZONE_FROM, last_date=_ZONE_TO)


class CalendarWriter:
    """Writes feeds of one server."""

    def __init__(self, time_zone: str, host: str) -> None:
        """Make it.

        Args:
            time_zone: the county's, such as Asia/Shanghai.
            host: the server's name, which makes the ids of lessons unique in the world.
        """
        self._zone = _zone(time_zone)
        self._tzinfo = self._zone.to_tz()
        self._host = host

    def frame(self, name: str) -> tuple[bytes, bytes]:
        """Return what stands before and after the events of a calendar with a name."""
        calendar = Calendar()
        calendar.add("version", "2.0")
        calendar.add("prodid", PRODUCT)
        calendar.add("calscale", "GREGORIAN")
        calendar.add("name", name)
        calendar.add("x-wr-calname", name)
        calendar.add("refresh-interval", REFRESH, parameters={"VALUE": "DURATION"})
        calendar.add("x-published-ttl", vDuration(REFRESH))
        calendar.add_component(self._zone)
        return calendar.to_ical().removesuffix(_END), _END

    def event(self, entry: Entry) -> bytes:
        """Return the VEVENT of an entry; the same entry is the same text."""
        event = Event()
        event.add("uid", f"{entry.lesson_id}@{self._host}")
        # Without a METHOD, DTSTAMP tells of the last change (RFC 5545 §3.8.7.2).
        event.add("dtstamp", entry.changed_at)
        event.add("last-modified", entry.changed_at)
        event.add("sequence", entry.version)
        event.add("dtstart", entry.starts_at.astimezone(self._tzinfo))
        event.add("dtend", entry.ends_at.astimezone(self._tzinfo))
        event.add("summary", _summary(entry))
        if entry.rooms:
            event.add("location", entry.rooms[0])
        event.add("description", "\n".join(_lines(entry)))
        event.add("categories", [CLASS_KINDS[entry.class_kind]])
        event.add("status", "CANCELLED" if entry.cancelled else "CONFIRMED")
        text: bytes = event.to_ical()
        return text


def _summary(entry: Entry) -> str:
    # Google shows what is cancelled like everything else, so the words say it, too.
    words = (f"[{CANCELLED}]" if entry.cancelled else "", entry.subject, entry.grade, entry.title)
    return " ".join(word for word in dict.fromkeys(words) if word)


def _lines(entry: Entry) -> Iterator[str]:
    if entry.week is not None:
        yield week_label(entry.week)
    yield f"{TEACHER}: {entry.teacher}"
    yield from entry.rooms
    if entry.reason is not None:
        yield f"{REASON}: {entry.reason}"
