"""The permission table, read from the outside: what each role may and may not."""

import itertools

import pytest

from signaling.core.permissions import (
    GRANTS,
    Action,
    Relation,
    Subject,
    allows,
    granted,
    lesson_actions,
    own_actions,
    relations,
    seat_of,
    seat_role,
)
from signaling.core.resources import Role
from tests.unit.signaling.rooms import PARTIES, subject

LEAD = subject("wang", Role.LEAD_TEACHER)
OTHER_LEAD = subject("li", Role.LEAD_TEACHER)
ROOM = subject("a", Role.RECEIVE_ROOM, room=True)
OTHER_ROOM = subject("z", Role.RECEIVE_ROOM, room=True)
ADMIN = subject("admin", Role.COUNTY_ADMIN)
RESEARCHER = subject("chen", Role.RESEARCHER)
ASSISTANT = subject("zhu", Role.ASSISTANT, school="school-a")
FAR_ASSISTANT = subject("far", Role.ASSISTANT, school="school-z")


def test_every_action_is_granted_to_somebody() -> None:
    assert set(GRANTS) == set(Action)
    assert all(GRANTS.values())


@pytest.mark.parametrize(
    ("action", "who"),
    [
        (Action.START_LESSON, [LEAD]),
        (Action.END_LESSON, [LEAD, ADMIN]),
        (Action.CANCEL_LESSON, [LEAD, ADMIN]),
        (Action.CREATE_LESSON, [LEAD, ADMIN]),
        (Action.SEE_JOIN_CODE, [LEAD, ADMIN]),
        (Action.ISSUE_EXTERNAL_ACCESS, [LEAD, ADMIN]),
        (Action.ISSUE_DEVICE_TOKEN, [ADMIN]),
        (Action.READ_DIRECTORY, [LEAD, OTHER_LEAD, ADMIN]),
        (Action.READ_LESSON, [LEAD, ROOM, ASSISTANT, ADMIN, RESEARCHER]),
        (Action.TAKE_PART, [LEAD, ROOM, ASSISTANT]),
        (Action.OBSERVE, [ADMIN, RESEARCHER]),
        (Action.PUBLISH_CAMERA, [LEAD, ROOM]),
        (Action.PUBLISH_COURSEWARE, [LEAD]),
        (Action.COMMAND_STAGE, [LEAD]),
        (Action.MUTE_ALL, [LEAD]),
        (Action.RAISE_HAND, [ROOM]),
        (Action.READ_RECORDING, [LEAD, ROOM, ASSISTANT, ADMIN, RESEARCHER]),
        (Action.READ_ALL_RECORDINGS, [ADMIN, RESEARCHER]),
    ],
)
def test_who_may(action: Action, who: list[object]) -> None:
    everybody = [
        LEAD,
        OTHER_LEAD,
        ROOM,
        OTHER_ROOM,
        ADMIN,
        RESEARCHER,
        ASSISTANT,
        FAR_ASSISTANT,
    ]
    assert [s for s in everybody if allows(s, action, PARTIES)] == [
        s for s in everybody if s in who
    ]


def test_no_role_is_enough_where_a_relation_is_asked_for() -> None:
    for action, role in itertools.product(Action, Role):
        needs = {relation for r, relation in GRANTS[action] if r is role}
        assert granted(action, (role,), ()) is False
        if Relation.NONE not in needs:
            assert granted(action, (role,), (Relation.NONE,)) is False


def test_a_terminal_is_not_the_person_of_the_same_id() -> None:
    impostor = subject(PARTIES.lead_teacher_id, Role.LEAD_TEACHER, room=True)
    assert relations(impostor, PARTIES) == {Relation.NONE}


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
def test_seats(who: object, participant_id: str, visible: bool) -> None:
    seat = seat_of(who, PARTIES)  # type: ignore[arg-type]
    assert seat is not None
    assert (seat.participant_id, seat.visible) == (participant_id, visible)


@pytest.mark.parametrize(
    "who", [OTHER_LEAD, OTHER_ROOM, FAR_ASSISTANT, subject("zhao", Role.RESOURCE_ADMIN)]
)
def test_no_seat_for_strangers(who: object) -> None:
    assert seat_of(who, PARTIES) is None  # type: ignore[arg-type]


def test_a_second_role_does_not_follow_its_owner_into_another_seat() -> None:
    # Whoever teaches here and is an assistant elsewhere does not get the lead's actions there.
    seat = seat_of(subject("zhu", Role.ASSISTANT, Role.LEAD_TEACHER, school="school-a"), PARTIES)
    assert seat is not None
    assert seat.role is Role.ASSISTANT
    assert Action.COMMAND_STAGE not in seat.actions


RESOURCE = subject("zhao", Role.RESOURCE_ADMIN)
INSPECTOR = subject("du", Role.INSPECTOR)


@pytest.mark.parametrize(
    ("who", "seat", "own", "of_lesson"),
    [
        (
            LEAD,
            "lead_teacher",
            "create_lesson read_directory",
            "start_lesson end_lesson cancel_lesson take_part publish_camera view_off_stage "
            "read_recording read_links",
        ),
        (OTHER_LEAD, None, "create_lesson read_directory", ""),
        (ROOM, "receive_room", "", "take_part publish_camera read_recording"),
        (OTHER_ROOM, None, "", ""),
        (ASSISTANT, "assistant", "", "take_part read_recording"),
        (
            ADMIN,
            "county_admin",
            "list_all_lessons create_lesson read_directory observe read_all_recordings "
            "read_all_links",
            "end_lesson cancel_lesson observe view_off_stage read_recording read_links",
        ),
        (
            RESEARCHER,
            "researcher",
            "list_all_lessons observe read_all_recordings read_all_links",
            "observe view_off_stage read_recording read_links",
        ),
        (
            INSPECTOR,
            "inspector",
            "list_all_lessons observe read_all_recordings read_all_links",
            "observe view_off_stage read_recording read_links",
        ),
        (RESOURCE, None, "list_all_lessons read_all_recordings", "read_recording"),
    ],
)
def test_what_each_page_may_offer(who: Subject, seat: str | None, own: str, of_lesson: str) -> None:
    assert seat_role(who, PARTIES) == seat
    assert " ".join(own_actions(who)) == own
    assert " ".join(lesson_actions(who, PARTIES)) == of_lesson
