"""Media of a room: kinds, layers, sources, and the slots in which viewers see them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum


class MediaKind(StrEnum):
    """The two kinds of track."""

    AUDIO = "audio"
    VIDEO = "video"


class Layer(StrEnum):
    """A simulcast layer, by its rid. A publisher without simulcast has the one layer `h`."""

    LOW = "l"
    MIDDLE = "m"
    HIGH = "h"


class Importance(IntEnum):
    """The rank of a picture on a link that does not carry all: the lowest gives way first."""

    WALL = 0  # small pictures of many
    STAGE = 1  # who teaches or speaks
    COURSEWARE = 2


class Hold(StrEnum):
    """The reason for which a published picture does not flow to a viewer."""

    CHECKING = "checking"  # probes are finding out how much the link carries
    LINK = "link"  # the viewer's link does not carry it
    SOURCE = "source"  # it takes more than is sent to any viewer


@dataclass(frozen=True, slots=True)
class SlotWish:
    """A viewer's wish for one of its video slots.

    Attributes:
        slot: index among the viewer's video transceivers, in offer order, from 0.
        source_id: whose picture; None leaves the slot empty.
        max_layer: the highest layer wanted; None for no limit.
        max_height: the height in CSS pixels × device ratio at which it is shown; None for no limit.
        importance: which slots give way first where the link does not carry all.
    """

    slot: int
    source_id: str | None
    max_layer: Layer | None = None
    max_height: int | None = None
    importance: Importance = Importance.STAGE


@dataclass(frozen=True, slots=True)
class SlotState:
    """The contents of a slot now: None while it is empty or waits for a key frame.

    Attributes:
        slot: index.
        kind: of the slot.
        source_id: whose stream flows.
        layer: of a video slot.
        ideal: the layer that would flow if the link carried all; None if nothing is published that
            the slot wants. With `layer` None: the link does not carry this picture at all.
        thinned: fewer pictures a second flow than are published.
        codec_missing: the wanted source is published only in codecs that this viewer has not
            offered; `ideal` is None then.
        hold: the reason for which nothing flows although `ideal` could; else None.
    """

    slot: int
    kind: MediaKind
    source_id: str | None
    layer: Layer | None
    ideal: Layer | None = None
    thinned: bool = False
    codec_missing: bool = False
    hold: Hold | None = None


@dataclass(frozen=True, slots=True)
class SourceInfo:
    """A published source. `layers` are those from which packets arrive now."""

    source_id: str
    session_id: str
    has_audio: bool
    has_video: bool
    video_codec: str | None
    layers: tuple[Layer, ...]
