"""How soon a layer that stopped for want of viewers is seen again, timed in real Chromium."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.bars.conftest import three_layers
from tests.support.capture import room_capture

pytestmark = pytest.mark.bench
TIMES = 5
LIMIT_MS = 1000
STOPPED = """() => {
  const senders = window.__tongke.publisherPc.getSenders()
  const { encodings } = senders.find((one) => one.track?.kind === 'video').getParameters()
  return !encodings.find((one) => one.rid === 'm').active
}"""
WISH_TO_PICTURE = """async () => {
  const wished = performance.now()
  window.__tongke.pinView([{ slot: 0, source_id: 'lead.camera', max_layer: 'm' }])
  const video = document.querySelector('[data-testid=lead-video]')
  while (video.videoHeight !== 360) await new Promise((resolve) => setTimeout(resolve, 10))
  return performance.now() - wished
}"""


async def test_a_layer_that_stopped_is_seen_again_within_a_second(
    tmp_path: Path, capture_folder: Path, report: Callable[..., None]
) -> None:
    async with three_layers(tmp_path, capture_folder) as school:
        room = await school.enters(capture=room_capture(capture_folder, 440))
        took = []
        for _ in range(TIMES):
            await room.pin_view([{"slot": 0, "source_id": "lead.camera", "max_layer": "l"}])
            await room.picture("lead-video", 180)
            await school.teacher.until(STOPPED)
            took.append(await room.evaluate(WISH_TO_PICTURE))
        report(back_ms=[round(one) for one in took])
        assert max(took) < LIMIT_MS
