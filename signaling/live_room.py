"""One open lesson room: its pure state, its channels, and what the relay is told of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

from relay.api import Layer, Relay, SessionNotFound, SlotState
from signaling.channel import MAX_WAITING_BYTES, Channel, encode
from signaling.clock import Clock
from signaling.core import messages as m
from signaling.core.link_history import OFFLINE, LinkReading
from signaling.core.permissions import LEAD_PARTICIPANT, Action, Seat
from signaling.core.resources import Role
from signaling.core.room_state import (
    CommandRefused,
    Durable,
    Member,
    RoomState,
    camera_of,
    split_source,
)
from signaling.core.stills import StillPicture, spare_bps
from signaling.link_watch import LinkWatch, Viewing, differs
from signaling.still_post import StillPost
from signaling.views import Views

MAX_CHANNELS = 512  # participants and silent observers of one lesson
MAX_RESUME_BYTES = MAX_WAITING_BYTES // 2  # the rest is for what happens meanwhile
ALL_LAYERS = tuple(str(layer) for layer in Layer)  # what a publisher sends who was told nothing
FIGURES_EVERY_S = 10.0  # how often mere figures of one participant's link are told


class RoomObserver(Protocol):
    """Whom a room tells what concerns others: storage and the recorder."""

    def on_durable_changed(self, lesson_id: str) -> None:
        """What must survive a restart changed."""

    def on_stage_changed(self, lesson_id: str, participant_id: str, on_stage: bool) -> None:
        """Somebody came onto or left the stage."""

    def on_still_sent(self, size: int, begins: bool) -> None:
        """Part of a still, of so many bytes, was handed to a viewer."""


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
        self._publishers: dict[str, str] = {}  # source → the session that publishes it
        self._layers_wanted: dict[str, m.LayersWanted] = {}  # by publishing session
        self._in_vp8: set[str] = set()  # sources that somebody cannot decode in another codec
        self._links = LinkWatch(relay)
        self._told_at: dict[str, float] = {}  # when a participant's link was last told
        self._readings: dict[str, LinkReading] = {}
        self._stills = StillPost(observer.on_still_sent)
        self._views = Views(state, relay, self._look_for_stills)
        self._steered: tuple[tuple[str, ...], tuple[str, ...]] | None = None
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
        self._stills.forget_viewer(seat.participant_id)  # a new page has none
        self._look_for_stills(seat.participant_id)

    def detach(self, channel: Channel) -> None:
        """A channel is gone; nothing happens if a newer one took its place."""
        participant_id = channel.seat.participant_id
        if self._channels.get(participant_id) is not channel:
            return
        del self._channels[participant_id]
        self._stills.forget_viewer(participant_id)
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
        self._tell(self.state.take_events())
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
        self._stills.forget_viewer(participant_id)
        self._views.session_opened(participant_id, session_id)

    def publisher_up(self, source_id: str, session_id: str) -> None:
        """A session publishes a source from now on; told before anything is wanted of it.

        Not when it was made: many never come up, while an older one goes on.
        """
        self._publishers[source_id] = session_id

    def session_down(self, session_id: str) -> None:
        """A media session ended."""
        self._links.forget_session(session_id)
        self._layers_wanted.pop(session_id, None)
        viewer = self._views.session_down(session_id)
        if viewer is not None:
            self._forget_idle(viewer)
        for source_id in [key for key, value in self._publishers.items() if value == session_id]:
            del self._publishers[source_id]

    def slots_changed(
        self, participant_id: str, session_id: str, states: Sequence[SlotState]
    ) -> None:
        """What flows in a viewer's slots changed."""
        if self._views.session_of(participant_id) != session_id:
            return
        self._views.slots_changed(session_id, tuple(states))
        channel = self._channels.get(participant_id)
        if channel is not None:
            channel.send(_slots_now(states))
        for source_id in self._views.lacking_codec(participant_id) - self._in_vp8:
            self._in_vp8.add(source_id)
            publisher = self._channels.get(split_source(source_id)[0])
            if publisher is not None:
                publisher.send(m.CodecLacking(source_id))

    def layers_wanted(self, session_id: str, layers: Sequence[Layer], *, sound: bool) -> None:
        """What anybody takes of a publishing session: its page may pause the rest."""
        for source_id, publishing in self._publishers.items():
            if publishing == session_id:
                names = tuple(str(layer) for layer in layers)
                wanted = m.LayersWanted(source_id, names, sound=sound)
                self._layers_wanted[session_id] = wanted
                channel = self._channels.get(split_source(source_id)[0])
                if channel is not None:
                    channel.send(wanted)

    def judge_links(self) -> None:
        """Judge the links of those present by the relay's figures of their media sessions.

        Links are told to whom they concern only: a narrow link must not be filled with the news of
        a hundred others.
        """
        now = self._clock.monotonic()
        self.flush()
        for person in self.state.participants:
            who = person.participant_id
            if not person.online:
                self._links.forget(who)
                self._told_at.pop(who, None)
                self._readings[who] = OFFLINE
                continue
            judged = self._links.look(who, self._viewing(who), self._publishing(who), now)
            self._readings[who] = judged.reading
            patient = now - self._told_at.get(who, -FIGURES_EVERY_S) < FIGURES_EVERY_S
            if differs(judged.link, person.link, figures=not patient):
                self._told_at[who] = now
                self.state.set_link(who, judged.link)
                self._tell(self.state.take_events(), about=who)

    @property
    def readings(self) -> Mapping[str, LinkReading]:
        """The latest look at the links of those present, by participant."""
        return self._readings

    def teaching_readings(self) -> Iterator[tuple[str, LinkReading]]:
        """The readings of those whose links are kept: lead teacher and rooms that came once."""
        for person in self.state.participants:
            reading = self._readings.get(person.participant_id)
            teaches = person.role in {Role.LEAD_TEACHER, Role.RECEIVE_ROOM}
            if reading is not None and person.attended and teaches:
                yield person.participant_id, reading

    def source_removed(self, source_id: str) -> None:
        """A source is gone."""
        self._stills.shelf.forget(source_id)
        self.state.remove_source(source_id)
        self.flush()

    def source_refused(self, source_id: str, reason: m.RefusalReason) -> None:
        """A source was ended for what it sent: who can set up its device is told."""
        owner = split_source(source_id)[0]
        told = m.SourceRefused(source_id, reason)
        for participant_id in dict.fromkeys((owner, LEAD_PARTICIPANT)):
            channel = self._channels.get(participant_id)
            if channel is not None:
                channel.send(told)

    # --- stills ----------------------------------------------------------------------------------

    def admit_still(self, source_id: str) -> bool:
        """Whether an upload for a source may come now."""
        return self._stills.shelf.admit(source_id, self._clock.monotonic())

    def put_still(self, still: StillPicture) -> None:
        """A page of courseware as a picture, for those whose links carry no video."""
        self._stills.shelf.put(still)

    def deliver_stills(self) -> None:
        """A few times a second: hand the next parts to those in need."""
        now = self._clock.monotonic()
        for participant_id in self._stills.waiting:
            channel = self._channels.get(participant_id)
            session_id = self._views.session_of(participant_id)
            if channel is None or session_id is None:
                continue
            try:
                stats = self._relay.stats(session_id)
            except SessionNotFound:
                continue
            rate_bps = spare_bps(stats.target_bps, stats.send_bps)
            self._stills.deliver(participant_id, channel, rate_bps, now)

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
        flowing = self._views.flowing(participant_id)
        if flowing:
            channel.send(_slots_now(flowing))
        for wanted in self._layers_wanted.values():
            if split_source(wanted.source_id)[0] == participant_id:
                channel.send(wanted)
        for source_id in sorted(self._in_vp8):
            if split_source(source_id)[0] == participant_id:
                channel.send(m.CodecLacking(source_id))

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
                self._views.want(seat, slots)

    def _steer(self) -> None:
        """Tell the relay who is heard and what the programme is; it only forwards a live lesson."""
        if not self.state.is_live:
            return
        steering = (self.state.audible(), self.state.programme())
        if steering != self._steered:
            self._steered = steering
            self._relay.set_audible(self.lesson_id, steering[0])
            self._relay.set_programme(self.lesson_id, steering[1])
            self._views.steer()

    def _look_for_stills(self, participant_id: str) -> None:
        flowing, wishes = self._views.flowing(participant_id), self._views.wishes(participant_id)
        self._stills.look(participant_id, flowing, wishes, self._clock.monotonic())

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
        if participant_id in self._channels or self.state.participant(participant_id) is not None:
            return
        self._views.forget(participant_id)

    def _viewing(self, participant_id: str) -> Viewing | None:
        session_id = self._views.session_of(participant_id)
        if session_id is None:
            return None
        stills = self._stills.takes_stills(participant_id)
        return Viewing(session_id, self._views.wishes(participant_id), stills)

    def _publishing(self, participant_id: str) -> dict[str, tuple[str, ...] | None]:
        found: dict[str, tuple[str, ...] | None] = {}
        camera = self._publishers.get(camera_of(participant_id))
        if camera is not None:
            wanted = self._layers_wanted.get(camera)
            found[camera] = ALL_LAYERS if wanted is None else wanted.layers
        courseware = self._publishers.get(f"{participant_id}.{m.SourceKind.COURSEWARE}")
        if courseware is not None:
            found[courseware] = None  # a still screen sends nothing
        return found

    def _tell(self, events: Sequence[m.Event], about: str | None = None) -> None:
        """Send events to everyone, or what is `about` somebody's link to those concerned."""
        for event in events:
            text = encode(event)
            for participant_id, channel in self._channels.items():
                concerned = Action.VIEW_OFF_STAGE in channel.seat.actions
                if about is None or concerned or participant_id == about:
                    channel.post(text)


def _slots_now(states: Sequence[SlotState]) -> m.Slots:
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
