"""The lines that `tongke serve` prints when it has started."""

from __future__ import annotations

from collections.abc import Sequence

from signaling.command.words import Word
from signaling.web.addresses import gives_cameras


def listing(urls: Sequence[str]) -> str:
    """Return the addresses for the terminal, with a warning where cameras will not work."""
    lines = [
        f"  {(Word.THIS_MACHINE if '://localhost' in url else Word.ADDRESS)()}  {url}"
        for url in urls
    ]
    if not all(map(gives_cameras, urls)):
        lines.append(Word.CAMERA_NOTICE())
    return "\n".join(["", *lines, ""])
