"""README's first experiment: teacher and classroom in two windows of one Chromium."""

from tests.support.browser import browsers
from tests.support.people import ClassroomSeat, TeacherSeat, lesson_open_now
from tests.support.server import TongkeServer


async def test_a_teacher_and_a_classroom_share_a_browser() -> None:
    async with TongkeServer.start() as server:
        api = await server.sign_in("wang")
        lesson = await lesson_open_now(api)
        async with browsers() as opened:
            teacher = await TeacherSeat.arrive(server, opened)
            room_id = lesson["receive_rooms"][0]["room_id"]
            other = ClassroomSeat(server, teacher.seat, room_id)
            other.page = await teacher.seat.context.new_page()
            await other.page.goto(f"{server.url}/classroom")
            await other.page.get_by_test_id("join-code").fill(lesson["join_code"])
            await other.click("join-code-next")
            await other.click(f"choose-room-{room_id}")
            await other.sees("today-card")
            await teacher.page.bring_to_front()
            await teacher.open_lesson(lesson["lesson_id"])
            await teacher.start_lesson()
            await teacher.page.reload()
            await teacher.sees("end-lesson")
            await other.page.reload()
            await other.sees("today-card")
            roles = (
                "async (kind) => (await (await fetch('/api/me', "
                "{headers: {'X-Tongke-As': kind}})).json()).roles[0]"
            )
            assert await teacher.evaluate(roles, "person") == "lead_teacher"
            assert await other.evaluate(roles, "terminal") == "receive_room"
            await teacher.end_lesson()
        assert teacher.seat.errors == []
