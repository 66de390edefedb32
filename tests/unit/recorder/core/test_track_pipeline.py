"""A track of sound on its way into a file: what counts as missing, and what as a pause."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from recorder.core.archive_format import Packet, TrackBegin
from recorder.core.segment_plan import date_tracks
from recorder.core.track_index import TrackIndex
from recorder.core.track_pipeline import Item, Missing, Sound, TrackPipeline
from relay.api import MediaKind
from tests.support.rtp_media import rtp_packet

START = 100.0
OPUS = b"\x78" + bytes(40)  # 20 ms of CELT
DTX = b"\x78"  # the single byte that libopus sends every 400 ms of silence


def items(packets: Iterable[tuple[int, int, bytes]]) -> list[Item]:
    """(sequence number, 20 ms periods since the start, payload) through a pipeline."""
    track = TrackIndex(TrackBegin(1, "one.camera", MediaKind.AUDIO, "opus", 48000, 2, "", START))
    archived = [
        Packet(1, START + 0.02 * period, rtp_packet(sequence, 960 * period, payload))
        for sequence, period, payload in packets
    ]
    for packet in archived:
        track.add_packet(packet)
    pipeline = TrackPipeline(date_tracks([track])[1])
    out: list[Item] = []
    for packet in archived:
        out += pipeline.push(packet)
    return [*out, *pipeline.flush()]


def test_a_pause_of_discontinuous_transmission_is_no_loss() -> None:
    talk = [(n, n, OPUS) for n in range(50)]
    silence = [(50 + n, 50 + 20 * n, DTX) for n in range(10)]
    again = [(60 + n, 245 + n, OPUS) for n in range(50)]
    found = items([*talk, *silence, *again])
    assert not [one for one in found if isinstance(one, Missing)]
    times = [one.time for one in found if isinstance(one, Sound)]
    assert len(times) == 110
    assert times[60] - times[0] == pytest.approx(245 * 0.02, abs=0.001), "the pause keeps its time"


def test_lost_sound_is() -> None:
    found = items([(n, n, OPUS) for n in range(100) if not 40 <= n < 45])
    (missing,) = [one for one in found if isinstance(one, Missing)]
    assert missing.end - missing.start == pytest.approx(0.1, abs=0.001)
