"""The REST API's bodies about access to media."""

from __future__ import annotations

from datetime import datetime

import msgspec


class MediaEndpoint(msgspec.Struct, frozen=True):
    """The address for an offer, and the bearer token that carries exactly that grant."""

    url: str
    token: str
    expires_at: datetime


class MediaAccess(msgspec.Struct, frozen=True):
    """A participant's media endpoints: what it may publish (by source kind), and watching."""

    camera: MediaEndpoint | None
    courseware: MediaEndpoint | None
    watch: MediaEndpoint | None


class ExternalAccess(msgspec.Struct, frozen=True):
    """For OBS, recorder hosts and players: tokens that live until the lesson's end.

    ``servers`` are the addresses under which other machines reach this one, best first: a page
    opened as localhost cannot know them.
    """

    camera: MediaEndpoint
    courseware: MediaEndpoint
    programme: MediaEndpoint
    servers: tuple[str, ...]
