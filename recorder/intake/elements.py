"""The elements of WebM and Matroska files (RFC 8794, RFC 9559), walked without FFmpeg."""

from __future__ import annotations

from typing import BinaryIO

from recorder.intake_api import VideoRefusal, VideoRefused

_EBML, _SEGMENT, _VOID, _CRC = 0x1A45DFA3, 0x18538067, 0xEC, 0xBF
_CLUSTER = 0x1F43B675
# Elements that a segment has (RFC 9559 §5.1). Attachments are left out: they are other files.
_PARTS = frozenset(
    (0x114D9B74, 0x1549A966, 0x1654AE6B, _CLUSTER, 0x1C53BB6B, 0x1043A770, 0x1254C367, _VOID, _CRC)
)
_ATTACHMENTS = 0x1941A469
_IN_CLUSTER = frozenset((0xE7, 0xA3, 0xA0, 0xA7, 0xAB, 0x5854, 0xAF, _VOID, _CRC))
_MAX_ELEMENTS = 20_000_000  # of a live file of 24 h: each frame is one
_NEXT_ID = 4  # bytes


def examine_elements(file: BinaryIO, size: int) -> None:
    """See that a file is one video from its first byte to its last.

    Raises:
        VideoRefused: it is damaged, or holds something else.
    """
    walk = _Walk(file, size)
    if walk.element()[0] != _EBML:
        raise VideoRefused(VideoRefusal.UNKNOWN)
    walk.skip()
    while (found := walk.element())[0] in (_VOID, _CRC):
        walk.skip()
    if found[0] != _SEGMENT:
        raise VideoRefused(VideoRefusal.DAMAGED)
    end = size if found[1] is None else walk.at + found[1]
    if end > size:
        raise VideoRefused(VideoRefusal.DAMAGED)
    _examine_segment(walk, end)
    if end < size:
        raise VideoRefused(VideoRefusal.MIXED)


def _examine_segment(walk: _Walk, end: int) -> None:
    while walk.at < end:
        kind, length = walk.element()
        if kind == _ATTACHMENTS or kind not in _PARTS:
            raise VideoRefused(VideoRefusal.MIXED)
        if length is not None:
            walk.skip()
        elif kind == _CLUSTER:  # of a live file: it ends where the next part begins
            while walk.at < end and walk.peek() in _IN_CLUSTER:
                walk.element()
                walk.skip()
        else:
            raise VideoRefused(VideoRefusal.DAMAGED)


class _Walk:
    """A place in the file, and the element before it."""

    def __init__(self, file: BinaryIO, size: int) -> None:
        self._file = file
        self._size = size
        self._left = _MAX_ELEMENTS
        self._length: int | None = 0
        self.at = 0

    def element(self) -> tuple[int, int | None]:
        """Read the head of an element: its id and its length, None for an unknown one."""
        self._left -= 1
        if self._left < 0:
            raise VideoRefused(VideoRefusal.DAMAGED)
        self._file.seek(self.at)
        head = self._file.read(12)
        kind, first = _number(head, _NEXT_ID, keep_marker=True)
        length, second = _number(head[first:], 8)
        self.at += first + second
        self._length = None if length == (1 << (7 * second)) - 1 else length
        return kind, self._length

    def skip(self) -> None:
        """Go to the end of the element whose head was read last."""
        if self._length is None or self.at + self._length > self._size:
            raise VideoRefused(VideoRefusal.DAMAGED)
        self.at += self._length

    def peek(self) -> int:
        """Return the id of the element that comes."""
        self._file.seek(self.at)
        return _number(self._file.read(_NEXT_ID), _NEXT_ID, keep_marker=True)[0]


def _number(data: bytes, most: int, *, keep_marker: bool = False) -> tuple[int, int]:
    """Read a number of variable size; returns it and its bytes (RFC 8794 §4)."""
    width = 9 - data[0].bit_length() if data and data[0] else 0
    if not 0 < width <= most or len(data) < width:
        raise VideoRefused(VideoRefusal.DAMAGED)
    value = int.from_bytes(data[:width])
    return (value if keep_marker else value & ((1 << (7 * width)) - 1)), width
