"""Files of one track: fragments written by FFmpeg, run after run, named by their content."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import av
import msgspec

from recorder.core.fragments import read_layout
from recorder.core.hls import Run, Track, highest_codec, media_playlist, rates, run_of
from recorder.storage.hashed_names import HASH_CHARS, hashed_name

if TYPE_CHECKING:
    from av.container import OutputContainer

_FLAGS = "empty_moov+default_base_moof+frag_discont+skip_trailer+cmaf"
_FRAGMENT_US = 4_000_000  # µs of sound in a fragment; pictures have one for each key frame
_COPY_BYTES = 1024 * 1024


class WrittenRun(msgspec.Struct, frozen=True):
    """The file of one run, in a folder for work.

    Attributes:
        codec: as in CODECS.
        end_s: the end of its media.
        frames: pictures in it; 0 of sound.
    """

    path: Path
    codec: str
    timescale: int
    end_s: float
    frames: int = 0


def open_pictures(path: Path) -> OutputContainer:
    """Open a file for pictures: a fragment begins at each key frame."""
    options = {"movflags": f"{_FLAGS}+frag_keyframe"}
    return av.open(str(path), "w", format="mp4", container_options=options)


def open_sound(path: Path) -> OutputContainer:
    """Open a file for sound: a fragment has some seconds."""
    options = {"movflags": _FLAGS, "frag_duration": str(_FRAGMENT_US)}
    return av.open(str(path), "w", format="mp4", container_options=options)


def finish_track(work: Path, stem: str, suffix: str, written: Sequence[WrittenRun]) -> Track:
    """Put the runs of a track into one file, and write its playlist; the runs' files go.

    Raises:
        BadFragments: FFmpeg wrote something else.
        OSError: it cannot be written.
    """
    runs: list[Run] = []
    at, digest = 0, hashlib.sha256()
    joined = work / f"{stem}{suffix}.part"
    with joined.open("wb") as target:
        for one in written:
            size = one.path.stat().st_size
            with one.path.open("rb") as file:

                def read(offset: int, length: int) -> bytes:
                    file.seek(offset)  # called before the file is another
                    return file.read(length)

                layout = read_layout(read, size)
                runs.append(run_of(layout, at=at, timescale=one.timescale, end_s=one.end_s))
                file.seek(0)
                while piece := file.read(_COPY_BYTES):
                    digest.update(piece)
                    target.write(piece)
            at += size
            one.path.unlink()
    name = f"{stem}-{digest.hexdigest()[:HASH_CHARS]}{suffix}"
    joined.replace(work / name)
    text = media_playlist(name, runs).encode()
    playlist = hashed_name(stem, text, ".m3u8")
    (work / playlist).write_bytes(text)
    return Track(highest_codec(one.codec for one in written), name, playlist, *rates(runs))
