"""Rendering of feeds in parts, so that no step of the loop, which forwards media, takes long."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Sequence

from signaling.timetable.feeds.entries import Entry
from signaling.timetable.feeds.writing import CalendarWriter

PART_EVENTS = 2  # written in one step of the loop: 0.8 ms; the bound of a step is 5 ms
KNOWN_STEP = 200  # events whose text is known, taken in one step
CACHED_EVENTS = 20_000  # texts that are kept: 12 MB at 600 bytes each


class Renderer:
    """Renders feeds. The text of an event depends on its entry alone, so it is kept.

    A teacher's lesson is also the room's. One that changes is written anew, its neighbours are not.
    """

    def __init__(self, writer: CalendarWriter) -> None:
        self._writer = writer
        self._known: OrderedDict[Entry, bytes] = OrderedDict()

    async def render(self, name: str, entries: Sequence[Entry]) -> bytes:
        """Return a calendar with a name."""
        head, end = self._writer.frame(name)
        texts = [head]
        written = 0
        for number, entry in enumerate(entries, start=1):
            text = self._known.get(entry)
            if text is None:
                text = self._writer.event(entry)
                self._keep(entry, text)
                written += 1
            else:
                self._known.move_to_end(entry)
            texts.append(text)
            if written == PART_EVENTS or number % KNOWN_STEP == 0:
                written = 0
                await asyncio.sleep(0)  # media go between the parts
        texts.append(end)
        return b"".join(texts)

    def _keep(self, entry: Entry, text: bytes) -> None:
        self._known[entry] = text
        if len(self._known) > CACHED_EVENTS:
            self._known.popitem(last=False)
