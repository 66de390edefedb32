"""Who sends too much reads why, and the lead teacher reads it of a room: real Chromium."""

from __future__ import annotations

from pathlib import Path

from playwright.async_api import expect

from tests.support.live_class import live_class

# A tenth of what a camera sends: as if an encoder were set far too high.
CONFIG = "publisher_bps = 120000\n"
REASON = "发送码率过高"


async def test_the_page_that_sends_too_much_says_so_and_so_does_the_wall(tmp_path: Path) -> None:
    config = tmp_path / "tongke.toml"
    config.write_text(CONFIG)
    async with live_class(tmp_path, arguments=("--config", str(config))) as school:
        teacher, room = school.teacher, await school.enters()
        for person in (teacher, room):
            await person.sees("excess")
            excess = person.page.get_by_test_id("excess").first
            await expect(excess).to_contain_text(f"本机{REASON}")
        await teacher.until(
            "([testid, words]) => document.querySelector(`[data-testid=${testid}]`)"
            ".innerText.includes(words)",
            [f"link-{room.participant_id}", REASON],
        )
        assert school.errors == []
