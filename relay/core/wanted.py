"""What anybody takes of a publishing session, and what it is told of that: the rest may pause.

Sound and layers that nobody takes cost an uplink that may have no room for them. They are wanted
again at once, and go only when nobody took them for a while: viewers on a poor link come and go,
and who left the stage may be called back.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from relay.api import Layer
from relay.core.layer import IncomingLayer

_PAUSE_AFTER = 5.0  # s that nobody took it
_RESUME_WITHIN = 3.0  # s in which a layer that is wanted again should come


class Wanted:
    """What is wanted of one publishing session.

    Attributes:
        layers: the layers that somebody takes, as the publisher was told; None before it was.
        sound: whether somebody takes its sound, likewise.
    """

    __slots__ = ("_resumed_at", "_sound_at", "_taken_at", "_video", "layers", "sound")

    def __init__(self, video: Mapping[Layer, IncomingLayer]) -> None:
        """`video`: the session's layers, as they are named at any time."""
        self.layers: frozenset[Layer] | None = None
        self.sound: bool | None = None
        self._video = video
        self._taken_at: dict[Layer, float] = {}
        self._resumed_at: dict[Layer, float] = {}
        self._sound_at: float | None = None  # None: nobody took it in this session

    def awaits(self, name: Layer) -> bool:
        """Whether a layer that does not flow would if it were asked for, or was just asked for."""
        if self.layers is None:
            return False
        return name not in self.layers or name in self._resumed_at

    def update(
        self, layers: Collection[Layer], now: float, *, sound: bool, choosable: bool
    ) -> bool:
        """Note what somebody takes now; whether to tell the publisher.

        It is told once in any case: what it heard last may be of an older session.

        Args:
            layers: the layers that somebody takes.
            now: seconds.
            sound: somebody takes its sound.
            choosable: there are layers to choose from; else all are wanted.
        """
        before = self.layers, self.sound
        self._update_sound(sound, now)
        self._update_layers(layers if choosable else frozenset(self._video), now)
        return before != (self.layers, self.sound)

    def _update_sound(self, taken: bool, now: float) -> None:
        if taken:
            self._sound_at = now
        self.sound = self._sound_at is not None and now - self._sound_at < _PAUSE_AFTER

    def _update_layers(self, taken: Collection[Layer], now: float) -> None:
        """A layer that does not come although it is wanted is beyond the publisher's uplink.

        To pause it would change nothing, and it is welcome when it can come.
        """
        video = self._video
        for name in taken:
            self._taken_at[name] = now
        told = self.layers if self.layers is not None else frozenset(taken)
        recent = {name for name, since in self._taken_at.items() if now - since < _PAUSE_AFTER}
        stuck = {name for name in told if not video[name].flowing}
        wanted = frozenset(taken) | recent | stuck
        for name, since in tuple(self._resumed_at.items()):
            if video[name].flowing or now - since > _RESUME_WITHIN:
                del self._resumed_at[name]
        for name in wanted - told:
            self._resumed_at[name] = now
        self.layers = wanted
