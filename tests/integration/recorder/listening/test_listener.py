"""The sound of a recorded lesson as samples: beeps lie where they were heard."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from recorder.api import SOUND_RATE, RecordingNotFound, SoundUnreadable
from recorder.listening.listener import Listener
from recorder.storage.folder import FolderStorage
from tests.support.coloured_lesson import LENGTH_S, coloured_lesson


@pytest.fixture(scope="module")
def lesson(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("recordings")
    coloured_lesson(root / "r1")
    return root


async def test_beeps_lie_where_they_were_heard(lesson: Path, tmp_path: Path) -> None:
    listener = Listener(FolderStorage(lesson), tmp_path / "work")
    (tmp_path / "work" / "listening-left").mkdir(parents=True)  # by a run that was killed
    manifest = await listener.manifest("r1")
    lead = next(one for one in manifest.sources if one.source_id == "lead.camera")
    told: list[float] = []
    async with listener.sound(manifest, lead, told.append) as path:
        assert path is not None
        samples = np.fromfile(path, np.int16).astype(np.float32)
    assert list((tmp_path / "work").iterdir()) == []
    assert abs(len(samples) / SOUND_RATE - manifest.entry.duration_s) < 0.01
    assert told and max(told) <= 1.0
    offset = lead.files[0].offset_s
    for second in range(1, int(LENGTH_S) - 1, 2):  # a beep at each odd second
        at = round((second + offset) * SOUND_RATE)
        loud = np.abs(samples[at + 400 : at + 1200]).mean()
        assert loud > 10 * np.abs(samples[at + SOUND_RATE : at + SOUND_RATE + 800]).mean() + 1


async def test_two_runs_at_once_leave_each_other_alone(lesson: Path, tmp_path: Path) -> None:
    first, second = (Listener(FolderStorage(lesson), tmp_path / "work") for _ in range(2))
    manifest = await first.manifest("r1")
    lead = next(one for one in manifest.sources if one.source_id == "lead.camera")
    async with first.sound(manifest, lead, lambda share: None) as one:
        async with second.sound(manifest, lead, lambda share: None) as other:
            assert one is not None and other is not None
            assert np.array_equal(np.fromfile(one, np.int16), np.fromfile(other, np.int16))
        assert np.fromfile(one, np.int16).any()
    assert list((tmp_path / "work").iterdir()) == []


async def test_pictures_alone_have_no_sound(lesson: Path, tmp_path: Path) -> None:
    listener = Listener(FolderStorage(lesson), tmp_path / "work")
    manifest = await listener.manifest("r1")
    slides = next(one for one in manifest.sources if one.source_id == "lead.courseware")
    async with listener.sound(manifest, slides, lambda share: None) as path:
        assert path is None
    said = replace(slides, files=tuple(replace(one, has_audio=True) for one in slides.files))
    async with listener.sound(manifest, said, lambda share: None) as path:
        assert path is None


async def test_what_is_gone_or_no_longer_wanted(lesson: Path, tmp_path: Path) -> None:
    listener = Listener(FolderStorage(lesson), tmp_path / "work")
    with pytest.raises(RecordingNotFound):
        await listener.manifest("r2")
    manifest = await listener.manifest("r1")
    lead = next(one for one in manifest.sources if one.source_id == "lead.camera")
    gone = replace(lead, files=(replace(lead.files[0], name="gone.webm"),))
    with pytest.raises(RecordingNotFound):
        async with listener.sound(manifest, gone, lambda share: None):
            pass

    def stop(share: float) -> None:
        raise SoundUnreadable("no longer wanted")

    with pytest.raises(SoundUnreadable):
        async with listener.sound(manifest, lead, stop):
            pass
    assert list((tmp_path / "work").iterdir()) == []
