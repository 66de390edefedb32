"""Who sends too much reads why, and the lead teacher reads it of a room: real Chromium."""

from __future__ import annotations

from pathlib import Path

from tests.support.browser import browsers
from tests.support.people import ClassroomSeat, TeacherSeat, lesson_open_now
from tests.support.server import TongkeServer

# A tenth of what a camera sends: as if an encoder were set far too high.
CONFIG = "publisher_bps = 120000\n"
REASON = "发送码率过高"


async def test_the_page_that_sends_too_much_says_so_and_so_does_the_wall(tmp_path: Path) -> None:
    config = tmp_path / "tongke.toml"
    config.write_text(CONFIG)
    async with (
        TongkeServer.start(tmp_path, ("--config", str(config))) as server,
        browsers() as opened,
    ):
        lesson = await lesson_open_now(await server.sign_in("wang"))
        teacher = await TeacherSeat.arrive(server, opened)
        await teacher.open_lesson(lesson["lesson_id"])
        await teacher.start_lesson()
        room = await ClassroomSeat.arrive(server, opened, lesson, "shanquan1")
        await room.enter()
        for person in (teacher, room):
            await person.sees("excess")
            words = await person.page.get_by_test_id("excess").first.inner_text()
            assert f"本机{REASON}" in words
        await teacher.until(
            "([testid, words]) => document.querySelector(`[data-testid=${testid}]`)"
            ".innerText.includes(words)",
            [f"link-{room.participant_id}", REASON],
        )
        assert teacher.seat.errors == room.seat.errors == []
