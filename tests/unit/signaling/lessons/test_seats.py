"""Who sits where in a lesson's room."""

import pytest

from signaling.access.actions import Action
from signaling.access.roles import Actor, Role
from signaling.lessons.parties import lesson_actions, standing_in
from signaling.lessons.seats import seat_of, seat_role
from tests.unit.signaling.classroom.rooms import PARTIES, subject

LEAD = subject("wang", Role.LEAD_TEACHER)
OTHER_LEAD = subject("li", Role.LEAD_TEACHER)
ROOM = subject("a", Role.RECEIVE_ROOM, room=True)
OTHER_ROOM = subject("z", Role.RECEIVE_ROOM, room=True)
ADMIN = subject("admin", Role.COUNTY_ADMIN)
RESEARCHER = subject("chen", Role.RESEARCHER)
ASSISTANT = subject("zhu", Role.ASSISTANT, school="school-a")
FAR_ASSISTANT = subject("far", Role.ASSISTANT, school="school-z")


@pytest.mark.parametrize(
    ("who", "participant_id", "visible"),
    [
        (LEAD, "lead", True),
        (ROOM, "room-a", True),
        (ASSISTANT, "person-zhu", True),
        (RESEARCHER, "person-chen", False),
        (ADMIN, "person-admin", False),
        (subject("wang", Role.LEAD_TEACHER, Role.COUNTY_ADMIN), "lead", True),
    ],
)
def test_seats(who: Actor, participant_id: str, visible: bool) -> None:
    seat = seat_of(who, PARTIES)
    assert seat is not None
    assert (seat.participant_id, seat.visible) == (participant_id, visible)


@pytest.mark.parametrize(
    "who", [OTHER_LEAD, OTHER_ROOM, FAR_ASSISTANT, subject("zhao", Role.RESOURCE_ADMIN)]
)
def test_no_seat_for_strangers(who: Actor) -> None:
    assert seat_of(who, PARTIES) is None


def test_a_second_role_does_not_follow_its_owner_into_another_seat() -> None:
    # Whoever teaches here and is an assistant elsewhere does not get the lead's actions there.
    seat = seat_of(subject("zhu", Role.ASSISTANT, Role.LEAD_TEACHER, school="school-a"), PARTIES)
    assert seat is not None
    assert seat.role is Role.ASSISTANT
    assert Action.COMMAND_STAGE not in seat.actions


RESOURCE = subject("zhao", Role.RESOURCE_ADMIN)
INSPECTOR = subject("du", Role.INSPECTOR)


@pytest.mark.parametrize(
    ("who", "seat", "of_lesson"),
    [
        (
            LEAD,
            "lead_teacher",
            "start_lesson end_lesson cancel_lesson take_part publish_camera view_off_stage "
            "read_recording read_links choose_resources",
        ),
        (OTHER_LEAD, None, ""),
        (ROOM, "receive_room", "take_part publish_camera read_recording"),
        (OTHER_ROOM, None, ""),
        (ASSISTANT, "assistant", "take_part read_recording"),
        (
            ADMIN,
            "county_admin",
            "end_lesson cancel_lesson observe view_off_stage read_recording read_links "
            "choose_resources",
        ),
        (
            RESEARCHER,
            "researcher",
            "observe view_off_stage read_recording read_links",
        ),
        (
            INSPECTOR,
            "inspector",
            "observe view_off_stage read_recording read_links",
        ),
        (RESOURCE, None, "read_recording"),
    ],
)
def test_what_each_page_may_offer(who: Actor, seat: str | None, of_lesson: str) -> None:
    assert seat_role(who, PARTIES) == seat
    assert " ".join(lesson_actions(standing_in(who, PARTIES))) == of_lesson
