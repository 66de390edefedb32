"""The publishing sessions of a room, and what their pages are told of what is wanted of them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

from relay.api import Layer
from signaling.classroom.messages import ServerMessage
from signaling.classroom.wire import CodecLacking, LayersWanted, RefusalReason, SourceRefused
from signaling.lessons.seats import LEAD_PARTICIPANT
from signaling.lessons.sources import SourceKind, camera_of, split_source

ALL_LAYERS = tuple(str(layer) for layer in Layer)  # what a publisher sends who was told nothing


class Publishing:
    """The session that publishes each source. `tell` sends a message to one participant."""

    def __init__(self, tell: Callable[[str, ServerMessage], None]) -> None:
        self._tell = tell
        self._sessions: dict[str, str] = {}  # by source
        self._wanted: dict[str, LayersWanted] = {}  # by publishing session
        self._in_vp8: set[str] = set()  # sources that somebody cannot decode in another codec

    @property
    def sessions(self) -> Mapping[str, str]:
        """The session that publishes each source."""
        return self._sessions

    def up(self, source_id: str, session_id: str) -> None:
        """Note that a session publishes a source; comes before anything is wanted of it.

        A session that was only made does not count: many never come up, while an older one goes on.
        """
        self._sessions[source_id] = session_id

    def session_down(self, session_id: str) -> None:
        """Forget a session that ended."""
        self._wanted.pop(session_id, None)
        for source_id in [key for key, value in self._sessions.items() if value == session_id]:
            del self._sessions[source_id]

    def layers_wanted(self, session_id: str, layers: Sequence[Layer], *, sound: bool) -> None:
        """Tell a publisher what anybody takes of it: its page may pause the rest."""
        for source_id, publishing in self._sessions.items():
            if publishing == session_id:
                names = tuple(str(layer) for layer in layers)
                self._wanted[session_id] = LayersWanted(source_id, names, sound=sound)
                self._tell(split_source(source_id)[0], self._wanted[session_id])

    def codec_lacking(self, source_ids: Collection[str]) -> None:
        """Ask for VP8 where somebody does not decode the codec that a source comes in."""
        for source_id in frozenset(source_ids) - self._in_vp8:
            self._in_vp8.add(source_id)
            self._tell(split_source(source_id)[0], CodecLacking(source_id))

    def refused(self, source_id: str, reason: RefusalReason) -> None:
        """Tell who can set up the device, and the lead teacher, why a source was ended."""
        told = SourceRefused(source_id, reason)
        for participant_id in dict.fromkeys((split_source(source_id)[0], LEAD_PARTICIPANT)):
            self._tell(participant_id, told)

    def known_to(self, participant_id: str) -> Iterator[ServerMessage]:
        """Yield what a participant's new page must know."""
        for wanted in self._wanted.values():
            if split_source(wanted.source_id)[0] == participant_id:
                yield wanted
        for source_id in sorted(self._in_vp8):
            if split_source(source_id)[0] == participant_id:
                yield CodecLacking(source_id)

    def expected_of(self, participant_id: str) -> dict[str, tuple[str, ...] | None]:
        """Return the layers wanted of each of a participant's sessions.

        None stands for no expectation: a still screen sends nothing.
        """
        found: dict[str, tuple[str, ...] | None] = {}
        camera = self._sessions.get(camera_of(participant_id))
        if camera is not None:
            wanted = self._wanted.get(camera)
            found[camera] = ALL_LAYERS if wanted is None else wanted.layers
        courseware = self._sessions.get(f"{participant_id}.{SourceKind.COURSEWARE}")
        if courseware is not None:
            found[courseware] = None
        return found
