from load_tests.fanout import FRAMES_PER_S, Feeder
from load_tests.join import spread
from load_tests.media import MediaClock


class CountingPeer:
    """Takes what a feeder sends."""

    on_key_frame_request = None

    def __init__(self):
        self.packets = 0

    def send_payloads(self, _rid, payloads, _capture_s):
        self.packets += len(list(payloads))


def test_the_95th_percentile_leaves_one_in_twenty_above():
    assert spread([float(n) for n in range(20, 0, -1)]) == {"median": 10.5, "p95": 19.0, "max": 20}
    assert spread([7.0]) == {"median": 7.0, "p95": 7.0, "max": 7.0}


def test_a_feeder_publishes_the_rate_it_was_asked_for():
    for pps in (30, 250, 4950):
        peer = CountingPeer()
        feeder = Feeder(peer, MediaClock(), pps)
        for beat in range(FRAMES_PER_S):
            feeder._send_frame(beat / FRAMES_PER_S)
        assert abs(peer.packets - pps) <= 1
