"""One open lesson room: its pure state, its channels, and what the relay is told of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

from relay.api import Layer, Relay, SessionNotFound, SlotState
from signaling.access.actions import Action
from signaling.base.clock import Clock
from signaling.classroom import wire as m
from signaling.classroom.channel import MAX_WAITING_BYTES, Channel, encode
from signaling.classroom.link_news import LinkNews
from signaling.classroom.link_watch import Viewing
from signaling.classroom.messages import Command, Event, ServerMessage
from signaling.classroom.parts.part import Asked, CommandRefused, SavedRoom
from signaling.classroom.publishing import Publishing
from signaling.classroom.state import RoomState
from signaling.classroom.steering import audible, programme
from signaling.classroom.stills.delivery import StillPost
from signaling.classroom.stills.rules import StillPicture, spare_bps
from signaling.classroom.views import Views, slots_now
from signaling.lessons.members import Member
from signaling.lessons.wire import Headcount
from signaling.links.excess_notes import ExcessNotes
from signaling.links.samples import LinkReading

MAX_CHANNELS = 512  # participants and silent observers of one lesson
MAX_RESUME_BYTES = MAX_WAITING_BYTES // 2  # the rest is for what happens meanwhile


class RoomObserver(Protocol):
    """The others whom a change in a room concerns: storage and the recorder."""

    def on_unsaved(self, lesson_id: str) -> None:
        """Note that the state that must survive a restart changed."""

    def on_stage_changed(self, lesson_id: str, participant_id: str, on_stage: bool) -> None:
        """Note that somebody came onto or left the stage."""

    def on_still_sent(self, size: int, begins: bool) -> None:
        """Note that part of a still, of so many bytes, was handed to a viewer."""

    def on_presence_changed(self, lesson_id: str, participant_id: str, here: bool) -> None:
        """Note that a page came into the live lesson, or is gone."""

    def on_headcount_changed(self, lesson_id: str, headcount: Headcount) -> None:
        """Note that a room's pupils were counted."""


class LiveRoom:
    """Carries out commands and passes on what comes of them."""

    def __init__(
        self, lesson_id: str, state: RoomState, relay: Relay, clock: Clock, observer: RoomObserver
    ) -> None:
        self.lesson_id = lesson_id
        self.state = state
        self.empty_since: float | None = clock.monotonic()
        self.is_held = False  # its last state is being written: commands are not taken any more
        self._relay = relay
        self._clock = clock
        self._observer = observer
        self._channels: dict[str, Channel] = {}
        self._publishing = Publishing(self._tell_one)
        self._links = LinkNews(state, relay, self._publishing, self._viewing)
        self._stills = StillPost(observer.on_still_sent)
        self._views = Views(state, relay, self._look_for_stills)
        self._steered: tuple[tuple[str, ...], tuple[str, ...]] | None = None
        self._saved: SavedRoom = state.saved
        self._marked = state.on_stage  # whom the recorder knows to be on stage
        self._here: tuple[str, ...] = ()  # whose presence in the live lesson was told
        self._headcounts = state.headcounts.shown.headcounts

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
            self.state.presence.join(member)
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
        """Let a channel go; nothing happens if a newer one took its place."""
        participant_id = channel.seat.participant_id
        if self._channels.get(participant_id) is not channel:
            return
        del self._channels[participant_id]
        self._stills.forget_viewer(participant_id)
        if not self._channels:
            self.empty_since = self._clock.monotonic()
        self.state.presence.leave(participant_id, self._clock.monotonic())
        self._forget_idle(participant_id)
        self.flush()

    def command(self, channel: Channel, command: Command) -> None:
        """Carry out a command and answer it. A room that is held leaves both to its successor."""
        if self.is_held:
            return
        try:
            if isinstance(command, m.View):
                self._views.want(channel.seat, command.slots)
            else:
                asked = Asked(channel.seat, self._clock.now(), self._clock.monotonic())
                self.state.carry_out(command, asked)
        except CommandRefused as refused:
            channel.send(m.CommandError(command.id, refused.code, refused.detail, refused.field))
        else:
            channel.send(m.Ack(command.id))
        self.flush()

    def flush(self) -> None:
        """Send the events that came up to everyone, and steer the relay by the new state."""
        self._tell(self.state.take_events())
        self._steer()
        self._mark_stage()
        self._note_facts()
        self._save()

    def close(self, reason: m.ByeReason) -> None:
        """Say goodbye to all."""
        for channel in self._channels.values():
            channel.close(reason)

    def tick(self) -> None:
        """Once a second, drop channels that fell silent, and let the parts do what is due."""
        if self.is_held:
            return
        now = self._clock.monotonic()
        for channel in tuple(self._channels.values()):
            if channel.is_silent(now):
                channel.close(m.ByeReason.TOO_SLOW)
        self.state.tick(now)
        self.flush()

    # --- media sessions --------------------------------------------------------------------------

    def viewer_opened(self, participant_id: str, session_id: str) -> None:
        """Apply a participant's view to the viewing session that was made."""
        self._stills.forget_viewer(participant_id)
        self._views.session_opened(participant_id, session_id)

    def publisher_up(self, source_id: str, session_id: str) -> None:
        """Note that a session publishes a source from now on."""
        self._publishing.up(source_id, session_id)

    def session_down(self, session_id: str, *, carrier_gone: bool = False) -> None:
        """Forget a media session that ended; its page opens another if only its carrier is gone."""
        self._links.session_down(session_id)
        self._publishing.session_down(session_id)
        viewer = self._views.session_down(session_id)
        if viewer is not None:
            self._forget_idle(viewer)
        if viewer is not None and carrier_gone:
            self._tell_one(viewer, m.Reopen())

    def slots_changed(
        self, participant_id: str, session_id: str, states: Sequence[SlotState]
    ) -> None:
        """Tell a viewer what flows in its slots, and the publishers whose codec it lacks."""
        if self._views.session_of(participant_id) != session_id:
            return
        self._views.slots_changed(session_id, tuple(states))
        self._tell_one(participant_id, slots_now(states))
        self._publishing.codec_lacking(self._views.lacking_codec(participant_id))

    def layers_wanted(self, session_id: str, layers: Sequence[Layer], *, sound: bool) -> None:
        """Tell a publisher what anybody takes of it."""
        self._publishing.layers_wanted(session_id, layers, sound=sound)

    def source_removed(self, source_id: str) -> None:
        """Take out a source that is gone."""
        self._stills.shelf.forget(source_id)
        self.state.published.remove(source_id)
        self.flush()

    def source_refused(self, source_id: str, reason: m.RefusalReason) -> None:
        """Tell those concerned that a source was ended for what it sent."""
        self._publishing.refused(source_id, reason)

    # --- links -----------------------------------------------------------------------------------

    @property
    def excess(self) -> ExcessNotes:
        """Notes of sources that send more than is taken."""
        return self._links.excess

    @property
    def readings(self) -> Mapping[str, LinkReading]:
        """The latest look at the links of those present, by participant."""
        return self._links.readings

    def teaching_readings(self) -> Iterator[tuple[str, LinkReading]]:
        """Yield the readings of those whose links are kept: lead teacher and rooms that came."""
        return self._links.teaching_readings()

    def judge_links(self) -> None:
        """Judge the links of those present.

        Links are told to whom they concern only: a narrow link must not be filled with the news of
        a hundred others.
        """
        self.flush()
        self._links.judge(
            self._clock.monotonic(), lambda who: self._tell(self.state.take_events(), about=who)
        )

    # --- stills ----------------------------------------------------------------------------------

    def admit_still(self, source_id: str) -> bool:
        """Return whether an upload for a source may come now."""
        return self._stills.shelf.admit(source_id, self._clock.monotonic())

    def put_still(self, still: StillPicture) -> None:
        """Keep a page of courseware as a picture, for those whose links carry no video."""
        self._stills.shelf.put(still)

    def deliver_stills(self) -> None:
        """A few times a second, hand the next parts to those in need."""
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
            channel.send(slots_now(flowing))
        for message in self._publishing.known_to(participant_id):
            channel.send(message)

    def _steer(self) -> None:
        """Tell the relay who is heard and what the programme is; it only forwards a live lesson."""
        if not self.state.is_live:
            return
        steering = (audible(self.state), programme(self.state))
        if steering != self._steered:
            self._steered = steering
            self._relay.set_audible(self.lesson_id, steering[0])
            self._relay.set_programme(self.lesson_id, steering[1])
            self._views.steer()

    def _look_for_stills(self, participant_id: str) -> None:
        flowing, wishes = self._views.flowing(participant_id), self._views.wishes(participant_id)
        self._stills.look(participant_id, flowing, wishes, self._clock.monotonic())

    def _save(self) -> None:
        saved = self.state.saved
        if saved != self._saved:
            self._saved = saved
            self._observer.on_unsaved(self.lesson_id)

    def _mark_stage(self) -> None:
        before, now = set(self._marked), set(self.state.on_stage)
        self._marked = self.state.on_stage
        for participant_id in before - now:
            self._observer.on_stage_changed(self.lesson_id, participant_id, False)
        for participant_id in now - before:
            self._observer.on_stage_changed(self.lesson_id, participant_id, True)

    def _note_facts(self) -> None:
        """Tell who came and went while the lesson is live, and what was counted."""
        before, here = self._here, self.state.present if self.state.is_live else ()
        if here != before:
            self._here = here
            for participant_id in (one for one in before if one not in here):
                self._observer.on_presence_changed(self.lesson_id, participant_id, False)
            for participant_id in (one for one in here if one not in before):
                self._observer.on_presence_changed(self.lesson_id, participant_id, True)
        counted, self._headcounts = self._headcounts, self.state.headcounts.shown.headcounts
        if self._headcounts is not counted:
            for headcount in self._headcounts:
                if headcount not in counted:
                    self._observer.on_headcount_changed(self.lesson_id, headcount)

    def _forget_idle(self, participant_id: str) -> None:
        """Forget the view of an observer who left altogether; participants keep theirs."""
        if participant_id in self._channels or self.state.person(participant_id) is not None:
            return
        self._views.forget(participant_id)

    def _viewing(self, participant_id: str) -> Viewing | None:
        session_id = self._views.session_of(participant_id)
        if session_id is None:
            return None
        stills = self._stills.takes_stills(participant_id)
        return Viewing(session_id, self._views.wishes(participant_id), stills)

    def _tell_one(self, participant_id: str, message: ServerMessage) -> None:
        channel = self._channels.get(participant_id)
        if channel is not None:
            channel.send(message)

    def _tell(self, events: Sequence[Event], about: str | None = None) -> None:
        """Send events to everyone, or what is `about` somebody's link to those concerned."""
        for event in events:
            text = encode(event)
            for participant_id, channel in self._channels.items():
                concerned = Action.VIEW_OFF_STAGE in channel.seat.actions
                if about is None or concerned or participant_id == about:
                    channel.post(text)
