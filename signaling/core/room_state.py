"""The state of one lesson room, and every change to it as a numbered event.

Pure: the hub calls a method, then takes the events that came of it and sends them to everyone. A
command that may not or cannot be carried out raises `CommandRefused` and changes nothing.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec

from relay.api import Importance
from signaling.core import messages as m
from signaling.core.permissions import LEAD_PARTICIPANT, Action, Seat
from signaling.core.resources import LessonState, Role

LEAD_SOURCES = (f"{LEAD_PARTICIPANT}.{m.SourceKind.CAMERA}", f"{LEAD_PARTICIPANT}.courseware")


class CommandRefused(Exception):
    """A command is not carried out. `code` and `field` go onto the wire."""

    def __init__(self, code: str, detail: str, field: str | None = None) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail
        self.field = field


@dataclass(frozen=True, slots=True)
class RoomLimits:
    """Bounds of a room."""

    max_on_stage: int = 4  # DOMAIN.md: mixing of at least 4 speakers
    max_participants: int = 128
    hand_grace_s: float = 120.0  # a hand outlives a lost link this long
    history: int = 512  # events kept for a resume (docs/protocol.md)


@dataclass(frozen=True, slots=True)
class Durable:
    """What of a room survives a restart of the server."""

    on_stage: tuple[str, ...] = ()
    hands: tuple[m.HandRaise, ...] = ()
    muted_all: bool = False
    attended: tuple[str, ...] = ()  # who was here while the lesson was live; never gets shorter


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody who belongs to the lesson and is listed from the start, present or not."""

    participant_id: str
    role: Role
    name: str
    school: str | None


def camera_of(participant_id: str) -> str:
    """The id of a participant's camera source."""
    return f"{participant_id}.{m.SourceKind.CAMERA}"


def split_source(source_id: str) -> tuple[str, m.SourceKind]:
    """``room-7.camera`` → (``room-7``, CAMERA). Raises ValueError."""
    participant_id, _, kind = source_id.rpartition(".")
    if not participant_id:
        raise ValueError("not a source id")
    return participant_id, m.SourceKind(kind)


class RoomState:
    """One lesson room. Times are Unix seconds where plain floats, else aware datetimes."""

    def __init__(
        self,
        instance: str,
        lesson: m.LessonNow,
        members: Iterable[Member],
        *,
        durable: Durable | None = None,
        limits: RoomLimits | None = None,
        first_seq: int = 0,
        now: float = 0.0,
    ) -> None:
        self._limits = limits or RoomLimits()
        self._instance = instance
        self.lesson = lesson
        self.seq = first_seq
        self.recording = m.RecordingState.OFF
        self._history: deque[m.Event] = deque(maxlen=self._limits.history)
        self._unsent: list[m.Event] = []
        self._people: dict[str, m.Participant] = {}
        self._offline_since: dict[str, float] = {}
        self._sources: dict[str, m.Source] = {}
        kept = durable or Durable()
        for member in members:
            attended = member.participant_id in kept.attended
            self._people[member.participant_id] = _listed(member, attended)
            self._offline_since[member.participant_id] = now
        self._hands = {h.participant_id: h for h in kept.hands if h.participant_id in self._people}
        self.on_stage = tuple(p for p in kept.on_stage if p in self._people)
        self.muted_all = kept.muted_all

    # --- reading ---------------------------------------------------------------------------------

    @property
    def participants(self) -> Sequence[m.Participant]:
        """Everybody listed."""
        return tuple(self._people.values())

    @property
    def hands(self) -> tuple[m.HandRaise, ...]:
        """The queue of hands, first raised first."""
        return tuple(self._hands.values())

    @property
    def sources(self) -> tuple[m.Source, ...]:
        """What is published now."""
        return tuple(self._sources.values())

    @property
    def is_live(self) -> bool:
        """Whether the lesson is under way."""
        return self.lesson.state is LessonState.LIVE

    @property
    def durable(self) -> Durable:
        """What must survive a restart."""
        attended = tuple(p.participant_id for p in self._people.values() if p.attended)
        return Durable(self.on_stage, self.hands, self.muted_all, attended)

    def participant(self, participant_id: str) -> m.Participant | None:
        """One participant, by id."""
        return self._people.get(participant_id)

    def snapshot(self, you: str, server_time: datetime) -> m.Snapshot:
        """The whole state, as of `seq`."""
        return m.Snapshot(
            seq=self.seq,
            instance=self._instance,
            you=you,
            lesson=self.lesson,
            participants=tuple(self._people.values()),
            hands=self.hands,
            on_stage=self.on_stage,
            muted_all=self.muted_all,
            sources=self.sources,
            recording=self.recording,
            server_time=server_time,
        )

    def missed(self, instance: str | None, seq: int | None) -> tuple[m.Event, ...] | None:
        """The events after `seq`, or None where only a snapshot helps."""
        if instance != self._instance or seq is None or not 0 <= seq <= self.seq:
            return None
        behind = self.seq - seq
        if behind > len(self._history):
            return None
        return tuple(self._history)[len(self._history) - behind :]

    def audible(self) -> tuple[str, ...]:
        """Whose sound may be forwarded: the lead's, and of those on stage unless all are muted.

        Best first, for links that do not carry all: the lead's voice, the stage's, then the sound
        of what is shown.
        """
        stage = () if self.muted_all else reversed(self.on_stage)
        voice, *rest = LEAD_SOURCES
        return (voice, *(camera_of(p) for p in stage), *rest)

    def programme(self) -> tuple[str, ...]:
        """What a plain player sees, best first: who came on stage last, then the lead."""
        return (*(camera_of(p) for p in reversed(self.on_stage)), *LEAD_SOURCES)

    def may_see(self, seat: Seat, source_id: str) -> bool:
        """Whether a viewer may see a source: classrooms are the lead's to see unless on stage."""
        if Action.VIEW_OFF_STAGE in seat.actions or source_id in LEAD_SOURCES:
            return True
        participant_id = source_id.rpartition(".")[0]
        return participant_id == seat.participant_id or participant_id in self.on_stage

    def importance_of(self, source_id: str) -> Importance:
        """What a picture matters to a viewer whose link does not carry all: the same for everybody.

        Courseware first, then who teaches or is on stage, then the wall.
        """
        participant_id, kind = split_source(source_id)
        if kind is m.SourceKind.COURSEWARE:
            return Importance.COURSEWARE
        speaks = participant_id == LEAD_PARTICIPANT or participant_id in self.on_stage
        return Importance.STAGE if speaks else Importance.WALL

    def take_events(self) -> tuple[m.Event, ...]:
        """The events not taken yet, in order."""
        events, self._unsent = tuple(self._unsent), []
        return events

    # --- presence --------------------------------------------------------------------------------

    def join(self, member: Member) -> None:
        """A participant's page came (again)."""
        known = self._people.get(member.participant_id)
        if known is None and len(self._people) >= self._limits.max_participants:
            raise CommandRefused("room_full", "the room is full")
        self._offline_since.pop(member.participant_id, None)
        base = known or _listed(member)
        link = m.Link(m.LinkState.GOOD) if not base.online else base.link
        attended = base.attended or self.is_live
        self._put(
            msgspec.structs.replace(
                base, online=True, attended=attended, link=link, name=member.name
            )
        )

    def leave(self, participant_id: str, now: float) -> None:
        """A participant's page is gone; it stays listed and keeps its hand and its place."""
        known = self._people.get(participant_id)
        if known is not None and known.online:
            self._offline_since[participant_id] = now
            offline = m.Link(m.LinkState.OFFLINE)
            self._put(msgspec.structs.replace(known, online=False, link=offline))

    def set_link(self, participant_id: str, link: m.Link) -> None:
        """The link of a participant who is online was judged anew."""
        known = self._people.get(participant_id)
        if known is not None and known.online:
            self._put(msgspec.structs.replace(known, link=link))

    def expire(self, now: float) -> None:
        """Lower the hands of those who are gone for too long."""
        gone = [
            p
            for p, since in self._offline_since.items()
            if p in self._hands and now - since > self._limits.hand_grace_s
        ]
        for participant_id in gone:
            del self._hands[participant_id]
        if gone:
            self._emit_hands()

    # --- commands --------------------------------------------------------------------------------

    def set_devices(self, seat: Seat, devices: m.Devices) -> None:
        """Keep the outcome of 设备检测."""
        self._demand(seat, Action.SET_DEVICES)
        self._put(
            msgspec.structs.replace(self._known(seat.participant_id, "type"), devices=devices)
        )

    def raise_hand(self, seat: Seat, at: datetime) -> None:
        """举手."""
        self._demand(seat, Action.RAISE_HAND)
        self._demand_live()
        if seat.participant_id in self.on_stage:
            raise CommandRefused("on_stage", "already on stage")
        if seat.participant_id not in self._hands:
            self._hands[seat.participant_id] = m.HandRaise(seat.participant_id, at)
            self._emit_hands()

    def lower_hand(self, seat: Seat, participant_id: str | None) -> None:
        """取消举手."""
        whose = participant_id or seat.participant_id
        if whose != seat.participant_id:
            self._demand(seat, Action.LOWER_OTHERS_HAND)
            self._known(whose, "participant_id")
        if self._hands.pop(whose, None) is not None:
            self._emit_hands()

    def invite_to_stage(self, seat: Seat, participant_id: str) -> None:
        """请上讲台."""
        self._demand(seat, Action.COMMAND_STAGE)
        self._demand_live()
        invited = self._known(participant_id, "participant_id")
        if invited.role is not Role.RECEIVE_ROOM:
            raise CommandRefused(
                "not_a_room", "only a receive room can be called", "participant_id"
            )
        if participant_id in self.on_stage:
            return
        if not invited.online and camera_of(participant_id) not in self._sources:
            raise CommandRefused("participant_offline", "that room is offline", "participant_id")
        if len(self.on_stage) >= self._limits.max_on_stage:
            raise CommandRefused("stage_full", "as many as may be are on stage", "participant_id")
        if self._hands.pop(participant_id, None) is not None:
            self._emit_hands()
        self._set_stage((*self.on_stage, participant_id))

    def remove_from_stage(self, seat: Seat, participant_id: str) -> None:
        """请下讲台, by the lead teacher or by the room itself."""
        if participant_id == seat.participant_id:
            self._demand(seat, Action.STAND_ON_STAGE)
        else:
            self._demand(seat, Action.COMMAND_STAGE)
        self._known(participant_id, "participant_id")
        if participant_id in self.on_stage:
            self._set_stage(tuple(p for p in self.on_stage if p != participant_id))

    def mute_all(self, seat: Seat, muted: bool) -> None:
        """全体静音 / 解除静音."""
        self._demand(seat, Action.MUTE_ALL)
        self._demand_live()
        if muted != self.muted_all:
            self.muted_all = muted
            self._emit(lambda seq: m.MuteChanged(seq, muted))

    def check_view(self, slots: Sequence[m.SlotView]) -> None:
        """Refuse a view with slots twice or out of bounds, or layers or sources that cannot be."""
        if len(slots) > m.MAX_SLOTS:
            raise CommandRefused("bad_view", f"at most {m.MAX_SLOTS} slots", "slots")
        seen: set[int] = set()
        for index, slot in enumerate(slots):
            if not 0 <= slot.slot < m.MAX_SLOTS or slot.slot in seen:
                raise CommandRefused("bad_view", "no such slot, or twice", f"slots[{index}].slot")
            seen.add(slot.slot)
            if slot.max_layer not in {None, "h", "m", "l"}:
                raise CommandRefused("bad_view", "h, m or l", f"slots[{index}].max_layer")
            if slot.max_height is not None and not 0 < slot.max_height <= 8192:
                raise CommandRefused("bad_view", "1…8192", f"slots[{index}].max_height")
            if slot.source_id is not None:
                self._check_source(slot.source_id, f"slots[{index}].source_id")

    # --- told by the rest of the server ----------------------------------------------------------

    def set_lesson(self, lesson: m.LessonNow) -> None:
        """The lesson started or ended. Who waited for its start has attended it."""
        if lesson == self.lesson:
            return
        self.lesson = lesson
        self._emit(lambda seq: m.LessonChanged(seq, lesson))
        if self.is_live:
            for person in tuple(self._people.values()):
                if person.online:
                    self._put(msgspec.structs.replace(person, attended=True))

    def set_recording(self, recording: m.RecordingState) -> None:
        """Recording began, failed or ended."""
        if recording is not self.recording:
            self.recording = recording
            self._emit(lambda seq: m.RecordingChanged(seq, recording))

    def put_source(self, source: m.Source) -> None:
        """A source appeared or changed."""
        if self._sources.get(source.source_id) != source:
            self._sources[source.source_id] = source
            self._emit(lambda seq: m.SourceChanged(seq, source))

    def remove_source(self, source_id: str) -> None:
        """A source is gone."""
        if self._sources.pop(source_id, None) is not None:
            self._emit(lambda seq: m.SourceRemoved(seq, source_id))

    # --- inside ----------------------------------------------------------------------------------

    def _emit(self, make: Callable[[int], m.Event]) -> None:
        self.seq += 1
        event = make(self.seq)
        self._history.append(event)
        self._unsent.append(event)

    def _emit_hands(self) -> None:
        hands = self.hands
        self._emit(lambda seq: m.HandsChanged(seq, hands))

    def _set_stage(self, on_stage: tuple[str, ...]) -> None:
        self.on_stage = on_stage
        self._emit(lambda seq: m.StageChanged(seq, on_stage))

    def _put(self, participant: m.Participant) -> None:
        if self._people.get(participant.participant_id) != participant:
            self._people[participant.participant_id] = participant
            self._emit(lambda seq: m.ParticipantChanged(seq, participant))

    def _known(self, participant_id: str, field: str) -> m.Participant:
        known = self._people.get(participant_id)
        if known is None:
            raise CommandRefused("unknown_participant", "nobody here has that id", field)
        return known

    def _check_source(self, source_id: str, field: str) -> None:
        try:
            participant_id, _ = split_source(source_id)
        except ValueError:
            raise CommandRefused("unknown_source", "not a source id", field) from None
        if participant_id not in self._people:
            raise CommandRefused("unknown_source", "nobody here has that source", field)

    @staticmethod
    def _demand(seat: Seat, action: Action) -> None:
        if action not in seat.actions:
            raise CommandRefused("forbidden", f"{seat.role} may not {action}")

    def _demand_live(self) -> None:
        if not self.is_live:
            raise CommandRefused("wrong_state", "the lesson is not live")


def _listed(member: Member, attended: bool = False) -> m.Participant:
    return m.Participant(
        participant_id=member.participant_id,
        role=member.role,
        name=member.name,
        school=member.school,
        online=False,
        attended=attended,
        devices=m.Devices(),
        link=m.Link(m.LinkState.OFFLINE),
    )
