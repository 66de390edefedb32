import pytest
from hypothesis import given
from hypothesis import strategies as st

from signaling.ledger.core.measures import Measures, combined, figures

_measures = st.builds(Measures, **{name: st.integers(0, 9) for name in Measures.__struct_fields__})


@given(st.lists(_measures, max_size=5), st.lists(_measures, max_size=5))
def test_parts_add_up_to_the_whole(some: list[Measures], others: list[Measures]) -> None:
    whole = combined([*some, *others])
    assert combined(some) + combined(others) == whole
    assert whole - combined(others) == combined(some)


def test_required_is_what_requirements_ask_for_and_else_what_was_due() -> None:
    sums = Measures(due=5, free_due=2, owed=4, held=3)
    assert figures(sums).required == 6
    assert figures(sums).delivery_rate == pytest.approx(0.5)
    assert figures(sums, by_plan=True).required == 5
    assert figures(Measures(held=3)).delivery_rate is None
