"""Rules of captions: sensible cues, what of them is published, their WebVTT, and words in them."""

from __future__ import annotations

import unicodedata
from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator, Sequence

from signaling.library.captions.wire import MAX_CUES, CaptionCue
from signaling.library.versions.wire import ResourceEdits
from signaling.library.wire import Span

LONGEST_CUE_S = 120.0
_SHORTEST_CUE_S = 0.05
_LATEST_SLACK_S = 1.0  # how far a cue may reach beyond the end: players round
# How far a cue may reach into a cut and still be published. Times of speech are no better.
EDGE_S = 0.3
MAX_SPANS = 20  # of one word that are told
MAX_FOUND = 20  # words that are told


class WrongCue(ValueError):
    """A cue that cannot be; `field` says where."""

    def __init__(self, field: str) -> None:
        super().__init__(field)
        self.field = field


class TooManyCues(ValueError):
    """More cues than a version may have."""


def check_cues(
    cues: Sequence[CaptionCue],
    duration_s: float | None,
    sources: Collection[str] | None = None,
) -> None:
    """Look whether cues can be shown. Raises WrongCue.

    Args:
        cues: as they were sent.
        duration_s: the recording's length; None if it is not known yet.
        sources: those of the recording; None likewise.
    """
    ids: set[int] = set()
    for place, cue in enumerate(cues):
        length = cue.end_s - cue.start_s
        if not _SHORTEST_CUE_S <= length <= LONGEST_CUE_S:
            raise WrongCue(f"put[{place}].end_s")
        if duration_s is not None and cue.end_s > duration_s + _LATEST_SLACK_S:
            raise WrongCue(f"put[{place}].end_s")
        if sources is not None and cue.source_id not in sources:
            raise WrongCue(f"put[{place}].source_id")
        if cue.cue_id in ids:
            raise WrongCue(f"put[{place}].cue_id")
        ids.add(cue.cue_id)


def changed(
    present: Sequence[CaptionCue], put: Sequence[CaptionCue], drop: Collection[int]
) -> tuple[CaptionCue, ...]:
    """Return the cues after a change, in the order of time. Raises TooManyCues."""
    by_id = {cue.cue_id: cue for cue in present if cue.cue_id not in drop}
    for cue in put:
        by_id[cue.cue_id] = _at(cue, cue.start_s, cue.end_s)
    if len(by_id) > MAX_CUES:
        raise TooManyCues
    return in_order(by_id.values())


def in_order(cues: Iterable[CaptionCue]) -> tuple[CaptionCue, ...]:
    """Return cues in the order of time."""
    return tuple(sorted(cues, key=lambda one: (one.start_s, one.end_s, one.cue_id)))


def shown_cues(
    cues: Iterable[CaptionCue], edits: ResourceEdits, sources: Collection[str] | None = None
) -> Iterator[CaptionCue]:
    """Yield the cues that are published of a version, at their times of the recording.

    A cue that reaches into a cut is left out: nobody can tell which of its words were cut out.

    Args:
        cues: of the version.
        edits: its edits. What was heard in a hidden source is left out.
        sources: those that are published; None: all that are not hidden.
    """
    hidden = set(edits.hidden_sources)
    for cue in cues:
        known = sources is None or cue.source_id in sources
        if known and cue.source_id not in hidden and _kept(cue, edits.keep) is not None:
            yield cue


def published_cues(
    cues: Iterable[CaptionCue], edits: ResourceEdits, sources: Collection[str] | None = None
) -> tuple[CaptionCue, ...]:
    """Return the cues of `shown_cues` at their times of what viewers play."""
    moved = []
    for cue in shown_cues(cues, edits, sources):
        found = _kept(cue, edits.keep)
        assert found is not None  # `shown_cues` asks the same
        before, span = found
        start = before + max(0.0, cue.start_s - span.start_s)
        end = before + min(cue.end_s, span.end_s) - span.start_s
        moved.append(_at(cue, start, end))
    return in_order(moved)


def _kept(cue: CaptionCue, keep: Sequence[Span]) -> tuple[float, Span] | None:
    """Return the kept part in which a cue lies, and the seconds that are shown before it."""
    if not keep:
        return 0.0, Span(0.0, max(cue.end_s, cue.start_s))
    before = 0.0
    for span in keep:
        inside = cue.start_s >= span.start_s - EDGE_S and cue.end_s <= span.end_s + EDGE_S
        length = min(cue.end_s, span.end_s) - max(cue.start_s, span.start_s)
        if inside and length >= _SHORTEST_CUE_S:
            return before, span
        before += span.end_s - span.start_s
    return None


def webvtt(cues: Iterable[CaptionCue]) -> str:
    """Write WebVTT (W3C). Whatever the texts hold, each is one cue that players show as text."""
    parts = ["WEBVTT\n"]
    for cue in cues:
        lines = [_plain(one) for one in cue.text.splitlines() if one.strip()]
        if lines:
            times = f"{_stamp(cue.start_s)} --> {_stamp(cue.end_s)}"
            parts.append("\n".join((times, *lines)) + "\n")
    return "\n".join(parts)


def _plain(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _stamp(seconds: float) -> str:
    total = round(max(0.0, seconds) * 1000)
    minutes, millis = divmod(total, 60_000)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{millis // 1000:02}.{millis % 1000:03}"


def _at(cue: CaptionCue, start_s: float, end_s: float) -> CaptionCue:
    """Return a cue at other times, in whole milliseconds."""
    return CaptionCue(cue.cue_id, round(start_s, 3), round(end_s, 3), cue.text, cue.source_id)


def found_words(
    cues: Sequence[CaptionCue], words: Iterable[str]
) -> list[tuple[str, tuple[Span, ...]]]:
    """Return which words the captions have, each with the cues in which it stands."""
    starts, text = [], []
    at = 0
    for cue in cues:
        starts.append(at)
        folded = fold(cue.text)
        text.append(folded)
        at += len(folded) + 1
    whole = "\n".join(text)
    found: list[tuple[str, tuple[Span, ...]]] = []
    for word in words:
        places = _places(whole, fold(word), starts)
        if places and len(found) < MAX_FOUND:
            spans = tuple(Span(cues[one].start_s, cues[one].end_s) for one in places)
            found.append((word, spans))
    return found


def _places(whole: str, word: str, starts: Sequence[int]) -> list[int]:
    """Return in which cues a word begins, each once."""
    places: list[int] = []
    at = whole.find(word) if word else -1
    while at >= 0 and len(places) < MAX_SPANS:
        place = bisect_right(starts, at) - 1
        if not places or places[-1] != place:
            places.append(place)
        at = whole.find(word, at + 1)
    return places


def fold(text: str) -> str:
    """Return a text without differences of width, case and spacing."""
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())
