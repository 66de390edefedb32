"""The simulcast of an m-section (RFC 8853): which rids it sends, and which layer each is.

A line that cannot be read is passed over (RFC 8853 §5.1), and so is a stream that no ``a=rid`` line
declares. A sender whose simulcast is not accepted sends one plain stream.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from relay.api import Layer
from relay.core.wire.sdp import MediaSection

# RFC 8851 §10; no longer than a one-byte header extension element holds (RFC 8285 §4.2).
_RID = re.compile(r"([A-Za-z0-9_-]{1,16}) (send|recv)(?: .*)?")
MAX_STREAMS = 16  # offered in one section; no sender has more than 4
_HIGHEST_FIRST = (Layer.HIGH, Layer.MIDDLE, Layer.LOW)

# Names whose meaning is known, worst first. They may be offered in any order and in part.
_FAMILIES: tuple[tuple[str, ...], ...] = (
    ("l", "m", "h"),  # ours
    ("q", "h", "f"),  # quarter, half, full: LiveKit, Janus, 100ms
    ("low", "mid", "high"),
    ("low", "medium", "high"),
    ("r0", "r1", "r2"),  # mediasoup-client
)


@dataclass(frozen=True, slots=True)
class Simulcast:
    """The accepted streams of a section.

    Attributes:
        layers: rid → layer, in the offer's order; empty without simulcast.
        guessed: the rids mean nothing by themselves: their order stands in until sizes are known.
    """

    layers: dict[str, Layer] = field(default_factory=dict)
    guessed: bool = False


def read_simulcast(section: MediaSection) -> Simulcast:
    """The streams that the section wants to send, up to three, with their layers.

    Of alternatives (``h,x``) the first is taken; a paused stream (``~l``) is accepted like any
    other. Of more than three streams the best three are taken; the others are left out of the
    answer, which refuses them (RFC 8853 §5.3.2).
    """
    line = section.attributes.first("simulcast")
    if line is None:
        return Simulcast()
    declared = _declared_rids(section)
    rids = list(dict.fromkeys(rid for rid in _sent_rids(line) if rid in declared))
    for family in _FAMILIES:
        if set(rids) <= set(family):
            return _by_name(rids, family)
    # The most preferred comes first (RFC 8853 §5.2); OBS's `0` to `3` do so, and it ends with an
    # error of its own when offered four are not all accepted. Pages tend to list the smallest
    # first, which libwebrtc passes on: those are put right once their pictures have come.
    return Simulcast(dict(zip(rids, _HIGHEST_FIRST, strict=False)), guessed=True)


def _by_name(rids: Sequence[str], family: tuple[str, ...]) -> Simulcast:
    meaning = dict(zip(family, reversed(_HIGHEST_FIRST), strict=True))
    return Simulcast({rid: meaning[rid] for rid in rids})


def _sent_rids(line: str) -> list[str]:
    """The first alternative of each stream to send; none if the line is malformed."""
    words = line.split()
    directions = dict(zip(words[::2], words[1::2], strict=False))
    if len(directions) * 2 != len(words) or not directions.keys() <= {"send", "recv"}:
        return []
    streams = directions.get("send", "").split(";")
    if len(streams) > MAX_STREAMS:
        return []
    return [stream.split(",")[0].removeprefix("~") for stream in streams]


def _declared_rids(section: MediaSection) -> set[str]:
    lines = (_RID.fullmatch(line) for line in section.attributes.all("rid"))
    return {match[1] for match in lines if match is not None and match[2] == "send"}
