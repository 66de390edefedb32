"""Pages of the courseware as pictures, for those whose links carry no video of it."""

import base64

from relay.api import (
    Limit,
)
from signaling.classroom.stills.rules import parts_of
from signaling.links.rules import Seen
from signaling.links.wire import LinkState
from tests.unit.signaling.classroom.hand_class import (
    CAMERA,
    COURSEWARE,
    HandClass,
)


def test_who_cannot_have_the_courseware_gets_its_newest_page_whole(lesson: HandClass) -> None:
    lesson.watch(COURSEWARE, CAMERA)
    still = lesson.still(b"page" * 3000)
    lesson.flows((None, "h"), ("l", "h"), target_bps=300_000, limit=Limit.RATE)
    parts = lesson.deliver(8.0)
    assert [part["part"] for part in parts] == list(range(len(parts_of(still))))
    assert base64.b64decode("".join(part["image"] for part in parts)) == still.image
    assert (parts[0]["source_id"], parts[0]["mime"]) == (COURSEWARE, "image/webp")
    assert lesson.observer.stills == 1
    for other in (lesson.lead, lesson.b):
        assert not other.take("still")
    lesson.seconds(2)
    assert lesson.room.readings["room-a"].seen is Seen.STILLS
    person = lesson.room.state.person("room-a")
    assert person is not None
    assert (person.link.stills, person.link.state) == (True, LinkState.POOR)


def test_who_has_video_or_wants_no_courseware_gets_no_still(lesson: HandClass) -> None:
    lesson.still()
    lesson.watch(COURSEWARE, CAMERA)
    lesson.flows(("l", "h"), (None, "h"), limit=Limit.RATE)
    assert lesson.deliver(5.0) == []
    lesson.watch(CAMERA)
    lesson.flows((None, "h"))
    assert lesson.deliver(5.0) == []


def test_the_courseware_comes_as_a_still_whichever_slot_it_has(lesson: HandClass) -> None:
    lesson.still()
    lesson.watch(CAMERA, COURSEWARE)
    lesson.flows((None, "h"), (None, "h"), limit=Limit.RATE)
    assert len(lesson.deliver(3.0)) == 1


def test_a_source_that_goes_takes_its_still_along(lesson: HandClass) -> None:
    lesson.still()
    lesson.watch(COURSEWARE)
    lesson.flows((None, "h"))
    lesson.room.source_removed(COURSEWARE)
    assert lesson.deliver(5.0) == []


def test_a_page_that_comes_again_gets_the_still_again(lesson: HandClass) -> None:
    lesson.still()
    lesson.watch(COURSEWARE)
    lesson.flows((None, "h"))
    assert len(lesson.deliver(3.0)) == 1
    assert lesson.deliver(3.0) == []
    older, lesson.a = lesson.a, lesson.join("a")  # as a page that is loaded anew
    lesson.room.detach(older)
    assert len(lesson.deliver(3.0)) == 1


def test_nothing_is_handed_to_a_channel_that_is_not_rid_of_the_last(lesson: HandClass) -> None:
    lesson.still(b"x" * 30_000)
    lesson.watch(COURSEWARE)
    lesson.flows((None, "h"), target_bps=10_000_000)
    lesson.a.stuck = True
    lesson.a.waiting_bytes = 0
    assert len(lesson.deliver(1.5)) == 2  # then 8 KiB wait
    assert lesson.deliver(20.0) == []
    assert lesson.a.bye is None
