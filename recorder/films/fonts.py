"""The font of a film's card: one that has Chinese, as fontconfig finds it on this machine."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from pathlib import Path

import structlog

_log = structlog.get_logger(__name__)

_PROGRAM = "fc-match"  # of fontconfig
_ASKED = ("-f", "%{file}\n%{index}\n%{lang}", "sans:lang=zh-cn")
_PATIENCE_S = 20.0  # s; the first question on a machine makes the cache of its fonts
_LANGUAGE = re.compile(r"(^|\|)zh-(cn|sg)(\||$)")
_told: set[str] = set()  # what the log has of this process: it says each once


@dataclass(frozen=True, slots=True)
class Font:
    """A font: its file, and which of the file's faces it is."""

    path: Path
    index: int


async def find_font() -> Font | None:
    """Find the machine's Chinese font; None if it has none, of which the log tells once."""
    found = parse_font(await _ask())
    if found is None or not await asyncio.to_thread(found.path.is_file):
        _tell("no_chinese_font", program=_PROGRAM, package="fonts-wqy-microhei")
        return None
    return found


def tell_unusable(font: Font, reason: str) -> None:
    """Log once that a font which was found draws no letters."""
    _tell("font_unusable", path=str(font.path), reason=reason)


def parse_font(said: str) -> Font | None:
    """Read what fontconfig says; None if what it found has no Chinese."""
    lines = said.split("\n")
    if len(lines) != 3 or not lines[1].isdecimal() or not _LANGUAGE.search(lines[2]):
        return None
    return Font(Path(lines[0]), int(lines[1]))


async def _ask() -> str:
    try:
        process = await asyncio.create_subprocess_exec(
            _PROGRAM,
            *_ASKED,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
    except OSError:  # it is not installed
        return ""
    try:
        said, _ = await asyncio.wait_for(process.communicate(), _PATIENCE_S)
    except TimeoutError:
        process.kill()
        await process.wait()
        return ""
    return said.decode(errors="replace")


def _tell(event: str, **facts: str) -> None:
    if event not in _told:
        _told.add(event)
        _log.warning(event, **facts)
