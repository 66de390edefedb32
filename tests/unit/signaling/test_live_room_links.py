"""What a live room makes of the relay's figures: wishes, links, layers wanted, stills.

The relay is one in the test's hand: a link of a given quality cannot be had of a real one.
"""

import base64
import json
from dataclasses import replace
from typing import Any

import pytest

from relay.api import (
    Importance,
    Layer,
    LayerStats,
    Limit,
    MediaKind,
    SessionNotFound,
    SessionStats,
    SlotState,
    SlotWish,
)
from signaling.channel import Channel
from signaling.core import messages as m
from signaling.core.link_state import Seen
from signaling.core.stills import StillPicture, parts_of
from signaling.live_room import LiveRoom
from tests.support.services import ManualClock
from tests.unit.signaling.rooms import AT, MEMBERS, seat
from tests.unit.signaling.rooms import room as room_state

COURSEWARE, CAMERA = "lead.courseware", "lead.camera"
VIEWER, UP = "viewer-session", "camera-session"


def _stats(session_id: str, **figures: Any) -> SessionStats:
    base = SessionStats(
        session_id,
        connected=True,
        rtt_ms=50.0,
        receive_bps=0,
        send_bps=40_000,
        loss_fraction=0.0,
        layers=(),
        slots=(),
    )
    return replace(base, **figures)


class _HandRelay:
    """Takes wishes and tells the figures that a test put in."""

    def __init__(self) -> None:
        self.sessions: dict[str, SessionStats] = {}
        self.views: dict[str, tuple[SlotWish, ...]] = {}

    def stats(self, session_id: str) -> SessionStats:
        if session_id not in self.sessions:
            raise SessionNotFound(session_id)
        return self.sessions[session_id]

    def set_view(self, session_id: str, wishes: tuple[SlotWish, ...]) -> None:
        self.views[session_id] = tuple(wishes)

    def set_audible(self, room_id: str, source_ids: object) -> None: ...

    def set_programme(self, room_id: str, source_ids: object) -> None: ...


class _Observer:
    def __init__(self) -> None:
        self.stills = 0

    def on_durable_changed(self, lesson_id: str) -> None: ...

    def on_stage_changed(self, lesson_id: str, participant_id: str, on_stage: bool) -> None: ...

    def on_still_sent(self, size: int, begins: bool) -> None:
        self.stills += begins


class _Channel(Channel):
    """Keeps what was posted, as if all went out at once; `stuck` as if nothing did."""

    def __init__(self, who: str, now: float) -> None:
        super().__init__(seat(who), now)
        self.seen: list[dict[str, Any]] = []
        self.stuck = False

    def post(self, text: str) -> None:
        self.seen.append(json.loads(text))
        self.waiting_bytes += len(text) if self.stuck else 0

    def take(self, kind: str) -> list[dict[str, Any]]:
        found = [message for message in self.seen if message["type"] == kind]
        self.seen = [message for message in self.seen if message["type"] != kind]
        return found


class _Class:
    """A live lesson: the lead, room a (whose link a test shapes) and room b, present."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.relay = _HandRelay()
        self.observer = _Observer()
        self.room = LiveRoom("l1", room_state(), self.relay, self.clock, self.observer)  # type: ignore[arg-type]
        self.lead, self.a, self.b = (self.join(who) for who in ("lead", "a", "b"))
        self.relay.sessions[VIEWER] = _stats(VIEWER, target_bps=5_000_000, queue_ms=0.0)
        self.room.viewer_opened("room-a", VIEWER)

    def join(self, who: str) -> _Channel:
        channel = _Channel(who, self.clock.monotonic())
        listed = who if who == "lead" else f"room-{who}"
        member = next(one for one in MEMBERS if one.participant_id == listed)
        self.room.attach(channel, member, m.Hello())
        return channel

    def watch(self, *sources: str) -> None:
        slots = tuple(m.SlotView(number, source) for number, source in enumerate(sources))
        self.room.command(self.a, m.View(1, slots))

    def flows(self, *slots: tuple[str | None, str | None], **figures: Any) -> None:
        """What flows in room a's slots, as pairs of layer and ideal."""
        states = tuple(
            SlotState(
                number,
                MediaKind.VIDEO,
                None,
                None if layer is None else Layer(layer),
                None if ideal is None else Layer(ideal),
            )
            for number, (layer, ideal) in enumerate(slots)
        )
        self._flow(states, **figures)

    def lacks_codec(self) -> None:
        """Room a's browser decodes nothing of what is meant for its first slot."""
        self._flow((SlotState(0, MediaKind.VIDEO, None, None, codec_missing=True),))

    def _flow(self, states: tuple[SlotState, ...], **figures: Any) -> None:
        self.relay.sessions[VIEWER] = replace(self.relay.sessions[VIEWER], slots=states, **figures)
        self.room.slots_changed("room-a", VIEWER, states)

    def seconds(self, count: int) -> None:
        for _ in range(count):
            self.clock.advance(seconds=1)
            self.room.judge_links()

    def still(self, image: bytes = b"page") -> StillPicture:
        still = StillPicture(COURSEWARE, AT, "image/webp", image)
        self.room.put_still(still)
        return still

    def deliver(self, seconds: float) -> list[dict[str, Any]]:
        for _ in range(round(seconds * 4)):
            self.clock.advance(seconds=0.25)
            self.room.deliver_stills()
        return self.a.take("still")


@pytest.fixture
def lesson() -> _Class:
    return _Class()


def test_wishes_carry_what_gives_way_first_and_follow_the_stage(lesson: _Class) -> None:
    lesson.watch(COURSEWARE, CAMERA, "room-a.camera", "room-b.camera")

    def importances() -> dict[str | None, Importance]:
        return {wish.source_id: wish.importance for wish in lesson.relay.views[VIEWER]}

    assert importances()[COURSEWARE] is Importance.COURSEWARE
    assert importances()[CAMERA] is Importance.STAGE
    assert importances()["room-a.camera"] is Importance.WALL
    lesson.room.command(lesson.lead, m.StageInvite(2, "room-a"))
    lesson.room.command(lesson.lead, m.StageInvite(3, "room-b"))
    assert importances()["room-a.camera"] is Importance.STAGE
    assert importances()["room-b.camera"] is Importance.STAGE
    lesson.room.command(lesson.lead, m.StageRemove(4, "room-a"))
    assert importances()["room-a.camera"] is Importance.WALL


def test_slots_say_what_an_unlimited_link_would_bring(lesson: _Class) -> None:
    lesson.watch(COURSEWARE)
    lesson.flows((None, "h"))
    (slots,) = lesson.a.take("slots")
    assert slots["slots"] == [
        {
            "slot": 0,
            "kind": "video",
            "source_id": None,
            "layer": None,
            "ideal": "h",
            "thinned": False,
            "codec_missing": False,
            "hold": None,
        }
    ]


def test_a_browser_without_the_codec_is_told_to_the_lead_and_has_a_good_link(
    lesson: _Class,
) -> None:
    lesson.watch(CAMERA)
    lesson.seconds(12)
    lesson.lead.take("participant_changed")
    lesson.lacks_codec()
    lesson.seconds(2)
    (slots,) = lesson.a.take("slots")
    assert slots["slots"][0]["codec_missing"] is True
    link = lesson.lead.take("participant_changed")[-1]["participant"]["link"]
    assert (link["codec_missing"], link["state"]) == (True, "good")


def test_who_publishes_is_asked_once_for_a_codec_that_everybody_decodes(lesson: _Class) -> None:
    lesson.watch(CAMERA)
    lesson.lacks_codec()
    lesson.lacks_codec()
    assert lesson.lead.take("codec_lacking") == [{"type": "codec_lacking", "source_id": CAMERA}]
    assert not lesson.a.take("codec_lacking")


def test_a_narrow_link_is_told_to_the_lead_and_the_room_itself_only(lesson: _Class) -> None:
    lesson.watch(COURSEWARE, CAMERA)
    lesson.seconds(12)
    for channel in (lesson.lead, lesson.a, lesson.b):
        channel.take("participant_changed")
    lesson.flows(("m", "h"), ("l", "h"), target_bps=449_000, limit=Limit.RATE)
    lesson.seconds(2)
    told = lesson.lead.take("participant_changed")[-1]["participant"]
    assert told["participant_id"] == "room-a"
    link = told["link"]
    assert (link["state"], link["limit"], link["seeing"]) == ("fair", "rate", "m")
    assert (link["carries_bps"], link["uplink"], link["stills"]) == (450_000, None, False)
    assert lesson.a.take("participant_changed")
    assert not lesson.b.take("participant_changed")


def test_figures_that_move_each_second_are_told_every_ten(lesson: _Class) -> None:
    lesson.watch(CAMERA)
    lesson.flows(("h", "h"))
    lesson.seconds(10)
    lesson.lead.take("participant_changed")
    for second in range(40):
        lesson.flows(("h", "h"), target_bps=1_000_000 * (1 + second % 3))
        lesson.seconds(1)
    assert 3 <= len(lesson.lead.take("participant_changed")) <= 5


def test_an_outage_is_offline_within_two_seconds_and_good_not_before_five(lesson: _Class) -> None:
    lesson.watch(CAMERA)
    lesson.flows(("h", "h"))
    lesson.seconds(3)

    def state() -> m.LinkState:
        person = lesson.room.state.participant("room-a")
        assert person is not None
        return person.link.state

    lesson.flows(("h", "h"), limit=Limit.OUTAGE)
    lesson.seconds(2)
    assert state() is m.LinkState.OFFLINE
    assert lesson.room.readings["room-a"].seen is Seen.OFFLINE
    lesson.flows(("h", "h"), limit=Limit.NONE)
    lesson.seconds(5)
    assert state() is m.LinkState.OFFLINE
    lesson.seconds(1)
    assert state() is m.LinkState.GOOD


def _layers(*coming: str) -> tuple[LayerStats, ...]:
    return tuple(
        LayerStats(
            MediaKind.VIDEO,
            Layer(layer),
            100_000 if layer in coming else 0,
            10,
            30.0,
            640,
            360,
            0.0,
            0.0,
        )
        for layer in "hml"
    )


def test_an_uplink_is_judged_by_the_layers_that_are_wanted_and_do_not_come(lesson: _Class) -> None:
    relay = lesson.relay
    relay.sessions[UP] = _stats(UP, layers=_layers("h", "m", "l"))
    lesson.room.publisher_up(CAMERA, UP)
    lesson.room.layers_wanted(UP, (Layer.HIGH, Layer.MIDDLE, Layer.LOW), sound=True)
    lesson.seconds(8)

    def uplink() -> m.LinkState | None:
        person = lesson.room.state.participant("lead")
        assert person is not None
        return person.link.uplink

    assert uplink() is m.LinkState.GOOD
    relay.sessions[UP] = _stats(UP, layers=_layers("l"))
    lesson.seconds(3)
    assert uplink() is m.LinkState.POOR
    # Nobody wants the others any more: what does not come is rightly paused.
    lesson.room.layers_wanted(UP, (Layer.LOW,), sound=True)
    lesson.seconds(8)
    assert uplink() is m.LinkState.GOOD


def test_the_publisher_alone_learns_which_layers_are_wanted_and_again_after_a_reconnect(
    lesson: _Class,
) -> None:
    lesson.relay.sessions[UP] = _stats(UP)
    lesson.room.publisher_up(CAMERA, UP)
    lesson.room.layers_wanted(UP, (Layer.LOW,), sound=False)
    names = {"type": "layers_wanted", "source_id": CAMERA}
    wanted = {**names, "layers": ["l"], "sound": False}
    assert lesson.lead.take("layers_wanted") == [wanted]
    assert not lesson.a.take("layers_wanted")
    assert lesson.join("lead").take("layers_wanted") == [wanted]
    lesson.room.session_down(UP)
    assert not lesson.join("lead").take("layers_wanted")
    lesson.room.layers_wanted("of-an-older-session", (Layer.HIGH,), sound=True)
    assert not lesson.join("lead").take("layers_wanted")


def test_who_cannot_have_the_courseware_gets_its_newest_page_whole(lesson: _Class) -> None:
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
    person = lesson.room.state.participant("room-a")
    assert person is not None
    assert (person.link.stills, person.link.state) == (True, m.LinkState.POOR)


def test_who_has_video_or_wants_no_courseware_gets_no_still(lesson: _Class) -> None:
    lesson.still()
    lesson.watch(COURSEWARE, CAMERA)
    lesson.flows(("l", "h"), (None, "h"), limit=Limit.RATE)
    assert lesson.deliver(5.0) == []
    lesson.watch(CAMERA)
    lesson.flows((None, "h"))
    assert lesson.deliver(5.0) == []


def test_the_courseware_comes_as_a_still_whichever_slot_it_has(lesson: _Class) -> None:
    lesson.still()
    lesson.watch(CAMERA, COURSEWARE)
    lesson.flows((None, "h"), (None, "h"), limit=Limit.RATE)
    assert len(lesson.deliver(3.0)) == 1


def test_a_source_that_goes_takes_its_still_along(lesson: _Class) -> None:
    lesson.still()
    lesson.watch(COURSEWARE)
    lesson.flows((None, "h"))
    lesson.room.source_removed(COURSEWARE)
    assert lesson.deliver(5.0) == []


def test_a_page_that_comes_again_gets_the_still_again(lesson: _Class) -> None:
    lesson.still()
    lesson.watch(COURSEWARE)
    lesson.flows((None, "h"))
    assert len(lesson.deliver(3.0)) == 1
    assert lesson.deliver(3.0) == []
    older, lesson.a = lesson.a, lesson.join("a")  # as a page that is loaded anew
    lesson.room.detach(older)
    assert len(lesson.deliver(3.0)) == 1


def test_nothing_is_handed_to_a_channel_that_is_not_rid_of_the_last(lesson: _Class) -> None:
    lesson.still(b"x" * 30_000)
    lesson.watch(COURSEWARE)
    lesson.flows((None, "h"), target_bps=10_000_000)
    lesson.a.stuck = True
    lesson.a.waiting_bytes = 0
    assert len(lesson.deliver(1.5)) == 2  # then 8 KiB wait
    assert lesson.deliver(20.0) == []
    assert lesson.a.bye is None


def test_a_refused_source_is_told_to_its_owner_and_to_the_lead_teacher() -> None:
    lesson = _Class()
    source_id = f"{seat('a').participant_id}.camera"
    told = {"type": "source_refused", "source_id": source_id, "reason": "b_frames"}
    lesson.room.source_refused(source_id, m.RefusalReason.B_FRAMES)
    assert lesson.a.take("source_refused") == [told]
    assert lesson.lead.take("source_refused") == [told]
    assert lesson.b.take("source_refused") == []
    lesson.room.source_refused("lead.camera", m.RefusalReason.B_FRAMES)
    assert len(lesson.lead.take("source_refused")) == 1
