"""Bounds on media and archives. A packet, a frame or a record beyond them is left out.

Publishers are strangers, and an archive may come from one. Each bound lies above anything that a
classroom sends, and below anything that FFmpeg, memory or a player cannot bear.
"""

from __future__ import annotations

# Macroblocks of a picture: H.264 level 5.1 and 5.2, table A-1 (MaxFS). 4096 × 2304 pixels.
MAX_PICTURE_MACROBLOCKS = 36_864
MAX_PICTURE_SIDE = 4096  # pixels, upright too; the widest picture of that level at 16:9
MAX_FRAME_BYTES = 8 * 1024 * 1024  # one coded picture; level 5.2 makes some 1 MB at 30 a second
MAX_FRAME_PACKETS = 8192  # of one picture; 8 MB in packets of 1,100 bytes
MAX_RTP_BYTES = 2048  # one packet; the network carries 1,500 (Ethernet MTU)
MAX_PARAMETER_SET_BYTES = 4096  # one SPS or PPS; real ones have below 100
MAX_FMTP_CHARS = 4096  # of a media format's parameters in SDP
MAX_SOURCE_ID_CHARS = 200  # signaling's have at most 80
MAX_NAME_CHARS = 200  # of a source or a participant; longer ones are cut
MAX_SOURCES = 512  # of one recording: 64 rooms with camera and courseware are 130
MAX_TRACK_NUMBER = (1 << 32) - 1  # the width of the field in an archived packet
MIN_CLOCK_RATE, MAX_CLOCK_RATE = 8_000, 192_000  # Hz; RTP video has 90,000, Opus 48,000
MAX_UNIX_S = 4_102_444_800.0  # 2100-01-01, Unix seconds
MAX_AHEAD_S = 1.0  # s by which a capture time may lie after the arrival, because clocks err
# s between the arrivals of two records of one run; more is a clock that was set, or a lie
MAX_LEAP_S = 6 * 3600.0
LEAP_CONFIRMED = 32  # records in a row on the far side of a leap until it is believed


def is_picture_size(width: int, height: int) -> bool:
    """Tell whether a camera or a screen can have this size."""
    if not (0 < width <= MAX_PICTURE_SIDE and 0 < height <= MAX_PICTURE_SIDE):
        return False
    return -(-width // 16) * -(-height // 16) <= MAX_PICTURE_MACROBLOCKS


def is_time(seconds: float) -> bool:
    """Tell whether a number is a moment between 1970 and 2100."""
    return 0.0 <= seconds <= MAX_UNIX_S  # NaN is not
