"""Two hours of a recording that a browser plays, with storyboard and waveform, made in seconds."""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from recorder.api import Manifest, MediaFile, SourceManifest, Span
from recorder.core.pieces import pieces_of
from recorder.core.waveform import FULL_SCALE, PEAKS_PER_S, Waveform, encode_waveform
from recorder.finishing.budget import CpuBudget
from recorder.finishing.storyboard import make_storyboard

LENGTH_S = 7200
_PICTURE_S = 10  # each has a shade of its own, and is a key frame
_SIZE = (320, 180)


def two_hours(folder: Path, manifest: Manifest) -> Manifest:
    """Film the lead teacher's camera and courseware; everything else of the manifest stays."""
    film = _film()
    sources = []
    for source in manifest.sources:
        if not source.lead:
            continue
        file = MediaFile(f"{source.source_id}.mp4", "video/mp4", 0, LENGTH_S, *_SIZE, True, False)
        (folder / file.name).write_bytes(film)
        sources.append(_with_previews(folder, source, file))
    entry = replace(manifest.entry, duration_s=float(LENGTH_S))
    return replace(manifest, entry=entry, sources=tuple(sources))


def _with_previews(folder: Path, source: SourceManifest, file: MediaFile) -> SourceManifest:
    whole = (Span(0, LENGTH_S),)
    pieces, stem = pieces_of([file], whole), source.source_id
    board = make_storyboard(folder, pieces, LENGTH_S, target=folder, stem=stem, budget=CpuBudget())
    waveform = f"{stem}-waveform.json"
    (folder / waveform).write_bytes(encode_waveform(Waveform(PEAKS_PER_S, _speech())))
    return replace(source, files=(file,), spans=whole, storyboard=board, waveform=waveform)


def _speech() -> list[int]:
    """Peaks that come and go as sentences do; the third quarter of an hour is silent."""
    count = int(LENGTH_S * PEAKS_PER_S)
    spoken = (abs(math.sin(at / 97) * math.sin(at / 1301)) for at in range(count))
    silent = range(count // 4, count * 3 // 8)
    return [0 if at in silent else round(one * FULL_SCALE) for at, one in enumerate(spoken)]


def _film() -> bytes:
    path = Path("/dev/shm") / f"two-hours-{id(object())}.mp4"
    width, height = _SIZE
    try:
        with av.open(str(path), "w", format="mp4", options={"movflags": "faststart"}) as target:
            shown = target.add_stream("libx264", rate=Fraction(1, _PICTURE_S))
            shown.width, shown.height, shown.pix_fmt = width, height, "yuv420p"
            shown.codec_context.thread_count = 1
            shown.options = {"g": "1", "preset": "ultrafast"}
            for number in range(LENGTH_S // _PICTURE_S):
                picture = np.full((height, width, 3), (30, 60 + number % 120, 90), dtype=np.uint8)
                left = number * width // (LENGTH_S // _PICTURE_S)
                picture[40:140, max(0, left - 30) : left + 30] = (235, 200 - number % 60, 60)
                frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
                frame.pts = number
                target.mux(shown.encode(frame))
            target.mux(shown.encode())
        return path.read_bytes()
    finally:
        path.unlink(missing_ok=True)
