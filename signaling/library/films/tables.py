"""The table of films."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from signaling.base.columns import Base


class FilmRow(Base):
    """A film that somebody ordered of a version.

    `film_id` names its contents: a version that is changed has another film. Its state is that of
    its job. `media_s` are the seconds that it lasts.
    """

    __tablename__ = "resource_films"
    resource_id: Mapped[str] = mapped_column(
        ForeignKey("resources.resource_id", ondelete="CASCADE"), primary_key=True
    )
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    film_id: Mapped[str] = mapped_column(primary_key=True)
    recording_id: Mapped[str]
    job_id: Mapped[str] = mapped_column(index=True)
    media_s: Mapped[float]
    ordered_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
