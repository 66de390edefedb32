"""A port that is taken is named, so that whoever starts a server knows which setting to change."""

import errno
import socket

import pytest

from relay.config import RelayConfig
from relay.sockets import bind_all


def test_a_udp_port_that_is_taken_is_named() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        with pytest.raises(OSError, match=f"udp_port {port}: ") as refused:
            bind_all(RelayConfig(hosts=("127.0.0.1",), udp_port=port))
    assert refused.value.errno == errno.EADDRINUSE
