"""The diary of children: a pipe into which all of them write what happens to them."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from tests.support.waiting import PATIENCE_S


@dataclass(frozen=True)
class Line:
    """One line: who, what, and the process."""

    who: str
    what: str
    pid: int


class Diary:
    """What children write; `writing` is the descriptor that they inherit."""

    def __init__(self, reader: asyncio.StreamReader, writing: int) -> None:
        self._reader = reader
        self.writing = writing
        self.lines: list[Line] = []

    async def until(self, who: str, what: str) -> int:
        """Read on to this line; returns the process id."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                raw = await self._reader.readline()
                assert raw, f"nobody writes any more: {self.lines}"
                name, fact, pid = raw.decode().split()
                self.lines.append(Line(name, fact, int(pid)))
                if (name, fact) == (who, what):
                    return int(pid)

    async def rest(self) -> list[str]:
        """What comes until nobody can write any more, our own end aside."""
        self.close()
        async with asyncio.timeout(PATIENCE_S):
            text = (await self._reader.read()).decode()
        return [line.rsplit(" ", 1)[0] for line in text.splitlines()]

    def close(self) -> None:
        """Close our own copy of the writing end."""
        if self.writing >= 0:
            os.close(self.writing)
        self.writing = -1


@asynccontextmanager
async def open_diary() -> AsyncIterator[Diary]:
    """An empty diary."""
    reading, writing = os.pipe()
    reader = asyncio.StreamReader()
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(reading, "rb", buffering=0)
    )
    diary = Diary(reader, writing)
    try:
        yield diary
    finally:
        diary.close()
        transport.close()
