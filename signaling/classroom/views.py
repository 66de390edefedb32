"""The views of a room's participants. Views outlive the media sessions that they steer."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from relay.api import Importance, Layer, Relay, SessionNotFound, SlotState, SlotWish
from signaling.classroom import wire as m
from signaling.classroom.parts.part import CommandRefused
from signaling.classroom.state import RoomState
from signaling.classroom.steering import importance_of, may_see
from signaling.lessons.seats import Seat
from signaling.lessons.sources import split_source

LAYERS = frozenset(str(layer) for layer in Layer)
MAX_HEIGHT = 8192  # pixels; no screen is higher


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A participant's last view, and from which seat."""

    seat: Seat
    slots: tuple[m.SlotView, ...]


class Views:
    """The views of a room's participants, applied to the newest viewing session of each."""

    def __init__(self, state: RoomState, relay: Relay, on_changed: Callable[[str], None]) -> None:
        """`on_changed` gets a participant whose wishes or slots are other than before."""
        self._state = state
        self._relay = relay
        self._on_changed = on_changed
        self._wanted: dict[str, _Wanted] = {}
        self._sessions: dict[str, str] = {}  # participant → its newest viewing session
        self._applied: dict[str, tuple[SlotWish, ...]] = {}  # by session
        self._flowing: dict[str, tuple[SlotState, ...]] = {}  # by session

    def session_of(self, participant_id: str) -> str | None:
        """A participant's newest viewing session."""
        return self._sessions.get(participant_id)

    def wishes(self, participant_id: str) -> tuple[SlotWish, ...]:
        """Return the wishes that the relay was told for a participant."""
        return self._applied.get(self._sessions.get(participant_id, ""), ())

    def flowing(self, participant_id: str) -> tuple[SlotState, ...]:
        """Return the state of a participant's slots, as the relay told last."""
        return self._flowing.get(self._sessions.get(participant_id, ""), ())

    def lacking_codec(self, participant_id: str) -> frozenset[str]:
        """The sources that a participant wants and whose codec its browser does not decode."""
        lacking = {slot.slot for slot in self.flowing(participant_id) if slot.codec_missing}
        return frozenset(
            wish.source_id
            for wish in self.wishes(participant_id)
            if wish.slot in lacking and wish.source_id is not None
        )

    def want(self, seat: Seat, slots: tuple[m.SlotView, ...]) -> None:
        """Note that a participant's page wants another view. Raises CommandRefused."""
        check_view(self._state, slots)
        self._wanted[seat.participant_id] = _Wanted(seat, slots)
        self._apply(seat.participant_id)

    def forget(self, participant_id: str) -> None:
        """Forget the view of somebody who left altogether."""
        if participant_id not in self._sessions:
            self._wanted.pop(participant_id, None)

    def session_opened(self, participant_id: str, session_id: str) -> None:
        """A viewing session was made; its participant's view applies to this one from now on."""
        self._sessions[participant_id] = session_id
        self.steer()

    def session_down(self, session_id: str) -> str | None:
        """A session ended; returns whose newest it was, if anybody's."""
        self._applied.pop(session_id, None)
        self._flowing.pop(session_id, None)
        for participant_id, newest in self._sessions.items():
            if newest == session_id:
                del self._sessions[participant_id]
                self._on_changed(participant_id)
                return participant_id
        return None

    def slots_changed(self, session_id: str, states: tuple[SlotState, ...]) -> None:
        """Note that the slots of a session changed."""
        self._flowing[session_id] = states
        for participant_id, newest in self._sessions.items():
            if newest == session_id:
                self._on_changed(participant_id)

    def steer(self) -> None:
        """Apply the views again: who may be seen, or what it matters, is another."""
        for participant_id in tuple(self._sessions):
            try:
                self._apply(participant_id)
            except CommandRefused:
                # The view names slots that this session does not have: the page sends another.
                continue

    def _apply(self, participant_id: str) -> None:
        """Apply a view to the participant's session, without what its seat may not see now."""
        wanted = self._wanted.get(participant_id)
        session_id = self._sessions.get(participant_id)
        if wanted is None or session_id is None:
            return
        wishes = tuple(self._wishes_of(wanted))
        if self._applied.get(session_id) == wishes:
            return
        try:
            self._relay.set_view(session_id, wishes)
        except SessionNotFound:
            return
        except ValueError as error:
            raise CommandRefused("bad_view", str(error), "slots") from None
        self._applied[session_id] = wishes
        self._on_changed(participant_id)

    def _wishes_of(self, wanted: _Wanted) -> Iterator[SlotWish]:
        for slot in wanted.slots:
            source_id = slot.source_id
            if source_id is not None and not may_see(self._state, wanted.seat, source_id):
                source_id = None
            layer = None if slot.max_layer is None else Layer(slot.max_layer)
            importance = Importance.WALL
            if source_id is not None:
                importance = importance_of(self._state, source_id)
            yield SlotWish(slot.slot, source_id, layer, slot.max_height, importance)


def check_view(state: RoomState, slots: Sequence[m.SlotView]) -> None:
    """Refuse a view with slots twice or out of bounds, or layers or sources that cannot be.

    Raises:
        CommandRefused: it names the field.
    """
    if len(slots) > m.MAX_SLOTS:
        raise CommandRefused("bad_view", f"at most {m.MAX_SLOTS} slots", "slots")
    seen: set[int] = set()
    for index, slot in enumerate(slots):
        if not 0 <= slot.slot < m.MAX_SLOTS or slot.slot in seen:
            raise CommandRefused("bad_view", "no such slot, or twice", f"slots[{index}].slot")
        seen.add(slot.slot)
        if slot.max_layer is not None and slot.max_layer not in LAYERS:
            raise CommandRefused("bad_view", "h, m or l", f"slots[{index}].max_layer")
        if slot.max_height is not None and not 0 < slot.max_height <= MAX_HEIGHT:
            raise CommandRefused("bad_view", f"1…{MAX_HEIGHT}", f"slots[{index}].max_height")
        if slot.source_id is not None:
            _check_source(state, slot.source_id, f"slots[{index}].source_id")


def _check_source(state: RoomState, source_id: str, field: str) -> None:
    try:
        participant_id, _ = split_source(source_id)
    except ValueError:
        raise CommandRefused("unknown_source", "not a source id", field) from None
    if state.person(participant_id) is None:
        raise CommandRefused("unknown_source", "nobody here has that source", field)


def slots_now(states: Sequence[SlotState]) -> m.Slots:
    """Return what flows in slots, as a page is told."""
    return m.Slots(tuple(_slot_now(state) for state in states))


def _slot_now(state: SlotState) -> m.SlotNow:
    layer = None if state.layer is None else str(state.layer)
    ideal = None if state.ideal is None else str(state.ideal)
    return m.SlotNow(
        state.slot,
        str(state.kind),
        state.source_id,
        layer,
        ideal,
        thinned=state.thinned,
        codec_missing=state.codec_missing,
        hold=None if state.hold is None else str(state.hold),
    )
