"""A link that narrows: what the classroom's page and the teacher's say, and how all comes back."""

from __future__ import annotations

from pathlib import Path

from playwright.async_api import expect

from tests.support.live_class import live_class
from tests.support.narrow_link import NarrowLink

SOUND_BPS = 60_000
HEARS = """async () => {
  const before = window.__heard ?? 0
  const rows = [...(await window.__tongke.viewerPc.getStats()).values()]
  const audio = rows.filter((row) => row.type === 'inbound-rtp' && row.kind === 'audio')
  window.__heard = Math.max(...audio.map((row) => row.packetsReceived))
  return window.__heard > before
}"""
SAYS = """([testid, words]) =>
  document.querySelector(`[data-testid=${testid}]`)?.innerText.includes(words)"""
SHOWS_STILL = """() => {
  const page = document.querySelector('[data-testid=courseware-still] img')
  return page !== null && page.complete && page.naturalWidth >= 960
}"""


async def test_a_narrow_link_keeps_the_sound_then_the_page_and_then_gets_all_back(
    tmp_path: Path,
) -> None:
    async with live_class(tmp_path) as school:
        teacher = school.teacher
        link = NarrowLink(target=("127.0.0.1", school.server.udp_port))
        await link.start()
        room = await school.enters(proxy=link)
        tile = f"link-{room.participant_id}"

        link.lane_down.rate_bps = SOUND_BPS
        await room.sees("sound-only")
        await room.until(HEARS)
        await room.until(HEARS)
        await teacher.until(SAYS, [tile, "仅声音"])
        await expect(room.page.get_by_test_id("hand")).to_be_enabled()

        await teacher.click("share-courseware")
        await room.until(SHOWS_STILL)
        await room.page.get_by_test_id("sound-only").wait_for(state="hidden")
        await teacher.until(SAYS, [tile, "静态课件"])
        await room.until(HEARS)

        link.lane_down.rate_bps = None
        await room.page.get_by_test_id("courseware-still").wait_for(state="hidden")
        await room.picture("courseware-video")
        await room.picture("lead-video")
        assert school.errors == []
        await link.stop()
