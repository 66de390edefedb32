"""Requests for key frames are shared and slow down."""

from __future__ import annotations

from relay.core.counters import Counters
from relay.core.incoming.key_frames import MAX_INTERVAL_S, MIN_INTERVAL_S, KeyFrameRequests


def test_key_frame_requests_share_one_packet_and_slow_down() -> None:
    counters = Counters()
    requests = KeyFrameRequests(counters)
    assert requests.want(0.0)
    assert not requests.want(0.1)
    assert not requests.due(MIN_INTERVAL_S - 0.01)
    sent = [now / 100 for now in range(30, 2000) if requests.due(now / 100)]
    gaps = [round(b - a, 1) for a, b in zip([0.0, *sent], sent, strict=False)]
    assert gaps == sorted(gaps)
    assert max(gaps) == MAX_INTERVAL_S
    requests.satisfied()
    assert not requests.due(100.0)
    assert requests.want(100.0)
    assert counters.key_frame_requests_coalesced == 1
