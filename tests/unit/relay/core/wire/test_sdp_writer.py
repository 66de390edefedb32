"""The answer to an ICE restart."""

from relay.core.wire.sdp_writer import restart_fragment
from tests.unit.relay.core.wire.answers import LOCAL, publish
from tests.unit.relay.core.wire.offers import golden


def test_a_restart_fragment_carries_new_credentials_and_candidates() -> None:
    answer = publish(golden("chromium_publish_simulcast"))
    fragment = restart_fragment(answer.bundle, LOCAL)
    lines = fragment.strip().split("\r\n")
    assert lines[0] == "a=ice-lite"
    assert "a=group:BUNDLE 0 1" in lines
    assert any(line.startswith("m=audio 9 UDP/TLS/RTP/SAVPF 63 111") for line in lines)
    assert lines.index("a=mid:0") < lines.index("a=ice-ufrag:localufrag")
    assert lines[-1] == "a=end-of-candidates"
