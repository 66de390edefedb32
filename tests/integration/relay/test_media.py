"""Media through the whole relay over real sockets: SRTP in, SRTP out, to where viewers are."""

from __future__ import annotations

import contextlib
import socket
import struct
import time

from relay.api import CloseReason, SlotWish, TapTrack
from relay.config import RelayConfig
from relay.core.wire import rtcp_writer, twcc
from relay.core.wire.datagram import DatagramKind, classify
from relay.node import RelayNode
from tests.integration.relay.client import Client, Listener, offer, publish, until, watch

SSRC = 77
TRANSPORT_CC = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"
MID_1 = b"\xbe\xde\x00\x01\x401\x00\x00"  # one-byte extension header, id 4: "1" (RFC 8285 §4.2)
KEY = (
    b"\x10\x10\x02\x00\x9d\x01\x2a\x00\x05\xd0\x02"  # VP8 descriptor and key frame header, 1280×720
)
DELTA = b"\x10\x11\x02\x00"


def vp8(number: int) -> bytes:
    """One frame in one packet; the first is a key frame."""
    header = struct.pack("!BBHII", 0x90, 0x80 | 96, number, number * 3600, SSRC)
    return header + MID_1 + (KEY if number == 0 else DELTA).ljust(400, bytes([number]))


async def pair(relay: RelayNode, told: Listener) -> tuple[Client, Client, str]:
    """A publisher and a viewer that wants to see it, both up."""
    _, publish_answer = publish(relay)
    publisher = Client(publish_answer)
    await publisher.connect()
    viewer_id, watch_answer = watch(relay)
    relay.set_view(viewer_id, [SlotWish(0, "s")])  # before it is up: kept and applied
    viewer = Client(watch_answer)
    await viewer.connect()
    await until(lambda: len(told.up) == 2)
    return publisher, viewer, viewer_id


async def test_frames_arrive_whole_and_in_order(relay: RelayNode, told: Listener) -> None:
    publisher, viewer, viewer_id = await pair(relay, told)
    for number in range(50):
        publisher.send_rtp(vp8(number))
    received: list[bytes] = []
    await until(lambda: received.extend(viewer.rtp()) or len(received) == 50)
    assert [packet[-1] for packet in received] == list(range(50))
    numbers = [struct.unpack("!H", packet[2:4])[0] for packet in received]
    assert numbers == [(numbers[0] + n) & 0xFFFF for n in range(50)]
    await until(lambda: viewer_id in told.slots and told.slots[viewer_id][0].source_id == "s")
    await publisher.close()
    await until(lambda: told.removed == ["s"])
    await viewer.close()


async def test_another_address_is_another_link_of_which_nothing_is_known() -> None:
    relay, told = RelayNode(RelayConfig(hosts=("127.0.0.1",), start_bps=4e6)), Listener()
    relay.add_listener(told)
    await relay.start()
    _, publish_answer = publish(relay)
    publisher = Client(publish_answer)
    await publisher.connect()
    feedback_offered = offer("recvonly").replace(
        "a=rtcp-fb:96 nack\r\n",
        f"a=extmap:5 {TRANSPORT_CC}\r\na=rtcp-fb:96 transport-cc\r\na=rtcp-fb:96 nack\r\n",
    )
    answer = relay.watch(feedback_offered, room_id="r", viewer_id="v")
    relay.set_view(answer.session_id, [SlotWish(0, "s")])
    viewer = Client(answer.sdp)
    await viewer.connect()
    await until(lambda: len(told.up) == 2)
    publisher.send_rtp(vp8(0))
    await until(lambda: bool(viewer.rtp()))
    log = twcc.ArrivalLog()
    log.add(1, time.monotonic())
    viewer.send_rtcp(rtcp_writer.transport_feedback(1, 2, log.feedback()[0]))
    await until(lambda: relay.counters()["transport_feedback_received"] == 1)
    before = relay.stats(answer.session_id).target_bps
    await viewer.check(nominate=True)  # from where it is
    assert relay.stats(answer.session_id).target_bps == before
    viewer.open_socket()
    await viewer.check(nominate=True)
    await until(lambda: relay.counters()["addresses_moved"] == 1)
    assert relay.stats(answer.session_id).target_bps < 0.6 * before
    await publisher.close()
    await viewer.close()
    await relay.stop()


async def test_media_follows_the_viewer_to_its_nominated_address(
    relay: RelayNode, told: Listener
) -> None:
    publisher, viewer, _ = await pair(relay, told)
    publisher.send_rtp(vp8(0))
    await until(lambda: len(viewer.rtp()) == 1)
    viewer.open_socket()
    await viewer.check(nominate=False)
    publisher.send_rtp(vp8(1))  # still to the old address, where nobody is
    await until(lambda: relay.counters()["packets_in"] == 2)
    await viewer.check(nominate=True)
    await until(lambda: relay.counters()["addresses_moved"] == 1)
    publisher.send_rtp(vp8(2))
    received: list[bytes] = []
    await until(lambda: received.extend(viewer.rtp()) or received)
    assert [packet[-1] for packet in received] == [2]
    await publisher.close()
    await viewer.close()


async def test_media_is_not_sent_where_nobody_answers(relay: RelayNode, told: Listener) -> None:
    publisher, viewer, _ = await pair(relay, told)
    publisher.send_rtp(vp8(0))
    await until(lambda: len(viewer.rtp()) == 1)
    stranger = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    stranger.bind(("127.0.0.1", 0))
    stranger.setblocking(False)
    with stranger:
        # A viewer that forges a stranger's address: checks, and all else that it can write.
        for datagram in (
            bytes(viewer.make_check()),
            bytes(viewer.dtls.protect_rtcp(b"\x80\xc9\x00\x01\x00\x00\x00\x09")),
        ):
            stranger.sendto(datagram, viewer.server)
        await until(lambda: relay.counters()["addresses"] == 3)
        for number in range(1, 21):
            publisher.send_rtp(vp8(number))
        received: list[bytes] = []
        await until(lambda: received.extend(viewer.rtp()) or len(received) == 20)
        kinds = []
        with contextlib.suppress(BlockingIOError):
            while True:
                kinds.append(classify(stranger.recv(2048)))
    assert kinds == [DatagramKind.STUN] * 2, "the answer to its check, and one check of ours"
    assert relay.counters()["addresses_moved"] == 0
    await publisher.close()
    await viewer.close()


async def test_a_viewers_rtp_and_forged_srtp_go_nowhere(relay: RelayNode, told: Listener) -> None:
    publisher, viewer, _ = await pair(relay, told)
    viewer.send_rtp(vp8(0))
    publisher.send_raw(vp8(0))  # not even encrypted
    publisher.send_raw(b"\x81\xc9\x00\x01" + bytes(20))
    await until(lambda: relay.counters()["rtp_from_viewer"] == 1)
    await until(lambda: relay.counters()["srtp_unauthentic"] == 2)
    assert viewer.rtp() == []
    await publisher.close()
    await viewer.close()


async def test_a_key_frame_request_of_the_viewer_reaches_the_publisher(
    relay: RelayNode, told: Listener
) -> None:
    publisher, viewer, _ = await pair(relay, told)
    publisher.send_rtp(vp8(1))  # no key frame: the relay has to ask for one

    def asked() -> bool:
        packets = [data for kind, data in publisher.received if kind is DatagramKind.RTCP]
        publisher.received.clear()
        plain = [bytes(publisher.dtls.unprotect_rtcp(packet)) for packet in packets]
        return any(b"\x81\xce\x00\x02" in packet for packet in plain)  # PLI, RFC 4585 §6.3.1

    await until(asked)
    await publisher.close()
    await viewer.close()


class Sink:
    """A tap that remembers."""

    def __init__(self) -> None:
        self.tracks: list[TapTrack] = []
        self.packets: list[bytes] = []
        self.ended: list[CloseReason] = []

    def on_track(self, track: TapTrack, now: float) -> None:
        self.tracks.append(track)

    def on_packet(self, track_id: int, packet: bytes, now: float) -> None:
        self.packets.append(packet)

    def on_clock(
        self, track_id: int, rtp_timestamp: int, capture_time: float, now: float
    ) -> None: ...

    def on_track_end(self, track_id: int, reason: CloseReason, now: float) -> None:
        self.ended.append(reason)


async def test_a_tap_keeps_its_room_and_gets_plain_media(relay: RelayNode) -> None:
    sink = Sink()
    tap = relay.tap("r", sink)
    assert relay.counters()["rooms"] == 1
    _, answer = publish(relay)
    publisher = Client(answer)
    await publisher.connect()
    await until(lambda: relay.sources("r"))
    for number in range(10):
        publisher.send_rtp(vp8(number))
    await until(lambda: len(sink.packets) == 10)
    tap.request_key_frames()
    await publisher.close()
    await until(lambda: not relay.sources("r"))
    assert CloseReason.PEER_CLOSED in sink.ended
    tap.close()
    tap.close()
    assert relay.counters()["rooms"] == 0


async def test_a_publisher_of_b_frames_is_told_off_by_the_end_of_its_session(
    relay: RelayNode, told: Listener
) -> None:
    """No viewer could show them in order."""
    sdp = offer().replace(
        "VP8/90000", "H264/90000\r\na=fmtp:96 packetization-mode=1;profile-level-id=4d001f"
    )
    answer = relay.publish(sdp, room_id="r", source_id="s")
    publisher = Client(answer.sdp)
    await publisher.connect()
    await until(lambda: told.up == [answer.session_id])
    for number in range(6):
        header = struct.pack("!BBHII", 0x90, 0x80 | 96, number, number * 3600, SSRC)
        publisher.send_rtp(header + MID_1 + b"\x01\xa8" + bytes(40))
    await until(lambda: told.down == {answer.session_id: CloseReason.B_FRAMES})
    assert told.removed == ["s"]
    await publisher.close()
