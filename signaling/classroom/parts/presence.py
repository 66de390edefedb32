"""Presence: who is listed in the room, who is online, with which devices and what link."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from signaling.access.actions import Action
from signaling.access.roles import Role
from signaling.classroom.messages import Command, Event
from signaling.classroom.parts.part import (
    Asked,
    CommandRefused,
    LessonBegan,
    Notice,
    Opening,
    Part,
    Room,
    rule,
    with_item,
)
from signaling.lessons.members import Member
from signaling.links.wire import Link, LinkState


class DeviceState(StrEnum):
    """State of a device, as its page found it by 设备检测 or later.

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


class Devices(msgspec.Struct, frozen=True):
    """A participant's devices, as its page found them."""

    camera: DeviceState = DeviceState.UNKNOWN
    microphone: DeviceState = DeviceState.UNKNOWN
    loudspeaker: DeviceState = DeviceState.UNKNOWN


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


class SetDevices(Command, frozen=True, tag="set_devices"):
    """The result of 设备检测."""

    devices: Devices


class ParticipantChanged(Event, frozen=True, tag="participant_changed"):
    """A participant came, went, or its devices or link changed."""

    participant: Participant


class PresencePiece(msgspec.Struct, frozen=True):
    """Fields of the snapshot."""

    participants: tuple[Participant, ...] = ()


class Presence(Part[PresencePiece]):
    """The participants. Who belongs to the lesson is listed from the start, as offline.

    Who was here from when to when is a fact of the lesson: the live room tells it to be written.
    """

    piece = PresencePiece
    events = (ParticipantChanged,)

    def __init__(self, room: Room, opening: Opening) -> None:
        super().__init__(room, opening)
        self._offline_since = {p.participant_id: opening.now for p in self.shown.participants}

    def begin(self, opening: Opening) -> PresencePiece:
        """Return everybody who belongs to the lesson."""
        attended = opening.facts.attended
        return PresencePiece(
            tuple(_listed(one, one.participant_id in attended) for one in opening.members)
        )

    @classmethod
    def apply(cls, piece: PresencePiece, event: Event) -> PresencePiece:
        """Put the participant in the place of its former state."""
        if isinstance(event, ParticipantChanged):
            people = with_item(piece.participants, event.participant, lambda p: p.participant_id)
            return PresencePiece(people)
        return piece

    def hear(self, notice: Notice) -> None:
        """Note that everybody who waited for the start of the lesson attends it."""
        if isinstance(notice, LessonBegan):
            for person in self.shown.participants:
                if person.online:
                    self._put(msgspec.structs.replace(person, attended=True))

    def participant(self, participant_id: str) -> Participant | None:
        """Return one participant, by id."""
        people = self.shown.participants
        return next((one for one in people if one.participant_id == participant_id), None)

    def offline_since(self, participant_id: str) -> float | None:
        """Return since when a listed participant is gone, in monotonic seconds."""
        return self._offline_since.get(participant_id)

    @rule(SetDevices, may=Action.SET_DEVICES)
    def set_devices(self, command: SetDevices, asked: Asked) -> None:
        """Keep the outcome of 设备检测."""
        self.demand_known(asked.seat.participant_id, "type")
        known = self.participant(asked.seat.participant_id)
        if known is not None:
            self._put(msgspec.structs.replace(known, devices=command.devices))

    def join(self, member: Member) -> None:
        """Note that a participant's page came (again)."""
        known = self.participant(member.participant_id)
        if known is None and len(self.shown.participants) >= self.room.limits.max_participants:
            raise CommandRefused("room_full", "the room is full")
        self._offline_since.pop(member.participant_id, None)
        base = known or _listed(member)
        link = Link(LinkState.GOOD) if not base.online else base.link
        attended = base.attended or self.room.is_live
        self._put(
            msgspec.structs.replace(
                base, online=True, attended=attended, link=link, name=member.name
            )
        )

    def leave(self, participant_id: str, now: float) -> None:
        """Note that a participant's page is gone; it stays listed."""
        known = self.participant(participant_id)
        if known is not None and known.online:
            self._offline_since[participant_id] = now
            offline = Link(LinkState.OFFLINE)
            self._put(msgspec.structs.replace(known, online=False, link=offline))

    def set_link(self, participant_id: str, link: Link) -> None:
        """Note that the link of a participant who is online was judged anew."""
        known = self.participant(participant_id)
        if known is not None and known.online:
            self._put(msgspec.structs.replace(known, link=link))

    def _put(self, participant: Participant) -> None:
        if self.participant(participant.participant_id) != participant:
            self.emit(ParticipantChanged, participant)


def _listed(member: Member, attended: bool = False) -> Participant:
    return Participant(
        participant_id=member.participant_id,
        role=member.role,
        name=member.name,
        school=member.school,
        online=False,
        attended=attended,
        devices=Devices(),
        link=Link(LinkState.OFFLINE),
    )
