"""The agenda: which lessons a check has to look at."""

from datetime import UTC, date, datetime, timedelta

from signaling.timetable.core.bookings import Agenda, Booking
from signaling.timetable.core.expansion import Seat


def booking(name: str, day: int, hour: int, hours: int = 1) -> Booking:
    start = datetime(2026, 9, day, hour, tzinfo=UTC)
    return Booking(name, date(2026, 9, day), start, start + timedelta(hours=hours))


def test_the_lessons_near_a_wish_are_those_of_its_day_and_of_the_nights_around() -> None:
    late, early = booking("late", 14, 22, 4), booking("early", 14, 1)
    same, far = booking("same", 15, 9), booking("far", 16, 1)
    agenda = Agenda([late, early, same, far])
    assert agenda.near(booking("wish", 15, 1)) == [late, same]
    agenda.remove("same", date(2026, 9, 15))
    assert agenda.near(booking("wish", 15, 1)) == [late]
    assert {one.lesson_id for one in agenda} == {"late", "early", "far"}


def test_each_camera_is_one_picture_and_the_lead_sends_two() -> None:
    seats = (Seat("a", "point"), Seat("b", "point"), Seat("c", "centre"))
    live = Booking(
        "x",
        date(2026, 9, 15),
        datetime(2026, 9, 15, tzinfo=UTC),
        datetime(2026, 9, 15, 1, tzinfo=UTC),
        lead_school_id="centre",
        seats=seats,
    )
    assert [live.uplink_kbps(school) for school in ("point", "centre", "far")] == [2400, 3600, 0]
    assert live.relay_kbps == 3 * 3600
