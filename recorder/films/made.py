"""A film that was made: its files, and how large it may be.

Who wants to know of films takes it from here, without FFmpeg and what else makes them.
"""

from __future__ import annotations

import msgspec

FILM_NAME = "film.mp4"
MADE_NAME = "film.made.json"  # it comes after the film: whoever finds it need not make it again
PICTURE_BPS = 2_000_000  # the most that the pictures take in the long run
SOUND_BPS = 128_000


class FilmMade(msgspec.Struct, frozen=True):
    """A film that was written.

    Attributes:
        size: bytes of its file.
        duration_s: its length, in seconds.
        font_failure: why the font drew no card; None where it did, or had none to draw.
    """

    size: int
    duration_s: float
    font_failure: str | None = None
