"""Loss made on purpose."""

import pytest

from load_tests.impairment import Impairment


def test_impairment_is_the_same_on_each_run():
    runs = [
        [imp.drops() for _ in range(2000)] for imp in (Impairment(0.05, 7), Impairment(0.05, 7))
    ]

    assert runs[0] == runs[1]
    assert 60 < sum(runs[0]) < 140
    assert not any(Impairment(0, 1).drops() for _ in range(100))
    with pytest.raises(ValueError, match="loss"):
        Impairment(1.5, 1)
