"""Feeding a lesson at a given rate."""

from load_tests.fanout import FRAMES_PER_S, Feeder
from load_tests.media import MediaClock


class CountingPeer:
    """Takes what a feeder sends."""

    on_key_frame_request = None

    def __init__(self):
        self.packets = 0

    def send_payloads(self, _rid, payloads, _capture_s):
        self.packets += len(list(payloads))


def test_a_feeder_publishes_the_rate_it_was_asked_for():
    for pps in (30, 250, 4950):
        peer = CountingPeer()
        feeder = Feeder(peer, MediaClock(), pps)
        for beat in range(FRAMES_PER_S):
            feeder._send_frame(beat / FRAMES_PER_S)
        assert abs(peer.packets - pps) <= 1
