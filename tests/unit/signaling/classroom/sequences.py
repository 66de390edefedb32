"""Random lives of a lesson room, over every part in the registry.

`python -m tests.unit.signaling.classroom.sequences` writes some of them down for the web client,
whose reducers must come to the same state.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
from msgspec import inspect as shape

from signaling.classroom import wire
from signaling.classroom.messages import Command, Event
from signaling.classroom.parts.lesson import Lesson
from signaling.classroom.parts.part import Asked, CommandRefused, Part, RoomLimits
from signaling.classroom.parts.presence import Presence
from signaling.classroom.parts.published import Published, Source
from signaling.classroom.parts.recording import Recording, RecordingState
from signaling.classroom.registry import PARTS
from signaling.classroom.state import RoomState
from signaling.lessons.sources import SourceKind
from signaling.lessons.wire import LessonState
from signaling.links.wire import Link, LinkState
from tests.unit.signaling.classroom.rooms import AT, MEMBERS, lesson, room, seat

RECORDED = Path(__file__).parents[4] / "web_client/tests/core/classroom/recorded_rooms.json"
SEEDS = (1, 2, 3, 5)
STEPS = 80
SEATS = ("lead", "lead", "a", "b", "c", "researcher", "assistant")
IDS = ("lead", "room-a", "room-b", "room-c", "room-z", "person-zhu")
LIMITS = RoomLimits(max_on_stage=2, hand_grace_s=30)
_events: msgspec.json.Decoder[Event] = msgspec.json.Decoder(wire.any_of(wire.EVENTS))

Happening = Callable[[RoomState, random.Random, float], None]


def _source(state: RoomState, rng: random.Random, now: float) -> None:
    who, kind = rng.choice(IDS), rng.choice(list(SourceKind))
    source_id = f"{who}.{kind}"
    if rng.random() < 0.3:
        state.published.remove(source_id)
    else:
        layers = tuple("hml"[: rng.randrange(4)])
        state.published.put(Source(source_id, who, kind, rng.random() < 0.5, True, layers))


def _presence(state: RoomState, rng: random.Random, now: float) -> None:
    member = rng.choice(MEMBERS)
    match rng.randrange(3):
        case 0:
            state.presence.join(member)
        case 1:
            state.presence.leave(member.participant_id, now)
        case 2:
            link = Link(rng.choice(list(LinkState)), rtt_ms=float(rng.randrange(500)))
            state.presence.set_link(member.participant_id, link)


def _lesson(state: RoomState, rng: random.Random, now: float) -> None:
    if rng.random() < 0.3:  # else most commands would meet a lesson that is not live
        states = [LessonState.SCHEDULED, LessonState.LIVE, LessonState.LIVE, LessonState.ENDED]
        state.lesson.set(lesson(rng.choice(states)))


# What the rest of the server tells a part, for the parts that pages do not command.
HAPPENINGS: dict[type[Part[Any]], Happening] = {
    Lesson: _lesson,
    Presence: _presence,
    Published: _source,
    Recording: lambda state, rng, now: state.recording.set(rng.choice(list(RecordingState))),
}


def commands_of(part: type[Part[Any]]) -> tuple[type[Command], ...]:
    return tuple(rule.command for rule in part.rules)


def random_command(rng: random.Random, kind: type[Command]) -> Command:
    """A command whose fields are filled by their types: a new one needs no generator here."""
    values = {
        field.name: _value(rng, field.type)
        for field in shape.type_info(kind).fields  # type: ignore[union-attr]
        if field.required or rng.random() < 0.5
    }
    return kind(**values)


def _value(rng: random.Random, node: shape.Type) -> Any:
    match node:
        case shape.Metadata(type=inner):
            return _value(rng, inner)
        case shape.UnionType(types=types):
            return _value(rng, rng.choice(types))
        case shape.StructType(cls=cls, fields=fields):
            return cls(**{one.name: _value(rng, one.type) for one in fields})
        case shape.EnumType(cls=cls):
            return rng.choice(list(cls))
        case shape.VarTupleType(item_type=item):
            return tuple(_value(rng, item) for _ in range(rng.randrange(4)))
        case shape.StrType():
            return rng.choice(IDS)
        case shape.BoolType():
            return rng.random() < 0.5
        case shape.IntType(ge=ge, le=le):
            return rng.randrange(ge or 0, (le if le is not None else 9) + 1)
        case shape.FloatType():
            return float(rng.randrange(100))
        case shape.DateTimeType():
            return AT + timedelta(seconds=rng.randrange(3600))
        case shape.NoneType():
            return None
    raise TypeError(f"no random value for {node!r}: teach `_value` this type")


class Page:
    """The room as a page knows it: a snapshot as JSON, and each event as JSON applied to it."""

    def __init__(self, snapshot: bytes) -> None:
        self.fields = msgspec.json.decode(snapshot)
        self._pieces = {part: msgspec.convert(self.fields, part.piece) for part in PARTS}

    def apply(self, text: bytes) -> None:
        event = _events.decode(text)
        assert event.seq == self.fields["seq"] + 1
        self.fields["seq"] = event.seq
        (part,) = (part for part in PARTS if type(event) in part.events)
        self._pieces[part] = part.apply(self._pieces[part], event)

    def snapshot(self) -> Any:
        for piece in self._pieces.values():
            self.fields |= msgspec.json.decode(msgspec.json.encode(piece))
        return self.fields


@dataclass
class Life:
    """What happened in a room. `snapshots` has one for each moment between two steps."""

    snapshots: list[bytes] = field(default_factory=list)
    events: list[bytes] = field(default_factory=list)
    carried_out: set[type[Command]] = field(default_factory=set)
    told: set[type[Event]] = field(default_factory=set)


def live(rng: random.Random, steps: int) -> tuple[RoomState, Life]:
    """Let a room live through random commands and happenings, by a clock of its own."""
    state = room(limits=LIMITS, online="ab")
    life, now = Life([_snapshot(state)]), 0.0
    for _ in range(steps):
        now += rng.randrange(20)
        part = rng.choice(PARTS)
        doings: list[Any] = [*commands_of(part), *filter(None, [HAPPENINGS.get(part)])]
        doing = rng.choice(doings)
        before = state.seq
        if doing is HAPPENINGS.get(part):
            doing(state, rng, now)
        else:
            asked = Asked(seat(rng.choice(SEATS)), AT + timedelta(seconds=now), now)
            try:
                state.carry_out(random_command(rng, doing), asked)
                life.carried_out.add(doing)
            except CommandRefused:
                assert state.seq == before  # a refusal changes nothing
        state.tick(now)
        events = state.take_events()
        life.events += [msgspec.json.encode(event) for event in events]
        life.told |= {type(event) for event in events}
        life.snapshots.append(_snapshot(state))
    return state, life


def _snapshot(state: RoomState) -> bytes:
    return msgspec.json.encode(state.snapshot("lead", AT))


def recorded() -> str:
    """Some lives as JSON: the first snapshot, every event, and the last snapshot."""
    return "[\n" + ",\n".join(_as_json()) + "\n]\n"


def _as_json() -> Iterator[str]:
    for seed in SEEDS:
        _, life = live(random.Random(seed), STEPS)
        events = ",\n".join(event.decode() for event in life.events)
        before, after = life.snapshots[0].decode(), life.snapshots[-1].decode()
        yield f'{{"before": {before},\n"events": [\n{events}\n],\n"after": {after}}}'


if __name__ == "__main__":
    RECORDED.write_text(recorded(), encoding="utf-8")
