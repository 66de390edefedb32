"""Offers of our own making, and the relay's answers read (RFC 8866, RFC 9429, RFC 8853)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

OPUS_PT = 111
VP8_PT, VP8_RTX_PT = 96, 97
H264_PT, H264_RTX_PT = 102, 103
H264_FMTP = "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f"

URI_MID = "urn:ietf:params:rtp-hdrext:sdes:mid"
URI_RID = "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id"
URI_REPAIRED_RID = "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id"
URI_AUDIO_LEVEL = "urn:ietf:params:rtp-hdrext:ssrc-audio-level"
URI_TRANSPORT_CC = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"
EXTENSION_IDS = {
    URI_AUDIO_LEVEL: 1,
    URI_TRANSPORT_CC: 3,
    URI_MID: 4,
    URI_RID: 10,
    URI_REPAIRED_RID: 11,
}


@dataclass(frozen=True, slots=True)
class LocalIdentity:
    """Offer of our side of the transport."""

    ice_ufrag: str
    ice_pwd: str
    fingerprint: str  # sha-256, colon-separated hex


@dataclass(frozen=True, slots=True)
class VideoOffer:
    """A sending video section: with `rids` simulcast, else one stream with declared SSRCs."""

    codec: str = "VP8"
    rids: tuple[str, ...] = ()
    ssrc: int = 0
    rtx_ssrc: int = 0


@dataclass(frozen=True, slots=True)
class AudioOffer:
    """A sending audio section."""

    ssrc: int


@dataclass(frozen=True, slots=True)
class Candidate:
    """One UDP candidate of the answer."""

    host: str
    port: int
    priority: int


@dataclass(slots=True)
class AnswerSection:
    """One m-section of an answer; `payload_names` maps payload types to codec names."""

    kind: str
    port: int
    mid: str = ""
    direction: str = "sendrecv"
    payload_names: dict[int, str] = field(default_factory=dict)
    apt: dict[int, int] = field(default_factory=dict)  # RTX payload type → its codec's
    extensions: dict[str, int] = field(default_factory=dict)
    ssrcs: list[int] = field(default_factory=list)
    fid: tuple[int, int] | None = None
    rids: list[str] = field(default_factory=list)

    @property
    def accepted(self) -> bool:
        """False for a rejected section (RFC 9429 §5.3.1: port zero)."""
        return self.port != 0


@dataclass(slots=True)
class Answer:
    """An answer, as far as a client needs it."""

    ice_ufrag: str = ""
    ice_pwd: str = ""
    ice_lite: bool = False
    setup: str = "passive"
    fingerprints: list[tuple[str, str]] = field(default_factory=list)
    candidates: list[Candidate] = field(default_factory=list)
    sections: list[AnswerSection] = field(default_factory=list)


def publish_offer(
    identity: LocalIdentity, *, audio: AudioOffer | None, video: VideoOffer | None
) -> str:
    """The offer of a WHIP client (RFC 9725 §4.2): at most one audio and one video section."""
    sections: list[list[str]] = []
    if audio is not None:
        sections.append(_audio_section(str(len(sections)), "sendonly", identity, audio.ssrc))
    if video is not None:
        sections.append(_send_video_section(str(len(sections)), identity, video))
    return _session(sections)


def watch_offer(
    identity: LocalIdentity,
    *,
    video_slots: int,
    audio_slots: int,
    codecs: Sequence[str] = ("VP8", "H264"),
    transport_cc: bool = True,
) -> str:
    """The offer of a WHEP client: each receive-only section is a slot, video first."""
    sections: list[list[str]] = []
    for _ in range(video_slots):
        mid = str(len(sections))
        lines = _head("video", mid, "recvonly", identity, _video_payloads(codecs))
        lines += _video_codecs(codecs, transport_cc=transport_cc)
        lines += _extmaps(URI_MID, *((URI_TRANSPORT_CC,) if transport_cc else ()))
        sections.append(lines)
    for _ in range(audio_slots):
        sections.append(
            _audio_section(
                str(len(sections)), "recvonly", identity, None, transport_cc=transport_cc
            )
        )
    return _session(sections)


def ice_fragment(identity: LocalIdentity, mid: str = "0") -> str:
    """An SDP fragment that asks for an ICE restart (RFC 8840 §4.4, RFC 9725 §4.3.3)."""
    lines = [
        f"a=ice-ufrag:{identity.ice_ufrag}",
        f"a=ice-pwd:{identity.ice_pwd}",
        "m=audio 9 UDP/TLS/RTP/SAVPF 0",
        f"a=mid:{mid}",
        "a=end-of-candidates",
    ]
    return "\r\n".join(lines) + "\r\n"


def parse_answer(text: str) -> Answer:
    """Read an answer or an SDP fragment; unknown lines are skipped."""
    answer = Answer()
    section: AnswerSection | None = None
    for line in text.splitlines():
        if line.startswith("m="):
            kind, port, _protocol, *formats = line[2:].split()
            section = AnswerSection(kind, int(port))
            section.payload_names = {int(pt): "" for pt in formats if pt.isdigit()}
            answer.sections.append(section)
        elif line.startswith("a="):
            name, _, value = line[2:].partition(":")
            if not _transport_line(answer, name, value) and section is not None:
                _section_line(section, name, value)
    return answer


def _transport_line(answer: Answer, name: str, value: str) -> bool:
    match name:
        case "ice-ufrag":
            answer.ice_ufrag = value
        case "ice-pwd":
            answer.ice_pwd = value
        case "ice-lite":
            answer.ice_lite = True
        case "setup":
            answer.setup = value
        case "fingerprint":
            algorithm, _, digest = value.partition(" ")
            if (algorithm.lower(), digest) not in answer.fingerprints:
                answer.fingerprints.append((algorithm.lower(), digest))
        case "candidate":
            _foundation, component, protocol, priority, host, port = value.split()[:6]
            candidate = Candidate(host, int(port), int(priority))
            usable = protocol.lower() == "udp" and component == "1" and ".local" not in host
            if usable and candidate not in answer.candidates:
                answer.candidates.append(candidate)
        case _:
            return False
    return True


def _section_line(section: AnswerSection, name: str, value: str) -> None:
    match name:
        case "mid":
            section.mid = value
        case "sendonly" | "recvonly" | "sendrecv" | "inactive":
            section.direction = name
        case "rtpmap":
            payload, _, encoding = value.partition(" ")
            section.payload_names[int(payload)] = encoding.split("/")[0]
        case "fmtp":
            if found := re.match(r"(\d+) .*?\bapt=(\d+)", value):
                section.apt[int(found[1])] = int(found[2])
        case "extmap":
            ext_id, uri = value.split()[:2]
            section.extensions[uri] = int(ext_id.split("/")[0])
        case "ssrc":
            ssrc = int(value.split(maxsplit=1)[0])
            if ssrc not in section.ssrcs:
                section.ssrcs.append(ssrc)
        case "ssrc-group":
            if found := re.match(r"FID (\d+) (\d+)", value):
                section.fid = (int(found[1]), int(found[2]))
        case "rid":
            section.rids.append(value.split(maxsplit=1)[0])


def _session(sections: list[list[str]]) -> str:
    mids = " ".join(str(index) for index in range(len(sections)))
    lines = ["v=0", "o=- 4611731400430051336 2 IN IP4 127.0.0.1", "s=-", "t=0 0"]
    lines += [f"a=group:BUNDLE {mids}", "a=extmap-allow-mixed", "a=msid-semantic: WMS *"]
    for section in sections:
        lines += section
    return "\r\n".join(lines) + "\r\n"


def _head(
    kind: str, mid: str, direction: str, identity: LocalIdentity, payloads: Sequence[int]
) -> list[str]:
    formats = " ".join(str(payload) for payload in payloads)
    return [
        f"m={kind} 9 UDP/TLS/RTP/SAVPF {formats}",
        "c=IN IP4 0.0.0.0",
        "a=rtcp:9 IN IP4 0.0.0.0",
        f"a=ice-ufrag:{identity.ice_ufrag}",
        f"a=ice-pwd:{identity.ice_pwd}",
        "a=ice-options:trickle",
        f"a=fingerprint:sha-256 {identity.fingerprint}",
        "a=setup:actpass",
        f"a=mid:{mid}",
        f"a={direction}",
        "a=rtcp-mux",
        "a=rtcp-rsize",
    ]


def _audio_section(
    mid: str,
    direction: str,
    identity: LocalIdentity,
    ssrc: int | None,
    *,
    transport_cc: bool = True,
) -> list[str]:
    lines = _head("audio", mid, direction, identity, [OPUS_PT])
    lines += [
        f"a=rtpmap:{OPUS_PT} opus/48000/2",
        f"a=rtcp-fb:{OPUS_PT} transport-cc",
        f"a=fmtp:{OPUS_PT} minptime=10;useinbandfec=1",
    ]
    if ssrc is None:
        return lines + _extmaps(
            URI_AUDIO_LEVEL, *((URI_TRANSPORT_CC,) if transport_cc else ()), URI_MID
        )
    lines += _extmaps(URI_AUDIO_LEVEL, URI_TRANSPORT_CC, URI_MID)
    return [*lines, "a=msid:tongke audio", f"a=ssrc:{ssrc} cname:tongke"]


def _send_video_section(mid: str, identity: LocalIdentity, video: VideoOffer) -> list[str]:
    lines = _head("video", mid, "sendonly", identity, _video_payloads([video.codec]))
    lines += _video_codecs([video.codec], transport_cc=True)
    lines.append("a=msid:tongke video")
    if video.rids:
        lines += _extmaps(URI_TRANSPORT_CC, URI_MID, URI_RID, URI_REPAIRED_RID)
        lines += [f"a=rid:{rid} send" for rid in video.rids]
        return [*lines, "a=simulcast:send " + ";".join(video.rids)]
    lines += _extmaps(URI_TRANSPORT_CC, URI_MID)
    return [
        *lines,
        f"a=ssrc-group:FID {video.ssrc} {video.rtx_ssrc}",
        f"a=ssrc:{video.ssrc} cname:tongke",
        f"a=ssrc:{video.rtx_ssrc} cname:tongke",
    ]


def _video_payloads(codecs: Sequence[str]) -> list[int]:
    known = {"VP8": (VP8_PT, VP8_RTX_PT), "H264": (H264_PT, H264_RTX_PT)}
    return [payload for codec in codecs for payload in known[codec]]


def _video_codecs(codecs: Sequence[str], *, transport_cc: bool) -> list[str]:
    lines: list[str] = []
    for codec in codecs:
        payload, rtx = _video_payloads([codec])
        lines.append(f"a=rtpmap:{payload} {codec}/90000")
        if transport_cc:
            lines.append(f"a=rtcp-fb:{payload} transport-cc")
        lines += [f"a=rtcp-fb:{payload} {kind}" for kind in ("ccm fir", "nack", "nack pli")]
        if codec == "H264":
            lines.append(f"a=fmtp:{payload} {H264_FMTP}")
        lines += [f"a=rtpmap:{rtx} rtx/90000", f"a=fmtp:{rtx} apt={payload}"]
    return lines


def _extmaps(*uris: str) -> list[str]:
    return [f"a=extmap:{EXTENSION_IDS[uri]} {uri}" for uri in uris]
