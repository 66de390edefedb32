"""The hop's share of the delay, packet by packet."""

from load_tests.cascade.bench import Cascade


def test_the_hop_is_the_difference_of_the_arrivals_of_one_packet() -> None:
    cascade = Cascade()
    cascade._seen["owner"].at = {1.0: 1.001, 2.0: 2.001, 3.0: 3.001, 4.0: 4.001}
    cascade._seen["edge"].at = {1.0: 1.002, 2.0: 2.004, 4.0: 4.011, 5.0: 5.5}
    assert cascade.hop_ms() == {
        "p50": 3.0,
        "p95": 10.0,
        "p99": 10.0,
        "max": 10.0,
        "packets": 3,
        "missing": 1,
    }
