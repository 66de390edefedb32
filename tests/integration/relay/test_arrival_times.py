"""A busy event loop must not look like a full link to a publisher's bandwidth estimate."""

from __future__ import annotations

import socket
import struct
import time
from itertools import pairwise

import pytest

from relay.arrival_clock import ask_for_stamps
from relay.config import RelayConfig
from relay.core.wire import twcc
from relay.core.wire.datagram import DatagramKind
from relay.node import RelayNode
from tests.integration.relay.client import Client, offer, until

TRANSPORT_CC = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"
SPACING_S = 0.01
COUNT = 12


def offer_with_feedback() -> str:
    return offer().replace(
        "a=rtcp-fb:96 nack\r\n",
        f"a=extmap:5 {TRANSPORT_CC}\r\na=rtcp-fb:96 transport-cc\r\na=rtcp-fb:96 nack\r\n",
    )


def packet(number: int) -> bytes:
    """A VP8 key frame in one packet with MID (id 4) and a transport-wide number (id 5)."""
    header = struct.pack("!BBHII", 0x90, 0x80 | 96, number, number * 900, 77)
    elements = b"\xbe\xde\x00\x02\x401\x51" + struct.pack("!H", number) + bytes(3)
    return header + elements + b"\x10\x10\x02\x00\x9d\x01\x2a\x00\x05\xd0\x02".ljust(200, b"x")


def feedback(client: Client) -> list[tuple[int, float | None]]:
    """The arrivals that the received transport-cc feedback reports (RTPFB, FMT 15)."""
    arrivals: list[tuple[int, float | None]] = []
    for kind, data in client.received:
        at = 0
        plain = bytes(client.dtls.unprotect_rtcp(data)) if kind is DatagramKind.RTCP else b""
        while at < len(plain):
            end = at + 4 * (struct.unpack_from("!H", plain, at + 2)[0] + 1)
            if plain[at] & 0x1F == 15 and plain[at + 1] == 205:
                arrivals += twcc.parse(plain[at + 12 : end]).arrivals
            at = end
    client.received.clear()
    return arrivals


def send_while_nobody_reads(client: Client) -> None:
    """Block the loop, the relay with it, while packets come in."""
    for number in range(COUNT):
        client.send_rtp(packet(number))
        time.sleep(SPACING_S)


async def reported_times(relay: RelayNode) -> list[float]:
    """Publish a train of packets to a busy relay; when they came, by its feedback."""
    answer = relay.publish(offer_with_feedback(), room_id="r", source_id="s")
    publisher = Client(answer.sdp)
    await publisher.connect()
    await until(lambda: relay.sources("r"))
    send_while_nobody_reads(publisher)
    reported: dict[int, float | None] = {}
    await until(lambda: reported.update(feedback(publisher)) or len(reported) == COUNT)
    await publisher.close()
    return [at for number in range(COUNT) if (at := reported[number]) is not None]


async def test_packets_read_in_one_go_are_reported_as_they_came(relay: RelayNode) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        if not ask_for_stamps(probe):
            pytest.skip("this kernel does not stamp datagrams")
    times = await reported_times(relay)
    assert len(times) == COUNT, "every packet has an arrival time"
    # Exact below (nothing is sent before the sleep is over), and in 250 µs steps; above, a machine
    # may be as slow as it likes.
    assert min(b - a for a, b in pairwise(times)) >= SPACING_S - 0.0006


async def test_without_stamps_a_packet_came_when_it_was_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("relay.driver.ask_for_stamps", lambda sock: False)
    node = RelayNode(RelayConfig(hosts=("127.0.0.1",)))
    await node.start()
    times = await reported_times(node)
    assert len(times) == COUNT
    assert times == sorted(times)
    await node.stop()
