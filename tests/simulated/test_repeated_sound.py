"""Sound on lossy links: what is repeated, to whom, and what is then still missing."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest

from relay.api import MediaKind
from relay.core.wire import red, rtp
from relay.core.wire.negotiated import Codec, ExtensionIds, OutgoingSlot
from tests.simulated import publisher, streams
from tests.simulated.classroom import Classroom
from tests.simulated.network import Profile
from tests.simulated.viewer import SimulatedViewer

RED_TYPE = 63
OPUS = replace(publisher.OPUS, payload_type=109, red_payload_type=RED_TYPE)


class Listener(SimulatedViewer):
    """A viewer that takes RED for its sound."""

    @staticmethod
    def _negotiate(
        index: int,
        kind: MediaKind,
        seed: int,
        codecs: tuple[Codec, ...],
        rtx: bool,
        ids: ExtensionIds,
    ) -> OutgoingSlot:
        slot = SimulatedViewer._negotiate(index, kind, seed, codecs, rtx, ids)
        return replace(slot, codecs=(OPUS,)) if kind is MediaKind.AUDIO else slot

    def frames(self, *, within: int = 4) -> dict[int, str]:
        """Every frame of sound that came at most so many packets late, and how it came first."""
        found: dict[int, str] = {}
        for raw in self.raw:
            if 192 <= raw[1] <= 223:
                continue
            packet = rtp.parse(raw)
            if packet.ssrc != self.audio[0].negotiated.ssrc:
                continue
            assert packet.payload_type in (OPUS.payload_type, RED_TYPE)
            own, blocks = packet.payload, []
            if packet.payload_type == RED_TYPE:
                own, blocks = red.parse(packet.payload, OPUS.payload_type)
                assert blocks
            number = streams.read(own).frame
            found.setdefault(number, "own")
            for block in blocks:
                frame = streams.read(block.payload).frame
                assert block.offset == 960 * (number - frame), "where it was said"
                if number - frame <= within:
                    found.setdefault(frame, "repeated")
        return found

    def concealed(self, since: int) -> float:
        """The fraction of frames after number `since` that never came."""
        found = [number for number in self.frames() if number >= since]
        return 1 - len(found) / (max(found) - since + 1)


def listen(room: Classroom, name: str, seed: int, **link: Profile) -> Listener:
    return Listener(room.world, room.room, name, video=1, audio=1, seed=seed, **link)


def lesson(**options: object) -> Classroom:
    room = Classroom()
    room.publish("lead.camera", seed=3, **options)
    room.room.set_audible({"lead.camera"}, room.now)
    return room


@pytest.mark.parametrize(("loss", "bar"), [(0.01, 0.004), (0.03, 0.006), (0.05, 0.008)])
def test_a_lossy_link_loses_little_sound(loss: float, bar: float) -> None:
    room = lesson()
    room.run(1)
    village = listen(room, "village", 21, down=Profile(loss=loss))
    town = listen(room, "town", 22)
    plain = room.watch("plain", audio=1, down=Profile(loss=loss), seed=23)
    room.run(60)
    assert village.concealed(since=300) < bar
    assert "repeated" not in town.frames().values(), "who loses nothing gets nothing twice"
    assert len(plain.audio[0].order) > 2500, "who takes no RED is served as ever"
    assert room.counters.red_sent < 3100, "to one of three"


def test_repeated_sound_keeps_its_numbers_and_times() -> None:
    room = lesson()
    village = listen(room, "village", 21, down=Profile(loss=0.05))
    room.run(30)
    packets = village.audio[0].order
    times = {packet.sequence: packet.timestamp for packet in packets}
    steps = {
        ((times[b] - times[a]) & 0xFFFFFFFF) / (b - a) for a, b in itertools.pairwise(sorted(times))
    }
    assert all(abs(step - 960) < 2 for step in steps)
    assert village.audio[0].duplicates == 0


def test_a_narrow_link_carries_sound_once() -> None:
    room = lesson(layers=())
    narrow = listen(room, "narrow", 21, down=Profile(loss=0.05, rate_bps=60_000))
    room.run(40)
    late = [how for number, how in narrow.frames().items() if number > 1000]
    assert late
    assert late.count("repeated") < 0.02 * len(late)


def test_nobody_hears_in_a_repetition_what_was_said_before_he_might() -> None:
    room = lesson()
    room.publish("one.camera", seed=4)
    teacher = Listener(room.world, room.room, "t", audio=2, seed=21, down=Profile(loss=0.1))
    room.run(20)
    room.room.set_audible({"lead.camera", "one.camera"}, room.now)
    on_stage = room.now
    room.run(1)
    first = min(
        streams.read(payload).frame
        for raw in teacher.raw
        if not 192 <= raw[1] <= 223
        for packet in [rtp.parse(raw)]
        if packet.ssrc == teacher.audio[1].negotiated.ssrc
        for own, blocks in [
            red.parse(packet.payload, OPUS.payload_type)
            if packet.payload_type == RED_TYPE
            else (packet.payload, [])
        ]
        for payload in (own, *(block.payload for block in blocks))
    )
    assert first >= (on_stage - 100.0 - 0.03) / 0.02
