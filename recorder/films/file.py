"""The file of a film: H.264 and AAC in MP4, its index first, so that it plays while it comes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import av
from av.audio.frame import AudioFrame

from recorder.core.film_layout import HEIGHT, WIDTH
from recorder.core.film_plan import FilmPlan
from recorder.core.opus import SAMPLE_RATE
from recorder.editions.sound import Samples
from recorder.films.card import Coverage, FontFailed, card_coverage
from recorder.films.made import PICTURE_BPS, SOUND_BPS, FilmMade
from recorder.films.pictures import RATE, film_pictures
from recorder.films.sound import mixed_sound

if TYPE_CHECKING:
    from av.audio.stream import AudioStream
    from av.container import OutputContainer
    from av.video.stream import VideoStream

_KEY_FRAMES = 4 * RATE  # pictures from one key frame to the next: a jump lands within 4 s
_PICTURE_BASE, _SOUND_BASE = Fraction(1, RATE), Fraction(1, SAMPLE_RATE)
_MILLISECOND = Fraction(1, 1000)
_COLOURS = "smpte170m"  # as VP8 has them (RFC 6386 §9.2); others are converted


def write_film(
    folder: Path, plan: FilmPlan, target: Path, report: Callable[[float], None]
) -> FilmMade:
    """Write a film. Pictures and sound are decoded, mixed and coded as they are needed.

    Args:
        folder: holds the recording's files that the plan names.
        plan: of the film.
        target: the file.
        report: told the share that is done.

    Raises:
        av.FFmpegError: a file cannot be read, or FFmpeg refuses to write.
        OSError: the disk is full.
    """
    tracks = [one.heard for one in plan.sources if one.heard]
    total = max(1, round(plan.duration_s * RATE))
    card, failure = _card(folder, plan)
    with av.open(
        str(target), "w", format="mp4", container_options={"movflags": "+faststart"}
    ) as output:
        _describe(output, plan)
        video, audio = _video(output), _audio(output)
        sound = _Sound(output, audio, mixed_sound(folder, tracks, plan.duration_s))
        for number, picture in enumerate(film_pictures(folder, plan, card)):
            picture.pts, picture.time_base = number, _PICTURE_BASE
            output.mux(video.encode(picture))
            sound.go_to((number + 1) / RATE)
            report(number / total)
        output.mux(video.encode(None))
        sound.finish()
    return FilmMade(target.stat().st_size, round(plan.duration_s, 3), failure)


def _card(folder: Path, plan: FilmPlan) -> tuple[Coverage | None, str | None]:
    """Draw the card's texts, if there are any and a font; tell what was wrong with the font."""
    if not plan.card or plan.font is None:
        return None, None
    name, index = plan.font
    try:
        return card_coverage(plan.card, folder / name, index), None
    except FontFailed as error:  # a film without its card is still the lesson
        return None, str(error)


def _describe(output: OutputContainer, plan: FilmPlan) -> None:
    output.metadata["title"] = plan.title
    output.metadata["artist"] = plan.author
    chapters = list(plan.chapters)
    if not chapters:
        return
    if chapters[0][0] > 0:  # in MP4 the first one always begins at 0
        chapters.insert(0, (0.0, plan.title))
    ends = [*(at_s for at_s, _ in chapters[1:]), plan.duration_s]
    output.set_chapters(
        [
            {
                "id": number,
                "start": round(at_s * 1000),
                "end": round(end_s * 1000),
                "time_base": _MILLISECOND,
                "metadata": {"title": title},
            }
            for number, ((at_s, title), end_s) in enumerate(zip(chapters, ends, strict=True))
        ]
    )


def _video(output: OutputContainer) -> VideoStream:
    stream = output.add_stream("libx264", rate=RATE)
    context = stream.codec_context
    context.width, context.height, context.pix_fmt = WIDTH, HEIGHT, "yuv420p"
    context.time_base = stream.time_base = _PICTURE_BASE
    context.thread_count = 1  # a film never takes more than one core
    context.options = {
        "preset": "veryfast",
        "profile": "high",
        "crf": "23",
        "maxrate": str(PICTURE_BPS),
        "bufsize": str(2 * PICTURE_BPS),
        "x264-params": f"keyint={_KEY_FRAMES}:colorprim={_COLOURS}:transfer={_COLOURS}"
        f":colormatrix={_COLOURS}:range=tv",
    }
    return stream


def _audio(output: OutputContainer) -> AudioStream:
    stream = output.add_stream("aac", rate=SAMPLE_RATE)
    stream.codec_context.layout = "stereo"
    stream.codec_context.bit_rate = SOUND_BPS
    stream.codec_context.thread_count = 1
    stream.time_base = _SOUND_BASE
    return stream


class _Sound:
    """Writes the sound as far as the pictures are."""

    def __init__(
        self,
        output: OutputContainer,
        stream: AudioStream,
        frames: Iterator[tuple[int, Samples]],
    ) -> None:
        self._output, self._stream, self._frames = output, stream, frames
        self._at_s = 0.0

    def go_to(self, until_s: float) -> None:
        """Write what is heard before a moment."""
        while self._at_s < until_s and (found := next(self._frames, None)) is not None:
            position, samples = found
            frame = AudioFrame.from_ndarray(samples, format="fltp", layout="stereo")
            frame.sample_rate, frame.pts, frame.time_base = SAMPLE_RATE, position, _SOUND_BASE
            self._output.mux(self._stream.encode(frame))
            self._at_s = (position + samples.shape[1]) / SAMPLE_RATE

    def finish(self) -> None:
        """Write the rest."""
        self.go_to(float("inf"))
        self._output.mux(self._stream.encode(None))
