"""Everything of one source of an edition: its tracks, playlists, previews, and maybe the cover."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from recorder.api import Storyboard
from recorder.core.edition_plan import SourceTask
from recorder.core.hls import Track, multivariant_playlist
from recorder.core.pieces import Piece
from recorder.editions.cover import make_cover
from recorder.editions.picture_tracks import PictureTracks
from recorder.editions.sound import write_aac, write_opus
from recorder.editions.track_file import finish_track
from recorder.finishing.budget import CpuBudget
from recorder.finishing.media_input import UnknownMediaError
from recorder.finishing.previews import source_previews
from recorder.storage.hashed_names import hashed_name

Report = Callable[[float], None]  # takes the share that is done, 0…1

_PICTURES_SHARE = 0.85  # of the progress, where there are pictures
_TRACKS_SHARE = 0.95  # of pictures and sound
_AAC, _OPUS = "aac", "opus"  # groups of sound


class SourceMade(msgspec.Struct, frozen=True):
    """Files made of one source: names of files, all of them in `files`."""

    source_id: str
    playlist: str
    files: tuple[str, ...]
    width: int | None
    height: int | None
    has_audio: bool
    storyboard: Storyboard | None
    waveform: str | None
    cover: str | None


def make_source(folder: Path, work: Path, task: SourceTask, report: Report) -> SourceMade:
    """Make all files of one source.

    Args:
        folder: holds the recording's files that the task names.
        work: the folder to write to.
        task: of the plan.
        report: told the progress.

    Raises:
        UnknownMediaError: nothing of it can be played.
        av.FFmpegError: a file cannot be read, or FFmpeg refuses to write.
        OSError: the disk is full.
    """
    # The playlist's time 0 is the begin of the source's media.
    pieces = tuple(
        msgspec.structs.replace(one, at_s=one.at_s - task.start_s) for one in task.pieces
    )
    length = task.end_s - task.start_s
    share = _PICTURES_SHARE if task.renditions else 0.0
    videos = PictureTracks(folder, work, task, pieces).make(lambda at: report(at / length * share))
    sounds = (
        _sounds(
            folder,
            work,
            task,
            pieces,
            lambda at: report(share + at / length * (_TRACKS_SHARE - share)),
        )
        if task.has_audio
        else []
    )
    if not videos and not sounds:
        raise UnknownMediaError(task.source_id)
    text = multivariant_playlist(videos, sounds).encode()
    playlist = hashed_name(task.stem, text, ".m3u8")
    (work / playlist).write_bytes(text)
    tracks = [one.track for one in videos] + [track for _, track in sounds]
    names = [playlist, *(name for track in tracks for name in (track.playlist, track.name))]
    size = videos[-1] if videos else None
    storyboard, waveform, cover = _previews(folder, work, task)
    if storyboard is not None:
        names += [storyboard.vtt, *storyboard.sheets]
    names += [name for name in (waveform, cover) if name is not None]
    return SourceMade(
        source_id=task.source_id,
        playlist=playlist,
        files=tuple(names),
        width=size.width if size else None,
        height=size.height if size else None,
        has_audio=task.has_audio,
        storyboard=storyboard,
        waveform=waveform,
        cover=cover,
    )


def _sounds(
    folder: Path, work: Path, task: SourceTask, pieces: Sequence[Piece], tick: Report
) -> list[tuple[str, Track]]:
    """Make both tracks of the sound."""
    stem, length = f"{task.stem}-audio", task.end_s - task.start_s
    part = work / f"{stem}.part"
    aac = finish_track(work, f"{stem}-aac", ".m4a", [write_aac(part, folder, pieces, length, tick)])
    opus = finish_track(work, f"{stem}-opus", ".m4a", [write_opus(part, folder, pieces, length)])
    return [(_AAC, aac), (_OPUS, opus)]


def _previews(
    folder: Path, work: Path, task: SourceTask
) -> tuple[Storyboard | None, str | None, str | None]:
    """Make storyboard, waveform and cover, as far as the source has them."""
    storyboard, waveform = source_previews(
        folder, task.files, task.kept, task.duration_s, target=work, budget=CpuBudget()
    )
    cover = None
    if task.makes_cover:
        cover = make_cover(folder, task.pieces, task.cover_s, task.duration_s, work)
    return storyboard, waveform, cover
