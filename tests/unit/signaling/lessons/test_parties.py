"""How actors stand to a lesson."""

from signaling.access.relations import Relation
from signaling.access.roles import Role
from signaling.lessons.parties import led_by, relations
from tests.unit.signaling.classroom.rooms import PARTIES, subject


def test_a_terminal_is_not_the_person_of_the_same_id() -> None:
    impostor = subject(PARTIES.lead_teacher_id, Role.LEAD_TEACHER, room=True)
    assert relations(impostor, PARTIES) == frozenset()


def test_each_relation_is_found_from_the_parties() -> None:
    teacher = subject("wang", Role.LEAD_TEACHER, school="school-a")
    assert relations(teacher, PARTIES) == {Relation.LEADS, Relation.AT_SCHOOL}
    assert relations(teacher, led_by("wang")) == {Relation.LEADS}
    assert relations(subject("a", Role.RECEIVE_ROOM, room=True), PARTIES) == {Relation.INVITED}
    assert relations(subject("z", Role.RECEIVE_ROOM, room=True), PARTIES) == frozenset()
