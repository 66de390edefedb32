"""The pure part: HLS playlists (RFC 8216) as a player reads them."""

from __future__ import annotations

import re
from dataclasses import dataclass

_ATTRIBUTE = re.compile(r'([A-Z0-9-]+)=("[^"]*"|[^,]*)')
_RANGE = re.compile(r"(\d+)(?:@(\d+))?")


class BadPlaylist(ValueError):
    """A playlist that a player cannot follow."""


@dataclass(frozen=True, slots=True)
class Variant:
    """One size, with the playlist of its sound if it has one of its own."""

    bandwidth: int
    codecs: str
    playlist: str
    sound: str | None


@dataclass(frozen=True, slots=True)
class Part:
    """Bytes that are fetched as one: a head (`duration_s` is 0), or a segment."""

    name: str
    first: int
    last: int
    duration_s: float

    @property
    def range(self) -> str:
        """Value of the `Range` of its request."""
        return f"bytes={self.first}-{self.last}"

    @property
    def length(self) -> int:
        """Bytes that are asked for."""
        return self.last - self.first + 1


def variants(text: str) -> tuple[Variant, ...]:
    """Read a multivariant playlist, the smallest first. Raises BadPlaylist."""
    sounds: dict[str, str] = {}
    found: list[Variant] = []
    told: dict[str, str] | None = None
    for line in _lines(text):
        kind, _, rest = line.partition(":")
        if kind == "#EXT-X-MEDIA":
            one = _attributes(rest)
            sounds[one["GROUP-ID"]] = one["URI"]
        elif kind == "#EXT-X-STREAM-INF":
            told = _attributes(rest)
        elif not line.startswith("#") and told is not None:
            sound = sounds.get(told.get("AUDIO", ""))
            found.append(Variant(int(told["BANDWIDTH"]), told.get("CODECS", ""), line, sound))
            told = None
    if not found:
        raise BadPlaylist("a multivariant playlist without variants")
    return tuple(sorted(found, key=lambda one: one.bandwidth))


def parts(text: str) -> tuple[Part, ...]:
    """Read a media playlist: heads and segments in the order of playing. Raises BadPlaylist."""
    found: list[Part] = []
    duration, wanted, after = 0.0, "", 0
    for line in _lines(text):
        kind, _, rest = line.partition(":")
        if kind == "#EXT-X-MAP":
            one = _attributes(rest)
            found.append(_part(one["URI"], one["BYTERANGE"], 0.0, 0))
        elif kind == "#EXTINF":
            duration = float(rest.split(",")[0])
        elif kind == "#EXT-X-BYTERANGE":
            wanted = rest
        elif not line.startswith("#"):
            found.append(_part(line, wanted, duration, after))
            after = found[-1].last + 1
    if not any(one.duration_s for one in found):
        raise BadPlaylist("a media playlist without segments")
    return tuple(found)


def _part(name: str, text: str, duration_s: float, after: int) -> Part:
    found = _RANGE.fullmatch(text)
    if found is None:
        raise BadPlaylist(f"no range of bytes: {text}")
    first = after if found[2] is None else int(found[2])
    return Part(name, first, first + int(found[1]) - 1, duration_s)


def _lines(text: str) -> list[str]:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if not lines or lines[0] != "#EXTM3U":
        raise BadPlaylist("not a playlist")
    return lines[1:]


def _attributes(text: str) -> dict[str, str]:
    return {name: value.strip('"') for name, value in _ATTRIBUTE.findall(text)}
