"""The relay node: sessions, rooms and the driver put together behind `relay.api.Relay`."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from functools import partial

import structlog

from relay.admission import Admission
from relay.aiortc_adapter import DtlsIdentity
from relay.api import (
    Answer,
    CloseReason,
    InPipe,
    InPipeListener,
    OutPipe,
    OutPipeListener,
    Patched,
    RelayListener,
    SessionNotFound,
    SessionStats,
    SlotWish,
    SourceInfo,
    StaleSession,
    Tap,
    TapSink,
)
from relay.arrival_clock import ArrivalClock
from relay.cluster.pipes import Pipes
from relay.config import RelayConfig
from relay.core.counters import Counters
from relay.core.viewer import Viewer
from relay.core.wire.sdp import parse_fragment
from relay.core.wire.sdp_answer import PublishAnswer, WatchAnswer, answer_publish, answer_watch
from relay.core.wire.sdp_writer import LocalTransport, restart_fragment
from relay.driver import UdpDriver
from relay.events import EventQueue
from relay.ice import Credentials, IceAgent, new_credentials
from relay.limits import SessionLimits
from relay.rooms import RoomTable
from relay.routing import Router
from relay.session import PublishPlan, Session, SessionState, WatchPlan, new_etag
from relay.transport_counters import TransportCounters
from relay.wall_clock import WallClock

SWEEP_INTERVAL_S = 0.5  # how often time-outs of sessions are looked for

_log = structlog.get_logger("relay.node")


class RelayNode:
    """One relay in one process. See `relay.api.Relay` and `Cascade` for the public calls.

    Args:
        config: addresses and bounds.
        clock: monotonic seconds.
        wall_clock: Unix seconds, the clock of the kernel's arrival stamps. It may be set at any
            time: each tap goes on by the offset of its begin (`wall_clock.WallClock`).
    """

    def __init__(
        self,
        config: RelayConfig | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        self._config = config or RelayConfig()
        self._clock = clock
        self._counters = TransportCounters()
        self._media_counters = Counters()
        self._events = EventQueue(self._counters)
        self._wall = WallClock(clock, wall_clock)
        self._rooms = RoomTable(
            self._wall.offset,
            self._events,
            self._media_counters,
            clock,
            self._config.start_bps,
        )
        self._admission = Admission(self._config, self._counters)
        self._identity = DtlsIdentity()
        self._sessions: dict[str, Session] = {}
        self._router = Router(clock, self._counters, self._connect)
        self._closing: set[asyncio.Task[None]] = set()
        self._next_tick = self._next_sweep = 0.0
        arrivals = ArrivalClock(clock, wall_clock)
        self._pipes = Pipes(
            self._config,
            self._rooms,
            self._admission,
            self._counters,
            arrivals,
            clock=clock,
            wall_offset=self._wall.offset,
        )
        self._driver = UdpDriver(
            self._config,
            on_datagram=self._router.on_datagram,
            on_tick=self._on_tick,
            arrivals=arrivals,
            counters=self._counters,
        )

    async def start(self) -> None:
        """Open the port on the running loop. Raises OSError."""
        self._driver.open()

    async def stop(self) -> None:
        """End every session (`SHUTDOWN`, with DTLS close_notify), then close the port."""
        for session in list(self._sessions.values()):
            self._end(session, CloseReason.SHUTDOWN)
        for room_id in self._rooms.ids():
            self.close_room(room_id)
        while self._closing:
            await asyncio.wait(self._closing)
        self._driver.close()
        self._events.deliver()

    @property
    def udp_port(self) -> int:
        """The bound port, once started."""
        return self._driver.port

    # --- relay.api.Relay: sessions --------------------------------------------------------------

    def publish(self, offer: str, *, room_id: str, source_id: str) -> Answer:
        """See `relay.api.Relay.publish`."""
        self._admission.check(len(self._sessions), self._rooms.get(room_id), source_id)
        credentials = new_credentials()
        agreed = answer_publish(offer, self._local(credentials))
        return self._open(room_id, PublishPlan(source_id, agreed.tracks), agreed, credentials)

    def watch(
        self,
        offer: str,
        *,
        room_id: str,
        viewer_id: str,
        own_sources: Collection[str] = (),
        programme: bool = False,
    ) -> Answer:
        """See `relay.api.Relay.watch`."""
        self._admission.check(len(self._sessions), self._rooms.get(room_id), None)
        credentials = new_credentials()
        agreed = answer_watch(
            offer,
            self._local(credentials),
            new_ssrc=lambda: secrets.randbits(32),
            cname=secrets.token_hex(8),
            max_video_slots=self._config.max_video_slots,
            max_audio_slots=self._config.max_audio_slots,
        )
        plan = WatchPlan(viewer_id, agreed.slots, frozenset(own_sources), programme)
        return self._open(room_id, plan, agreed, credentials)

    def patch(self, session_id: str, sdp_fragment: str, *, etag: str | None) -> Patched:
        """See `relay.api.Relay.patch`."""
        session = self._session(session_id)
        if etag is not None and etag != session.etag:
            raise StaleSession("the entity tag is not current")
        remote = parse_fragment(sdp_fragment)
        if remote.ice_ufrag in session.ice.remote_ufrags:
            return Patched(None, session.etag)
        session.ice.restart(remote.ice_ufrag, remote.ice_pwd)
        session.etag = new_etag()
        self._router.update(session)
        local = self._local(session.ice.credentials)
        return Patched(restart_fragment(session.bundle, local), session.etag)

    def close(self, session_id: str, reason: CloseReason = CloseReason.REQUESTED) -> None:
        """See `relay.api.Relay.close`."""
        self._end(self._session(session_id), reason)

    def set_view(self, session_id: str, wishes: Sequence[SlotWish]) -> None:
        """See `relay.api.Relay.set_view`. A publishing session is no viewer: SessionNotFound."""
        session = self._session(session_id)
        if not isinstance(session.plan, WatchPlan):
            raise SessionNotFound(session_id)
        session.plan.check_wishes(wishes)
        session.wishes = tuple(wishes)
        if isinstance(session.member, Viewer):
            session.member.set_view(session.wishes, self._clock())

    def stats(self, session_id: str) -> SessionStats:
        """See `relay.api.Relay.stats`."""
        session = self._session(session_id)
        if session.member is not None:
            stats = session.member.stats(self._clock())
            return replace(stats, excess=session.limits.excess)
        return SessionStats(
            session_id,
            connected=False,
            rtt_ms=None,
            send_bps=0,
            loss_fraction=0.0,
            layers=(),
            slots=(),
        )

    # --- relay.api.Relay: rooms -----------------------------------------------------------------

    def close_room(self, room_id: str) -> None:
        """See `relay.api.Relay.close_room`."""
        entry = self._rooms.get(room_id)
        for session in list(entry.sessions.values()) if entry else ():
            self._end(session, CloseReason.REQUESTED)
        self._rooms.close_taps(room_id)
        self._rooms.forget(room_id)

    def set_programme(self, room_id: str, source_ids: Sequence[str]) -> None:
        """See `relay.api.Relay.set_programme`."""
        self._rooms.set_programme(room_id, source_ids)

    def set_audible(self, room_id: str, source_ids: Sequence[str]) -> None:
        """See `relay.api.Relay.set_audible`."""
        self._rooms.set_audible(room_id, source_ids)

    def sources(self, room_id: str) -> Sequence[SourceInfo]:
        """See `relay.api.Relay.sources`."""
        return self._rooms.sources(room_id)

    def tap(self, room_id: str, sink: TapSink) -> Tap:
        """See `relay.api.Relay.tap`."""
        return self._rooms.add_tap(room_id, sink)

    def counters(self) -> Mapping[str, int]:
        """See `relay.api.Relay.counters`."""
        return {
            **self._counters.snapshot(),
            **self._media_counters.snapshot(),
            "sessions": len(self._sessions),
            "rooms": len(self._rooms),
            **self._router.gauges(),
            **self._pipes.gauges(),
        }

    # --- relay.api.Cascade ----------------------------------------------------------------------

    def open_out_pipe(self, room_id: str, listener: OutPipeListener) -> OutPipe:
        """See `relay.api.Cascade.open_out_pipe`."""
        return self._pipes.open_out(room_id, listener)

    def open_in_pipe(self, room_id: str, listener: InPipeListener) -> InPipe:
        """See `relay.api.Cascade.open_in_pipe`."""
        return self._pipes.open_in(room_id, listener)

    def add_listener(self, listener: RelayListener) -> None:
        """See `relay.api.Relay.add_listener`."""
        self._events.add_listener(listener)

    # --- a session's life -----------------------------------------------------------------------

    def _session(self, session_id: str) -> Session:
        session = self._sessions.get(session_id)
        if session is None:
            raise SessionNotFound(session_id)
        return session

    def _local(self, credentials: Credentials) -> LocalTransport:
        return LocalTransport(
            session_number=secrets.randbits(62),
            ice_ufrag=credentials.local_ufrag,
            ice_pwd=credentials.local_pwd,
            fingerprint=self._identity.fingerprint,
            candidates=self._driver.candidates,
        )

    def _open(
        self,
        room_id: str,
        plan: PublishPlan | WatchPlan,
        agreed: PublishAnswer | WatchAnswer,
        credentials: Credentials,
    ) -> Answer:
        self._counters.sessions_opened += 1
        for fault in agreed.refused:
            _log.info("section rejected", room=room_id, field=fault.field, reason=str(fault))
        now = self._clock()
        session = Session(
            secrets.token_urlsafe(16),
            self._counters.sessions_opened,
            room_id,
            plan,
            ice=IceAgent(
                replace(
                    credentials,
                    remote_ufrag=agreed.transport.ice_ufrag,
                    remote_pwd=agreed.transport.ice_pwd,
                )
            ),
            bundle=agreed.bundle,
            counters=self._counters,
            limits=SessionLimits(self._config, now),
            now=now,
        )
        session.prepare(
            self._identity,
            agreed.transport,
            active=agreed.dtls_active,
            on_closed=partial(self._end, session),
        )
        self._sessions[session.session_id] = session
        entry = self._rooms.obtain(room_id)
        entry.sessions[session.session_id] = session
        self._router.update(session)
        for other in self._admission.superseded(entry, session):
            self._end(other, CloseReason.REPLACED)
        return Answer(session.session_id, agreed.sdp, session.etag)

    def _connect(self, session: Session) -> None:
        """The first valid check: start DTLS."""
        session.connect(partial(self._up, session), partial(self._end, session))

    def _up(self, session: Session) -> None:
        """DTLS is up: enter the room, and only now take over from an older session."""
        if session.state is SessionState.CLOSED:
            return
        session.move(SessionState.UP)
        self._counters.sessions_up += 1
        entry = self._rooms.obtain(session.room_id)
        older = entry.older_sessions(session)
        entry.events.on_session_up(session.session_id)
        now = self._clock()
        entry.enter(session, now)
        for other in older:
            self._end(other, CloseReason.REPLACED)
        _log.info(
            "session up",
            session=session.session_id,
            room=session.room_id,
            who=session.plan.key,
            address=session.ice.selected,
            connect_ms=round((now - session.opened_at) * 1000),
        )

    def _end(self, session: Session, reason: CloseReason) -> None:
        """End a session, whatever its state; ending twice does nothing."""
        if session.state is SessionState.CLOSED:
            return
        session.move(SessionState.CLOSED)
        del self._sessions[session.session_id]
        self._router.remove(session)
        session.leave(reason, self._clock())
        entry = self._rooms.obtain(session.room_id)
        del entry.sessions[session.session_id]
        entry.events.on_session_down(session.session_id, reason)
        self._rooms.drop_if_idle(session.room_id)
        task = asyncio.get_running_loop().create_task(session.shut_down())
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)
        _log.info(
            "session down",
            session=session.session_id,
            room=session.room_id,
            who=session.plan.key,
            reason=reason.value,
        )

    # --- time -----------------------------------------------------------------------------------

    def _on_tick(self) -> float:
        """Do what is due; returns the seconds until it is to be called again.

        Where nothing waits to leave there is nothing to pace. What begins to wait between two ticks
        waits for the next: the pacers let as much pass at once as lasts so long.
        """
        now = self._clock()
        if now < self._next_tick:
            self._rooms.pace(now)
            return self._config.pace_s
        # Half a pace early is on time: the loop's timers are late or early by as much.
        self._next_tick = now + self._config.tick_s - self._config.pace_s / 2
        self._rooms.on_timer(now)
        self._pipes.on_timer(now)
        if now >= self._next_sweep:
            self._next_sweep = now + SWEEP_INTERVAL_S
            self._wall.offset()  # a clock that was set is logged at once
            for session in list(self._sessions.values()):
                if (reason := self._admission.overdue(session, now)) is not None:
                    self._end(session, reason)
            self._rooms.check_limits(self._config, now)
        return self._config.pace_s if self._rooms.any_waits else self._config.tick_s
