"""Cost of the media core alone: CPU µs per forwarded packet, without SRTP and sockets.

    python -m load_tests.bench_core --viewers 20 --packets 30000

One publisher's highest layer (VP8 with picture ids, 1100-byte packets) goes through `on_rtp`
to so many viewers, whose `send_rtp` only counts. Every tenth of a second each reports what came,
as browsers do; to make these reports is not counted, to read them is. Prints one JSON line.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Sequence

from relay import IS_COMPILED
from relay.api import Layer, MediaKind, SlotState, SlotWish, SourceInfo
from relay.core.congestion.estimator import MAX_BPS
from relay.core.counters import Counters
from relay.core.piping.pipe import RoomPipe
from relay.core.room import Room
from relay.core.viewer import Viewer
from relay.core.wire import rtcp_writer, rtp, twcc
from relay.core.wire.negotiated import Codec, ExtensionIds, IncomingTrack, OutgoingSlot

IDS = ExtensionIds(mid=1, rid=2, repaired_rid=3, transport_cc=4)
VP8 = Codec("VP8", 96, 90_000, rtx_payload_type=97, nack=True, pli=True, transport_cc=True)
PACKETS_PER_S = 300
PACKETS_PER_TICK = 6
PACKETS_PER_REPORT = 30
KEY_FRAME_HEAD = b"\x90\xe0\x80\x01\x01\x00" + b"\x10\x00\x00\x9d\x01\x2a\x00\x05\xd0\x02"


class _Silent:
    """Events that nobody listens to."""

    def on_source_changed(self, source: SourceInfo) -> None:
        """Ignored."""

    def on_source_removed(self, source_id: str) -> None:
        """Ignored."""

    def on_slots_changed(self, session_id: str, slots: Sequence[SlotState]) -> None:
        """Ignored."""

    def on_piped_sources(self, pipe: RoomPipe) -> None:
        """Ignored."""

    def on_layers_wanted(self, session_id: str, layers: Sequence[Layer], *, sound: bool) -> None:
        """Ignored."""


def packets(count: int, size: int) -> list[bytes]:
    """A stream of frames of ten packets."""
    made = []
    for number in range(count):
        frame, index = divmod(number, 10)
        if number == 0:
            payload = KEY_FRAME_HEAD
        else:
            first = 0x90 if index == 0 else 0x80
            picture_id = (frame + 1) & 0x7FFF | 0x8000
            head = bytes([first, 0xE0, picture_id >> 8, picture_id & 0xFF, frame & 0xFF, 0])
            payload = head + b"\x01"
        made.append(
            rtp.build(
                96,
                1000 + number,
                frame * 3000,
                4711,
                payload.ljust(size, b"\0"),
                marker=index == 9,
                extensions={1: b"1", 2: b"h", 4: (number & 0xFFFF).to_bytes(2, "big")},
            )
        )
    return made


class Watcher:
    """One viewer that counts what it gets, and reports it."""

    def __init__(self, room: Room, index: int) -> None:
        slot = OutgoingSlot(
            0, "0", MediaKind.VIDEO, (VP8,), IDS, 5000 + index, 9000 + index, cname="c"
        )
        self.received = self._reported = 0
        self._log = twcc.ArrivalLog()
        self.viewer: Viewer = room.add_viewer(
            f"v{index}",
            [slot],
            send_rtp=self._take,
            send_rtcp=lambda data: None,
            own_sources=frozenset(),
            programme=False,
            now=0.0,
        )
        self.viewer.set_view([SlotWish(0, "s")], 0.0)

    def _take(self, _data: bytes) -> None:
        self.received += 1

    def report(self, now: float) -> list[bytes]:
        """RTCP on what came since the last one: by its number, which rises by one each time."""
        for number in range(self._reported + 1, self.received + 1):
            self._log.add(number & 0xFFFF, now)
        self._reported = self.received
        return [rtcp_writer.transport_feedback(1, 2, body) for body in self._log.feedback()]


def run(viewers: int, count: int, size: int) -> dict[str, float]:
    """Forward `count` packets to `viewers` viewers."""
    room = Room("bench", wall_offset=0.0, events=_Silent(), counters=Counters(), start_bps=MAX_BPS)
    track = IncomingTrack("1", MediaKind.VIDEO, (VP8,), IDS, {"h": Layer.HIGH, "l": Layer.LOW})
    publisher = room.add_publisher("p", "s", [track], send_rtcp=lambda data: None, now=0.0)
    watchers = [Watcher(room, index) for index in range(viewers)]
    stream = packets(count, size)
    spent = now = 0.0
    for first in range(0, count, PACKETS_PER_REPORT):
        reports = [(one.viewer, report) for one in watchers for report in one.report(now)]
        started = time.process_time()
        for viewer, report in reports:
            viewer.on_rtcp(report, now)
        for number, packet in enumerate(stream[first : first + PACKETS_PER_REPORT]):
            now += 1 / PACKETS_PER_S
            publisher.on_rtp(packet, now)
            if number % PACKETS_PER_TICK == 0:
                room.on_timer(now)
        spent += time.process_time() - started
    sent = sum(one.received for one in watchers)
    return {
        "viewers": viewers,
        "compiled_core": IS_COMPILED,
        "packets_in": count,
        "packets_out": sent,
        "cpu_us_per_forwarded_packet": round(1e6 * spent / max(1, sent), 3),
        "cpu_us_per_incoming_packet": round(1e6 * spent / count, 2),
    }


def main() -> None:
    """Parse the arguments, run, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--viewers", type=int, default=20)
    parser.add_argument("--packets", type=int, default=30_000)
    parser.add_argument("--size", type=int, default=1100)
    arguments = parser.parse_args()
    print(json.dumps(run(arguments.viewers, arguments.packets, arguments.size)))


if __name__ == "__main__":
    main()
