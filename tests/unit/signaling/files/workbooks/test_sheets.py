"""Addresses of cells."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signaling.files.workbooks.sheets import Place, Range, clipped, place_of


@pytest.mark.parametrize(
    ("place", "address"),
    [(Place(0, 0), "A1"), (Place(6, 2), "C7"), (Place(9, 26), "AA10"), (Place(0, 701), "ZZ1")],
)
def test_addresses_are_those_of_spreadsheets(place: Place, address: str) -> None:
    assert place.address == address


@given(st.integers(0, 10**6), st.integers(0, 20_000))
def test_an_address_leads_back_to_its_place(row: int, column: int) -> None:
    assert place_of(Place(row, column).address) == Place(row, column)


@pytest.mark.parametrize("text", ["", "7", "C", "C-7", "语7", "7C"])
def test_other_texts_are_no_addresses(text: str) -> None:
    with pytest.raises(ValueError, match="address"):
        place_of(text)


def test_a_range_is_cut_at_the_edge_of_its_sheet() -> None:
    whole = Range(Place(1, 1), Place(9, 9))
    assert clipped(whole, 4, 5) == Range(Place(1, 1), Place(3, 4))
    assert clipped(whole, 1, 5) is None
    assert whole.size == 81
