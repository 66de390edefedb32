"""The wanted parts of a publishing session, as its publisher is told: the rest may pause.

Sound and layers without takers burden an uplink that may have no room for them. A part is wanted as
soon as somebody takes it. It stays wanted for a while: viewers on a poor link come and go, and a
room that left the stage may be called back.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from relay.api import Layer
from relay.core.incoming.layer import IncomingLayer

_PAUSE_AFTER_S = 5.0  # s that nobody took it
_RESUME_WITHIN_S = 3.0  # s in which a layer that is wanted again should come


class Wanted:
    """The wanted layers and sound of one publishing session.

    Attributes:
        layers: the layers that somebody takes, as the publisher was told; None before it was.
        sound: whether somebody takes its sound; told as `layers`.
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
        """True if a layer that does not flow would if it were asked for, or was just asked for."""
        if self.layers is None:
            return False
        return name not in self.layers or name in self._resumed_at

    def update(
        self, layers: Collection[Layer], now: float, *, sound: bool, choosable: bool
    ) -> bool:
        """Note the parts that somebody takes now; return whether to tell the publisher.

        The first call always returns True: the publisher may have been told of an older session.

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
        self.sound = self._sound_at is not None and now - self._sound_at < _PAUSE_AFTER_S

    def _update_layers(self, taken: Collection[Layer], now: float) -> None:
        """Update the layers; one that does not come although it is wanted stays wanted.

        Such a layer is beyond the publisher's uplink. Pausing it would change nothing, and it is
        welcome when it can come.
        """
        video = self._video
        for name in taken:
            self._taken_at[name] = now
        told = self.layers if self.layers is not None else frozenset(taken)
        recent = {name for name, since in self._taken_at.items() if now - since < _PAUSE_AFTER_S}
        stuck = {name for name in told if not video[name].flowing}
        wanted = frozenset(taken) | recent | stuck
        for name, since in tuple(self._resumed_at.items()):
            if video[name].flowing or now - since > _RESUME_WITHIN_S:
                del self._resumed_at[name]
        for name in wanted - told:
            self._resumed_at[name] = now
        self.layers = wanted
