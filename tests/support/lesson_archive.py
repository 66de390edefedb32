"""What a recording holds of a synthetic teacher's lesson, by the marks in its pictures."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from load_tests.media import DEFAULT_MARKS
from tests.support.cluster import City
from tests.support.recordings import RecordedSource, ready_recording, recorded_sources
from tests.support.server import Client

_STEP_S = 1.0  # between two pictures: more is a hole, whatever a busy machine left out


@dataclass(frozen=True, slots=True)
class LessonArchive:
    """The finished recording of a lesson's lead camera.

    Attributes:
        first_s, last_s: on the camera's clock, of the first and the last picture.
        holes: the times without a picture, longer than a busy machine makes them: from and until.
        marked_s: how long the gaps are together that the recording names.
        repeated: pictures that it has more than once, or in another order than they were taken.
        decode_errors: packets that the decoder refused.
        readable: share of the pictures whose marks can be read.
        audio_s: length of the sound.
    """

    first_s: float
    last_s: float
    holes: tuple[tuple[float, float], ...]
    marked_s: float
    repeated: int
    decode_errors: int
    readable: float
    audio_s: float

    @property
    def hole_s(self) -> float:
        """The length of all holes together."""
        return sum(until - since for since, until in self.holes)


async def lesson_archive(
    city: City, teacher: Client, lesson_id: str, folder: Path
) -> LessonArchive:
    """Wait for the one recording of a lesson that has ended; fetch it and decode all of it."""
    archive = await camera_archive(teacher, lesson_id, folder)
    rows = await city.rows("SELECT state FROM recorder_recordings WHERE lesson_id = $1", lesson_id)
    assert [row["state"] for row in rows] == ["ready"]
    return archive


async def camera_archive(teacher: Client, lesson_id: str, folder: Path) -> LessonArchive:
    """Wait for the recording that a lesson names; fetch it and decode all of it."""
    detail = await ready_recording(teacher, lesson_id)
    place = folder / f"files-{lesson_id}"
    place.mkdir(exist_ok=True)
    sources = await recorded_sources(teacher, detail, place, DEFAULT_MARKS)
    [camera] = [one for one in sources if one.source_id == "lead.camera"]
    [told] = [one for one in detail["sources"] if one["source_id"] == "lead.camera"]
    return _read(camera, told)


def _read(camera: RecordedSource, told: dict[str, Any]) -> LessonArchive:
    video = camera.report.video
    assert video is not None
    shown = [
        (one.number, one.capture_ms / 1000)
        for one in video.pictures
        if one.number is not None and one.capture_ms is not None
    ]
    pairs = list(itertools.pairwise(shown))
    return LessonArchive(
        first_s=shown[0][1],
        last_s=shown[-1][1],
        holes=tuple((a[1], b[1]) for a, b in pairs if b[1] - a[1] > _STEP_S),
        marked_s=sum(gap["end_s"] - gap["start_s"] for gap in told["gaps"]),
        repeated=sum(b[0] <= a[0] for a, b in pairs),
        decode_errors=video.decode_errors,
        readable=video.readable,
        audio_s=camera.report.audio_s,
    )
