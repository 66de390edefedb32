"""Golden offers.

`chromium_*`, `aiortc_publish` and `ffmpeg_whip` were made by the real programs (Chromium 156,
aiortc 1.16, FFmpeg 9's WHIP muxer); addresses in them are of a test network. The others are written
after the shapes of libdatachannel (OBS) and webrtcbin, or after faults that were met.
"""

from pathlib import Path

NAMES = sorted(path.stem for path in Path(__file__).parent.glob("*.sdp"))


def golden(name: str) -> str:
    """The text of one offer, CRLF line ends."""
    return (Path(__file__).parent / f"{name}.sdp").read_bytes().decode()
