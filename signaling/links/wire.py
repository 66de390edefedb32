"""The REST API's bodies about links over time: what the county operator charts.

Seconds are of the time that a point or summary stands for. What a room *saw* is counted only
while there was something to see; how its link *was* is counted as long as the lesson was live and
the room had come once.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec

from signaling.access.roles import Role
from signaling.directory.wire import RoomRef


class SeenSeconds(msgspec.Struct, frozen=True):
    """Seconds for which each picture was the best one: 高清, 标清, 流畅, 静态课件, 仅声音."""

    h: float
    m: float
    l: float  # noqa: E741 - the layer's rid
    stills: float
    sound: float
    offline: float


class LinkSeconds(msgspec.Struct, frozen=True):
    """Seconds for which the link was 良好, 一般, 较差, 离线."""

    good: float
    fair: float
    poor: float
    offline: float


class LinkPoint(msgspec.Struct, frozen=True):
    """One step of a series; figures are None where nothing was measured.

    ``carries_*`` is the estimate of what the link carries. ``queue_ms`` is the longest queue.
    ``loss`` (0…1) and ``rtt_ms`` are means. ``limit`` and ``uplink`` are the worst of the step.
    ``switches`` counts the changes of what was seen.
    """

    at: datetime
    carries_min_bps: int | None
    carries_mean_bps: int | None
    queue_ms: float | None
    loss: float | None
    rtt_ms: float | None
    limit: LinkLimit
    uplink: LinkState | None
    switches: int
    seen: SeenSeconds
    link: LinkSeconds


class LinkSeries(msgspec.Struct, frozen=True):
    """A participant's link through the lesson. Steps without a point were not recorded."""

    participant_id: str
    role: Role
    name: str
    school: str | None
    points: tuple[LinkPoint, ...]


class LessonLinks(msgspec.Struct, frozen=True):
    """The links of a lesson: the lead teacher first, then its rooms, a page of them.

    A point stands for ``step_s`` seconds: long lessons are told in longer steps. ``next`` continues
    the list.
    """

    lesson_id: str
    start: datetime | None  # of the first point; None where nothing is recorded
    end: datetime | None
    step_s: int
    series: tuple[LinkSeries, ...]
    next: str | None


class RoomLinks(msgspec.Struct, frozen=True):
    """A room's link over all lessons of an interval. ``bad_share`` (0…1) orders the list."""

    room: RoomRef
    lessons: int
    carries_min_bps: int | None
    carries_mean_bps: int | None
    queue_ms: float | None
    loss: float | None
    rtt_ms: float | None
    switches: int
    seen: SeenSeconds
    link: LinkSeconds
    bad_share: float


class CountyLinks(msgspec.Struct, frozen=True):
    """All rooms that had lessons in an interval, worst first; ``next`` continues the list."""

    start: datetime
    end: datetime
    rooms: tuple[RoomLinks, ...]
    next: str | None


class LinkState(StrEnum):
    """良好 / 一般 / 较差 / 离线."""

    GOOD = "good"
    FAIR = "fair"
    POOR = "poor"
    OFFLINE = "offline"


class LinkLimit(StrEnum):
    """Limit of the pictures: none, the link's rate, its losses, or an outage."""

    NONE = "none"
    RATE = "rate"
    LOSS = "loss"
    OUTAGE = "outage"


class LinkExcess(StrEnum):
    """Excess of a sender, which the server drops."""

    NONE = "none"
    PACKETS = "packets"
    BITS = "bits"
    SOUND = "sound"  # more than any sound encoder makes
    ROOM = "room"  # more than its share of what all of the room may send
    RECORDING = "recording"  # more than can be recorded: it is left out of the recording
    SESSIONS = "sessions"  # it opens media sessions again and again; further ones have to wait


class Link(msgspec.Struct, frozen=True):
    """A participant's link, judged by the server from the relay's figures.

    ``state`` is of both directions; ``uplink`` of what the participant publishes alone, None where
    it publishes nothing. ``carries_bps`` is what the way to it carries, by estimate, in two digits.
    ``codec_missing``: its browser does not decode a picture that it wants, whatever the link.
    """

    state: LinkState
    rtt_ms: float | None = None
    loss: float | None = None  # 0…1
    seeing: str | None = None  # the highest layer it now receives: h, m, l; None: no picture
    limit: LinkLimit = LinkLimit.NONE
    carries_bps: int | None = None
    uplink: LinkState | None = None
    stills: bool = False  # the courseware comes as still pictures
    codec_missing: bool = False
    excess: LinkExcess = LinkExcess.NONE
