"""The bench of the core forwards what it says."""

from __future__ import annotations

from load_tests.bench_core import run


def test_every_viewer_gets_every_packet_for_as_long_as_it_lasts() -> None:
    """Longer than a viewer is believed in that reports nothing."""
    figures = run(viewers=2, count=300 * 8, size=1100)
    assert figures["packets_out"] == 2 * figures["packets_in"]
