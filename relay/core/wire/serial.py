"""Serial number arithmetic (RFC 1982) for the wrapping counters of RTP.

Inside the core, sequence numbers, timestamps and picture ids are *extended*: plain integers that
never wrap, so that they can be compared and subtracted. Only the wire sees them cut to their width.
"""

from __future__ import annotations


def signed(difference: int, bits: int) -> int:
    """The difference of two counters of so many bits, taken the short way round."""
    half = 1 << (bits - 1)
    return ((difference + half) & ((1 << bits) - 1)) - half


def extend(value: int, near: int, bits: int) -> int:
    """The extended number closest to `near` whose low `bits` bits are `value`."""
    return near + signed(value - near, bits)
