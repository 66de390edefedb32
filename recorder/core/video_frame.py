"""Coded frames, and the depacketizers that make them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import msgspec


class CodedFrame(msgspec.Struct, frozen=True, gc=False):
    """One coded picture as a container wants it; `width` and `height` are 0 unless `key`."""

    data: bytes
    key: bool
    width: int = 0
    height: int = 0


class Depacketizer(Protocol):
    """Turns a codec's RTP payloads into frames; each track has one in each pass."""

    def peek_key_frame(self, payload: bytes) -> tuple[int, int] | None:
        """Find (width, height) in pixels, cheaply, if this packet begins a key frame."""

    def assemble(self, payloads: Sequence[bytes], *, after_loss: bool) -> CodedFrame | None:
        """Build a whole frame from the payloads of one timestamp, or None if they are not one."""
