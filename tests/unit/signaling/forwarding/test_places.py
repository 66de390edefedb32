"""Addresses of cells, and the fixed table of them."""

from pathlib import Path

import pytest

from signaling.forwarding.places import CellAddress, NoCell, StaticPlaces, StaticShare

CELLS = tuple(CellAddress.at(f"cell-{n}", f"unix:///run/cell-{n}.sock") for n in range(3))


def test_an_address_is_a_unix_socket_or_a_url() -> None:
    assert CellAddress.at("a", "unix:///run/a.sock").unix_path == Path("/run/a.sock")
    apart = CellAddress.at("a", "https://10.0.0.7:7801/")
    assert (apart.unix_path, apart.base) == (None, "https://10.0.0.7:7801")
    for wrong in ("", "unix://run/a", "10.0.0.7:80", "ftp://a", "http://"):
        with pytest.raises(ValueError, match="neither"):
            CellAddress.at("a", wrong)


async def test_each_lesson_is_held_by_the_one_cell_where_web_processes_look() -> None:
    places, elsewhere = StaticPlaces(CELLS), StaticPlaces(CELLS[::-1])
    shares = [StaticShare(cell.cell_id, places) for cell in CELLS]
    for lesson_id in map(str, range(50)):
        cell = await places.cell_of(lesson_id)
        assert cell is not None
        assert await elsewhere.place(lesson_id, expected=9) == cell
        held = [await share.holds(lesson_id) for share in shares]
        assert held == [one == cell for one in CELLS]


async def test_an_empty_table_places_nothing() -> None:
    assert await StaticPlaces(()).cell_of("x") is None
    with pytest.raises(NoCell):
        await StaticPlaces(()).place("x", 1)
