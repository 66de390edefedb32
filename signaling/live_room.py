"""One open lesson room: its pure state, its channels, and what the relay is told of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from relay.api import Layer, MediaKind, Relay, SessionNotFound, SessionStats, SlotState, SlotWish
from signaling.channel import MAX_WAITING_BYTES, Channel, encode
from signaling.clock import Clock
from signaling.core import messages as m
from signaling.core.link_state import LinkJudge, LinkSample
from signaling.core.permissions import Seat
from signaling.core.room_state import (
    CommandRefused,
    Durable,
    Member,
    RoomState,
    camera_of,
    split_source,
)

MAX_CHANNELS = 512  # participants and silent observers of one lesson
MAX_RESUME_BYTES = MAX_WAITING_BYTES // 2  # the rest is for what happens meanwhile
_LAYER_RANK = {Layer.LOW: 0, Layer.MIDDLE: 1, Layer.HIGH: 2}


class RoomObserver(Protocol):
    """Whom a room tells what concerns others: storage and the recorder."""

    def on_durable_changed(self, lesson_id: str) -> None:
        """What must survive a restart changed."""

    def on_stage_changed(self, lesson_id: str, participant_id: str, on_stage: bool) -> None:
        """Somebody came onto or left the stage."""


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A participant's last view, and from which seat."""

    seat: Seat
    slots: tuple[m.SlotView, ...]


class LiveRoom:
    """Carries out commands and passes on what comes of them."""

    def __init__(
        self, lesson_id: str, state: RoomState, relay: Relay, clock: Clock, observer: RoomObserver
    ) -> None:
        self.lesson_id = lesson_id
        self.state = state
        self.empty_since: float | None = clock.monotonic()
        self._relay = relay
        self._clock = clock
        self._observer = observer
        self._channels: dict[str, Channel] = {}
        self._wanted: dict[str, _Wanted] = {}
        self._viewers: dict[str, str] = {}  # participant → its newest viewing session
        self._publishers: dict[str, str] = {}  # source → its newest publishing session
        self._applied: dict[str, tuple[SlotWish, ...]] = {}  # by viewing session
        self._slots: dict[str, m.Slots] = {}  # by viewing session
        self._layers_wanted: dict[str, m.LayersWanted] = {}  # by publishing session
        self._judges: dict[str, LinkJudge] = {}
        self._steered: tuple[frozenset[str], tuple[str, ...]] | None = None
        self._kept: Durable = state.durable

    # --- channels --------------------------------------------------------------------------------

    @property
    def channels(self) -> Sequence[Channel]:
        """The open channels."""
        return tuple(self._channels.values())

    def attach(self, channel: Channel, member: Member, hello: m.Hello) -> None:
        """Take a channel in: the newest of a participant stands; it gets what it missed, or all.

        Raises:
            CommandRefused: the room is full.
        """
        seat = channel.seat
        older = self._channels.get(seat.participant_id)
        if older is None and len(self._channels) >= MAX_CHANNELS:
            raise CommandRefused("room_full", "the room is full")
        if seat.visible:
            self.state.join(member)
        if older is not None:
            older.close(m.ByeReason.REPLACED)
            del self._channels[seat.participant_id]
        self.flush()
        self._channels[seat.participant_id] = channel
        self.empty_since = None
        self._welcome(channel, hello)

    def detach(self, channel: Channel) -> None:
        """A channel is gone; nothing happens if a newer one took its place."""
        participant_id = channel.seat.participant_id
        if self._channels.get(participant_id) is not channel:
            return
        del self._channels[participant_id]
        if not self._channels:
            self.empty_since = self._clock.monotonic()
        self.state.leave(participant_id, self._clock.monotonic())
        self._forget_idle(participant_id)
        self.flush()

    def command(self, channel: Channel, command: m.Command) -> None:
        """Carry out a command and answer it."""
        try:
            self._carry_out(channel.seat, command)
        except CommandRefused as refused:
            channel.send(m.CommandError(command.id, refused.code, refused.detail, refused.field))
        else:
            channel.send(m.Ack(command.id))
        self.flush()

    def flush(self) -> None:
        """Send the events that came up to everyone, and steer the relay by the new state."""
        for event in self.state.take_events():
            text = encode(event)
            for channel in self._channels.values():
                channel.post(text)
        self._steer()
        self._keep()

    def close(self, reason: m.ByeReason) -> None:
        """Say goodbye to all."""
        for channel in self._channels.values():
            channel.close(reason)

    def tick(self) -> None:
        """Drop channels that fell silent and hands whose owners are gone for long."""
        now = self._clock.monotonic()
        for channel in tuple(self._channels.values()):
            if channel.is_silent(now):
                channel.close(m.ByeReason.TOO_SLOW)
        self.state.expire(now)
        self.flush()

    # --- media sessions --------------------------------------------------------------------------

    def viewer_opened(self, participant_id: str, session_id: str) -> None:
        """A participant's viewing session was made; its view applies to this one from now on."""
        self._viewers[participant_id] = session_id
        self._steer_views()

    def publisher_opened(self, source_id: str, session_id: str) -> None:
        """A publishing session of a source was made."""
        self._publishers[source_id] = session_id

    def session_down(self, session_id: str) -> None:
        """A media session ended."""
        self._applied.pop(session_id, None)
        self._slots.pop(session_id, None)
        self._layers_wanted.pop(session_id, None)
        for table in (self._viewers, self._publishers):
            for key in [k for k, v in table.items() if v == session_id]:
                del table[key]
                self._forget_idle(key)

    def slots_changed(
        self, participant_id: str, session_id: str, states: Sequence[SlotState]
    ) -> None:
        """What flows in a viewer's slots changed."""
        if self._viewers.get(participant_id) != session_id:
            return
        slots = m.Slots(tuple(_slot_now(state) for state in states))
        self._slots[session_id] = slots
        channel = self._channels.get(participant_id)
        if channel is not None:
            channel.send(slots)

    def layers_wanted(self, session_id: str, layers: Sequence[Layer]) -> None:
        """Which layers of a publishing session anybody takes: its page may pause the others."""
        for source_id, newest in self._publishers.items():
            if newest == session_id:
                wanted = m.LayersWanted(source_id, tuple(str(layer) for layer in layers))
                self._layers_wanted[session_id] = wanted
                channel = self._channels.get(split_source(source_id)[0])
                if channel is not None:
                    channel.send(wanted)

    def judge_links(self) -> None:
        """Judge the links of those present by the relay's figures of their media sessions."""
        for person in self.state.participants:
            if not person.online:
                self._judges.pop(person.participant_id, None)
                continue
            judge = self._judges.setdefault(person.participant_id, LinkJudge())
            link = self._judged(judge, self._stats_of(person.participant_id))
            if _differs(link, person.link):
                self.state.set_link(person.participant_id, link)
        self.flush()

    # --- inside ----------------------------------------------------------------------------------

    def _welcome(self, channel: Channel, hello: m.Hello) -> None:
        participant_id = channel.seat.participant_id
        missed = self.state.missed(hello.instance, hello.seq)
        texts = [encode(event) for event in missed or ()]
        # More than may wait would close the channel as too slow, again at each attempt.
        fits = sum(len(text.encode()) for text in texts) <= MAX_RESUME_BYTES
        if missed is not None and hello.seq is not None and fits:
            channel.send(m.Resumed(hello.seq))
            for text in texts:
                channel.post(text)
        else:
            channel.send(self.state.snapshot(participant_id, self._clock.now()))
        slots = self._slots.get(self._viewers.get(participant_id, ""))
        if slots is not None:
            channel.send(slots)
        for wanted in self._layers_wanted.values():
            if split_source(wanted.source_id)[0] == participant_id:
                channel.send(wanted)

    def _carry_out(self, seat: Seat, command: m.Command) -> None:
        state = self.state
        match command:
            case m.SetDevices(devices=devices):
                state.set_devices(seat, devices)
            case m.RaiseHand():
                state.raise_hand(seat, self._clock.now())
            case m.LowerHand(participant_id=participant_id):
                state.lower_hand(seat, participant_id)
            case m.StageInvite(participant_id=participant_id):
                state.invite_to_stage(seat, participant_id)
            case m.StageRemove(participant_id=participant_id):
                state.remove_from_stage(seat, participant_id)
            case m.MuteAll(muted=muted):
                state.mute_all(seat, muted)
            case m.View(slots=slots):
                state.check_view(slots)
                self._wanted[seat.participant_id] = _Wanted(seat, slots)
                self._apply_view(seat.participant_id)

    def _steer(self) -> None:
        """Tell the relay who is heard and what the programme is; it only forwards a live lesson."""
        if not self.state.is_live:
            return
        steering = (self.state.audible(), self.state.programme())
        if steering != self._steered:
            self._steered = steering
            self._relay.set_audible(self.lesson_id, steering[0])
            self._relay.set_programme(self.lesson_id, steering[1])
            self._steer_views()

    def _steer_views(self) -> None:
        for participant_id in tuple(self._viewers):
            try:
                self._apply_view(participant_id)
            except CommandRefused:
                # The view names slots that this session does not have: the page sends another.
                continue

    def _apply_view(self, participant_id: str) -> None:
        """Apply a view to the participant's session, without what its seat may not see now."""
        wanted = self._wanted.get(participant_id)
        session_id = self._viewers.get(participant_id)
        if wanted is None or session_id is None:
            return
        wishes = tuple(self._wishes(wanted))
        if self._applied.get(session_id) == wishes:
            return
        try:
            self._relay.set_view(session_id, wishes)
        except SessionNotFound:
            return
        except ValueError as error:
            raise CommandRefused("bad_view", str(error), "slots") from None
        self._applied[session_id] = wishes

    def _wishes(self, wanted: _Wanted) -> Iterator[SlotWish]:
        for slot in wanted.slots:
            source_id = slot.source_id
            if source_id is not None and not self.state.may_see(wanted.seat, source_id):
                source_id = None
            layer = None if slot.max_layer is None else Layer(slot.max_layer)
            yield SlotWish(slot.slot, source_id, layer, slot.max_height)

    def _keep(self) -> None:
        durable = self.state.durable
        if durable == self._kept:
            return
        before, now = set(self._kept.on_stage), set(durable.on_stage)
        self._kept = durable
        self._observer.on_durable_changed(self.lesson_id)
        for participant_id in before - now:
            self._observer.on_stage_changed(self.lesson_id, participant_id, False)
        for participant_id in now - before:
            self._observer.on_stage_changed(self.lesson_id, participant_id, True)

    def _forget_idle(self, participant_id: str) -> None:
        """Forget the view of an observer who left altogether; participants keep theirs."""
        idle = participant_id not in self._channels and participant_id not in self._viewers
        if idle and self.state.participant(participant_id) is None:
            self._wanted.pop(participant_id, None)

    def _stats_of(self, participant_id: str) -> list[SessionStats]:
        ids = {
            self._viewers.get(participant_id),
            self._publishers.get(camera_of(participant_id)),
            self._publishers.get(f"{participant_id}.{m.SourceKind.COURSEWARE}"),
        }
        found = []
        for session_id in ids - {None}:
            try:
                found.append(self._relay.stats(session_id or ""))
            except SessionNotFound:
                continue
        return found

    @staticmethod
    def _judged(judge: LinkJudge, stats: list[SessionStats]) -> m.Link:
        up = [s for s in stats if s.connected]
        if not up:
            return m.Link(judge.update(LinkSample(None, None)))
        rtts = [s.rtt_ms for s in up if s.rtt_ms is not None]
        rtt = max(rtts) if rtts else None
        loss = max(s.loss_fraction for s in up)
        layers = [
            slot.layer
            for s in up
            for slot in s.slots
            if slot.kind is MediaKind.VIDEO and slot.layer is not None
        ]
        seeing = max(layers, key=_LAYER_RANK.__getitem__) if layers else None
        state = judge.update(LinkSample(rtt, loss))
        return m.Link(state, rtt, loss, None if seeing is None else str(seeing))


def _slot_now(state: SlotState) -> m.SlotNow:
    layer = None if state.layer is None else str(state.layer)
    ideal = None if state.ideal is None else str(state.ideal)
    return m.SlotNow(
        state.slot, str(state.kind), state.source_id, layer, ideal, thinned=state.thinned
    )


def _differs(new: m.Link, old: m.Link) -> bool:
    """Whether a link changed enough to tell everyone: figures alone must move visibly."""
    if new.state is not old.state or new.seeing != old.seeing:
        return True
    rtt_moved = abs((new.rtt_ms or 0.0) - (old.rtt_ms or 0.0))
    loss_moved = abs((new.loss or 0.0) - (old.loss or 0.0))
    return rtt_moved > max(20.0, 0.3 * (old.rtt_ms or 0.0)) or loss_moved > 0.02
