"""The loudness of a microphone, from the audio level header extension (RFC 6464)."""

from __future__ import annotations

_ATTACK_WEIGHT = 0.4  # weight of a louder packet; 20 ms packets reach a new level within ≈ 100 ms
_RELEASE_WEIGHT = (
    0.04  # weight of a quieter packet; ≈ 0.5 s, so that a breath does not lose the floor
)
_PACKET_S = 0.02  # s of sound in a packet, for which the weights are meant
_UNKNOWN_LEVEL = 97.0  # a sender without the extension counts as speaking: −30 dBov
_SILENT_AFTER_S = 0.5  # s without packets (discontinuous transmission sends one in 400 ms)


class Loudness:
    """Smoothed level in dB above −127 dBov: 0 is silence, 127 the loudest."""

    __slots__ = ("_at", "_value")

    def __init__(self) -> None:
        self._value = 0.0
        self._at = float("-inf")

    def on_packet(self, element: bytes | None, now: float) -> None:
        """Take one packet's level element, None where it carries none."""
        level = 127 - (element[0] & 0x7F) if element else _UNKNOWN_LEVEL
        weight = _ATTACK_WEIGHT
        if level <= self._value:
            weight = _RELEASE_WEIGHT
            # A pause in discontinuous transmission was silence, not a packet's worth of it.
            packets = (now - self._at) / _PACKET_S
            if packets > 1.5:
                weight = 1 - (1 - _RELEASE_WEIGHT) ** min(packets, _SILENT_AFTER_S / _PACKET_S)
        self._value += weight * (level - self._value)
        self._at = now

    def at(self, now: float) -> float:
        """The level now; 0 once packets stopped."""
        return self._value if now - self._at <= _SILENT_AFTER_S else 0.0
