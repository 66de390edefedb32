"""What the synthetic viewers report is what the relay reads."""

from __future__ import annotations

import pytest

from load_tests.feedback import TransportFeedback
from relay.core.wire import rtcp, twcc


def read(packet: bytes | None) -> dict[int, float | None]:
    assert packet is not None
    [report] = rtcp.parse(packet)
    assert isinstance(report, rtcp.TransportFeedback)
    return dict(twcc.parse(report.body).arrivals)


def test_arrivals_and_losses_over_the_wrap() -> None:
    feedback = TransportFeedback(7)
    for number, at in ((65534, 10.0), (65535, 10.01), (1, 10.2), (0, 10.25)):
        feedback.add(number, at)
    first = read(feedback.take(9))
    assert first == pytest.approx({65534: 10.0, 65535: 10.01, 0: 10.25, 1: 10.2}, abs=0.001)
    feedback.add(5, 10.3)
    assert read(feedback.take(9)) == pytest.approx(
        {2: None, 3: None, 4: None, 5: 10.3}, abs=0.001, nan_ok=True
    )
    assert feedback.take(9) is None


def test_a_long_silence_does_not_break_the_report() -> None:
    feedback = TransportFeedback(7)
    feedback.add(1, 10.0)
    feedback.add(2, 30.0)
    assert read(feedback.take(9)) == pytest.approx({1: 10.0}, abs=0.001)
    feedback.add(3, 30.1)
    assert 3 in read(feedback.take(9))
