"""Receive rooms in words: which part of a text is the room, and which the class."""

from __future__ import annotations

from signaling.timetable.imports.core.catalogue import Index
from signaling.timetable.imports.core.drafts import SeatText


def room_and_class(text: SeatText, index: Index) -> tuple[str, str]:
    """Tell a room from the class in brackets behind it; names may have brackets themselves."""
    name = text.room
    if text.class_name or index.formed(name) or not name.endswith((")", "）")):
        return name, text.class_name
    openings = [place for place, letter in enumerate(name) if letter in "(（"]
    for place in openings:
        if index.formed(name[:place]):
            return name[:place].strip(), name[place + 1 : -1].strip()
    if not openings:
        return name, ""
    return name[: openings[0]].strip(), name[openings[0] + 1 : -1].strip()
