"""Golden offers.

Real programs made `chromium_*`, `aiortc_publish` and `ffmpeg_whip`: Chromium 156, aiortc 1.16 and
FFmpeg 9's WHIP muxer. Their addresses are of a test network. The others follow the shapes of
libdatachannel (OBS) and webrtcbin, or faults that were met.
"""

from pathlib import Path

NAMES = sorted(path.stem for path in Path(__file__).parent.glob("*.sdp"))


def golden(name: str) -> str:
    """The text of one offer, CRLF line ends."""
    return (Path(__file__).parent / f"{name}.sdp").read_bytes().decode()
