"""Spans, gaps and stage events on the recording's timeline."""

from recorder.api import LessonFacts, MediaFile, RecordingState, Span, StageSpan
from recorder.core.archive_format import Stage
from recorder.core.intervals import merge_to_count
from recorder.core.manifest import (
    SourceResult,
    build_manifest,
    decode_manifest,
    encode_manifest,
    stage_spans,
)
from recorder.core.states import may_become

FACTS = LessonFacts(
    "l1", "观潮", "语文", "四年级", "dedicated", "p1", "王老师", {}, ("lead.camera",)
)
ZERO = 1000.0


def file(duration: float) -> MediaFile:
    return MediaFile("lead.camera-1.webm", "video/webm", 0.0, duration, 320, 180, True, True)


def test_absence_and_loss_are_gaps() -> None:
    camera = SourceResult(
        "lead.camera",
        (file(60.0),),
        present=((999.9, 1020.0), (1020.1, 1025.0), (1040.0, 1061.0)),
        missing=((1010.0, 1011.0), (1011.05, 1012.0), (1050.0, 1050.02)),
    )
    room = SourceResult("room-1.camera", (), ((1030.0, 1035.0),), ())
    manifest = build_manifest(
        "r1",
        FACTS,
        names={"room-1.camera": "青山教学点"},
        zero=ZERO,
        sources=[camera, room],
        stage=[Stage("room-1", "青山教学点", True, 1031.0)],
        has_thumbnail=True,
    )
    assert manifest.entry.state is RecordingState.READY
    assert manifest.entry.duration_s == 60.0
    assert manifest.entry.started_at.timestamp() == ZERO
    first, second = manifest.sources
    assert first.spans == (Span(0.0, 25.0), Span(40.0, 60.0))
    assert first.gaps == (Span(10.0, 12.0), Span(25.0, 40.0), Span(50.0, 50.02))
    assert (first.lead, first.kind, second.lead) == (True, "camera", False)
    assert second.name == "青山教学点"
    assert manifest.stage == (StageSpan("room-1", "青山教学点", 31.0, 60.0),)
    assert decode_manifest(encode_manifest(manifest)) == manifest


def test_stage_spans_pair_coming_and_leaving() -> None:
    events = [
        Stage("b", "B", False, 1001.0),  # left without having come
        Stage("a", "A", True, 1002.0),
        Stage("a", "A", True, 1003.0),  # told again, as after a restart
        Stage("b", "B", True, 1004.0),
        Stage("a", "A", False, 1006.0),
        Stage("c", "C", True, 1090.0),  # after the end of the media
    ]
    assert stage_spans(events, ZERO, 60.0) == (
        StageSpan("a", "A", 2.0, 6.0),
        StageSpan("b", "B", 4.0, 60.0),
    )


def test_the_number_of_gaps_is_bounded() -> None:
    gaps = [Span(float(n), n + 0.5) for n in range(5000)]
    merged = merge_to_count(gaps, within_s=0.1, limit=2000)
    assert 0 < len(merged) <= 2000
    assert (merged[0].start_s, merged[-1].end_s) == (0.0, 4999.5)


def test_the_life_of_a_recording() -> None:
    recording, finishing = RecordingState.RECORDING, RecordingState.FINISHING
    assert may_become(recording, finishing)
    assert may_become(finishing, RecordingState.READY)
    assert may_become(finishing, finishing)
    assert not may_become(recording, RecordingState.READY)
    assert not may_become(RecordingState.READY, RecordingState.FAILED)
