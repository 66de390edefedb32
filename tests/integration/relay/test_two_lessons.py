"""Two lessons in one relay: a flood in one of them leaves the other one untouched."""

from __future__ import annotations

import struct
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from functools import partial

import pytest

from relay.api import Excess, SlotWish
from relay.config import RelayConfig
from relay.node import RelayNode
from tests.integration.relay.client import Client, offer, until
from tests.integration.relay.test_media import vp8

CONFIG = RelayConfig(hosts=("127.0.0.1",), publisher_packets_per_s=500, publisher_bps=8e6)
FLOOD = 20_000  # datagrams
AT_ONCE = 100  # read before more is sent: the kernel's smallest buffer holds as many


@dataclass
class Lesson:
    """A teacher and a classroom that watches."""

    teacher: Client
    classroom: Client
    publishing: str
    seen: list[int]

    def look(self) -> list[int]:
        """The numbers of the pictures that came so far."""
        self.seen += [packet[-1] for packet in self.classroom.rtp()]
        return self.seen


async def lesson(relay: RelayNode, room: str) -> Lesson:
    published = relay.publish(offer("sendonly"), room_id=room, source_id="lead.camera")
    teacher = Client(published.sdp)
    await teacher.connect()
    watched = relay.watch(offer("recvonly"), room_id=room, viewer_id="room-a")
    relay.set_view(watched.session_id, [SlotWish(0, "lead.camera")])
    classroom = Client(watched.sdp)
    await classroom.connect()
    sessions = (published.session_id, watched.session_id)
    await until(lambda: all(relay.stats(one).connected for one in sessions))
    return Lesson(teacher, classroom, published.session_id, [])


@pytest.fixture
async def relay() -> AsyncIterator[RelayNode]:
    node = RelayNode(CONFIG)
    await node.start()
    yield node
    await node.stop()


def picture(number: int) -> bytes:
    """One of a stream without end."""
    header = struct.pack("!BBHII", 0x80, 0x80 | 96, number & 0xFFFF, number * 90, 77)
    return header + (b"\x10\x11\x02\x00").ljust(400, b"\0")


async def flood(relay: RelayNode, other: Lesson, send: Callable[[int], None]) -> int:
    """Send the flood, and pictures of the other lesson within it; returns how many of these."""
    shown = 1
    other.teacher.send_rtp(vp8(0))
    before = relay.counters()["datagrams_in"]
    for number in range(1, FLOOD + 1):
        send(number)
        if number % AT_ONCE == 0:
            other.teacher.send_rtp(vp8(shown))
            shown += 1
            sent = before + number + shown - 1
            await until(partial(_has_read, relay, sent))
    return shown


def _has_read(relay: RelayNode, datagrams: int) -> bool:
    return relay.counters()["datagrams_in"] >= datagrams


async def test_a_flood_of_media_leaves_the_other_lesson_untouched(relay: RelayNode) -> None:
    taught, flooded = await lesson(relay, "one"), await lesson(relay, "two")
    begun = time.monotonic()
    shown = await flood(relay, taught, lambda number: flooded.teacher.send_rtp(picture(number)))
    await until(lambda: len(taught.look()) >= shown)
    took = time.monotonic() - begun
    assert taught.seen == list(range(shown))  # all of them, in order
    counters = relay.counters()
    passed = CONFIG.publisher_packets_per_s * (took + 2 * 2)
    assert counters["packets_in"] - shown <= passed
    assert counters["rtp_excess"] >= FLOOD - passed
    await until(lambda: relay.stats(flooded.publishing).excess is Excess.PACKETS)
    assert relay.stats(taught.publishing).excess is Excess.NONE
    for client in (taught.teacher, taught.classroom, flooded.teacher, flooded.classroom):
        await client.close()


@pytest.mark.parametrize("kind", ["rtcp", "dtls", "checks", "checks from elsewhere", "forged"])
async def test_so_does_a_flood_of_anything_else(relay: RelayNode, kind: str) -> None:
    taught, flooded = await lesson(relay, "one"), await lesson(relay, "two")
    stranger = Client.__new__(Client)
    report = struct.pack("!BBHI", 0x80, 201, 1, 77)
    check = bytes(flooded.teacher.make_check())
    attacker = flooded.teacher
    if kind == "checks from elsewhere":
        stranger.__dict__.update(flooded.teacher.__dict__, _sock=None)
        stranger.open_socket()
        attacker = stranger
        check = bytes(flooded.teacher.make_check(password="x" * 24))
    send = {
        "rtcp": lambda number: attacker.send_rtcp(report),
        "dtls": lambda number: attacker.send_raw(b"\x16\xfe\xfd".ljust(60, b"\0")),
        "checks": lambda number: attacker.send_raw(check),
        "checks from elsewhere": lambda number: attacker.send_raw(check),
        "forged": lambda number: attacker.send_raw(picture(number) + bytes(16)),
    }[kind]
    shown = await flood(relay, taught, send)
    await until(lambda: len(taught.look()) >= shown)
    assert taught.seen == list(range(shown))
    counters = relay.counters()
    counted = {"rtcp": "rtcp_excess", "dtls": "dtls_excess", "forged": "srtp_unauthentic"}
    assert counters[counted.get(kind, "stun_excess")] > FLOOD / 4
    # Who forges another's address uses up nothing of what that one may send.
    flooded.teacher.send_rtp(vp8(0))
    await until(flooded.look)
    if kind != "checks":
        assert await flooded.teacher.check()
    for client in (taught.teacher, taught.classroom, flooded.teacher, flooded.classroom):
        await client.close()
    if attacker is stranger:
        stranger.close_socket()
