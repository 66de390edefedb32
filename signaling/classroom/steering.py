"""The orders to the relay that follow from a room's state: who is heard, who is seen by whom."""

from __future__ import annotations

from relay.api import Importance
from signaling.access.actions import Action
from signaling.classroom.parts.mute import Mute
from signaling.classroom.state import RoomState
from signaling.lessons.seats import LEAD_PARTICIPANT, Seat
from signaling.lessons.sources import LEAD_SOURCES, SourceKind, camera_of, split_source


def audible(state: RoomState) -> tuple[str, ...]:
    """Return whose sound is forwarded: the lead's, and of those on stage unless all are muted.

    Best first, for links that do not carry all: the lead's voice, the stage's, then the sound
    of what is shown.
    """
    stage = () if state.part(Mute).shown.muted_all else reversed(state.on_stage)
    voice, *rest = LEAD_SOURCES
    return (voice, *(camera_of(p) for p in stage), *rest)


def programme(state: RoomState) -> tuple[str, ...]:
    """Return what a plain player sees, best first: who came on stage last, then the lead."""
    return (*(camera_of(p) for p in reversed(state.on_stage)), *LEAD_SOURCES)


def may_see(state: RoomState, seat: Seat, source_id: str) -> bool:
    """Return whether a viewer may see a source: off stage, a classroom is for the lead only."""
    if Action.VIEW_OFF_STAGE in seat.actions or source_id in LEAD_SOURCES:
        return True
    participant_id = source_id.rpartition(".")[0]
    return participant_id == seat.participant_id or participant_id in state.on_stage


def importance_of(state: RoomState, source_id: str) -> Importance:
    """Return what a picture matters to a viewer whose link does not carry all.

    Courseware comes first, then who teaches or is on stage, then the wall. The order is the same
    for everybody.
    """
    participant_id, kind = split_source(source_id)
    if kind is SourceKind.COURSEWARE:
        return Importance.COURSEWARE
    speaks = participant_id == LEAD_PARTICIPANT or participant_id in state.on_stage
    return Importance.STAGE if speaks else Importance.WALL
