"""Spread of the waits of late joiners."""

from load_tests.join import spread


def test_the_95th_percentile_leaves_one_in_twenty_above():
    assert spread([float(n) for n in range(20, 0, -1)]) == {"median": 10.5, "p95": 19.0, "max": 20}
    assert spread([7.0]) == {"median": 7.0, "p95": 7.0, "max": 7.0}
