"""What a recogniser heard, as captions: pure rules, whatever the recogniser."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from signaling.library.wire import Span

Samples = NDArray[np.int16]

MAX_LINE_CHARS = 24  # of one cue where the text can be divided: one line below a picture
WINDOW_S = 600  # of sound that is recognised at a time: bounds the memory
_SEARCH_S = 20  # around the end of a window, in which the quietest moment is taken
_FRAME_S = 0.1  # in which loudness is measured
_SHORTEST_S = 0.3  # of a cue
_LONGEST_S = 20.0
_BREAK = re.compile(r"(?<=[。！？!?；;…])|(?<=[，,、：:])")
# What Whisper makes of silence: lines below videos from which it has learnt.
_INVENTED = re.compile(
    r"amara\.org|字幕(由|志愿者|製作|制作)|中文字幕|请不吝点赞|請不吝點贊|訂閱.*轉發|订阅.*转发"
    r"|明镜与点点|明鏡與點點|谢谢(大家)?(观看|收看)|謝謝(觀看|收看)"
    r"|subtitles by|thanks for watching",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Heard:
    """A passage that a recogniser heard, in seconds of what it was given."""

    start_s: float
    end_s: float
    text: str


class Recogniser(Protocol):
    """Turns sound into text."""

    @property
    def name(self) -> str:
        """The model, as pages show it."""

    def hear(self, samples: Samples) -> Iterable[Heard]:
        """Yield what is said, as it is found; nothing where nobody speaks."""


def windows(samples: Samples, rate: int) -> Iterator[tuple[int, int]]:
    """Yield the bounds of parts that are recognised one by one, divided where it is quiet."""
    start, length, search = 0, WINDOW_S * rate, _SEARCH_S * rate
    while len(samples) - start > length + search:
        middle = start + length
        end = _quietest(samples, middle - search, middle + search, round(_FRAME_S * rate))
        yield start, end
        start = end
    if start < len(samples):
        yield start, len(samples)


def _quietest(samples: Samples, start: int, end: int, frame: int) -> int:
    count = (end - start) // frame
    part = samples[start : start + count * frame].astype(np.float32).reshape(count, frame)
    return start + int(np.argmin(np.square(part).mean(axis=1))) * frame + frame // 2


def is_invented(text: str) -> bool:
    """Tell whether a text is one that a model makes of silence."""
    return _INVENTED.search(text) is not None


def divided(heard: Heard) -> Iterator[Heard]:
    """Divide a passage into lines at its punctuation; each gets time by its length."""
    text = " ".join(heard.text.split())
    length = min(heard.end_s - heard.start_s, _LONGEST_S)
    if not text or length <= 0 or is_invented(text):
        return
    lines = _lines(text)
    total, at = sum(map(len, lines)), heard.start_s
    for line in lines:
        end = at + length * len(line) / total
        yield Heard(round(at, 3), round(max(end, at + _SHORTEST_S), 3), line)
        at = end


def _lines(text: str) -> list[str]:
    lines = [""]
    for part in filter(None, _BREAK.split(text)):
        if lines[-1] and len(lines[-1]) + len(part.rstrip()) > MAX_LINE_CHARS:
            lines.append("")
        lines[-1] += part
    return [one for line in lines for one in _pieces(line.strip()) if one]


def _pieces(line: str) -> Iterator[str]:
    """Divide a line without punctuation: at spaces, else anywhere."""
    most = MAX_LINE_CHARS * 2
    while len(line) > most:
        at = line.rfind(" ", 1, most)
        at = at if at > 0 else most
        yield line[:at].strip()
        line = line[at:].strip()
    yield line


def within(spans: Sequence[Span], start_s: float, end_s: float) -> bool:
    """Tell whether the middle of a passage lies in one of some spans."""
    middle = (start_s + end_s) / 2
    return any(span.start_s <= middle < span.end_s for span in spans)
