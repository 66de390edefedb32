"""Reading where the fragments of an MP4 file lie."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.core.fragments import BadFragments, Fragment, Layout, read_layout


def box(kind: bytes, body: bytes = b"") -> bytes:
    return struct.pack(">I4s", len(body) + 8, kind) + body


def fragment(time: int, *, wide: bool = True) -> bytes:
    number = struct.pack(">Q" if wide else ">I", time)
    tfdt = box(b"tfdt", bytes((int(wide), 0, 0, 0)) + number)
    traf = box(b"traf", box(b"tfhd", b"\0" * 8) + tfdt)
    return box(b"moof", box(b"mfhd", b"\0" * 8) + traf) + box(b"mdat", b"x" * 10)


def layout(data: bytes) -> Layout:
    return read_layout(lambda offset, length: data[offset : offset + length], len(data))


HEAD = box(b"ftyp", b"iso5") + box(b"moov", b"\0" * 20)


def test_fragments_follow_the_head() -> None:
    one, two = fragment(0), fragment(1 << 33)
    found = layout(HEAD + one + two)
    assert found.head_bytes == len(HEAD)
    assert found.fragments == (
        Fragment(len(HEAD), len(one), 0),
        Fragment(len(HEAD) + len(one), len(two), 1 << 33),
    )


def test_narrow_times() -> None:
    assert layout(HEAD + fragment(77, wide=False)).fragments[0].decode_time == 77


@pytest.mark.parametrize(
    "data",
    [
        b"",
        HEAD,
        HEAD + fragment(1)[:-3],
        HEAD + box(b"moof"),
        HEAD + struct.pack(">I4s", 4, b"moof"),
    ],
)
def test_something_else_is_refused(data: bytes) -> None:
    with pytest.raises(BadFragments):
        layout(data)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    try:
        found = layout(HEAD + fragment(5)[:-18] + data)
    except BadFragments:
        return
    assert found.fragments
