"""Switches a slot from its present layer to its target, at a packet where decoding can start.

A layer is switched at its key frame. A temporal layer (VP8) is left at the next picture, since no
lower one needs it. A slot takes it up again at a picture marked so (`MediaPacket.sync`).
"""

from __future__ import annotations

from enum import Enum

from relay.core.incoming.layer import IncomingLayer
from relay.core.outgoing.munger import HIGHEST_TEMPORAL, Munger
from relay.core.wire.packet import MediaPacket

# s for which the old source is kept while the new one sends no key frame; then nothing flows.
_SOURCE_GRACE_S = 2.0


class Flow(Enum):
    """The state of a slot."""

    EMPTY = "empty"  # nothing wanted, nothing flows
    WAITING = "waiting"  # for a switch point of the target; nothing flows
    SWITCHING = "switching"  # the old layer flows until the target's switch point
    FLOWING = "flowing"  # the target flows


class SwitchingSlot(Munger):
    """A slot with a present layer (`layer`, of the munger) and a target.

    `relay/core/choosing` sets the target by `aim`; the slot switches to it.
    """

    __slots__ = ("_aimed_at", "_temporal_next", "_temporal_target", "target", "temporal_free")

    def __init__(self) -> None:
        super().__init__()
        self._temporal_target = self._temporal_next = HIGHEST_TEMPORAL
        # Packets up to this temporal layer pass unchecked; read on the hot path.
        self.temporal_free = HIGHEST_TEMPORAL
        self.target: IncomingLayer | None = None
        self._aimed_at = 0.0

    @property
    def flow(self) -> Flow:
        """The state, which follows from layer and target."""
        if self.target is None:
            return Flow.EMPTY
        if self.layer is None:
            return Flow.WAITING
        return Flow.FLOWING if self.layer is self.target else Flow.SWITCHING

    def aim(self, target: IncomingLayer | None, now: float) -> None:
        """Want `target`; None empties the slot at once."""
        if target is not self.target:
            if self.target is not None:
                self.target.remove_waiting(self)
            self.target = target
            if target is not None and target is not self.layer:
                self._aimed_at = now
                target.add_waiting(self)
                target.request_key_frame(now)
        if target is None:
            self.release()

    def aim_temporal(self, highest: int, until_switch: int | None = None) -> None:
        """Want temporal layers 0…`highest` of the target; until the switch, 0…`until_switch`."""
        self._temporal_next = highest
        if until_switch is None or self.flow is not Flow.SWITCHING:
            until_switch = highest
        self._temporal_target = until_switch
        self.temporal_free = min(self.temporal, until_switch)

    def passes(self, packet: MediaPacket) -> bool:
        """Decide on a packet above `temporal_free`: True forwards it, False drops it for good."""
        target = self._temporal_target
        if packet.begins_picture:
            if self.temporal > target:
                self.change_temporal(packet, target)
            elif packet.sync and packet.temporal <= target:
                self.change_temporal(packet, packet.temporal)
            self.temporal_free = min(self.temporal, target)
        if packet.temporal <= self.temporal:
            return True
        self.skip(packet)
        return False

    def restart_temporal(self) -> None:
        """Take every wanted temporal layer: a key frame is here."""
        self._temporal_target = self._temporal_next
        self.temporal = self.temporal_free = self._temporal_target

    def release(self) -> None:
        """Stop what flows now; the target stays."""
        layer = self.layer
        if layer is not None:
            self.detach()
            layer.remove_slot(self)
            self.on_flow_changed()

    def arrive(self, layer: IncomingLayer) -> None:
        """Leave the old layer and take the new one: its switch point is here."""
        old = self.layer
        if old is not None:
            self.detach()
            old.remove_slot(self)
        layer.remove_waiting(self)
        layer.add_slot(self)

    def rejoin(self) -> None:
        """Stop the target that flows, and begin it anew at its next switch point."""
        layer = self.layer
        if layer is not None and layer is self.target:
            self.detach()
            layer.remove_slot(self)
            layer.add_waiting(self)

    def on_layer_lost(self, layer: IncomingLayer, now: float, *, gone: bool) -> None:
        """See `layer.Taker`."""
        if layer is self.layer:
            self.release()
        if layer is not self.target:
            return
        layer.remove_waiting(self)
        if gone:
            self.target = None
        else:
            layer.add_waiting(self)
            layer.request_key_frame(now)

    def expire(self, now: float) -> None:
        """Stop the old source if the new one sent no key frame within `_SOURCE_GRACE_S`."""
        if (
            self.flow is Flow.SWITCHING
            and now - self._aimed_at > _SOURCE_GRACE_S
            and self.layer is not None
            and self.target is not None
            and self.layer.source_id != self.target.source_id
        ):
            self.release()

    def on_flow_changed(self) -> None:
        """Report that another layer flows, or none; for subclasses."""

    def came_too_early(self, packet: MediaPacket) -> bool:
        """True if a packet arrived before its stream was wanted, and was read only afterwards."""
        return packet.arrival < self._aimed_at

    def on_switch_point(self, layer: IncomingLayer, packet: MediaPacket) -> None:
        """See `layer.Taker`."""
        raise NotImplementedError

    def on_clock(self, layer: IncomingLayer, now: float) -> None:
        """See `layer.Taker`."""
        raise NotImplementedError

    def forward_kept(self, layer: IncomingLayer) -> None:
        """Forward kept packets from the switch point on (H.264: from just before it), in order.

        A switch point can be a repaired packet: then its followers are here already.
        """
        for sequence in range(self.first_sequence, layer.highest + 1):
            packet = layer.at(sequence)
            if packet is not None:
                self.forward(packet)

    def forward(self, packet: MediaPacket) -> None:
        """Send one packet; see subclasses."""
        raise NotImplementedError

    def forward_late(self, packet: MediaPacket) -> None:
        """See `layer.Taker`."""
        self.forward(packet)
