"""Logins as values: who is signed in, and by which session."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from signaling.access.roles import Actor
from signaling.access.signing import fingerprint
from signaling.directory.wire import RoomRef


class SignedInAs(StrEnum):
    """A browser may be signed in twice: as a person, and as a classroom's terminal."""

    PERSON = "person"
    TERMINAL = "terminal"


@dataclass(frozen=True, slots=True)
class SignedIn:
    """The author of a request, and the session.

    Attributes:
        session_id: empty where only the hash is known: in a cell.
        known_hash: that hash.
    """

    actor: Actor
    session_id: str
    school: str | None
    room: RoomRef | None
    password_due: bool = False
    known_hash: str | None = None

    @property
    def signed_in_as(self) -> SignedInAs:
        """The kind of holder: a person or a terminal."""
        return SignedInAs.PERSON if self.actor.room_id is None else SignedInAs.TERMINAL

    @property
    def session_hash(self) -> str:
        """The session as it is kept, and as channels and media sessions remember it."""
        return self.known_hash or fingerprint(self.session_id)


@dataclass(frozen=True, slots=True)
class NewSession:
    """A session just opened: the cookie's value, and what else the browser is to remember."""

    signed_in: SignedIn
    cookie: str
    known: str = ""
    device_token: str | None = None
