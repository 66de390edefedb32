"""Serial numbers go the short way round."""

from __future__ import annotations

from relay.core.wire.serial import extend, signed


def test_serial_numbers_go_the_short_way_round() -> None:
    assert signed(1 - 65535, 16) == 2
    assert signed(65535 - 1, 16) == -2
    assert extend(3, 0x1FFFE, 16) == 0x20003
    assert extend(0xFFFE, 0x20001, 16) == 0x1FFFE
    assert extend(5, 2**32 - 1, 32) == 2**32 + 5
