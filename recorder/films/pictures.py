"""The picture of a film: at each moment the layout of its scene, with what its sources show."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import Colorspace
from numpy.typing import NDArray

from recorder.api import Span
from recorder.core.film_layout import HEIGHT, WIDTH, Box
from recorder.core.film_plan import FilmPlan, Scene
from recorder.core.pieces import Piece, within
from recorder.editions.pictures import Shown, pictures
from recorder.films.card import Coverage

RATE = 25  # pictures a second
_BACK = (38, 136, 122)  # Y, U, V behind all boxes: a calm, dark blue
_TEXT = (220, 128, 128)  # Y, U, V of the card's letters
_FRAME = (200, 128, 128)  # Y, U, V around a box in front of another one
_FRAME_PIXELS = 2
_SOON_S = 0.5  # s; a source whose first picture comes as soon is shown with it from its begin on
_BT709 = 1  # AVCOL_SPC_BT709

Planes = NDArray[np.uint8]  # yuv420p: the luma rows, then those of U and V


def film_pictures(folder: Path, plan: FilmPlan, card: Coverage | None) -> Iterator[VideoFrame]:
    """Yield all pictures of a film, one for each tick of `RATE`.

    Decoders are open only for the sources of the scene under way.

    Args:
        folder: holds the recording's files that the plan names.
        plan: of the film.
        card: the letters that are seen while nobody is; None: there are none.
    """
    seen = {one.source_id: one.seen for one in plan.sources}
    feeds: dict[str, _Feed] = {}
    canvas = _Canvas(card)
    count = max(1, round(plan.duration_s * RATE))
    scenes = iter(plan.scenes)
    scene = next(scenes)
    _change(feeds, canvas, scene, folder, seen)
    try:
        for number in range(count):
            at_s = number / RATE
            while at_s >= scene.end_s and (following := next(scenes, None)) is not None:
                scene = following
                _change(feeds, canvas, scene, folder, seen)
            for feed in feeds.values():
                feed.go_to(at_s)
            yield canvas.draw(feeds)
    finally:
        for feed in feeds.values():
            feed.close()


def _change(
    feeds: dict[str, _Feed],
    canvas: _Canvas,
    scene: Scene,
    folder: Path,
    seen: dict[str, tuple[Piece, ...]],
) -> None:
    """Open what a scene shows, and close what it does not."""
    wanted = {box.source_id for box in scene.boxes}
    for source_id in set(feeds) - wanted:
        feeds.pop(source_id).close()
    for source_id in wanted - set(feeds):
        rest = within(seen[source_id], [Span(scene.start_s, float("inf"))])
        feeds[source_id] = _Feed(folder, rest, scene.start_s)
    canvas.lay_out(scene.boxes)


class _Feed:
    """The pictures of one source, as the film's time goes on."""

    def __init__(self, folder: Path, pieces: Sequence[Piece], start_s: float) -> None:
        self._shown = pictures(folder, pieces)
        self.frame: VideoFrame | None = None
        self.changes = 0  # of the picture
        self._next: Shown | None = next(self._shown, None)
        if self._next is not None and self._next[0] - start_s <= _SOON_S:
            self._take()

    def go_to(self, at_s: float) -> None:
        """Show what stands at a moment."""
        while self._next is not None and self._next[0] <= at_s:
            self._take()

    def close(self) -> None:
        """Close the file that is open."""
        with closing(self._shown):  # type: ignore[type-var]
            self._next = None

    def _take(self) -> None:
        assert self._next is not None
        self.frame = self._next[1]
        self.changes += 1
        self._next = next(self._shown, None)


class _Canvas:
    """The film's picture, drawn anew only where it changes."""

    def __init__(self, card: Coverage | None) -> None:
        self._card = card
        self._planes: Planes = np.empty((HEIGHT * 3 // 2, WIDTH), np.uint8)
        self._boxes: tuple[Box, ...] = ()
        self._drawn: dict[str, int] = {}  # by source: which of its pictures
        self._scaled: dict[str, Planes | None] = {}
        self._bare = True

    def lay_out(self, boxes: tuple[Box, ...]) -> None:
        """Take the boxes of another scene."""
        self._boxes, self._bare = boxes, True
        self._drawn.clear()
        self._scaled.clear()

    def draw(self, feeds: dict[str, _Feed]) -> VideoFrame:
        """Return the picture as it is now."""
        dirty = self._bare
        if self._bare:
            _fill(self._planes, (0, 0, WIDTH, HEIGHT), _BACK)
            if not self._boxes and self._card is not None:
                _write(self._planes, self._card)
            self._bare = False
        for box in self._boxes:
            feed = feeds[box.source_id]
            if self._drawn.get(box.source_id) != feed.changes:
                self._drawn[box.source_id] = feed.changes
                self._scaled[box.source_id] = _fitted(feed.frame, box)
                dirty = True
            elif not dirty or not box.framed:
                continue
            # What stands in front is drawn again, once something behind it was.
            self._put(box)
        frame = VideoFrame.from_ndarray(self._planes, format="yuv420p")
        frame.pts = None
        return frame

    def _put(self, box: Box) -> None:
        left, top, width, height = box.left, box.top, box.width, box.height
        if box.framed:
            edge = _FRAME_PIXELS
            outer = (left - edge, top - edge, width + 2 * edge, height + 2 * edge)
            _fill(self._planes, outer, _FRAME)
        _fill(self._planes, (left, top, width, height), _BACK)
        picture = self._scaled[box.source_id]
        if picture is None:
            return
        rows, columns = picture.shape[0] * 2 // 3, picture.shape[1]
        across = left + (width - columns) // 4 * 2
        down = top + (height - rows) // 4 * 2
        for target, given in zip(_parts(self._planes), _parts(picture), strict=True):
            share = 1 if target.shape[0] == HEIGHT else 2
            part = target[down // share :, across // share :]
            part[: given.shape[0], : given.shape[1]] = given


def _write(planes: Planes, covered: Coverage) -> None:
    """Lay letters over the picture, as far as each covers a pixel."""
    half = covered.reshape(HEIGHT // 2, 2, WIDTH // 2, 2).mean(axis=(1, 3))
    for part, value in zip(_parts(planes), _TEXT, strict=True):
        share = (covered if part.shape[0] == HEIGHT else half) / 255.0
        part[:] = np.rint(part + (value - part.astype(float)) * share).astype(np.uint8)


def _parts(planes: Planes) -> tuple[Planes, Planes, Planes]:
    """Return views of Y, U and V."""
    height, width = planes.shape[0] * 2 // 3, planes.shape[1]
    chroma = planes[height:].reshape(2, height // 2, width // 2)
    return planes[:height], chroma[0], chroma[1]


def _fill(planes: Planes, place: tuple[int, int, int, int], colour: tuple[int, int, int]) -> None:
    """Fill a place (left, top, width, height) with one colour."""
    left, top, width, height = place
    for number, (part, value) in enumerate(zip(_parts(planes), colour, strict=True)):
        share = 1 if number == 0 else 2
        rows = slice(top // share, (top + height) // share)
        part[rows, left // share : (left + width) // share] = value


def _fitted(frame: VideoFrame | None, box: Box) -> Planes | None:
    """Scale a picture into a box, with its shape kept."""
    if frame is None:
        return None
    scale = min(box.width / frame.width, box.height / frame.height)
    # Multiples of 8, for then the rows of a frame are as long as their pixels are many.
    width = min(box.width, max(8, round(frame.width * scale / 8) * 8))
    height = min(box.height, max(4, round(frame.height * scale / 4) * 4))
    source = Colorspace.ITU709 if frame.colorspace == _BT709 else Colorspace.ITU601
    scaled = frame.reformat(
        width=width,
        height=height,
        format="yuv420p",
        src_colorspace=source,
        dst_colorspace=Colorspace.ITU601,
        threads=1,
    )
    return scaled.to_ndarray().astype(np.uint8, copy=False)
