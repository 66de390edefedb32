"""What a teacher's browser really published, told by the page itself, and held against a recording.

The fake camera is a short film in a loop, so its burned-in clock and frame numbers begin anew with
each round; here the rounds are counted, and each recorded picture finds the moment at which the
page saw it. Camera and microphone of Chromium's fake devices start at different moments: their
true offset is the page's, not zero.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from load_tests.picture import MarkPlan
from load_tests.verify import Picture, VideoReport, pair_offset
from tests.support.people import TeacherSeat

SCRIPT = Path(__file__).with_name("witness.js")


@dataclass(frozen=True, slots=True)
class Published:
    """What the page saw and heard of its own camera and microphone, seconds since the epoch.

    Attributes:
        first_sent_s: when the browser had sent its first picture.
        taken_s: when each picture was taken, by its frame number counted through the rounds.
        av_offset_s: beep minus flash at the source.
    """

    first_sent_s: float
    taken_s: dict[int, float]
    av_offset_s: float | None


async def attach(teacher: TeacherSeat) -> None:
    """Put the witness into the page; takes effect when the page is opened the next time."""
    await teacher.page.add_init_script(path=SCRIPT)


async def begin(teacher: TeacherSeat) -> None:
    """Start watching; before 开始上课."""
    await teacher.evaluate("() => window.__witness.begin()")


async def press(teacher: TeacherSeat, testid: str) -> float:
    """Press a control at once; returns the moment, seconds since the epoch."""
    at: float = await teacher.evaluate("(testid) => window.__witness.press(testid)", testid)
    return at / 1000


async def published(teacher: TeacherSeat, *, marks: MarkPlan, loop_frames: int) -> Published:
    """Ask the page what it saw."""
    told: dict[str, Any] = await teacher.evaluate("() => window.__witness.report()")
    seen = [(at / 1000, ms, number) for at, ms, number in told["pictures"] if number is not None]
    rounds = count_rounds([number for _, _, number in seen], loop_frames)
    flashes = []
    before = True
    for at, ms, _ in seen:
        flash = marks.active(ms / 1000)
        if flash and not before:
            flashes.append(at - marks.since_start(ms / 1000))
        before = flash
    return Published(
        told["firstSentAt"] / 1000,
        {number: at for number, (at, _, _) in zip(rounds, seen, strict=True)},
        pair_offset(flashes, [at / 1000 for at in told["beeps"]]),
    )


def count_rounds(numbers: Sequence[int], loop_frames: int) -> list[int]:
    """Frame numbers that begin anew with each round, made to rise for ever."""
    risen, base, before = [], 0, None
    for number in numbers:
        if before is not None and number < before - loop_frames // 2:
            base += loop_frames
        before = number
        risen.append(base + number)
    return risen


def with_rounds(video: VideoReport, source: Published, *, loop_frames: int) -> VideoReport:
    """A recording's pictures with their frame numbers counted as the page counted them."""
    readable = [p.number for p in video.pictures if p.number is not None]
    risen = iter(count_rounds(readable, loop_frames))
    counted = [p if p.number is None else replace(p, number=next(risen)) for p in video.pictures]
    first = next(p.number for p in counted if p.number is not None)
    # The round in which the first picture was taken nearest to the first one's sending.
    base = min(
        (number - first for number in source.taken_s if (number - first) % loop_frames == 0),
        key=lambda base: abs(source.taken_s[first + base] - source.first_sent_s),
    )
    return replace(video, pictures=tuple(_later(p, base) for p in counted))


def _later(picture: Picture, frames: int) -> Picture:
    return picture if picture.number is None else replace(picture, number=picture.number + frames)
