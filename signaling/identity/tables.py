"""Tables of logins and devices."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from signaling.base.columns import Base


class SessionRow(Base):
    """A session of a person or a terminal; the cookie holds its id, here is only the hash."""

    __tablename__ = "sessions"
    id_hash: Mapped[str] = mapped_column(primary_key=True)
    person_id: Mapped[str | None] = mapped_column(
        ForeignKey("people.person_id", ondelete="CASCADE"), index=True
    )
    room_id: Mapped[str | None] = mapped_column(
        ForeignKey("rooms.room_id", ondelete="CASCADE"), index=True
    )
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    last_seen_at: Mapped[datetime | None]  # to within `session_store.TOUCH_EVERY`
    device_hash: Mapped[str | None] = mapped_column(index=True)  # the device token it came by


class DeviceTokenRow(Base):
    """A device token of a room's terminal, as its hash."""

    __tablename__ = "device_tokens"
    token_hash: Mapped[str] = mapped_column(primary_key=True)
    room_id: Mapped[str] = mapped_column(
        ForeignKey("rooms.room_id", ondelete="CASCADE"), index=True
    )
    origin: Mapped[str]  # a `session_store.DeviceOrigin`
    created_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None]
    replaces: Mapped[str | None]  # the hash of the token that ends when this one is first used
    bound_by: Mapped[str | None]  # a person's id: who bound the terminal by a code
    remote: Mapped[str | None]  # the address from which the terminal came then


class ActivationCodeRow(Base):
    """The one-time code of an account that waits for its password, as its hash."""

    __tablename__ = "activation_codes"
    code_hash: Mapped[str] = mapped_column(primary_key=True)
    person_id: Mapped[str] = mapped_column(
        ForeignKey("people.person_id", ondelete="CASCADE"), unique=True
    )
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class TerminalCodeRow(Base):
    """A one-time code by which a terminal is bound to a room, as its hash.

    Either an admin made it for a room, and a terminal redeems it; or a terminal asked for it and
    knows the secret, and an admin names the room.
    """

    __tablename__ = "terminal_codes"
    code_hash: Mapped[str] = mapped_column(primary_key=True)
    room_id: Mapped[str | None] = mapped_column(
        ForeignKey("rooms.room_id", ondelete="CASCADE"), index=True
    )
    secret_hash: Mapped[str | None] = mapped_column(unique=True)
    remote: Mapped[str] = mapped_column(index=True)  # the address that asked for it
    bound_by: Mapped[str | None]  # a person's id
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
