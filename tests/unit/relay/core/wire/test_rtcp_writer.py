"""Built RTCP packets are as small as they can be."""

from __future__ import annotations

from relay.core.wire import rtcp_writer


def test_a_nack_takes_as_few_pairs_as_it_can() -> None:
    assert len(rtcp_writer.nack(1, 2, range(100, 117))) == 16
    assert len(rtcp_writer.nack(1, 2, range(100, 118))) == 20
