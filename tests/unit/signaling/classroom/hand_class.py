"""A live room over a relay in the test's hand, as no real link has a quality to order."""

import json
from dataclasses import replace
from typing import Any

from relay.api import (
    Layer,
    MediaKind,
    SessionNotFound,
    SessionStats,
    SlotState,
    SlotWish,
)
from signaling.classroom import wire as m
from signaling.classroom.channel import Channel
from signaling.classroom.live_room import LiveRoom
from signaling.classroom.stills.rules import StillPicture
from signaling.lessons.wire import Headcount
from tests.support.services import ManualClock
from tests.unit.signaling.classroom.rooms import AT, MEMBERS, seat
from tests.unit.signaling.classroom.rooms import room as room_state

COURSEWARE, CAMERA = "lead.courseware", "lead.camera"
VIEWER, UP = "viewer-session", "camera-session"


def session_stats(session_id: str, **figures: Any) -> SessionStats:
    base = SessionStats(
        session_id,
        connected=True,
        rtt_ms=50.0,
        send_bps=40_000,
        loss_fraction=0.0,
        layers=(),
        slots=(),
    )
    return replace(base, **figures)


class HandRelay:
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


class CountingObserver:
    def __init__(self) -> None:
        self.stills = 0
        self.here: set[str] = set()
        self.counted: list[Headcount] = []

    def on_unsaved(self, lesson_id: str) -> None: ...

    def on_stage_changed(self, lesson_id: str, participant_id: str, on_stage: bool) -> None: ...

    def on_presence_changed(self, lesson_id: str, participant_id: str, here: bool) -> None:
        (self.here.add if here else self.here.discard)(participant_id)

    def on_headcount_changed(self, lesson_id: str, headcount: Headcount) -> None:
        self.counted.append(headcount)

    def on_still_sent(self, size: int, begins: bool) -> None:
        self.stills += begins


class HandChannel(Channel):
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


class HandClass:
    """A live lesson: the lead, room a (whose link a test shapes) and room b, present."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.relay = HandRelay()
        self.observer = CountingObserver()
        self.room = LiveRoom("l1", room_state(), self.relay, self.clock, self.observer)  # type: ignore[arg-type]
        self.lead, self.a, self.b = (self.join(who) for who in ("lead", "a", "b"))
        self.relay.sessions[VIEWER] = session_stats(VIEWER, target_bps=5_000_000, queue_ms=0.0)
        self.room.viewer_opened("room-a", VIEWER)

    def join(self, who: str) -> HandChannel:
        channel = HandChannel(who, self.clock.monotonic())
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

    def sounds(self, source_id: str | None) -> None:
        """Whose sound flows to room a, beside its pictures."""
        pictures = tuple(
            slot for slot in self.relay.sessions[VIEWER].slots if slot.kind is MediaKind.VIDEO
        )
        self._flow((*pictures, SlotState(9, MediaKind.AUDIO, source_id, None)))

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
