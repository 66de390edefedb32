"""Sound between real Chromium and the relay node over links that lose it, each way by itself."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Page

from relay.config import RelayConfig
from relay.node import RelayNode
from tests.integration.relay.client import Listener, until
from tests.interop.test_relay_chromium import ANSWER, blank
from tests.support.browser import browsers
from tests.support.udp_proxy import UdpProxy

SPEAK = """async () => {
  const stream = await navigator.mediaDevices.getUserMedia({audio: true})
  const pc = window.publisher = new RTCPeerConnection()
  pc.addTransceiver(stream.getAudioTracks()[0], {direction: 'sendonly', streams: [stream]})
  await pc.setLocalDescription()
  return pc.localDescription.sdp
}"""

LISTEN = """async () => {
  const pc = window.viewer = new RTCPeerConnection()
  const {receiver} = pc.addTransceiver('audio', {direction: 'recvonly'})
  receiver.jitterBufferTarget = 120
  pc.ontrack = ({track}) => {
    const element = document.createElement('audio')
    element.autoplay = true
    element.srcObject = new MediaStream([track])
    document.body.append(element)
  }
  await pc.setLocalDescription()
  return pc.localDescription.sdp
}"""

RECEIVED = """async () => {
  for (const row of (await window.viewer.getStats()).values())
    if (row.type === 'inbound-rtp') return row
  return {}
}"""


@pytest.fixture
async def relay() -> AsyncIterator[RelayNode]:
    node = RelayNode(RelayConfig(hosts=("127.0.0.1",)))
    await node.start()
    node.set_audible("r", {"teacher"})
    yield node
    await node.stop()


class Room:
    """A teacher's and a village's page, each behind a hop of its own."""

    def __init__(self, relay: RelayNode, teacher: Page, village: Page) -> None:
        self.relay = relay
        self.teacher = teacher
        self.village = village
        self.told = Listener()
        self.hops: list[UdpProxy] = []
        relay.add_listener(self.told)

    async def hop(self, sdp: str) -> tuple[str, UdpProxy]:
        """The answer with the hop's port in place of the relay's."""
        port = re.findall(r"127\.0\.0\.1 (\d+) typ host", sdp)[0]
        hop = UdpProxy(("127.0.0.1", int(port)))
        await hop.start()
        self.hops.append(hop)
        return sdp.replace(f"127.0.0.1 {port} typ", f"127.0.0.1 {hop.port} typ"), hop

    async def speak(self) -> UdpProxy:
        offer = await self.teacher.evaluate(SPEAK)
        published = self.relay.publish(offer, room_id="r", source_id="teacher")
        answer, hop = await self.hop(published.sdp)
        await self.teacher.evaluate(ANSWER, ["publisher", answer])
        await self.until_counted(red_unpacked=10)
        return hop

    async def listen(self, *, leave_out: str = "") -> UdpProxy:
        """`leave_out`: a line of the answer that the page is not to see."""
        offer = await self.village.evaluate(LISTEN)
        watched = self.relay.watch(offer, room_id="r", viewer_id="v")
        answer, hop = await self.hop(watched.sdp)
        assert leave_out in answer
        await self.village.evaluate(ANSWER, ["viewer", answer.replace(leave_out, "")])
        await until(lambda: watched.session_id in self.told.up)
        return hop

    async def until_counted(self, **counters: int) -> None:
        """Wait until the relay's counters have risen by so much."""
        before = self.relay.counters()
        await until(
            lambda: all(
                self.relay.counters()[name] - before[name] >= count
                for name, count in counters.items()
            )
        )


@pytest.fixture
async def room(relay: RelayNode) -> AsyncIterator[Room]:
    async with browsers() as opened:
        teacher, village = await opened.seat(), await opened.seat()
        made = Room(relay, await blank(teacher.page), await blank(village.page))
        yield made
        assert teacher.errors == village.errors == []
    for hop in made.hops:
        await hop.stop()


async def test_chromium_repeats_its_sound_and_sends_it_again_when_asked(room: Room) -> None:
    hop = await room.speak()
    await room.listen()  # what nobody hears is not asked for again
    hop.up.loss = 0.2
    await room.until_counted(red_unpacked=200, red_repaired=20, nacks_sent=5)
    assert room.relay.counters()["rtp_payload_malformed"] == 0
    assert room.relay.counters()["rtp_payload_type_unknown"] == 0
    # Of a burst RED fills in the end; the rest came because it was asked for.
    sent = await room.teacher.evaluate(
        "async () => [...(await window.publisher.getStats()).values()]"
        ".find(row => row.type === 'outbound-rtp').retransmittedPacketsSent"
    )
    assert sent > 0


async def test_chromium_asks_for_lost_sound_and_gets_it(room: Room) -> None:
    await room.speak()
    hop = await room.listen()
    hop.down.loss = 0.1
    await room.until_counted(nacks_received=10, rtx_answered=10)


async def test_chromium_plays_what_the_relay_repeats(room: Room) -> None:
    await room.speak()
    hop = await room.listen(leave_out="a=rtcp-fb:111 nack\r\n")  # repetition is all there is
    hop.down.loss = 0.1
    await room.until_counted(red_sent=250)  # by now it knows the link
    before = await room.village.evaluate(RECEIVED)
    await room.until_counted(red_sent=400)
    after = await room.village.evaluate(RECEIVED)
    packets = after["packetsReceived"] - before["packetsReceived"]
    assert packets < 0.97 * 400, "the link loses"
    concealed = after["concealedSamples"] - before["concealedSamples"]
    samples = after["totalSamplesReceived"] - before["totalSamplesReceived"]
    # A tenth without repetition, a thousandth with two; a busy machine adds some of its own.
    assert concealed < 0.05 * samples
