"""Real Chromium against the relay node: SDP passes through the test, media over loopback."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from playwright.async_api import Page

from relay.api import CloseReason, Layer, SlotWish
from relay.config import RelayConfig
from relay.node import RelayNode
from tests.integration.relay.client import Listener, until
from tests.support.browser import browsers

# A blank page on localhost: getUserMedia asks for a secure context.
BLANK = "http://localhost/blank"

PUBLISH = """async (codec) => {
  const stream = await navigator.mediaDevices.getUserMedia(
    {audio: true, video: {width: 1280, height: 720, frameRate: 25}})
  const pc = window.publisher = new RTCPeerConnection()
  pc.addTransceiver(stream.getAudioTracks()[0], {direction: 'sendonly', streams: [stream]})
  const video = pc.addTransceiver(stream.getVideoTracks()[0], {
    direction: 'sendonly', streams: [stream], sendEncodings: [
      {rid: 'h', maxBitrate: 1200000},
      {rid: 'm', scaleResolutionDownBy: 2, maxBitrate: 400000},
      {rid: 'l', scaleResolutionDownBy: 4, maxBitrate: 120000}]})
  const all = RTCRtpSender.getCapabilities('video').codecs
  const first = all.filter(c => c.mimeType.toLowerCase() === codec)
  video.setCodecPreferences([...first, ...all.filter(c => !first.includes(c))])
  const parameters = video.sender.getParameters()  // a busy machine must not shrink the picture
  parameters.degradationPreference = 'maintain-resolution'
  await video.sender.setParameters(parameters)
  await pc.setLocalDescription()
  return pc.localDescription.sdp
}"""

WATCH = """async () => {
  const pc = window.viewer = new RTCPeerConnection()
  for (const kind of ['video', 'video', 'audio']) pc.addTransceiver(kind, {direction: 'recvonly'})
  pc.ontrack = ({track}) => {
    const element = document.createElement(track.kind)
    element.autoplay = element.muted = true
    element.srcObject = new MediaStream([track])
    document.body.append(element)
  }
  await pc.setLocalDescription()
  return pc.localDescription.sdp
}"""

ANSWER = "async ([name, sdp]) => window[name].setRemoteDescription({type: 'answer', sdp})"

RECEIVED = """async () => {
  const rows = []
  for (const row of (await window.viewer.getStats()).values())
    if (row.type === 'inbound-rtp') rows.push({kind: row.kind, mid: row.mid,
      packets: row.packetsReceived, decoded: row.framesDecoded, height: row.frameHeight})
  return rows
}"""

RESTART = """async () => {
  window.viewer.restartIce()
  await window.viewer.setLocalDescription()
  const lines = window.viewer.localDescription.sdp.split('\\r\\n')
  const pick = (start) => lines.find(line => line.startsWith(start))
  return [pick('a=ice-ufrag:'), pick('a=ice-pwd:')].join('\\r\\n') + '\\r\\n'
}"""


@pytest.fixture
async def relay() -> AsyncIterator[RelayNode]:
    node = RelayNode(RelayConfig(hosts=("127.0.0.1", "::1")))
    await node.start()
    yield node
    await node.stop()


async def blank(page: Page) -> Page:
    await page.route(
        BLANK, lambda route: route.fulfill(body="<!doctype html>", content_type="text/html")
    )
    await page.goto(BLANK)
    return page


async def decoded(page: Page, mid: str, *, height: int, more_than: int = 0) -> int:
    """Wait until frames of that height are decoded in a slot; returns how many are."""
    rows: list[dict[str, Any]] = []
    try:
        async with asyncio.timeout(60):
            while True:
                rows = await page.evaluate(RECEIVED)
                for row in rows:
                    frames = row.get("decoded") or 0
                    if row["mid"] == mid and row.get("height") == height and frames > more_than:
                        return frames
                await asyncio.sleep(0.05)
    except TimeoutError:
        raise AssertionError(f"no {height} lines in slot {mid}: {rows}") from None


@pytest.mark.parametrize("codec", ["video/vp8", "video/h264"])
async def test_chromium_publishes_three_layers_and_watches_them(
    relay: RelayNode, codec: str
) -> None:
    told = Listener()
    relay.add_listener(told)
    relay.set_audible("r", {"teacher"})
    async with browsers() as opened:
        seat = await opened.seat()
        page = await blank(seat.page)
        offer = await page.evaluate(PUBLISH, codec)
        published = relay.publish(offer, room_id="r", source_id="teacher")
        await page.evaluate(ANSWER, ["publisher", published.sdp])
        await until(
            lambda: (
                "teacher" in told.sources
                and set(told.sources["teacher"].layers) == {Layer.HIGH, Layer.MIDDLE, Layer.LOW}
            )
        )
        assert told.sources["teacher"].video_codec == codec.split("/")[1].upper()

        watched = relay.watch(await page.evaluate(WATCH), room_id="r", viewer_id="v")
        relay.set_view(watched.session_id, [SlotWish(1, "teacher", Layer.LOW)])
        await page.evaluate(ANSWER, ["viewer", watched.sdp])
        frames = await decoded(page, "1", height=180)
        relay.set_view(watched.session_id, [SlotWish(1, "teacher", Layer.HIGH)])
        frames = await decoded(page, "1", height=720, more_than=frames)

        # An ICE restart: the answer's fragment goes back into the old answer.
        fragment = await page.evaluate(RESTART)
        patched = relay.patch(watched.session_id, fragment, etag=watched.etag)
        assert patched.sdp_fragment is not None
        await page.evaluate(ANSWER, ["viewer", renewed(watched.sdp, patched.sdp_fragment)])
        # The old credentials are given up; the new port answers our check, and media moves there.
        await until(lambda: relay.counters()["user_fragments"] == 2)
        await until(lambda: relay.counters()["addresses_moved"] > 0)
        await decoded(page, "1", height=720, more_than=frames + 10)

        rows = await page.evaluate(RECEIVED)
        assert any(row["kind"] == "audio" and row["packets"] > 0 for row in rows)
        assert relay.counters()["feedback_socket_in"] > 0  # Chromium sends it alone
        await page.evaluate("window.viewer.close()")
        await until(lambda: told.down.get(watched.session_id) is CloseReason.PEER_CLOSED)
        assert seat.errors == []


def renewed(answer: str, fragment: str) -> str:
    """The answer with the ICE credentials of a restart's fragment."""
    fresh = dict(
        line[2:].split(":", 1)
        for line in fragment.split("\r\n")
        if line.startswith("a=ice-") and ":" in line
    )
    lines = []
    for line in answer.split("\r\n"):
        name = line[2:].partition(":")[0]
        replace = name in ("ice-ufrag", "ice-pwd")
        lines.append(f"a={name}:{fresh[name]}" if replace else line)
    return "\r\n".join(lines)
