"""The choice of pictures of an edition that are copied, and of those that are coded anew.

H.264 is copied where it can be entered at a key frame. From a cut to the next key frame it is coded
anew, so that nothing before the cut is in the file.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

import msgspec

from recorder.api import MediaFile
from recorder.core.edition_plan import Rendition
from recorder.core.pieces import Piece

_AT_KEY_S = 0.002  # s; a cut as near to a key frame lies on it
_WORTH_S = 8.0  # s; less is not worth a change of the encoder
_HOLE_S = 0.5  # s without a file; then the place is black, which is coded
_MAX_KEY_DISTANCE_S = 12.5  # s; segments begin at key frames, and players fetch whole segments
_MAX_RATE = 2.0  # times the bitrate of the size; more would stall players that chose it


class PictureFacts(msgspec.Struct, frozen=True):
    """What was found in the pictures of a file.

    Attributes:
        keys: the times of key frames, s.
        uniform: all pictures refer to the same parameter sets.
        reorders: some are decoded before others that are shown earlier.
        bps: bits a second on average.
    """

    keys: tuple[float, ...]
    uniform: bool
    reorders: bool
    bps: float


class RunPlan(msgspec.Struct, frozen=True):
    """A run of pictures on the edition's timeline; `copied` is what it copies, if anything."""

    start_s: float
    end_s: float
    copied: Piece | None = None


def plan_runs(
    pieces: Sequence[Piece],
    files: Sequence[MediaFile],
    facts: Mapping[str, PictureFacts],
    rendition: Rendition,
) -> tuple[RunPlan, ...]:
    """Plan the runs of one size, end to end.

    Args:
        pieces: of the source, in order.
        files: of the source.
        facts: by name of the file; files that cannot be copied are missing.
        rendition: the size.
    """
    sizes = {file.name: (file.width, file.height) for file in files}
    runs: list[RunPlan] = []
    for number, piece in enumerate(pieces):
        following = pieces[number + 1].at_s if number + 1 < len(pieces) else piece.until_s
        end = following if following - piece.until_s <= _HOLE_S else piece.until_s
        key = None
        if sizes[piece.name] == (rendition.width, rendition.height):
            key = _entry(piece, facts.get(piece.name), rendition)
        if key is None:
            runs.append(RunPlan(piece.at_s, end))
        else:
            at = piece.at_s + key - piece.start_s
            if key > piece.start_s + _AT_KEY_S:
                runs.append(RunPlan(piece.at_s, at))
            else:
                at = piece.at_s
            rest = Piece(piece.name, key, piece.end_s, at)
            runs.append(RunPlan(at, end, rest))
        if following > end:
            runs.append(RunPlan(end, following))
    return tuple(_joined(runs))


def _joined(runs: Sequence[RunPlan]) -> list[RunPlan]:
    """Join neighbours that are coded anew."""
    joined: list[RunPlan] = []
    for run in runs:
        if joined and joined[-1].copied is None and run.copied is None:
            joined[-1] = RunPlan(joined[-1].start_s, run.end_s)
        else:
            joined.append(run)
    return joined


def _entry(piece: Piece, facts: PictureFacts | None, rendition: Rendition) -> float | None:
    """Find the key frame from which on a piece can be copied; None if it cannot."""
    if facts is None or not facts.uniform or facts.reorders:
        return None
    if facts.bps > _MAX_RATE * rendition.bps:
        return None
    keys = [key for key in facts.keys if piece.start_s - _AT_KEY_S <= key < piece.end_s]
    if not keys or piece.end_s - keys[0] < _WORTH_S:
        return None
    distances = [after - before for before, after in pairwise([*keys, piece.end_s])]
    return keys[0] if max(distances) <= _MAX_KEY_DISTANCE_S else None
