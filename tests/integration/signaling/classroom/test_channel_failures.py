"""The control channel when the server itself fails: a proper close, and nothing left behind."""

import asyncio
import sqlite3
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.support.control import Closed, read
from tests.support.services import served
from tests.support.waiting import PATIENCE_S


async def _locked(*_arguments: Any) -> Any:
    raise sqlite3.OperationalError("database is locked")


def _channel_tasks() -> list[str]:
    names = [task.get_name() for task in asyncio.all_tasks()]
    return [name for name in names if name.startswith("channel-")]


@pytest.mark.parametrize("when", ["before hello", "after hello"])
async def test_a_database_that_fails_after_the_upgrade_closes_the_channel_with_1011(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    async with served(tmp_path) as (services, client, lesson_id):
        if when == "before hello":
            monkeypatch.setattr(services.lessons, "seat", _locked)
        else:
            enter = services.hub.enter

            async def lost_meanwhile(lesson_id: str) -> Any:
                room = await enter(lesson_id)
                services.hub._drop(lesson_id)
                monkeypatch.setattr(services.hub, "enter", _locked)
                return room

            monkeypatch.setattr(services.hub, "enter", lost_meanwhile)
        async with client.channel(lesson_id) as ws:
            with pytest.raises(Closed) as closed:
                await read(ws)
        assert closed.value.code == aiohttp.WSCloseCode.INTERNAL_ERROR
        assert _channel_tasks() == []
        monkeypatch.undo()
        async with client.channel(lesson_id) as ws:  # the next one finds everything in order
            assert (await read(ws))["type"] == "snapshot"


async def test_an_error_of_ours_while_talking_closes_the_channel_with_1011(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with served(tmp_path) as (services, client, lesson_id):
        async with client.channel(lesson_id) as ws:
            assert (await read(ws))["type"] == "snapshot"
            room = services.hub.room(lesson_id)
            assert room is not None

            def defect(*_arguments: Any) -> None:
                raise RuntimeError("a defect")

            monkeypatch.setattr(room, "command", defect)
            await ws.send_json({"type": "mute_all", "id": 1, "muted": True})
            with pytest.raises(Closed) as closed:
                async with asyncio.timeout(PATIENCE_S):
                    while True:
                        await read(ws)
        assert closed.value.code == aiohttp.WSCloseCode.INTERNAL_ERROR
        assert room.channels == ()
        assert _channel_tasks() == []
