"""Whole lessons through a room, over good and bad links."""

from __future__ import annotations

import hashlib
import itertools
import struct

import pytest

from relay.api import CloseReason, Layer, MediaKind, SlotWish
from relay.core import rtcp, rtp, vp8
from relay.core.clock import ntp_to_unix
from relay.core.negotiated import IncomingTrack
from relay.core.serial import signed
from tests.simulated import publisher, streams, viewer
from tests.simulated.classroom import WALL_OFFSET, Classroom, Sink
from tests.simulated.network import Profile
from tests.simulated.viewer import SimulatedViewer, Slot

CODECS = [publisher.VP8, publisher.H264]


def frames_of(slot: Slot, stream: str) -> set[int]:
    return {one.frame for one in slot.decoded if one.stream == stream}


def share(slot: Slot, stream: str, first: int, last: int) -> float:
    """Which part of the frames first…last of a stream was decoded."""
    return len(frames_of(slot, stream) & set(range(first, last + 1))) / (last - first + 1)


def assert_continuous(slot: Slot, now: float) -> None:
    """No sequence number is missing for good; timestamps and picture ids only rise."""
    numbers = {packet.sequence for packet in slot.order}
    first, last = min(numbers), max(numbers)
    missing = set(range(first, last + 1)) - numbers
    assert missing <= set(slot.missing)
    times = [one.timestamp for one in slot.decoded]
    steps = [signed(b - a, 32) for a, b in itertools.pairwise(times)]
    assert all(step > 0 for step in steps)


def test_the_driver_paces_only_while_something_waits() -> None:
    lesson = Classroom(start_bps=600e3)
    lesson.publish("lead.camera")
    student = lesson.watch("room-1")
    student.show("lead.camera")
    waited = [False]

    def look() -> None:
        pacer = student.session.outlet.pacer
        assert lesson.room.any_waits is (pacer.queued_bytes > 0 or pacer.probe > 0)
        waited.append(lesson.room.any_waits)

    lesson.world.every(0.003, look)
    lesson.run(5.0)
    assert sum(waited) > 10  # the first key frame, and probes
    lesson.run(5.0)
    assert not any(waited[-30:])


@pytest.mark.parametrize("codec", CODECS, ids=lambda codec: codec.name)
def test_a_clean_link_delivers_every_frame_of_the_highest_layer(codec) -> None:
    room = Classroom()
    teacher = room.publish("lead.camera", codec=codec)
    watching = room.watch("room-1")
    watching.show("lead.camera")
    room.run(5)
    slot = watching.video[0]
    assert slot.streams() == ["leah"]
    assert slot.broken == 0
    assert slot.plis == 0
    last = teacher.encodings[Layer.HIGH].frame - 2
    assert share(slot, "leah", 1, last) == 1.0
    assert room.events.slots["room-1"][0].layer is Layer.HIGH
    assert room.events.sources["lead.camera"].layers == (Layer.HIGH, Layer.MIDDLE, Layer.LOW)
    assert_continuous(slot, room.now)


def test_the_first_key_frame_is_enough_for_those_who_wait_already() -> None:
    room = Classroom()
    watching = room.watch("room-1")
    watching.show("lead.camera")
    room.run(1)
    teacher = room.publish("lead.camera")
    room.run(2)
    assert frames_of(watching.video[0], "leah") >= set(range(1, 40))
    assert teacher.plis == 0


@pytest.mark.parametrize("codec", CODECS, ids=lambda codec: codec.name)
def test_loss_up_and_down_is_repaired_and_others_are_untouched(codec) -> None:
    room = Classroom()
    lossy = Profile(loss=0.05, delay=0.02)
    teacher = room.publish("lead.camera", codec=codec, up=lossy, down=Profile(delay=0.02))
    bad = room.watch("room-1", down=lossy, up=Profile(delay=0.02), seed=11)
    good = room.watch("room-2", seed=12)
    for one in (bad, good):
        one.show("lead.camera")
    room.run(30)
    last = teacher.encodings[Layer.HIGH].frame - 25
    assert bad.down.lost > 50
    assert share(bad.video[0], "leah", 10, last) >= 0.99
    assert share(good.video[0], "leah", 10, last) >= 0.99
    assert good.video[0].plis == 0
    assert room.counters.packets_unrepaired == 0
    assert good.down.sent < bad.down.sent
    stats = teacher.session.stats(room.now)
    high = next(one for one in stats.layers if one.layer is Layer.HIGH)
    assert 0.01 < high.loss_fraction < 0.12
    assert high.unrepaired_fraction < 0.02
    assert stats.rtt_ms is not None
    assert 30 < stats.rtt_ms < 90
    assert (high.width, high.height) == (1280, 720)
    assert high.frames_per_second == pytest.approx(25, abs=2)


@pytest.mark.parametrize("rtx", [True, False])
def test_what_was_repaired_on_the_uplink_does_not_look_reordered_to_viewers(rtx: bool) -> None:
    """A browser that sees late originals waits for reordering before it asks for what is lost."""
    room = Classroom()
    teacher = room.publish("lead.camera", up=Profile(loss=0.05, delay=0.02))
    watching = room.watch("room-1", rtx=rtx)
    watching.show("lead.camera")
    room.run(10)
    slot = watching.video[0]
    late = [b for a, b in itertools.pairwise(slot.order) if b.sequence < a.sequence]
    assert len(late) > 20
    assert all(packet.repaired is rtx for packet in late)
    assert share(slot, "leah", 10, teacher.encodings[Layer.HIGH].frame - 25) >= 0.99


@pytest.mark.parametrize(
    ("loss", "delay", "twice"), [(0.06, 0.02, True), (0.005, 0.02, False), (0.005, 0.15, True)]
)
def test_repairs_go_out_twice_where_losing_one_is_likely_or_dear(loss, delay, twice) -> None:
    room = Classroom()
    room.publish("lead.camera")
    watching = room.watch("room-1", down=Profile(loss=loss, delay=delay), up=Profile(delay=delay))
    watching.show("lead.camera")
    room.run(20)
    answered, slot = room.counters.rtx_answered, watching.video[0]
    assert answered > 10
    assert (slot.duplicates > 0.6 * answered) is twice
    assert share(slot, "leah", 10, 400) >= 0.99


@pytest.mark.parametrize(("delay", "repaired"), [(0.15, True), (0.03, False)])
def test_over_a_long_round_trip_losses_are_repaired_before_they_are_asked_for(
    delay: float, repaired: bool
) -> None:
    """The question may be lost as well, and the next one would come too late."""
    room = Classroom()
    room.publish("lead.camera")
    up = Profile(delay=delay)
    watching = room.watch("room-1", down=Profile(loss=0.02, delay=delay), up=up, asks=False)
    watching.show("lead.camera")
    room.run(20)
    slot = watching.video[0]
    assert room.counters.nacks_received == 0
    assert (room.counters.rtx_answered > 20) is repaired
    assert (share(slot, "leah", 60, 400) >= 0.99) is repaired  # once the round trip is known


def test_what_nobody_takes_is_not_asked_for_again() -> None:
    room = Classroom()
    lossy = Profile(loss=0.1, delay=0.02)
    away = room.publish("room-a.camera", layers=(Layer.LOW,), audio=False, up=lossy)
    room.run(5)
    assert away.nacks == 0
    room.watch("room-1").show("room-a.camera")
    room.run(5)
    assert away.nacks > 5


def test_a_publisher_of_little_gets_less_feedback() -> None:
    def packets_in_10_s(layers: tuple[Layer, ...]) -> int:
        room = Classroom()
        room.publish("room-a.camera", layers=layers)
        room.run(2)
        before = room.counters.transport_feedback_sent
        room.run(10)
        return room.counters.transport_feedback_sent - before

    assert packets_in_10_s(()) < 60
    assert packets_in_10_s((Layer.HIGH, Layer.MIDDLE, Layer.LOW)) >= 95


def test_a_viewer_learns_its_round_trip_but_not_at_the_price_of_a_storm() -> None:
    room = Classroom()
    room.publish("lead.camera")
    watching = room.watch("room-1")
    question = struct.pack("!BBHI BBHQ", 0x80, rtcp.XR, 4, 5, 4, 0, 2, 0x0123456789ABCDEF)
    for _ in range(50):
        watching.session.on_rtcp(question, room.now)
    room.run(1)
    answers = [data for data in watching.raw if struct.pack("!I", 0x456789AB) in data]
    assert len(answers) == 1
    watching.session.on_rtcp(question, room.now)
    assert room.counters.receiver_times_answered == 2


def test_reordered_packets_find_their_place_without_repair() -> None:
    room = Classroom()
    teacher = room.publish("lead.camera", up=Profile(delay=0.02, jitter=0.008, in_order=False))
    watching = room.watch("room-1", down=Profile(delay=0.02, jitter=0.008, in_order=False))
    watching.show("lead.camera")
    room.run(10)
    slot = watching.video[0]
    assert any(a.sequence > b.sequence for a, b in zip(slot.order, slot.order[1:], strict=False))
    assert share(slot, "leah", 10, teacher.encodings[Layer.HIGH].frame - 3) == 1.0
    assert slot.broken == 0
    assert room.counters.nacks_sent < 20


@pytest.mark.parametrize("codec", CODECS, ids=lambda codec: codec.name)
def test_ten_layer_switches_leave_no_seam(codec) -> None:
    room = Classroom()
    room.publish("lead.camera", codec=codec)
    watching = room.watch("room-1")
    watching.show("lead.camera", max_layer=Layer.LOW)
    room.run(2)
    start = room.now
    wanted = [Layer(rid) for rid in "mhlhmlhlmh"]
    for layer in wanted:
        watching.show("lead.camera", max_layer=layer)
        room.run(1)
        assert watching.session.slots()[0].layer is layer
    slot = watching.video[0]
    assert slot.streams() == ["leal", *(f"lea{layer.value}" for layer in wanted)]
    assert slot.broken == 0
    assert slot.longest_freeze(start) < 0.1
    assert_continuous(slot, room.now)
    if codec.name == "VP8":
        assert_picture_ids_run_on(slot)
    assert_timestamps_follow_time(slot)


def assert_picture_ids_run_on(slot: Slot) -> None:
    seen: list[tuple[int, int]] = []
    for packet in sorted(slot.order, key=lambda one: one.sequence):
        found = vp8.parse(packet.payload)
        assert found.picture_id_bits == 15
        if not seen or seen[-1][0] != found.picture_id:
            seen.append((found.picture_id, found.tl0_index))
    for (id_a, tl0_a), (id_b, tl0_b) in itertools.pairwise(seen):
        assert (id_b - id_a) & 0x7FFF == 1
        assert (tl0_b - tl0_a) & 0xFF == 1


def assert_timestamps_follow_time(slot: Slot) -> None:
    """Over the whole run the slot's clock advances as real time does, whatever was switched."""
    first, last = slot.decoded[0], slot.decoded[-1]
    elapsed = signed(last.timestamp - first.timestamp, 32) / 90_000
    assert elapsed == pytest.approx(last.at - first.at, abs=0.05)


def test_a_source_switch_is_seamless_too_and_reports_stay_true() -> None:
    room = Classroom()
    room.publish("lead.camera", seed=3, clock_offset=50.0)
    room.publish("room.camera", seed=4, clock_offset=-9000.0)
    watching = room.watch("room-1")
    watching.show("lead.camera")
    room.run(3)
    for _ in range(5):
        watching.show("room.camera")
        room.run(2)
        watching.show("lead.camera")
        room.run(2)
    slot = watching.video[0]
    assert slot.streams() == ["leah", *(["rooh", "leah"] * 5)]
    assert slot.broken == 0
    assert_continuous(slot, room.now)
    assert_picture_ids_run_on(slot)
    assert_timestamps_follow_time(slot)
    # Frames are captured and sent in the same moment here, so a report's clock must lie one uplink
    # delay (10 ms) from the frames' arrival at the relay.
    for _, report in slot.reports[2:]:
        wall = ntp_to_unix(report.ntp) - WALL_OFFSET
        near = min(slot.decoded, key=lambda one: abs(one.at - wall))
        behind = signed(report.rtp_timestamp - near.timestamp, 32) / 90_000
        assert wall - behind == pytest.approx(near.at - 0.01, abs=0.025)


def test_a_late_joiner_sees_a_picture_at_once_and_many_share_one_key_frame() -> None:
    room = Classroom()
    teacher = room.publish("lead.camera")
    room.run(5)
    before = teacher.encodings[Layer.HIGH].key_frames
    late = [room.watch(f"room-{index}", seed=20 + index) for index in range(20)]
    for one in late:
        one.show("lead.camera")
    joined = room.now
    room.run(1)
    for one in late:
        assert one.video[0].decoded[0].at - joined < 0.2
    assert teacher.encodings[Layer.HIGH].key_frames - before == 1


def test_a_viewers_key_frame_requests_are_throttled() -> None:
    room = Classroom()
    teacher = room.publish("lead.camera")
    watching = room.watch("room-1")
    watching.show("lead.camera")
    room.run(2)
    before = teacher.encodings[Layer.HIGH].key_frames
    for _ in range(100):
        watching._send(
            rtcp.picture_loss(1, watching.video[0].negotiated.ssrc)
            + rtcp.intra_request(1, watching.video[0].negotiated.ssrc, 1)
        )
        room.run(0.01)
    assert 2 <= teacher.encodings[Layer.HIGH].key_frames - before <= 5


def test_an_unanswered_key_frame_request_is_repeated_ever_more_slowly() -> None:
    room = Classroom()
    teacher = room.publish("lead.camera")
    room.run(1)
    teacher.down.profile = Profile(loss=1.0)
    sent = room.counters.key_frame_requests_sent
    watching = room.watch("room-1")
    watching.show("lead.camera")
    room.run(10)
    assert 5 <= room.counters.key_frame_requests_sent - sent <= 8
    teacher.down.profile = Profile()
    room.run(3)
    assert watching.video[0].decoded


def test_a_dead_layer_is_left_for_one_that_flows_and_taken_again() -> None:
    room = Classroom()
    teacher = room.publish("lead.camera")
    watching = room.watch("room-1")
    watching.show("lead.camera")
    room.run(2)
    teacher.encodings[Layer.HIGH].active = False
    room.run(2)
    assert watching.video[0].streams() == ["leah", "leam"]
    assert watching.video[0].longest_freeze() < 0.9
    assert room.events.sources["lead.camera"].layers == (Layer.MIDDLE, Layer.LOW)
    teacher.encodings[Layer.HIGH].active = True
    teacher.encodings[Layer.HIGH].key_wanted = True
    room.run(2)
    assert watching.video[0].streams() == ["leah", "leam", "leah"]
    assert_continuous(watching.video[0], room.now)


def test_a_publisher_that_comes_again_is_seen_again_in_the_same_stream() -> None:
    room = Classroom()
    first = room.publish("lead.camera", seed=3)
    watching = room.watch("room-1")
    sink = Sink()
    tap = room.room.add_tap(sink, room.now)
    watching.show("lead.camera")
    room.run(3)
    first.stopped = True
    room.publish("lead.camera", seed=7, session="again")
    room.run(3)
    slot = watching.video[0]
    assert room.events.removed == []
    assert room.events.sources["lead.camera"].session_id == "again"
    assert slot.decoded[-1].at > room.now - 0.1
    assert slot.broken == 0
    assert_continuous(slot, room.now)
    assert_timestamps_follow_time(slot)
    assert_picture_ids_run_on(slot)
    assert sorted(sink.ended.values()) == [CloseReason.REPLACED] * 2
    assert len(sink.tracks) == 4
    tap.close(room.now)
    assert len(sink.ended) == 4


def test_a_still_page_keeps_its_slot_and_needs_no_key_frame_to_go_on() -> None:
    room = Classroom()
    pages = room.publish("lead.courseware", audio=False, layers=(Layer.HIGH,))
    watching = room.watch("room-1")
    watching.show("lead.courseware")
    room.run(2)
    keys = pages.encodings[Layer.HIGH].key_frames
    pages.encodings[Layer.HIGH].active = False
    room.run(20)
    assert room.events.sources["lead.courseware"].layers == ()
    assert room.events.slots["room-1"][0].source_id == "lead.courseware"
    pages.encodings[Layer.HIGH].active = True
    room.run(1)
    assert watching.video[0].decoded[-1].at > room.now - 0.1
    assert watching.video[0].broken == 0
    assert pages.encodings[Layer.HIGH].key_frames == keys
    assert_timestamps_follow_time(watching.video[0])


def test_a_source_that_ends_empties_its_slot() -> None:
    room = Classroom()
    teacher = room.publish("lead.camera")
    watching = room.watch("room-1")
    watching.show("lead.camera")
    room.run(1)
    teacher.stop()
    room.run(0.5)
    assert room.events.removed == ["lead.camera"]
    state = room.events.slots["room-1"][0]
    assert state.source_id is None
    assert state.layer is None


def test_a_stream_that_begins_anew_is_followed() -> None:
    room = Classroom()
    teacher = room.publish("lead.camera")
    watching = room.watch("room-1")
    watching.show("lead.camera")
    room.run(2)
    high = teacher.encodings[Layer.HIGH]
    high.sequence = (high.sequence + 20_000) & 0xFFFF
    high.timestamp_base += 1_000_000_000
    room.run(2)
    slot = watching.video[0]
    assert slot.decoded[-1].at > room.now - 0.1
    assert slot.longest_freeze() < 0.5
    assert_continuous(slot, room.now)
    assert_timestamps_follow_time(slot)


def test_repair_reaches_back_over_a_switch() -> None:
    room = Classroom()
    room.publish("lead.camera")
    watching = room.watch("room-1", down=Profile(loss=0.08, delay=0.03))
    watching.show("lead.camera", max_layer=Layer.LOW)
    room.run(1)
    before = watching.video[0].plis  # the very first key frame may have been hit
    for turn in range(20):
        watching.show("lead.camera", max_layer=Layer.HIGH if turn % 2 else Layer.MIDDLE)
        room.run(0.5)
    room.run(1)
    assert watching.video[0].plis == before
    assert_continuous(watching.video[0], room.now)


def test_without_rtx_the_packet_itself_is_sent_again() -> None:
    room = Classroom()
    teacher = room.publish("lead.camera")
    watching = room.watch("room-1", down=Profile(loss=0.05), rtx=False)
    watching.show("lead.camera")
    room.run(8)
    assert room.counters.rtx_answered > 20
    assert share(watching.video[0], "leah", 10, teacher.encodings[Layer.HIGH].frame - 20) == 1.0


def test_the_transport_wide_number_counts_every_packet_of_a_viewer() -> None:
    room = Classroom()
    room.publish("lead.camera")
    room.publish("lead.courseware", seed=5, audio=False)
    watching = room.watch("room-1", video=2, audio=1)
    room.room.set_audible({"lead.camera"}, room.now)
    watching.view(SlotWish(0, "lead.camera"), SlotWish(1, "lead.courseware"))
    room.run(3)
    steps = {(b - a) & 0xFFFF for a, b in zip(watching.wide, watching.wide[1:], strict=False)}
    assert steps == {1}


def test_publishers_get_feedback_for_every_packet() -> None:
    room = Classroom()
    teacher = room.publish("lead.camera", up=Profile(loss=0.1, delay=0.03))
    room.run(5)
    reported = [arrival for feedback in teacher.feedback for arrival in feedback.arrivals]
    received = [number for number, at in reported if at is not None]
    assert len(received) == len(set(received))
    arrived = teacher.up.sent - teacher.up.lost
    assert arrived - 60 < len(received) <= arrived
    block = next(b for b in teacher.reports[::-1] if b.ssrc == teacher.encodings[Layer.HIGH].ssrc)
    assert 5 < block.fraction_lost < 60
    assert block.last_report


def test_small_slots_get_small_layers() -> None:
    room = Classroom()
    room.publish("lead.camera")
    watching = room.watch("room-1", video=3)
    watching.view(
        SlotWish(0, "lead.camera", max_height=200),
        SlotWish(1, "lead.camera", max_height=400),
        SlotWish(2, "lead.camera", max_height=1080),
    )
    room.run(3)
    layers = [slot.layer for slot in watching.session.slots()]
    assert layers == [Layer.LOW, Layer.MIDDLE, Layer.HIGH]


def test_a_codec_that_a_viewer_does_not_take_is_not_sent() -> None:
    room = Classroom()
    room.publish("lead.camera", codec=publisher.H264)
    watching = room.watch("room-1", codecs=(viewer.VP8,))
    watching.show("lead.camera")
    room.run(2)
    assert watching.down.sent == 0
    assert watching.session.slots()[0].source_id is None


def test_a_viewer_is_told_that_it_lacks_the_codec_and_when_it_does_not_any_more() -> None:
    room = Classroom()
    sent = room.publish("lead.camera", codec=publisher.H264)
    watching = room.watch("room-1", codecs=(viewer.VP8,))
    watching.show("lead.camera")
    room.run(10)  # long enough for layers that nobody takes to stop
    state = watching.session.slots()[0]
    assert (state.codec_missing, state.ideal) == (True, None)
    assert room.events.slots["room-1"][0].codec_missing
    assert room.counters.slots_without_codec == 1
    sent.stop()
    room.publish("lead.camera", seed=7)
    room.run(3)
    state = watching.session.slots()[0]
    assert (state.codec_missing, state.layer) == (False, Layer.HIGH)
    assert room.counters.slots_without_codec == 1


def test_a_picture_that_has_not_come_yet_lacks_no_codec() -> None:
    room = Classroom()
    watching = room.watch("room-1", codecs=(viewer.VP8,))
    watching.show("lead.camera")
    room.run(1)
    assert not watching.session.slots()[0].codec_missing


def test_the_programme_fills_slots_in_order_with_what_is_published() -> None:
    room = Classroom()
    room.publish("lead.camera", seed=3)
    room.room.set_programme(["absent.camera", "room.camera", "lead.camera"], room.now)
    watching = room.watch("obs", video=2, programme=True)
    room.run(2)
    assert [slot.source_id for slot in watching.session.slots()] == ["lead.camera", None]
    room.publish("room.camera", seed=4)
    room.run(2)
    shown = [slot.source_id for slot in watching.session.slots()]
    assert shown == ["room.camera", "lead.camera"]


def test_a_publisher_without_simulcast_and_extensions_is_understood() -> None:
    room = Classroom()
    recorder = room.publish("lead.camera", layers=(Layer.HIGH,), codec=publisher.H264)
    recorder._extensions = lambda encoding, repair: {}  # type: ignore[method-assign]
    watching = room.watch("room-1")
    watching.show("lead.camera", max_layer=Layer.LOW)
    room.run(3)
    assert watching.video[0].streams() == ["leah"]
    assert watching.video[0].broken == 0


def _lesson(seed: int) -> str:
    room = Classroom()
    lossy = Profile(loss=0.03, delay=0.02, jitter=0.01, in_order=False)
    room.publish("lead.camera", up=lossy, seed=seed)
    room.publish("room.camera", up=lossy, seed=seed + 1)
    room.room.set_audible({"lead.camera", "room.camera"}, room.now)
    viewers: list[SimulatedViewer] = []
    for index in range(3):
        watching = room.watch(f"v{index}", audio=1, down=lossy, seed=seed + 10 + index)
        watching.show("lead.camera")
        viewers.append(watching)
    room.run(2)
    viewers[1].show("room.camera", max_layer=Layer.LOW)
    room.run(2)
    digest = hashlib.sha256()
    for watching in viewers:
        for packet in watching.raw:
            digest.update(packet)
    return digest.hexdigest()


def test_two_runs_are_identical_to_the_byte() -> None:
    assert _lesson(5) == _lesson(5)
    assert _lesson(5) != _lesson(6)


def test_when_all_have_left_nothing_is_kept() -> None:
    room = Classroom()
    teacher = room.publish("lead.camera")
    watching = room.watch("room-1", audio=2)
    room.room.set_audible({"lead.camera"}, room.now)
    sink = Sink()
    tap = room.room.add_tap(sink, room.now)
    watching.show("lead.camera")
    room.run(2)
    layers = (*teacher.session.video.values(), teacher.session.audio)
    watching.close()
    watching.session.close(room.now)
    tap.close(room.now)
    for layer in layers:
        assert layer is not None
        assert layer.slots == ()
        assert layer.waiting == ()
    assert not room.room.is_empty
    teacher.stop()
    assert room.room.is_empty


def test_a_tap_gets_the_highest_layer_continuously_with_its_clock() -> None:
    room = Classroom()
    teacher = room.publish("lead.camera", up=Profile(loss=0.02, delay=0.02), clock_offset=-77.0)
    sink = Sink()
    tap = room.room.add_tap(sink, room.now)
    room.run(3)
    teacher.encodings[Layer.HIGH].active = False
    room.run(3)
    tap.request_key_frames(room.now)
    room.run(1)
    by_kind = {track.kind.value: track for track in sink.tracks.values()}
    video, audio = by_kind["video"], by_kind["audio"]
    assert (video.codec, video.clock_rate, audio.codec, audio.channels) == (
        "VP8",
        90_000,
        "opus",
        2,
    )
    packets = [rtp.parse(packet) for packet in sink.packets[video.track_id]]
    numbers = [packet.sequence_number for packet in packets]
    unwrapped = sorted({signed(number - numbers[0], 16) for number in numbers})
    assert len(unwrapped) == len(numbers)
    assert unwrapped[-1] - unwrapped[0] + 1 - len(unwrapped) <= 4
    assert all(packet.extensions == {} for packet in packets)
    # Sound and picture: the same sender moment must map to the same capture time.
    offsets = []
    for track, encoding in ((video, teacher.encodings[Layer.MIDDLE]), (audio, teacher.sound)):
        timestamp, capture = sink.clocks[track.track_id][-1]
        last = rtp.parse(sink.packets[track.track_id][-1])
        moment = capture + signed(last.timestamp - timestamp, 32) / track.clock_rate
        assert encoding is not None
        sent = encoding.history[encoding.sequence]
        captured = teacher._start + (sent.timestamp - encoding.timestamp_base) / track.clock_rate
        offsets.append(moment - captured)
    assert offsets[0] - WALL_OFFSET == pytest.approx(0.02, abs=0.045)
    tap.close(room.now)
    assert set(sink.ended.values()) == {CloseReason.REQUESTED}


def _heights_kept(layers_active: tuple[Layer, ...]) -> list[int]:
    """Heights of the key frames that a tap gets in a publisher's first two seconds."""
    room = Classroom()
    sink = Sink()
    room.room.add_tap(sink, room.now)
    teacher = room.publish("lead.camera", layers=(Layer.LOW, Layer.MIDDLE, Layer.HIGH))
    for layer, encoding in teacher.encodings.items():
        encoding.active = layer in layers_active
    room.run(2)
    [video] = [track for track in sink.tracks.values() if track.kind is MediaKind.VIDEO]
    payloads = [vp8.parse(rtp.parse(data).payload) for data in sink.packets[video.track_id]]
    return [payload.height for payload in payloads if payload.key_frame]


def test_a_tap_does_not_begin_on_a_layer_that_a_better_one_replaces_at_once() -> None:
    heights = _heights_kept((Layer.LOW, Layer.MIDDLE, Layer.HIGH))
    assert heights
    assert set(heights) == {720}


def test_a_tap_takes_what_there_is_when_the_best_layer_does_not_come() -> None:
    heights = _heights_kept((Layer.LOW, Layer.MIDDLE))
    assert heights
    assert set(heights) == {360}


def test_a_stream_begun_anew_is_itself_asked_for_its_key_frame() -> None:
    room = Classroom()
    sent: list[bytes] = []
    track = IncomingTrack("1", MediaKind.VIDEO, (publisher.VP8,), publisher.IDS)
    session = room.room.add_publisher(
        "pub", "one.camera", [track], send_rtcp=sent.append, now=room.now
    )
    room.room.add_tap(Sink(), room.now)
    for ssrc, key in ((10, True), (11, False)):
        (payload,) = streams.vp8_frame("oneh", 1, key, 500, (640, 360), 1)
        packet = rtp.build(96, 1, 0, ssrc, payload, extensions={publisher.IDS.mid: b"1"})
        session.on_rtp(packet, room.now)
        if key:
            room.run(2)
            sent.clear()
    asked = [one for packet in sent for one in rtcp.parse(packet)]
    assert [one.media for one in asked if isinstance(one, rtcp.PictureLoss)] == [11]


def test_frames_that_were_held_back_keep_their_time_over_a_layer_switch() -> None:
    """A busy machine or a stalled uplink delivers a layer seconds late: still its time is true."""
    room = Classroom()
    teacher = room.publish("lead.camera")
    sink = Sink()
    room.room.add_tap(sink, room.now)
    room.run(3)
    [video] = [track for track, one in sink.tracks.items() if one.kind is MediaKind.VIDEO]
    started = room.now
    first = rtp.parse(sink.packets[video][-1]).timestamp
    teacher.encodings[Layer.HIGH].active = False
    teacher.up.profile = Profile(delay=2.6)
    room.run(6)
    last = rtp.parse(sink.packets[video][-1]).timestamp
    captured = room.now - 2.6 - started
    assert signed(last - first, 32) / 90_000 == pytest.approx(captured, abs=0.1)


def test_a_key_frame_that_is_long_in_coming_may_be_asked_for_often() -> None:
    """Browsers repeat each wish five times a second: that is one wish, not a flood of them."""
    room = Classroom()
    teacher = room.publish("lead.camera", layers=(Layer.HIGH,), audio=False)
    viewer = room.watch("room-1")
    viewer.show("lead.camera")
    room.run(2)
    encoding = teacher.encodings[Layer.HIGH]
    picture_lost = rtcp.picture_loss(77, viewer.video[0].negotiated.ssrc)
    deaf_until = room.now + 8

    def turn_a_deaf_ear() -> None:
        encoding.key_wanted &= room.now > deaf_until

    def ask() -> None:
        viewer.session.on_rtcp(picture_lost, room.now)

    room.world.every(0.01, turn_a_deaf_ear)
    for asked in range(40):
        room.world.at(room.now + asked / 5, ask)
    room.run(11)
    answered = encoding.key_frames
    ask()
    room.run(0.5)
    assert encoding.key_frames == answered + 1
    assert room.counters.snapshot()["picture_losses_flooded"] == 0
