"""Storyboards and waveforms of finished recordings, read back by other means."""

from __future__ import annotations

import json
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from recorder.api import SourceManifest, Span
from recorder.core.manifest import decode_manifest, named_files
from recorder.core.pieces import kept_spans, pieces_of
from recorder.finishing.budget import CpuBudget
from recorder.finishing.previews import source_previews
from recorder.finishing.storyboard import make_storyboard
from recorder.storage.api import MANIFEST_NAME
from tests.support.recording import START, recorded
from tests.support.rtp_media import Coded, TrackFeed, encode_audio, encode_video

BRIGHT = 200  # a flash is 235, the moving picture at most 111


def luma(path: Path) -> NDArray[np.uint8]:
    with av.open(str(path)) as container:
        return next(container.decode(video=0)).to_ndarray(format="gray")


def camera(codec: str, seconds: float, *, key_every_s: float = 5.0) -> tuple[Coded, ...]:
    return encode_video(codec, seconds, fps=5, key_every_s=key_every_s)


def lesson(folder: Path, codec: str = "VP8", key_every_s: float = 5.0) -> SourceManifest:
    """25 s with a flash and a beep at each odd second."""
    video = TrackFeed(1, "lead.camera", codec, camera(codec, 25.0, key_every_s=key_every_s), START)
    audio = TrackFeed(2, "lead.camera", "opus", encode_audio(25.0), START)
    return recorded(folder, video.happenings(), audio.happenings()).sources[0]


def test_every_ten_seconds_have_a_picture_and_peaks_show_the_beeps(tmp_path: Path) -> None:
    source = lesson(tmp_path, key_every_s=3.0)
    assert source.storyboard is not None
    assert source.waveform is not None
    text = (tmp_path / source.storyboard.vtt).read_text()
    (sheet,) = source.storyboard.sheets
    assert text.count(f"{sheet}#xywh=") == 3
    picture = luma(tmp_path / sheet)
    assert picture.shape == (90, 1600)
    cells = [picture[:, left : left + 160].mean() for left in range(0, 640, 160)]
    assert cells[0] > BRIGHT  # the key frame at 3 s, in a flash
    assert 30 < cells[1] < BRIGHT  # at 12 s
    assert cells[2] > BRIGHT  # at 21 s
    assert cells[3] < 20  # there is no fourth
    wave = json.loads((tmp_path / source.waveform).read_text())
    assert wave["per_s"] == 10
    loud = {index for index, peak in enumerate(wave["peaks"]) if peak > 60}
    assert {round(index / 10) for index in loud} == set(range(1, 25, 2))
    assert len(wave["peaks"]) == 251


def test_the_manifest_names_them_and_an_older_one_opens(tmp_path: Path) -> None:
    source = lesson(tmp_path, "H264")
    data = (tmp_path / MANIFEST_NAME).read_bytes()
    manifest = decode_manifest(data)
    assert manifest.version == 2
    names = named_files(manifest)
    assert source.storyboard is not None
    assert {source.storyboard.vtt, *source.storyboard.sheets, source.waveform} < names
    assert all((tmp_path / name).is_file() for name in names)
    former = json.loads(data)
    del former["version"]
    for one in former["sources"]:
        del one["storyboard"], one["waveform"]
    opened = decode_manifest(json.dumps(former).encode())
    assert opened.version == 1
    assert opened.sources[0].storyboard is None
    assert named_files(opened) == {"lead.camera-1.mp4"}


def test_what_is_cut_out_is_not_in_the_pictures(tmp_path: Path) -> None:
    source = lesson(tmp_path)
    kept = kept_spans([Span(6.0, 25.0)], 25.0)  # key frames at 10, 15 and 20 s, in no flash
    board, wave = source_previews(
        tmp_path, source.files, kept, 19.0, target=tmp_path, budget=CpuBudget()
    )
    assert board is not None
    assert wave is not None
    assert max(luma(tmp_path / one).max() for one in board.sheets) < BRIGHT
    peaks = json.loads((tmp_path / wave).read_text())["peaks"]
    assert len(peaks) == 190
    assert max(peaks[0:8]) < 20  # the beep at 5 s is gone, that at 7 s lies at 1 s


def test_a_spent_budget_leaves_them_out(tmp_path: Path) -> None:
    source = lesson(tmp_path)
    pieces = pieces_of(source.files, kept_spans((), 25.0))
    spent = CpuBudget(0.0)
    assert make_storyboard(tmp_path, pieces, 25.0, target=tmp_path, stem="x", budget=spent) is None
    assert source_previews(
        tmp_path, source.files, (Span(0.0, 25.0),), 25.0, target=tmp_path, budget=spent
    ) == (None, None)
