"""Courseware as still pictures: what is taken in, what is kept, and when a viewer gets one.

A viewer in need of stills has a link that carries little, and sound comes first on it. So a still
goes in small parts, as fast as the link carries them beside the media; in one piece it would stand
before the sound, and before every other message of the control channel, for seconds.
"""

from __future__ import annotations

import base64
from collections import deque
from dataclasses import dataclass
from datetime import datetime

from signaling.base.rate_limit import TokenBucket

MAX_STILL_BYTES = 48 * 1024
UPLOADS_PER_S = 1.0
UPLOAD_BURST = 2.0  # a page's timer comes early as often as late
MAX_SOURCES = 16  # of a room; one is usual

SETTLE_S = 0.7  # a slot that waits for its key frame is no poor link
MIN_GAP_S = 2.0  # between the beginnings of two stills to one viewer
PART_CHARS = 4096  # of base64 in one message: 0.35 s on a link of 100 kbit/s
SPARE_SHARE = 0.8  # of what the link carries beside the media, by estimate
MIN_RATE_BPS = 16_000  # goes in any case: a page in half a minute
MAX_RATE_BPS = 2_000_000
BURST_S = 0.5  # what was not used may be caught up on for so long


@dataclass(frozen=True, slots=True)
class StillPicture:
    """One page of courseware."""

    source_id: str
    taken_at: datetime
    mime: str
    image: bytes


def mime_of(image: bytes) -> str | None:
    """Return the MIME type of a picture by its first bytes, or None for neither WebP nor JPEG.

    RFC 9649 §2.4 (``RIFF`` size ``WEBP``, then the first chunk's name); ITU-T T.81 B.1.1 (SOI, then
    a marker).
    """
    if image[:4] == b"RIFF" and image[8:12] == b"WEBP" and image[12:15] == b"VP8":
        return "image/webp"
    if image[:3] == b"\xff\xd8\xff":
        return "image/jpeg"
    return None


class StillShelf:
    """The newest still of each source that is published. Times are monotonic seconds."""

    def __init__(self) -> None:
        self._newest: dict[str, StillPicture] = {}
        self._gates: dict[str, TokenBucket] = {}

    def admit(self, source_id: str, now: float) -> bool:
        """Return whether an upload for a source may come now."""
        if source_id not in self._gates:
            if len(self._gates) >= MAX_SOURCES:
                return False
            self._gates[source_id] = TokenBucket(UPLOADS_PER_S, UPLOAD_BURST, now)
        return self._gates[source_id].take(now)

    def put(self, still: StillPicture) -> None:
        """Keep a still, instead of the one before."""
        self._newest[still.source_id] = still

    def get(self, source_id: str) -> StillPicture | None:
        """The newest still of a source."""
        return self._newest.get(source_id)

    def forget(self, source_id: str) -> None:
        """A source is gone, and its pictures with it."""
        self._newest.pop(source_id, None)
        self._gates.pop(source_id, None)


def parts_of(still: StillPicture) -> tuple[str, ...]:
    """A still in base64 (RFC 4648 §4), cut into what one message holds."""
    text = base64.b64encode(still.image).decode()
    return tuple(text[at : at + PART_CHARS] for at in range(0, len(text), PART_CHARS))


def spare_bps(carries_bps: int | None, media_bps: int) -> float:
    """Return how fast stills may go to a viewer beside the media on its link."""
    spare = SPARE_SHARE * ((carries_bps or 0) - media_bps)
    return min(max(spare, MIN_RATE_BPS), MAX_RATE_BPS)


class StillPace:
    """Schedule of the parts of stills to one viewer. Times are monotonic seconds.

    A still that was begun is sent to its end, then comes the newest: who turns pages faster than
    the link carries them would never get any else.
    """

    def __init__(self) -> None:
        self._source_id: str | None = None
        self._since = 0.0
        self._begun_at = -MIN_GAP_S
        self._still: StillPicture | None = None  # being sent, or sent last
        self._left: deque[int] = deque()  # sizes in bits of its parts still to be sent
        self._total = 0
        self._credit = 0.0
        self._at: float | None = None

    @property
    def source_id(self) -> str | None:
        """The courseware that the viewer's link does not carry."""
        return self._source_id

    def hold(self, source_id: str | None, now: float) -> None:
        """The viewer's courseware is held back from now on, or (None) is not any more."""
        if source_id != self._source_id:
            self._source_id, self._since, self._still = source_id, now, None
            self._left.clear()

    def take(
        self, newest: StillPicture | None, rate_bps: float, now: float
    ) -> tuple[StillPicture, int] | None:
        """The still and the part of it that is due at `now`, if any; it counts as sent.

        Args:
            newest: the still to begin once nothing is left of the one before.
            rate_bps: how fast stills may go, in bits a second of base64.
            now: the time.
        """
        passed, self._at = 0.0 if self._at is None else now - self._at, now
        if not self._left:
            self._begin(newest, now)
        if not self._left or self._still is None:
            return None
        most = self._left[0] + BURST_S * rate_bps
        self._credit = min(self._credit + passed * rate_bps, most)
        if self._credit < self._left[0]:
            return None
        self._credit -= self._left.popleft()
        return self._still, self._total - len(self._left) - 1

    def _begin(self, newest: StillPicture | None, now: float) -> None:
        settled = self._source_id is not None and now - self._since >= SETTLE_S
        due = settled and now - self._begun_at >= MIN_GAP_S
        if newest is None or newest is self._still or not due:
            return
        self._still, self._begun_at = newest, now
        self._left.extend(8 * len(part) for part in parts_of(newest))
        self._total = len(self._left)
        self._credit = float(self._left[0])  # the first part goes at once
