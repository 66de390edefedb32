"""The base of every part of a classroom, and the room that surrounds it.

A part is pure: no clock, no I/O. Parts do not import each other. A part asks the `Room` for facts,
and hears a `Notice` from the others.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, Concatenate, Generic, ParamSpec, Protocol, TypeVar

import msgspec

from signaling.access.actions import Action
from signaling.access.roles import Role
from signaling.classroom.messages import Command, Event
from signaling.lessons.fact_records import KeptFacts
from signaling.lessons.members import Member
from signaling.lessons.seats import Seat
from signaling.lessons.wire import LessonState

P = TypeVar("P", bound=msgspec.Struct)
S = TypeVar("S", bound=msgspec.Struct)
C = TypeVar("C", bound=Command)
A = ParamSpec("A")
T = TypeVar("T")
Q = TypeVar("Q", bound="Part[Any]")


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


@dataclass(frozen=True, slots=True)
class SavedRoom:
    """The state that survives a restart of the server: one struct per part that saves any."""

    parts: tuple[msgspec.Struct, ...] = ()

    def of(self, kind: type[S]) -> S:
        """Return what one part saved, or its defaults."""
        return next((saved for saved in self.parts if isinstance(saved, kind)), kind())


@dataclass(frozen=True, slots=True)
class Opening:
    """The facts with which a room opens. `now` is in monotonic seconds."""

    lesson: LessonNow
    members: tuple[Member, ...]
    saved: SavedRoom = field(default_factory=SavedRoom)
    facts: KeptFacts = field(default_factory=KeptFacts)
    now: float = 0.0

    def lists(self, participant_id: str) -> bool:
        """Return whether somebody belongs to the lesson."""
        return any(member.participant_id == participant_id for member in self.members)


@dataclass(frozen=True, slots=True)
class Asked:
    """The author and the time of a command: wall clock `at`, monotonic seconds `now`."""

    seat: Seat
    at: datetime
    now: float


class Person(Protocol):
    """The facts about a participant that every part may use."""

    @property
    def role(self) -> Role:
        """The role in this room."""

    @property
    def online(self) -> bool:
        """True while the page is connected."""


@dataclass(frozen=True, slots=True)
class LessonBegan:
    """Notice: the lesson is live from now on."""


@dataclass(frozen=True, slots=True)
class CalledToStage:
    """Notice: somebody is about to come onto the stage."""

    participant_id: str


Notice = LessonBegan | CalledToStage


class Room(Protocol):
    """The room around a part: facts from other parts, and the way to tell of a change."""

    @property
    def limits(self) -> RoomLimits:
        """The bounds of the room."""

    @property
    def is_live(self) -> bool:
        """True while the lesson is under way."""

    @property
    def on_stage(self) -> tuple[str, ...]:
        """The participants on stage, in the order called."""

    @property
    def receive_rooms(self) -> tuple[str, ...]:
        """The listed receive rooms."""

    def person(self, participant_id: str) -> Person | None:
        """Return a listed participant."""

    def offline_since(self, participant_id: str) -> float | None:
        """Return since when a listed participant is gone, in monotonic seconds."""

    def publishes(self, source_id: str) -> bool:
        """Return whether a source is published now."""

    def number(self, make: Callable[[int], Event]) -> Event:
        """Make the next event and send it to everybody."""

    def announce(self, notice: Notice) -> None:
        """Bring a notice to every part."""


@dataclass(frozen=True, slots=True)
class Rule:
    """Declaration of one command: its permission and the method that carries it out."""

    command: type[Command]
    may: Action | None
    while_live: bool
    method: str


def rule(
    command: type[C], may: Action | None, *, while_live: bool = False
) -> Callable[[Callable[[Q, C, Asked], None]], Callable[[Q, C, Asked], None]]:
    """Declare the method that carries out a command.

    Args:
        command: its struct.
        may: the action that the seat needs, or None where the method decides by the command.
        while_live: whether the lesson must be live.
    """

    def declare(method: Callable[[Q, C, Asked], None]) -> Callable[[Q, C, Asked], None]:
        declared = Rule(command, may, while_live, method.__name__)
        method.__dict__["rule"] = declared
        return method

    return declare


class Part(Generic[P]):
    """One tool of a classroom.

    Attributes:
        piece: the struct of its fields in the snapshot.
        saved: the struct of its fields that survive a restart, if any.
        events: its events; no other part has them.
        rules: its commands, collected from the methods declared with `rule`.
        shown: its fields of the snapshot, changed by its events only.
    """

    piece: ClassVar[type[msgspec.Struct]]
    saved: ClassVar[type[msgspec.Struct] | None] = None
    events: ClassVar[tuple[type[Event], ...]]
    rules: ClassVar[tuple[Rule, ...]] = ()

    def __init_subclass__(cls) -> None:
        methods = vars(cls).values()
        cls.rules = tuple(found.rule for found in methods if hasattr(found, "rule"))

    def __init__(self, room: Room, opening: Opening) -> None:
        self.room = room
        self.shown: P = self.begin(opening)

    def begin(self, opening: Opening) -> P:
        """Return the part's fields as the room opens."""
        raise NotImplementedError

    @classmethod
    def apply(cls, piece: P, event: Event) -> P:
        """Return the fields after an event, as every page has them: by default those it names."""
        changed = {name: getattr(event, name) for name in event.__struct_fields__ if name != "seq"}
        return msgspec.structs.replace(piece, **changed)

    def save(self) -> msgspec.Struct | None:
        """Return what must survive a restart: an instance of `saved`."""
        return None

    def tick(self, now: float) -> None:
        """Do what is due, once a second. `now` is in monotonic seconds."""

    def hear(self, notice: Notice) -> None:
        """Take a notice from another part."""

    def emit(
        self, kind: Callable[Concatenate[int, A], Event], *fields: A.args, **named: A.kwargs
    ) -> None:
        """Make one of the part's events from its fields after `seq`."""
        event = self.room.number(lambda seq: kind(seq, *fields, **named))
        self.shown = self.apply(self.shown, event)

    def demand_known(self, participant_id: str, field: str) -> Person:
        """Return a listed participant. Raises CommandRefused."""
        known = self.room.person(participant_id)
        if known is None:
            raise CommandRefused("unknown_participant", "nobody here has that id", field)
        return known


def demand(seat: Seat, action: Action) -> None:
    """Raise CommandRefused unless a seat may do an action."""
    if action not in seat.actions:
        raise CommandRefused("forbidden", f"{seat.role} may not {action}")


def with_item(items: tuple[T, ...], item: T, key: Callable[[T], str]) -> tuple[T, ...]:
    """Return the items with one put in the place of its namesake, or at the end."""
    name = key(item)
    if any(key(one) == name for one in items):
        return tuple(item if key(one) == name else one for one in items)
    return (*items, item)
