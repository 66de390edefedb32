"""Tables of consent.

A term may be taken out of the timetable while its consents stay, so `term_id` is no foreign key.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import BigInteger, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from signaling.base.columns import Base
from signaling.consent.events import ConsentEnd
from signaling.consent.wire import SeatingRemedy, WithdrawalReason


class ConsentRow(Base):
    """授权同意 of a class in a term. `newest` is the one that counts; others are its history.

    `purposes` are joined by commas. `over_told`: the end of `until` was told to who shows it.
    `ended_at` to `ended_cause` are the newest end that was told, for those who missed it.
    """

    __tablename__ = "consents"
    __table_args__ = (
        Index(
            "uq_consents_newest",
            "class_id",
            "term_id",
            unique=True,
            sqlite_where=text("newest"),
            postgresql_where=text("newest"),
        ),
        Index("ix_consents_class_id", "class_id", "covers_from"),
        Index("ix_consents_over", "over_told", "until"),
        Index("ix_consents_ended", "ended_at", "consent_id"),
    )
    consent_id: Mapped[str] = mapped_column(primary_key=True)
    class_id: Mapped[str] = mapped_column(ForeignKey("classes.class_id"))
    term_id: Mapped[str] = mapped_column(index=True)
    newest: Mapped[bool] = mapped_column(default=True)
    given_on: Mapped[date]
    purposes: Mapped[str]
    pupils: Mapped[int]
    refusals: Mapped[int]
    remedy: Mapped[SeatingRemedy | None] = mapped_column(String(40))
    covers_from: Mapped[date]
    covers_to: Mapped[date]
    until: Mapped[date]
    note: Mapped[str] = mapped_column(String(500))
    recorded_at: Mapped[datetime]
    by_id: Mapped[str]
    by_name: Mapped[str]
    withdrawn_on: Mapped[date | None]
    withdrawn_reason: Mapped[WithdrawalReason | None] = mapped_column(String(40))
    withdrawn_note: Mapped[str] = mapped_column(String(500), default="")
    withdrawn_at: Mapped[datetime | None]
    withdrawn_by: Mapped[str] = mapped_column(default="")
    over_told: Mapped[bool] = mapped_column(default=False)
    ended_at: Mapped[datetime | None]
    ended_from: Mapped[date | None]
    ended_to: Mapped[date | None]
    ended_cause: Mapped[ConsentEnd | None] = mapped_column(String(40))
    version: Mapped[int] = mapped_column(default=1)


class ConsentFileRow(Base):
    """A scanned page of a consent; its file is owned by the consent."""

    __tablename__ = "consent_files"
    file_id: Mapped[str] = mapped_column(primary_key=True)
    consent_id: Mapped[str] = mapped_column(
        ForeignKey("consents.consent_id", ondelete="CASCADE"), index=True
    )
    position: Mapped[int]
    name: Mapped[str]
    size: Mapped[int] = mapped_column(BigInteger)
