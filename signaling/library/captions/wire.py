"""The REST API's bodies about captions."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

from signaling.base.problem_codes import ProblemCode
from signaling.base.text import Word, line, paragraph
from signaling.directory.wire import OrgLevel
from signaling.library.versions.wire import Revision, Seconds

MAX_CUES = 5000  # of one version: six hours, one every four seconds
MAX_CUES_AT_ONCE = 500  # of one request: to read them takes less than 5 ms
MAX_CUE_CHARS = 200
MAX_CUE_ID = 1_000_000
MAX_CAPTION_WORDS = 200  # of one org node
MAX_WORD_CHARS = 40
LISTED_WORDS = 20  # of one org node, that a list shows; the node's own policy has all

CueId = Annotated[int, Meta(ge=1, le=MAX_CUE_ID)]


class CaptionState(StrEnum):
    """A track's way. A version without a row has none."""

    NONE = "none"
    WAITING = "waiting"  # for a place among the server's own jobs
    MAKING = "making"
    READY = "ready"
    FAILED = "failed"  # `problem` says why; what was there before is kept


class CaptionOrigin(StrEnum):
    """Who made the cues at first."""

    AUTOMATIC = "automatic"
    BY_HAND = "by_hand"  # typed, or taken from a file


class CaptionCue(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One caption, in seconds of the recording; `source_id` is where it was heard.

    The text is text: markup in it is shown as it was typed.
    """

    cue_id: CueId
    start_s: Seconds
    end_s: Seconds
    text: Annotated[str, paragraph(MAX_CUE_CHARS)]
    source_id: Word


class CaptionTrack(msgspec.Struct, frozen=True):
    """The captions of one version, for those who work on it.

    ``revision`` counts their changes; a deed on another one is refused (409). ``installed`` says
    whether this server can make captions by itself. ``job_id`` is told to whom ordered it.
    """

    version: int
    revision: int
    state: CaptionState
    installed: bool
    origin: CaptionOrigin | None
    model: str
    progress: float
    problem: ProblemCode | None
    job_id: str | None
    changed_at: datetime | None
    cues: tuple[CaptionCue, ...]


class CaptionSave(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Changes cues: those in ``drop`` go, those in ``put`` are added or replaced by their ids."""

    revision: Revision
    put: Annotated[tuple[CaptionCue, ...], Meta(max_length=MAX_CUES_AT_ONCE)] = ()
    drop: Annotated[tuple[CueId, ...], Meta(max_length=MAX_CUES)] = ()


class CaptionOrder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """生成字幕: what is there is replaced once the new ones are made."""

    revision: Revision


class CaptionPolicy(msgspec.Struct, frozen=True):
    """Captions in the branch of an org node.

    ``automatic``: what is submitted without captions gets some; None leaves it to the node above.
    ``words``: a reviewer is told where captions have them, with those of all nodes above. A list
    has the first ones; ``word_count`` is how many there are. ``version`` is 0 of a node without.
    """

    node_id: str
    name: str
    level: OrgLevel
    automatic: bool | None
    words: tuple[str, ...]
    word_count: int
    version: int


class CaptionPolicies(msgspec.Struct, frozen=True):
    """Policies of the reader's branches, the highest node first. ``next`` continues them."""

    policies: tuple[CaptionPolicy, ...]
    installed: bool
    next: str | None = None


class CaptionPolicySet(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Sets the policy of a node; without ``automatic`` and words it is taken away."""

    node_id: Word
    version: Annotated[int, Meta(ge=0)]  # that was read; 0 of none
    automatic: bool | None = None
    words: Annotated[
        tuple[Annotated[str, line(MAX_WORD_CHARS)], ...], Meta(max_length=MAX_CAPTION_WORDS)
    ] = ()
