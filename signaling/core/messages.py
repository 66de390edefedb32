"""The control channel's messages: typed JSON over one WebSocket per participant.

Every message is an object whose ``type`` names its struct. The client's first message is `Hello`;
the server answers with `Snapshot` or `Resumed`. Events carry ``seq``, counted per lesson room; each
replaces a whole piece of the state (the full hand queue, the full stage), so applying one twice
does no harm. Commands carry a client-chosen ``id`` and are answered by `Ack` or `CommandError` with
the same id.

`web_client/src/core/wire.ts` is generated from this module and from `resources`.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec

from signaling.core.resources import LessonState, Role
from signaling.core.text import Word

PROTOCOL_VERSION = 1
MAX_MESSAGE_BYTES = 16 * 1024  # a client's message; nothing a page sends comes near it
MAX_SLOTS = 16


class SourceKind(StrEnum):
    """What a source shows (双流): the camera with its microphone, or the courseware."""

    CAMERA = "camera"
    COURSEWARE = "courseware"


class LinkState(StrEnum):
    """良好 / 一般 / 较差 / 离线."""

    GOOD = "good"
    FAIR = "fair"
    POOR = "poor"
    OFFLINE = "offline"


class LinkLimit(StrEnum):
    """What holds pictures back: nothing, the link's rate, its losses, or that it is cut."""

    NONE = "none"
    RATE = "rate"
    LOSS = "loss"
    OUTAGE = "outage"


class LinkExcess(StrEnum):
    """What somebody sends too much of, so that the server drops the excess."""

    NONE = "none"
    PACKETS = "packets"
    BITS = "bits"
    SOUND = "sound"  # more than any sound encoder makes
    ROOM = "room"  # more than its share of what all of the room may send
    RECORDING = "recording"  # more than can be recorded: it is left out of the recording
    SESSIONS = "sessions"  # it opens media sessions again and again; further ones have to wait


class DeviceState(StrEnum):
    """How a device is, as its page found it: 设备检测, and what happened to it since.

    ``busy``: another program holds it. ``insecure``: the browser offers no devices to a page
    without HTTPS. ``off``: its person switched it off. ``silent``: a microphone without sound.
    """

    UNKNOWN = "unknown"
    OK = "ok"
    MISSING = "missing"
    DENIED = "denied"
    BUSY = "busy"
    INSECURE = "insecure"
    OFF = "off"
    SILENT = "silent"


class RecordingState(StrEnum):
    """What the recorder does for this lesson now."""

    OFF = "off"
    RECORDING = "recording"
    FAILED = "failed"


class RefusalReason(StrEnum):
    """Why the relay ended what somebody published: its device has to be set up otherwise."""

    B_FRAMES = "b_frames"  # pictures that are not sent in the order in which they are shown


class ByeReason(StrEnum):
    """Why the server closes the channel. Only SHUTDOWN and TOO_SLOW are worth a reconnect."""

    REPLACED = "replaced"  # the same participant connected from elsewhere
    LESSON_OVER = "lesson_over"
    FORBIDDEN = "forbidden"
    TOO_SLOW = "too_slow"  # the outgoing queue overflowed
    FLOODING = "flooding"
    SHUTDOWN = "shutdown"


# --- parts of the room's state --------------------------------------------------------------------


class Devices(msgspec.Struct, frozen=True):
    """A participant's devices, as its page found them."""

    camera: DeviceState = DeviceState.UNKNOWN
    microphone: DeviceState = DeviceState.UNKNOWN
    loudspeaker: DeviceState = DeviceState.UNKNOWN


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


class Participant(msgspec.Struct, frozen=True):
    """One page in the lesson room.

    ``participant_id`` is ``lead`` for the lead teacher, ``room-<room id>`` for a receive room and
    ``person-<person id>`` for anyone else (an assistant, an admin, a researcher). Who belongs to
    the lesson is listed from the start; ``attended`` says that its page was here while it was live.
    """

    participant_id: str
    role: Role
    name: str
    school: str | None
    online: bool
    attended: bool
    devices: Devices
    link: Link


class HandRaise(msgspec.Struct, frozen=True):
    """One raised hand; the queue is ordered by the time of raising."""

    participant_id: str
    raised_at: datetime


class Source(msgspec.Struct, frozen=True):
    """A source published now. ``source_id`` is ``<participant_id>.<kind>``."""

    source_id: str
    participant_id: str
    kind: SourceKind
    has_audio: bool
    has_video: bool
    layers: tuple[str, ...]


class SlotView(msgspec.Struct, frozen=True):
    """One slot of a `View`: whose picture, and how large at most."""

    slot: int
    source_id: Word | None = None
    max_layer: Word | None = None  # h, m, l
    max_height: int | None = None  # device pixels


class SlotNow(msgspec.Struct, frozen=True):
    """What flows in one of the viewer's slots now (``kind`` video or audio).

    ``ideal`` is the layer that a link without bounds would bring. With ``layer`` None and ``ideal``
    set that picture is left out, and ``hold`` says why: ``checking`` (the link is being looked at),
    ``link`` (it does not carry the picture) or ``source`` (the picture takes more than is sent to
    anybody). ``thinned``: fewer pictures a second. ``codec_missing``: the picture comes in no codec
    that this viewer's browser decodes.
    """

    slot: int
    kind: str
    source_id: str | None
    layer: str | None
    ideal: str | None = None
    thinned: bool = False
    codec_missing: bool = False
    hold: str | None = None


class LessonNow(msgspec.Struct, frozen=True):
    """The lesson as the room needs it."""

    lesson_id: str
    title: str
    state: LessonState
    lead_teacher: str
    starts_at: datetime
    ends_at: datetime
    held_from: datetime | None
    held_to: datetime | None


# --- client → server ------------------------------------------------------------------------------


class Hello(msgspec.Struct, frozen=True, tag="hello"):
    """The first message. `instance` and `seq` of the last event seen ask for a resume."""

    version: int = PROTOCOL_VERSION
    instance: Word | None = None
    seq: int | None = None


class Ping(msgspec.Struct, frozen=True, tag="ping"):
    """Answered by `Pong`, so that a page learns of a dead link within one heartbeat."""

    sent_at: float


class SetDevices(msgspec.Struct, frozen=True, tag="set_devices"):
    """The result of 设备检测."""

    id: int
    devices: Devices


class RaiseHand(msgspec.Struct, frozen=True, tag="raise_hand"):
    """举手; raising twice keeps the first place in the queue."""

    id: int


class LowerHand(msgspec.Struct, frozen=True, tag="lower_hand"):
    """取消举手: one's own, or (lead teacher) another's."""

    id: int
    participant_id: Word | None = None


class StageInvite(msgspec.Struct, frozen=True, tag="stage_invite"):
    """请上讲台: also lowers that participant's hand."""

    id: int
    participant_id: Word


class StageRemove(msgspec.Struct, frozen=True, tag="stage_remove"):
    """请下讲台; a room may also leave the stage itself."""

    id: int
    participant_id: Word


class MuteAll(msgspec.Struct, frozen=True, tag="mute_all"):
    """全体静音 / 解除静音: while set, only the lead teacher is heard."""

    id: int
    muted: bool


class View(msgspec.Struct, frozen=True, tag="view"):
    """What this viewer wants in its video slots; others become empty. Outlives media sessions."""

    id: int
    slots: tuple[SlotView, ...]


ClientMessage = (
    Hello | Ping | SetDevices | RaiseHand | LowerHand | StageInvite | StageRemove | MuteAll | View
)
Command = SetDevices | RaiseHand | LowerHand | StageInvite | StageRemove | MuteAll | View


# --- server → client: the state and its events ----------------------------------------------------


class Snapshot(msgspec.Struct, frozen=True, tag="snapshot"):
    """The whole state. With a changed `instance` the server restarted, and media are gone too."""

    seq: int
    instance: str
    you: str
    lesson: LessonNow
    participants: tuple[Participant, ...]
    hands: tuple[HandRaise, ...]
    on_stage: tuple[str, ...]
    muted_all: bool
    sources: tuple[Source, ...]
    recording: RecordingState
    server_time: datetime


class Resumed(msgspec.Struct, frozen=True, tag="resumed"):
    """The events after `Hello.seq` follow; the client's state stays."""

    seq: int


class LessonChanged(msgspec.Struct, frozen=True, tag="lesson_changed"):
    """The lesson started or ended."""

    seq: int
    lesson: LessonNow


class ParticipantChanged(msgspec.Struct, frozen=True, tag="participant_changed"):
    """A participant came, went, or its devices or link changed."""

    seq: int
    participant: Participant


class HandsChanged(msgspec.Struct, frozen=True, tag="hands_changed"):
    """The whole queue of hands."""

    seq: int
    hands: tuple[HandRaise, ...]


class StageChanged(msgspec.Struct, frozen=True, tag="stage_changed"):
    """Everyone on stage besides the lead teacher, in the order called."""

    seq: int
    on_stage: tuple[str, ...]


class MuteChanged(msgspec.Struct, frozen=True, tag="mute_changed"):
    """全体静音 set or lifted."""

    seq: int
    muted_all: bool


class SourceChanged(msgspec.Struct, frozen=True, tag="source_changed"):
    """A source appeared or its layers changed."""

    seq: int
    source: Source


class SourceRemoved(msgspec.Struct, frozen=True, tag="source_removed"):
    """A source is gone."""

    seq: int
    source_id: str


class RecordingChanged(msgspec.Struct, frozen=True, tag="recording_changed"):
    """正在录制, or not."""

    seq: int
    recording: RecordingState


Event = (
    LessonChanged
    | ParticipantChanged
    | HandsChanged
    | StageChanged
    | MuteChanged
    | SourceChanged
    | SourceRemoved
    | RecordingChanged
)

# --- server → client: to this participant only, without a number ----------------------------------


class Pong(msgspec.Struct, frozen=True, tag="pong"):
    """The answer to `Ping`."""

    sent_at: float


class Ack(msgspec.Struct, frozen=True, tag="ack"):
    """The command was carried out."""

    id: int


class CommandError(msgspec.Struct, frozen=True, tag="error"):
    """The command or message was refused. `id` is None where the message could not be read."""

    id: int | None
    code: str
    detail: str
    field: str | None = None


class Slots(msgspec.Struct, frozen=True, tag="slots"):
    """What flows in this viewer's slots now."""

    slots: tuple[SlotNow, ...]


class LayersWanted(msgspec.Struct, frozen=True, tag="layers_wanted"):
    """What anybody takes of this participant's source; the rest need not be sent."""

    source_id: str
    layers: tuple[str, ...]  # of h, m, l; none: nobody takes any
    sound: bool = True


class CodecLacking(msgspec.Struct, frozen=True, tag="codec_lacking"):
    """Publish this source in VP8: somebody who wants it does not decode the codec it comes in."""

    source_id: str


class SourceRefused(msgspec.Struct, frozen=True, tag="source_refused"):
    """A source was ended for what it sent. Told to whom it belongs and to the lead teacher."""

    source_id: str
    reason: RefusalReason


class Still(msgspec.Struct, frozen=True, tag="still"):
    """Part of a page of courseware as a picture, for a viewer whose link does not carry its video.

    The parts of one still (same ``source_id`` and ``taken_at``) come in order, from 0 on; their
    ``image`` strings in a row are its base64. A still whose part 0 follows an unfinished one takes
    its place. They come slowly: a page of 48 KiB takes some ten seconds at 100 kbit/s.
    """

    source_id: str
    taken_at: datetime
    mime: str  # image/webp or image/jpeg
    image: str
    part: int = 0
    parts: int = 1


class Bye(msgspec.Struct, frozen=True, tag="bye"):
    """The server closes the channel."""

    reason: ByeReason


ServerMessage = (
    Snapshot
    | Resumed
    | Event
    | Pong
    | Ack
    | CommandError
    | Slots
    | LayersWanted
    | CodecLacking
    | SourceRefused
    | Still
    | Bye
)
