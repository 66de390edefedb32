"""Compound files: streams of every size come out whole, and damage ends in one error."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signaling.files.workbooks.compound import BadCompound, Compound, wrapped
from tests.support.xls import container


@given(st.lists(st.integers(0, 9_000), min_size=1, max_size=4))
def test_streams_of_every_size(sizes: list[int]) -> None:
    streams = {f"S{n}": bytes([n + 1]) * size for n, size in enumerate(sizes)}
    compound = Compound(container(streams))
    for name, stream in streams.items():
        assert compound.stream(name.lower()) == stream  # their case means nothing
    assert compound.stream("none") is None


@pytest.mark.parametrize("size", [0, 100, 4096, 5000, 4096 * 1022, 4096 * 1023, 10_000_000])
def test_a_container_made_anew_is_padded_to_the_smallest_stream(size: int) -> None:
    stream = bytes(range(256)) * (size // 256)
    assert Compound(wrapped("Workbook", stream)).stream("Workbook") == stream.ljust(4096, b"\0")


def test_a_chain_that_runs_in_a_circle_is_damage() -> None:
    data = bytearray(container({"S": b"x" * 5000}))
    fat = len(data) - 512
    data[fat : fat + 4] = (0).to_bytes(4, "little")  # the first sector follows itself
    with pytest.raises(BadCompound):
        Compound(bytes(data)).stream("S")


@given(st.binary(max_size=200), st.integers(0, 7_000))
def test_damage_is_one_error(damage: bytes, at: int) -> None:
    data = container({"S": b"x" * 5000, "T": b"y" * 100})
    try:
        compound = Compound(data[:at] + damage + data[at + len(damage) :])
        compound.stream("S")
        compound.stream("T")
    except BadCompound:
        pass
