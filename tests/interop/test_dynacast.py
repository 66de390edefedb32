"""What nobody watches is not sent: layers of real Chromium stop, and come back when wanted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.support.live_class import live_class

CAMERA = "lead.camera"
LAYERS = """async () => {
  const layers = {}
  for (const row of (await window.__tongke.publisherPc.getStats()).values()) {
    if (row.type === 'outbound-rtp' && row.kind === 'video') {
      layers[row.rid] = { active: row.active, frames: row.framesSent, mode: row.scalabilityMode }
    }
  }
  return layers
}"""
RUNS = """async ([rid, frames]) => {
  for (const row of (await window.__tongke.publisherPc.getStats()).values()) {
    if (row.type === 'outbound-rtp' && row.rid === rid) return row.framesSent > frames
  }
}"""
ACTIVE = """(wanted) => {
  const senders = window.__tongke.publisherPc.getSenders()
  const { encodings } = senders.find((one) => one.track?.kind === 'video').getParameters()
  return encodings.filter((one) => one.active).map((one) => one.rid).join() === wanted
}"""


SIZES_KEPT = """() => {
  const senders = window.__tongke.publisherPc.getSenders()
  const video = senders.find((one) => one.track?.kind === 'video')
  return video.getParameters().degradationPreference === 'maintain-resolution'
}"""


def _wish(layer: str) -> list[dict[str, Any]]:
    return [{"slot": 0, "source_id": CAMERA, "max_layer": layer}]


async def test_a_layer_stops_when_nobody_takes_it_and_comes_back(tmp_path: Path) -> None:
    async with live_class(tmp_path) as school:
        teacher, room = school.teacher, await school.enters()
        await room.picture("lead-video", 720)
        full = await teacher.evaluate(LAYERS)
        assert {one["mode"] for one in full.values() if one["mode"]} == {"L1T3"}

        assert await teacher.evaluate(SIZES_KEPT)

        await room.pin_view(_wish("l"))
        await room.picture("lead-video", 180)
        await teacher.until(ACTIVE, "l,h")  # the recording keeps the highest
        stands = (await teacher.evaluate(LAYERS))["m"]["frames"]
        low = (await teacher.evaluate(LAYERS))["l"]["frames"]
        await teacher.until(RUNS, ["l", low + 20])
        assert (await teacher.evaluate(LAYERS))["m"]["frames"] - stands <= 1

        await room.pin_view(_wish("m"))
        await teacher.until(RUNS, ["m", stands + 10])
        await room.picture("lead-video", 360)
        assert school.errors == []
