"""Publishing and watching: checks tokens and lesson, then calls the relay."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from relay.api import Answer, Patched, Relay, SessionNotFound, StaleSession
from signaling.access.actions import Action
from signaling.access.grants import granted
from signaling.access.roles import Actor
from signaling.access.signing import InvalidToken, Keyring, fingerprint
from signaling.audit.actions import AuditAction
from signaling.audit.log import AuditLog
from signaling.base.clock import Clock
from signaling.base.config import Config
from signaling.base.errors import (
    BadToken,
    Busy,
    Forbidden,
    NotFound,
    StalePrecondition,
    TooManyRequests,
    WrongLessonState,
)
from signaling.base.fences import NO_FENCES, Fences
from signaling.base.rate_limit import BucketRule, Buckets
from signaling.edges.api import HERE, Carriers, ViewerKind, ViewerWish
from signaling.lessons.parties import standing_in
from signaling.lessons.records import LessonRecord
from signaling.lessons.seats import LEAD_PARTICIPANT, Seat
from signaling.lessons.sources import SourceKind, camera_of
from signaling.lessons.wire import LessonState
from signaling.media.granting import MediaGrants
from signaling.media.live_rooms import LiveRooms
from signaling.media.sessions import MediaSession, MediaSessions
from signaling.media.tokens import MediaAction, MediaGrant, open_media
from signaling.media.wire import ExternalAccess, MediaAccess, MediaEndpoint

# Media sessions that one right (a source, or a seat's viewing) may open. Reloads, swapped devices
# and bad links all need a new one.
OPENINGS = BucketRule(rate=0.5, burst=12)
# Plain players, by address: all of a county's may be behind one.
PLAYERS = BucketRule(rate=5, burst=300)
PLAYER_GRACE_S = 3.0  # a player that is not up after so long gives way to a new one
PATCHES = BucketRule(rate=1, burst=20)  # ICE restarts of one session

PROGRAMME = "programme"  # the participant id of plain players; no person or room can have it


@dataclass(frozen=True, slots=True)
class _Bearer:
    grant: MediaGrant
    token: str


class MediaDesk:
    """Hands out media tokens and opens sessions for them."""

    def __init__(
        self,
        *,
        relay: Relay,
        rooms: LiveRooms,
        sessions: MediaSessions,
        audit: AuditLog,
        clock: Clock,
        config: Config,
        keyring: Keyring,
        fences: Fences = NO_FENCES,
        carriers: Carriers = HERE,
    ) -> None:
        self._relay = relay
        self._carriers = carriers
        self._rooms = rooms
        self._sessions = sessions
        self._audit = audit
        self._clock = clock
        self._config = config
        self._keyring = keyring
        self._grants = MediaGrants(config, keyring)
        self._fences = fences
        self._openings = Buckets(OPENINGS)
        self._players = Buckets(PLAYERS)
        self._patches = Buckets(PATCHES)

    # --- tokens ----------------------------------------------------------------------------------

    def access(self, lesson: LessonRecord, seat: Seat, session: str | None = None) -> MediaAccess:
        """Grants of a seat to publish and watch, with tokens that end with the login `session`.

        Raises:
            WrongLessonState: the lesson is not live.
        """
        self._demand_live(lesson.state)
        until = self._clock.now() + timedelta(seconds=self._config.media_token_s)
        who = seat.participant_id
        camera = Action.PUBLISH_CAMERA in seat.actions
        courseware = Action.PUBLISH_COURSEWARE in seat.actions

        def publish(kind: SourceKind) -> MediaEndpoint:
            return self._grants.publish(lesson, who, kind, until, session)

        return MediaAccess(
            camera=publish(SourceKind.CAMERA) if camera else None,
            courseware=publish(SourceKind.COURSEWARE) if courseware else None,
            watch=self._grants.watch(
                lesson, who, until, session=session, observer=None if seat.visible else seat.name
            ),
        )

    async def external_access(
        self, actor: Actor, lesson: LessonRecord, servers: tuple[str, ...]
    ) -> ExternalAccess:
        """Tokens for recorder hosts and players, good until the lesson must be over.

        Raises:
            Forbidden: not for this actor.
            WrongLessonState: the lesson is not live.
            LeaseLost: another process has the lesson.
        """
        if not granted(Action.ISSUE_EXTERNAL_ACCESS, standing_in(actor, lesson.parties)):
            raise Forbidden()
        self._demand_live(lesson.state)
        audited = self._audit.work(actor, AuditAction.EXTERNAL_ACCESS, lesson.lesson_id)
        async with audited as work:
            await self._fences.check(work.session, lesson.lesson_id)
            work.concerns(lesson.lead_path, lesson.title)
        longest = self._clock.now() + timedelta(hours=self._config.max_lesson_hours)
        until = max(lesson.ends_at + timedelta(seconds=self._config.auto_end_grace_s), longest)
        return ExternalAccess(
            camera=self._grants.publish(lesson, LEAD_PARTICIPANT, SourceKind.CAMERA, until),
            courseware=self._grants.publish(lesson, LEAD_PARTICIPANT, SourceKind.COURSEWARE, until),
            programme=self._grants.watch(lesson, PROGRAMME, until, programme=True),
            servers=servers,
        )

    # --- sessions --------------------------------------------------------------------------------

    def demand(
        self,
        token: str | None,
        action: MediaAction,
        lesson_id: str,
        source_id: str | None = None,
    ) -> _Bearer:
        """Check that a token is for this. Raises BadToken, Forbidden."""
        bearer = self._bearer(token)
        grant = bearer.grant
        if (grant.action, grant.lesson_id, grant.source_id) != (action, lesson_id, source_id):
            raise Forbidden("the token is for something else")
        return bearer

    def publish(self, token: str | None, lesson_id: str, source_id: str, offer: str) -> Answer:
        """Open a publishing session.

        Raises:
            BadToken, Forbidden, WrongLessonState: the token is none, for something else, or too
                early or late.
            TooManyRequests: its right opened too many sessions just now.
            OfferError, RelayFull: from the relay.
        """
        bearer = self.demand(token, MediaAction.PUBLISH, lesson_id, source_id)
        self._demand_live_room(lesson_id)
        self._admit(bearer.grant)
        answer = self._relay.publish(offer, room_id=lesson_id, source_id=source_id)
        self._note(answer, bearer)
        return answer

    async def watch(
        self, token: str | None, lesson_id: str, offer: str, *, remote: str = "", origin: str = ""
    ) -> Answer:
        """Open a viewing session; raises as `publish` does, and Busy for too many plain players.

        Whoever watches unseen is in the audit log, or does not watch: LeaseLost, if another process
        has the lesson.

        Args:
            token: of a right to watch the lesson.
            lesson_id: which.
            offer: SDP.
            remote: the address, for the audit log.
            origin: tells plain players apart, who all have one right.
        """
        grant = self.demand(token, MediaAction.WATCH, lesson_id).grant
        answer = await self._open_viewer(token, lesson_id, offer, origin)
        if grant.observer is None:
            return answer
        actor = Actor(grant.participant_id.removeprefix("person-"), grant.observer, remote=remote)
        try:  # nobody knows the answer before it is audited
            async with self._audit.work(actor, AuditAction.OBSERVE, lesson_id, "media") as work:
                await self._fences.check(work.session, lesson_id)
                work.concerns(grant.branch or "")
        except BaseException:
            with contextlib.suppress(SessionNotFound):
                self._relay.close(answer.session_id)
            raise
        return answer

    async def _open_viewer(
        self, token: str | None, lesson_id: str, offer: str, origin: str
    ) -> Answer:
        bearer = self.demand(token, MediaAction.WATCH, lesson_id)
        grant = bearer.grant
        self._demand_live_room(lesson_id)
        who = grant.participant_id
        if grant.programme:
            self._demand_one(self._players, f"{lesson_id} {origin}")
            self._demand_player(lesson_id)
            viewer_id = f"{PROGRAMME}-{secrets.token_urlsafe(8)}"  # each player is its own viewer
        else:
            self._admit(grant)
            viewer_id = who
        wish = ViewerWish(
            lesson_id=lesson_id,
            viewer_id=viewer_id,
            offer=offer,
            own_sources=()
            if grant.programme
            else (camera_of(who), f"{who}.{SourceKind.COURSEWARE}"),
            programme=grant.programme,
            kind=self._kind(grant),
            home=grant.home,
        )
        return await self._open(wish, lambda answer: self._note_viewer(answer, bearer))

    async def _open(self, wish: ViewerWish, opened: Callable[[Answer], None]) -> Answer:
        """Open a viewing session in the cell that is to carry it."""
        answer = await self._carriers.watch(wish, opened)
        if answer is not None:
            return answer
        self._demand_live_room(wish.lesson_id)  # it may have ended while another cell was asked
        answer = self._relay.watch(
            wish.offer,
            room_id=wish.lesson_id,
            viewer_id=wish.viewer_id,
            own_sources=wish.own_sources,
            programme=wish.programme,
        )
        opened(answer)
        return answer

    def _note_viewer(self, answer: Answer, bearer: _Bearer) -> None:
        grant = bearer.grant
        self._note(answer, bearer)
        if not grant.programme:
            self._rooms.note_viewer(grant.lesson_id, grant.participant_id, answer.session_id)

    def _kind(self, grant: MediaGrant) -> ViewerKind:
        if grant.programme:
            return ViewerKind.PLAIN
        if grant.observer is not None:
            return ViewerKind.OBSERVER
        on_stage = self._rooms.is_on_stage(grant.lesson_id, grant.participant_id)
        return ViewerKind.STAGE if on_stage else ViewerKind.ROOM

    async def patch(
        self, token: str | None, session_id: str, fragment: str, etags: Sequence[str] | None
    ) -> Patched:
        """Trickle or restart ICE where one of `etags` is the session's, or for None always.

        Raises:
            NotFound, Forbidden, BadToken: no such session, or the token is not for it.
            TooManyRequests: too many of these just now.
            StalePrecondition: none of the tags is the session's now.
            OfferError: from the relay, as everything else that it raises.
        """
        self.demand_opener(token, session_id)
        self._demand_one(self._patches, session_id)
        for etag in (None,) if etags is None else etags:
            with contextlib.suppress(StaleSession):
                patched = await self._carriers.patch(session_id, fragment, etag)
                return patched or self._relay.patch(session_id, fragment, etag=etag)
        raise StalePrecondition("none of the entity tags is the session's", field="If-Match")

    def close(self, token: str | None, session_id: str) -> None:
        """End a session; raises as `patch` does."""
        self.demand_opener(token, session_id)
        try:
            self._relay.close(session_id)
        except SessionNotFound:
            raise NotFound("no such session") from None

    def demand_opener(
        self, token: str | None, session_id: str, lesson_id: str | None = None
    ) -> None:
        """Check that a token may change a session: its opener, or a fresh one of the same right.

        `lesson_id` is the session's, where the path names one.

        Raises:
            NotFound, Forbidden, BadToken: no such session, or the token is not for it.
        """
        bearer = self._opened(token)
        session = self._sessions.get(session_id)
        if session is None or lesson_id not in {None, session.grant.lesson_id}:
            raise NotFound("no such session")
        if fingerprint(bearer.token) == session.token_fingerprint:
            return
        if not bearer.grant.same_right(session.grant) or session.grant.programme:
            raise Forbidden("the token is for something else")
        if bearer.grant.expires_at <= self._clock.now().timestamp():
            raise BadToken("expired")

    # --- inside ----------------------------------------------------------------------------------

    def _opened(self, token: str | None) -> _Bearer:
        if not token:
            raise BadToken("a bearer token is needed")
        try:
            return _Bearer(open_media(self._keyring, token), token)
        except InvalidToken as error:
            raise BadToken(str(error)) from None

    def _bearer(self, token: str | None) -> _Bearer:
        bearer = self._opened(token)
        if bearer.grant.expires_at <= self._clock.now().timestamp():
            raise BadToken("expired")
        return bearer

    def _demand_player(self, lesson_id: str) -> None:
        """Room for one more plain player, if need be in place of one that never came up."""
        if self._sessions.programme_viewers(lesson_id) < self._config.max_programme_viewers:
            return
        before = self._clock.monotonic() - PLAYER_GRACE_S
        stale = self._sessions.stale_player(lesson_id, before)
        if stale is None:
            raise Busy("as many players as may be watch this lesson")
        with contextlib.suppress(SessionNotFound):
            self._relay.close(stale.session_id)

    def _admit(self, grant: MediaGrant) -> None:
        """Let a right open one more session; fresh tokens of one right count together."""
        who = grant.participant_id
        right = f"{grant.lesson_id} {who} {grant.action} {grant.source_id}"
        try:
            self._demand_one(self._openings, right)
        except TooManyRequests:
            self._rooms.note_refused(grant.lesson_id, who, self._clock.monotonic())
            raise

    def _demand_one(self, buckets: Buckets, key: str) -> None:
        wait = buckets.take(key, self._clock.monotonic())
        if wait is not None:
            raise TooManyRequests(wait)

    def _demand_live_room(self, lesson_id: str) -> None:
        if not self._rooms.is_live(lesson_id):
            raise WrongLessonState("the lesson is not live")

    @staticmethod
    def _demand_live(state: LessonState) -> None:
        if state is not LessonState.LIVE:
            raise WrongLessonState("the lesson is not live")

    def _note(self, answer: Answer, bearer: _Bearer) -> None:
        self._sessions.add(
            MediaSession(
                answer.session_id,
                bearer.grant,
                fingerprint(bearer.token),
                self._clock.monotonic(),
            )
        )
