"""The control channel against a real server: snapshot, events, resume, hands, stage, bad input."""

import asyncio
import contextlib
import json
import sqlite3
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest

from signaling.command.seed import RECEIVE_ROOMS
from tests.support.control import Closed, command, read, until
from tests.support.server import Client, TongkeServer

pytestmark = pytest.mark.asyncio(loop_scope="module")

Ws = aiohttp.ClientWebSocketResponse
ROOM_A, ROOM_B = (f"room-{room}" for room in RECEIVE_ROOMS[:2])


@dataclass
class Class:
    """A live lesson with its teacher and two rooms on their channels."""

    lesson: dict[str, Any]
    clients: dict[str, Client]
    sockets: dict[str, Ws]

    @property
    def lead(self) -> Ws:
        return self.sockets["lead"]

    @property
    def a(self) -> Ws:
        return self.sockets["a"]

    @property
    def b(self) -> Ws:
        return self.sockets["b"]


@asynccontextmanager
async def _class(server: TongkeServer) -> AsyncIterator[Class]:
    teacher, lesson, (a, b) = await server.live_lesson(*RECEIVE_ROOMS[:2])
    clients = {"lead": teacher, "a": a, "b": b}
    async with AsyncExitStack() as stack:
        sockets = {}
        for name, client in clients.items():
            ws = await stack.enter_async_context(client.channel(lesson["lesson_id"]))
            assert (await read(ws))["type"] == "snapshot"
            sockets[name] = ws
        yield Class(lesson, clients, sockets)


async def test_the_snapshot_lists_everybody_and_events_follow_in_order(
    server: TongkeServer,
) -> None:
    async with _class(server) as school:
        lesson_id = school.lesson["lesson_id"]
        async with school.clients["lead"].channel(lesson_id) as ws:
            snapshot = await read(ws)
            people = {p["participant_id"]: p for p in snapshot["participants"]}
            assert set(people) == {"lead", *(f"room-{r}" for r in RECEIVE_ROOMS)}
            assert [people[p]["online"] for p in ("lead", ROOM_A, ROOM_B)] == [True] * 3
            assert people[f"room-{RECEIVE_ROOMS[2]}"]["link"]["state"] == "offline"
            assert snapshot["you"] == "lead"
            assert snapshot["lesson"]["state"] == "live"
            assert snapshot["recording"] == "recording"
            await school.a.send_json({"type": "raise_hand", "id": 1})
            await school.b.send_json({"type": "raise_hand", "id": 1})
            seqs = [(await until(ws, "hands_changed"))["seq"] for _ in range(2)]
            assert seqs == [snapshot["seq"] + 1, snapshot["seq"] + 2]
            assert (await until(school.lead, "bye"))["reason"] == "replaced"


async def test_hands_stage_and_mute_reach_everybody(server: TongkeServer) -> None:
    async with _class(server) as school:
        assert (await command(school.b, "raise_hand"))["type"] == "ack"
        assert (await command(school.a, "raise_hand"))["type"] == "ack"
        hands = await until(school.lead, "hands_changed", lambda m: len(m["hands"]) == 2)
        assert [hand["participant_id"] for hand in hands["hands"]] == [ROOM_B, ROOM_A]
        invited = await command(school.lead, "stage_invite", participant_id=ROOM_B)
        assert invited["type"] == "ack"
        stage = await until(school.a, "stage_changed")
        assert stage["on_stage"] == [ROOM_B]
        await command(school.lead, "mute_all", muted=True)
        assert (await until(school.b, "mute_changed"))["muted_all"] is True
        assert (await command(school.b, "stage_remove", participant_id=ROOM_B))["type"] == "ack"
        assert (await until(school.lead, "stage_changed", lambda m: not m["on_stage"]))["seq"]


async def test_what_a_room_may_not_do_is_refused(server: TongkeServer) -> None:
    async with _class(server) as school:
        for kind, fields in (
            ("stage_invite", {"participant_id": ROOM_A}),
            ("mute_all", {"muted": True}),
            ("lower_hand", {"participant_id": ROOM_B}),
            ("stage_remove", {"participant_id": ROOM_B}),
        ):
            answer = await command(school.a, kind, **fields)
            assert (answer["type"], answer["code"]) == ("error", "forbidden")
        unknown = await command(school.lead, "stage_invite", participant_id="room-elsewhere")
        assert (unknown["code"], unknown["field"]) == ("unknown_participant", "participant_id")


async def test_devices_and_presence_are_shown(server: TongkeServer) -> None:
    async with _class(server) as school:
        devices = {"camera": "ok", "microphone": "denied", "loudspeaker": "unknown"}
        assert (await command(school.a, "set_devices", devices=devices))["type"] == "ack"
        seen = await until(
            school.lead,
            "participant_changed",
            lambda m: m["participant"]["devices"]["microphone"] == "denied",
        )
        assert seen["participant"]["participant_id"] == ROOM_A
        await school.a.close()
        gone = await until(
            school.lead, "participant_changed", lambda m: not m["participant"]["online"]
        )
        assert gone["participant"]["participant_id"] == ROOM_A
        assert gone["participant"]["link"]["state"] == "offline"


async def test_a_page_that_comes_back_gets_only_what_it_missed(server: TongkeServer) -> None:
    async with _class(server) as school:
        lesson_id = school.lesson["lesson_id"]
        async with school.clients["a"].channel(lesson_id) as ws:
            snapshot = await read(ws)
        await command(school.b, "raise_hand")
        hello = {"type": "hello", "instance": snapshot["instance"], "seq": snapshot["seq"]}
        async with school.clients["a"].channel(lesson_id, hello) as ws:
            assert await read(ws) == {"type": "resumed", "seq": snapshot["seq"]}
            kinds = []
            seq = snapshot["seq"]
            while "hands_changed" not in kinds:
                event = await read(ws)
                assert event["seq"] == seq + 1
                seq = event["seq"]
                kinds.append(event["type"])
        for stale in (
            {"instance": "another", "seq": snapshot["seq"]},
            {"instance": snapshot["instance"], "seq": 10**9},
            {"instance": snapshot["instance"]},
        ):
            async with school.clients["a"].channel(lesson_id, {"type": "hello", **stale}) as ws:
                assert (await read(ws))["type"] == "snapshot"


async def test_the_end_of_the_lesson_is_told_and_closes_the_channel(
    server: TongkeServer,
) -> None:
    async with _class(server) as school:
        path = f"/api/lessons/{school.lesson['lesson_id']}/end"
        await school.clients["lead"].call("POST", path)
        changed = await until(school.a, "lesson_changed")
        assert changed["lesson"]["state"] == "ended"
        assert (await until(school.a, "bye"))["reason"] == "lesson_over"
        with pytest.raises(Closed):
            await read(school.a)
        async with school.clients["b"].channel(school.lesson["lesson_id"]) as ws:
            assert await read(ws) == {"type": "bye", "reason": "lesson_over"}


async def test_an_observer_is_unseen_audited_and_powerless(server: TongkeServer) -> None:
    researcher = await server.sign_in("jiaoyan")
    async with _class(server) as school:
        async with researcher.channel(school.lesson["lesson_id"]) as ws:
            snapshot = await read(ws)
            assert snapshot["you"] not in {p["participant_id"] for p in snapshot["participants"]}
            for kind, fields in (
                ("raise_hand", {}),
                ("mute_all", {"muted": True}),
                ("set_devices", {"devices": {}}),
            ):
                assert (await command(ws, kind, **fields))["code"] == "forbidden"
            view = [{"slot": 0, "source_id": f"{ROOM_A}.camera"}]
            assert (await command(ws, "view", slots=view))["type"] == "ack"
        await command(school.lead, "mute_all", muted=True)
        told = [await read(school.a)]
        while told[-1]["type"] != "mute_changed":
            told.append(await read(school.a))
        assert snapshot["you"] not in json.dumps(told)
        with contextlib.closing(sqlite3.connect(server.data / "tongke.db")) as database:
            audited = database.execute(
                "SELECT actor_name FROM audit_log WHERE action = 'observe' AND target = ?",
                (school.lesson["lesson_id"],),
            ).fetchall()
        assert audited == [("陈教研",)]


@pytest.mark.parametrize("who", ["uninvited", "another_teachers", "signed_out", "unknown_lesson"])
async def test_strangers_are_told_goodbye(server: TongkeServer, who: str) -> None:
    teacher = await server.sign_in("wang")
    lesson = await teacher.new_lesson(rooms=RECEIVE_ROOMS[:1])
    lesson_id = lesson["lesson_id"]
    client = server.client()
    if who == "uninvited":
        admin = await server.sign_in("xianguan")
        issued = await admin.call("POST", f"/api/rooms/{RECEIVE_ROOMS[1]}/device-token")
        await client.terminal_login(device_token=issued["device_token"])
    elif who == "another_teachers":
        await client.login("ziyuan")
    elif who == "unknown_lesson":
        client, lesson_id = teacher, "nolesson"
    async with client.channel(lesson_id) as ws:
        assert await read(ws) == {"type": "bye", "reason": "forbidden"}
        with pytest.raises(Closed):
            await read(ws)


async def test_a_foreign_page_cannot_open_the_channel(server: TongkeServer) -> None:
    teacher = await server.sign_in("wang")
    lesson = await teacher.new_lesson()
    url = f"{server.url}/ws/lessons/{lesson['lesson_id']}"
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await teacher.http.ws_connect(url, origin="https://evil.example")
    assert refused.value.status == 403
    own = await teacher.http.ws_connect(url, origin=server.url)
    await own.close()


BAD_MESSAGES = (
    "",
    "null",
    "[]",
    "{",
    '{"type": "raise_hand"}',
    '{"type": "sudo", "id": 1}',
    '{"type": "mute_all", "id": 1, "muted": "yes"}',
    '{"type": "view", "id": 1, "slots": [{"slot": "x"}]}',
    '{"type": "hello"}',
    '{"id": ' + "9" * 400 + "}",
    "[" * 5000,
    "\u0000",
)


async def test_garbage_is_answered_and_the_lesson_does_not_notice(server: TongkeServer) -> None:
    async with _class(server) as school:
        for text in BAD_MESSAGES:
            await school.a.send_str(text)
            error = await until(school.a, "error")
            assert error["code"] == "bad_message"
        await school.a.send_bytes(b"\x00\xff")
        assert (await until(school.a, "error"))["code"] == "bad_message"
        kept = json.dumps({"type": "mute_all", "id": 7, "muted": 3})
        await school.a.send_str(kept)
        assert (await until(school.a, "error"))["id"] == 7
        assert (await command(school.a, "raise_hand"))["type"] == "ack"
        await until(school.lead, "hands_changed")


async def test_too_large_a_message_closes_only_its_sender(server: TongkeServer) -> None:
    async with _class(server) as school:
        await school.a.send_str("x" * 20_000)
        with pytest.raises(Closed) as closed:
            await until(school.a, "never")
        assert closed.value.code == aiohttp.WSCloseCode.MESSAGE_TOO_BIG
        assert (await command(school.b, "raise_hand"))["type"] == "ack"


async def test_a_flood_closes_only_its_sender(server: TongkeServer) -> None:
    async with _class(server) as school:
        for number in range(200):
            await school.a.send_json({"type": "raise_hand", "id": number})
        assert (await until(school.a, "bye"))["reason"] == "flooding"
        assert (await command(school.b, "raise_hand"))["type"] == "ack"
        await until(school.lead, "hands_changed", lambda m: len(m["hands"]) == 2)


@pytest.mark.parametrize(
    "first", ['{"type": "raise_hand", "id": 1}', "garbage", '{"type":"hello","version":9}']
)
async def test_who_does_not_say_hello_first_is_refused(server: TongkeServer, first: str) -> None:
    teacher = await server.sign_in("wang")
    lesson = await teacher.new_lesson()
    address = f"{server.url}/ws/lessons/{lesson['lesson_id']}"
    async with teacher.http.ws_connect(address) as ws:
        await ws.send_str(first)
        assert (await read(ws))["code"] == "bad_message"
        assert (await read(ws))["type"] == "bye"
    async with teacher.http.ws_connect(address, params={"hello": first}) as ws:
        assert (await read(ws))["code"] == "bad_message"
        assert (await read(ws))["type"] == "bye"


async def test_hello_may_be_said_in_the_address(server: TongkeServer) -> None:
    """Then the snapshot, or what was missed, comes with the opening; and commands may follow."""
    teacher, lesson, _ = await server.live_lesson()
    address = f"{server.url}/ws/lessons/{lesson['lesson_id']}"
    async with teacher.http.ws_connect(address, params={"hello": '{"type":"hello"}'}) as ws:
        snapshot = await read(ws)
        assert snapshot["type"] == "snapshot"
    place = {key: snapshot[key] for key in ("instance", "seq")}
    hello = json.dumps({"type": "hello", **place})
    async with teacher.http.ws_connect(address, params={"hello": hello}) as ws:
        assert (await read(ws))["type"] == "resumed"
        await ws.send_str('{"type":"hello"}')
        await until(ws, "error", lambda m: m["code"] == "bad_message")
        assert (await command(ws, "mute_all", muted=True))["type"] == "ack"


async def test_ping_is_answered_by_pong(server: TongkeServer) -> None:
    async with _class(server) as school:
        await school.a.send_json({"type": "ping", "sent_at": 12.5})
        assert await until(school.a, "pong") == {"type": "pong", "sent_at": 12.5}


async def test_forty_pages_come_and_go_and_nothing_stays(server: TongkeServer) -> None:
    async with _class(server) as school:

        async def visit() -> None:
            async with school.clients["a"].channel(school.lesson["lesson_id"]) as ws:
                await read(ws)

        await asyncio.gather(*(visit() for _ in range(40)))
        figures = await _metrics(server)
        while figures["tongke_control_channels"] > 2:  # the last one's close is under way
            await asyncio.sleep(0.02)
            figures = await _metrics(server)
        assert figures["tongke_control_waiting_bytes"] == 0


async def _metrics(server: TongkeServer) -> dict[str, float]:
    async with aiohttp.request("GET", f"{server.url}/metrics") as response:
        lines = (await response.text()).splitlines()
    return {
        line.rsplit(" ", 1)[0]: float(line.rsplit(" ", 1)[1])
        for line in lines
        if line.startswith("tongke_") and "{" not in line
    }
