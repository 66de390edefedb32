"""The receiver's codec under which a stream is sent."""

from __future__ import annotations

import pytest

from relay.core.wire.negotiated import Codec, match_codec


def codec(payload_type: int, fmtp: str) -> Codec:
    return Codec("H264", payload_type, 90_000, fmtp=fmtp)


CHROME = (
    codec(102, "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42001f"),
    codec(104, "level-asymmetry-allowed=1;packetization-mode=0;profile-level-id=42001f"),
    codec(106, "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f"),
    codec(108, "level-asymmetry-allowed=1;packetization-mode=0;profile-level-id=42e01f"),
    codec(127, "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=4d001f"),
    codec(112, "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=64001f"),
)


@pytest.mark.parametrize(
    ("stream", "payload_type"),
    [
        ("packetization-mode=1;profile-level-id=42e034", 106),
        ("packetization-mode=0;profile-level-id=42e01f", 108),
        ("profile-level-id=42001f;packetization-mode=1", 102),
        ("packetization-mode=1; profile-level-id=42C01F", 106),
        ("packetization-mode=1;profile-level-id=4d0032", 127),
        ("packetization-mode=1;profile-level-id=640032", 112),
        ("packetization-mode=2;profile-level-id=42e01f", None),
        ("packetization-mode=1;profile-level-id=nonsense", None),
        ("packetization-mode=1;profile-level-id=f4001f", None),
    ],
)
def test_the_receivers_payload_type_fits_profile_and_mode(
    stream: str, payload_type: int | None
) -> None:
    found = match_codec(CHROME, codec(96, stream))
    assert (found and found.payload_type) == payload_type


def test_a_lesser_receiver_gets_only_what_it_decodes() -> None:
    baseline = (codec(100, "packetization-mode=1;profile-level-id=42e01f"),)
    high = (codec(101, "packetization-mode=1;profile-level-id=64001f"),)
    assert match_codec(baseline, high[0]) is None
    assert match_codec(high, baseline[0]) is high[0]
    assert match_codec(baseline, Codec("VP8", 96, 90_000)) is None
