"""The layout of a film: where each picture stands while certain sources are seen.

The courseware has the whole picture, and the cameras stand in front of its right edge, the teacher
in the corner. Without courseware one camera has the whole picture, two stand side by side, and
three or four have a quarter each. If nobody is seen there is no box: the film shows a calm card.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

import msgspec

WIDTH, HEIGHT = 1280, 720  # pixels of a film
MAX_CAMERAS = 4  # side by side; each has a quarter of the picture then
MAX_SMALL = 3  # cameras in front of the courseware
_SMALL = (320, 180)  # pixels of a camera in front of the courseware
_MARGIN = 16  # pixels between it and the edge, or another one


class Layout(StrEnum):
    """Ways to fill the picture."""

    CARD = "card"  # nobody is seen
    FULL = "full"  # one camera, or the courseware alone
    COURSEWARE = "courseware"  # the courseware, and small cameras in front of it
    BESIDE = "beside"  # cameras side by side


class Seen(msgspec.Struct, frozen=True):
    """A source that is seen at a moment."""

    source_id: str
    lead: bool
    is_courseware: bool


class Box(msgspec.Struct, frozen=True):
    """A place of the picture, in pixels, and the source that is shown there.

    Attributes:
        framed: it stands in front of another picture.
    """

    source_id: str
    left: int
    top: int
    width: int
    height: int
    framed: bool = False


def arrange(seen: Sequence[Seen]) -> tuple[Layout, tuple[Box, ...]]:
    """Arrange the sources that are seen at a moment.

    Args:
        seen: the sources, those first that are the more important of their kind.

    Returns:
        The layout, and its boxes from the back to the front.
    """
    ordered = sorted(seen, key=lambda one: not one.lead)
    boards = [one for one in ordered if one.is_courseware][:1]
    cameras = [one for one in ordered if not one.is_courseware]
    if boards:
        back = _whole(boards[0])
        if not cameras:
            return Layout.FULL, (back,)
        small = [_small(one, number) for number, one in enumerate(cameras[:MAX_SMALL])]
        return Layout.COURSEWARE, (back, *small)
    if not cameras:
        return Layout.CARD, ()
    if len(cameras) == 1:
        return Layout.FULL, (_whole(cameras[0]),)
    return Layout.BESIDE, tuple(_beside(cameras[:MAX_CAMERAS]))


def _whole(one: Seen) -> Box:
    return Box(one.source_id, 0, 0, WIDTH, HEIGHT)


def _small(one: Seen, number: int) -> Box:
    width, height = _SMALL
    top = HEIGHT - (number + 1) * (height + _MARGIN)
    return Box(one.source_id, WIDTH - width - _MARGIN, top, width, height, framed=True)


def _beside(cameras: Sequence[Seen]) -> list[Box]:
    width, height = WIDTH // 2, HEIGHT // 2
    top = height // 2 if len(cameras) == 2 else 0
    return [
        Box(one.source_id, number % 2 * width, top + number // 2 * height, width, height)
        for number, one in enumerate(cameras)
    ]
