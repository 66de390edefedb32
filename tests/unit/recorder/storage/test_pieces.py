"""Pieces of segments: their names, holes, overlaps, and which take wins."""

import hypothesis.strategies as st
from hypothesis import given

from recorder.storage.pieces import (
    Piece,
    ShippedRun,
    chain,
    covered,
    piece_of,
    read_pieces,
    segments_wanted,
    shipped_runs,
)


def piece(start: int, stop: int, segment: int = 1, take: int = 1) -> Piece:
    return piece_of(take, segment, start, bytes(stop - start))


def test_a_name_tells_all_and_what_is_cut_or_strange_is_passed_over() -> None:
    data = b"some bytes"
    one = piece_of(2, 17, 300, data)
    assert read_pieces({one.name: len(data)}) == [one]
    assert one.is_of(data)
    assert not one.is_of(b"same bytes")
    assert not one.is_of(data + b"!")
    assert read_pieces({one.name: len(data) - 1, "000001/x": 3, one.name + "0": 10}) == []


def test_a_hole_ends_a_segment() -> None:
    pieces = [piece(0, 10), piece(10, 20), piece(25, 30)]
    assert covered(pieces) == 20
    assert covered(pieces, 22) == 22
    assert covered(pieces, 27) == 30
    assert covered([]) == 0


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(1, 12)), max_size=12))
def test_pieces_that_overlap_cover_what_they_have(spans: list[tuple[int, int]]) -> None:
    there = {byte for start, size in spans for byte in range(start, start + size)}
    hole = next(byte for byte in range(100) if byte not in there)
    pieces = [piece(start, start + size) for start, size in spans]
    assert covered(pieces) == hole
    offset = 0
    for one in chain(pieces):
        assert one.start <= offset < one.stop
        offset = one.stop


def test_a_later_take_wins_from_its_first_segment() -> None:
    old = [piece(0, 5, number) for number in (1, 2, 3, 7)]
    late = [piece(0, 7, number, take=3) for number in (3, 4)]
    wanted = segments_wanted([*old, *late])
    assert {number: some[0].take for number, some in wanted.items()} == {1: 1, 2: 1, 3: 3, 4: 3}
    assert shipped_runs([*late, *old]) == [ShippedRun(1, 1, 7, 5), ShippedRun(3, 3, 4, 7)]
