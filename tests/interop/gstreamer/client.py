"""A WHIP publisher and a WHEP player on GStreamer's own WebRTC stack (webrtcbin, libnice).

Run by the system's Python, which has GStreamer's bindings; speaks HTTP and SDP, knows nothing of
Tongke. Ends by itself and prints one JSON line.

    /usr/bin/python3 client.py publish URL TOKEN --codec h264 --seconds 10
    /usr/bin/python3 client.py watch URL TOKEN --seconds 5
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
import urllib.error
import urllib.parse
import urllib.request

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstSdp", "1.0")
gi.require_version("GstWebRTC", "1.0")
from gi.repository import GLib, Gst, GstSdp, GstWebRTC  # noqa: E402 - after require_version

HTTP_TIMEOUT_S = 10
CAPS_POLL_MS = 20
NEGOTIATION_TIMEOUT_S = 20
KEY_FRAMES_EVERY = 1_000_000  # none by itself: a late viewer must get one by asking

_CAMERA = "videotestsrc is-live=true pattern=ball ! video/x-raw,width=640,height=360,framerate=25/1"
_X264 = (
    f"x264enc tune=zerolatency speed-preset=ultrafast bitrate=600 key-int-max={KEY_FRAMES_EVERY}"
)
_BASELINE = "video/x-h264,profile=constrained-baseline"
VIDEO = {
    "vp8": f"{_CAMERA} ! vp8enc deadline=1 target-bitrate=600000 "
    f"keyframe-max-dist={KEY_FRAMES_EVERY} ! rtpvp8pay picture-id-mode=15-bit ! "
    "application/x-rtp,media=video,encoding-name=VP8,payload=96",
    # Parameter sets before each IDR picture, as browsers send them.
    "h264": f"{_CAMERA} ! {_X264} ! {_BASELINE},stream-format=byte-stream ! "
    "rtph264pay config-interval=-1 aggregate-mode=zero-latency ! "
    "application/x-rtp,media=video,encoding-name=H264,payload=96",
    # Parameter sets in the offer's sprop-parameter-sets alone.
    "h264-sprop": f"{_CAMERA} ! {_X264} ! {_BASELINE},stream-format=avc ! "
    "rtph264pay name=apart config-interval=0 ! "
    "application/x-rtp,media=video,encoding-name=H264,payload=96",
}
AUDIO = (
    "audiotestsrc is-live=true wave=sine freq=1000 ! audioconvert ! audioresample ! opusenc ! "
    "rtpopuspay ! application/x-rtp,media=audio,encoding-name=OPUS,payload=97"
)
RECEIVE_VIDEO = (
    "application/x-rtp,media=video,encoding-name=VP8,clock-rate=90000,payload=96;"
    "application/x-rtp,media=video,encoding-name=H264,clock-rate=90000,payload=98,"
    "packetization-mode=(string)1,profile-level-id=(string)42e01f"
)
RECEIVE_AUDIO = (
    "application/x-rtp,media=audio,encoding-name=OPUS,clock-rate=48000,payload=97,"
    "encoding-params=(string)2"
)


class Session:
    """One WHIP or WHEP session (RFC 9725 §4.2), without trickling."""

    def __init__(self, pipeline: Gst.Pipeline, url: str, token: str, seconds: float) -> None:
        self.result: dict = {}
        self._pipeline = pipeline
        self._rtc = pipeline.get_by_name("rtc")
        self._url, self._token, self._seconds = url, token, seconds
        self._location = ""
        self._loop = GLib.MainLoop()
        self._offered = False

    def run(self) -> dict:
        """Play until the time is over; returns the result."""
        bus = self._pipeline.get_bus()
        bus.add_signal_watch()
        bus.connect("message::error", self._on_error)
        self._rtc.connect("notify::ice-gathering-state", self._on_gathering)
        self._rtc.connect("notify::connection-state", self._on_connection)
        # libnice leaves loopback out by itself, and the server under test serves nothing else.
        # The agent's reference is floating: who takes it has to keep it.
        self._ice = self._rtc.get_property("ice-agent")
        self._ice.emit("add-local-ip-address", "127.0.0.1")
        self._pipeline.set_state(Gst.State.PLAYING)
        GLib.timeout_add(CAPS_POLL_MS, self._offer_when_ready)
        GLib.timeout_add_seconds(NEGOTIATION_TIMEOUT_S, self._expire)
        GLib.unix_signal_add(GLib.PRIORITY_DEFAULT, signal.SIGTERM, self._loop.quit)
        self._loop.run()
        self._rtc_stats()
        if self._location:
            self._request("DELETE", self._location)
        self._pipeline.set_state(Gst.State.NULL)
        return self.result

    def _offer_when_ready(self) -> bool:
        """The payloaders' caps hold what the offer says (sprop), so they come first."""
        pads = [pad for pad in self._rtc.sinkpads if pad.get_name().startswith("sink")]
        if any(pad.get_current_caps() is None for pad in pads):
            return True
        promise = Gst.Promise.new_with_change_func(self._on_offer, None)
        self._rtc.emit("create-offer", None, promise)
        return False

    def _on_offer(self, promise: Gst.Promise, _data: object) -> None:
        reply = promise.get_reply()  # the offer lives as long as the reply
        offer = reply.get_value("offer")
        self._rtc.emit("set-local-description", offer, Gst.Promise.new())

    def _on_gathering(self, _rtc: object, _spec: object) -> None:
        complete = GstWebRTC.WebRTCICEGatheringState.COMPLETE
        if self._rtc.get_property("ice-gathering-state") == complete and not self._offered:
            self._offered = True
            GLib.idle_add(self._post)

    def _post(self) -> bool:
        offer = self._rtc.get_property("local-description").sdp.as_text()
        self.result["sprop"] = "sprop-parameter-sets" in offer
        status, headers, body = self._request("POST", self._url, offer)
        self.result["status"] = status
        if status != 201:
            self.result["error"] = body
            self._loop.quit()
            return False
        self._location = urllib.parse.urljoin(self._url, headers["Location"])
        _, message = GstSdp.SDPMessage.new_from_text(body)
        answer = GstWebRTC.WebRTCSessionDescription.new(GstWebRTC.WebRTCSDPType.ANSWER, message)
        self._rtc.emit("set-remote-description", answer, Gst.Promise.new())
        return False

    def _on_connection(self, _rtc: object, _spec: object) -> None:
        state = self._rtc.get_property("connection-state")
        self.result["state"] = state.value_nick
        if state == GstWebRTC.WebRTCPeerConnectionState.CONNECTED:
            sys.stderr.write("connected\n")
            GLib.timeout_add(round(self._seconds * 1000), self._loop.quit)

    def _on_error(self, _bus: object, message: Gst.Message) -> None:
        error, detail = message.parse_error()
        self.result["error"] = f"{error.message}: {detail}"
        self._loop.quit()

    def _expire(self) -> bool:
        if self.result.get("state") != "connected":
            self.result.setdefault("error", "not connected in time")
            self._loop.quit()
        return False

    def _rtc_stats(self) -> None:
        """Sum what the stack counted of its streams."""
        promise = Gst.Promise.new()
        self._rtc.emit("get-stats", None, promise)
        promise.wait()
        reply = promise.get_reply()
        if reply is None:
            return
        for index in range(reply.n_fields()):
            row = reply.get_value(reply.nth_field_name(index))
            if not isinstance(row, Gst.Structure):
                continue
            for name in ("packets-sent", "packets-received", "pli-count", "nack-count"):
                if row.has_field(name):
                    self.result[name] = self.result.get(name, 0) + row.get_value(name)

    def _request(self, method: str, url: str, body: str | None = None) -> tuple:
        request = urllib.request.Request(
            url, body.encode() if body is not None else None, method=method
        )
        request.add_header("Authorization", f"Bearer {self._token}")
        if body is not None:
            request.add_header("Content-Type", "application/sdp")
        try:
            with urllib.request.urlopen(request, timeout=HTTP_TIMEOUT_S) as answer:
                return answer.status, answer.headers, answer.read().decode()
        except urllib.error.HTTPError as refusal:
            return refusal.code, refusal.headers, refusal.read().decode()


def publisher(codec: str) -> Gst.Pipeline:
    """Test picture and test sound into a webrtcbin that only sends."""
    pipeline = Gst.parse_launch(
        f"webrtcbin name=rtc bundle-policy=max-bundle {VIDEO[codec]} ! rtc. {AUDIO} ! rtc."
    )
    if (payloader := pipeline.get_by_name("apart")) is not None:
        sink = payloader.get_static_pad("sink")
        sink.add_probe(Gst.PadProbeType.EVENT_DOWNSTREAM, _without_headers)
    rtc = pipeline.get_by_name("rtc")
    for index in range(2):
        transceiver = rtc.emit("get-transceiver", index)
        transceiver.set_property("direction", GstWebRTC.WebRTCRTPTransceiverDirection.SENDONLY)
        transceiver.set_property("do-nack", True)
    return pipeline


def _without_headers(_pad: Gst.Pad, info: Gst.PadProbeInfo) -> Gst.PadProbeReturn:
    """Keep from the payloader that a key frame was asked for: it would add the sets to it."""
    structure = info.get_event().get_structure()
    asked = structure is not None and structure.get_name() == "GstForceKeyUnit"
    return Gst.PadProbeReturn.DROP if asked else Gst.PadProbeReturn.OK


def player(seen: dict) -> Gst.Pipeline:
    """A webrtcbin that only receives; decoded buffers are counted into `seen`."""
    pipeline = Gst.Pipeline.new("player")
    rtc = Gst.ElementFactory.make("webrtcbin", "rtc")
    rtc.set_property("bundle-policy", GstWebRTC.WebRTCBundlePolicy.MAX_BUNDLE)
    pipeline.add(rtc)
    for caps in (RECEIVE_VIDEO, RECEIVE_AUDIO):
        direction = GstWebRTC.WebRTCRTPTransceiverDirection.RECVONLY
        transceiver = rtc.emit("add-transceiver", direction, Gst.Caps.from_string(caps))
        transceiver.set_property("do-nack", True)

    def on_stream(_rtc: object, pad: Gst.Pad) -> None:
        if pad.get_direction() != Gst.PadDirection.SRC:
            return
        decoder = Gst.ElementFactory.make("decodebin", None)
        decoder.connect("pad-added", on_decoded)
        pipeline.add(decoder)
        decoder.sync_state_with_parent()
        pad.link(decoder.get_static_pad("sink"))

    def on_decoded(_decoder: object, pad: Gst.Pad) -> None:
        kind = pad.get_current_caps().get_structure(0).get_name().partition("/")[0]
        sink = Gst.ElementFactory.make("fakesink", None)
        sink.set_property("sync", False)
        pipeline.add(sink)
        sink.sync_state_with_parent()
        target = sink.get_static_pad("sink")
        target.add_probe(Gst.PadProbeType.BUFFER, on_buffer, kind)
        pad.link(target)

    def on_buffer(pad: Gst.Pad, _info: object, kind: str) -> Gst.PadProbeReturn:
        seen[kind] = seen.get(kind, 0) + 1
        if kind == "video":
            picture = pad.get_current_caps().get_structure(0)
            seen["size"] = [picture.get_value("width"), picture.get_value("height")]
        return Gst.PadProbeReturn.OK

    rtc.connect("pad-added", on_stream)
    return pipeline


def main() -> int:
    """Run one session; 0 if it connected and ended without an error."""
    parser = argparse.ArgumentParser()
    parser.add_argument("role", choices=("publish", "watch"))
    parser.add_argument("url")
    parser.add_argument("token")
    parser.add_argument("--codec", choices=tuple(VIDEO), default="vp8")
    parser.add_argument("--seconds", type=float, default=5.0)
    options = parser.parse_args()
    Gst.init(None)
    seen: dict = {}
    publishing = options.role == "publish"
    pipeline = publisher(options.codec) if publishing else player(seen)
    result = Session(pipeline, options.url, options.token, options.seconds).run()
    sys.stdout.write(json.dumps({**result, **seen}) + "\n")
    return 1 if "error" in result else 0


if __name__ == "__main__":
    sys.exit(main())
