"""The relay as other packages may know it: Protocols and value types, nothing that runs.

The relay forwards media between *sources* and *slots* inside a *room*. A room is an opaque key (the
signaling service uses the lesson's id). Callers have decided who may publish or watch.
"""

from relay.api.cascade import (
    Cascade,
    Demand,
    InPipe,
    InPipeListener,
    OutPipe,
    OutPipeListener,
    PipedCodec,
    PipedLayer,
    PipedSource,
    PipedTrack,
    PipeEnd,
    PipeStats,
)
from relay.api.errors import OfferError, RelayError, RelayFull, SessionNotFound, StaleSession
from relay.api.media import Hold, Importance, Layer, MediaKind, SlotState, SlotWish, SourceInfo
from relay.api.relay import Relay, RelayListener
from relay.api.sessions import Answer, CloseReason, Excess, LayerStats, Limit, Patched, SessionStats
from relay.api.taps import Tap, TapSink, TapTrack

__all__ = [
    "Answer",
    "Cascade",
    "CloseReason",
    "Demand",
    "Excess",
    "Hold",
    "Importance",
    "InPipe",
    "InPipeListener",
    "Layer",
    "LayerStats",
    "Limit",
    "MediaKind",
    "OfferError",
    "OutPipe",
    "OutPipeListener",
    "Patched",
    "PipeEnd",
    "PipeStats",
    "PipedCodec",
    "PipedLayer",
    "PipedSource",
    "PipedTrack",
    "Relay",
    "RelayError",
    "RelayFull",
    "RelayListener",
    "SessionNotFound",
    "SessionStats",
    "SlotState",
    "SlotWish",
    "SourceInfo",
    "StaleSession",
    "Tap",
    "TapSink",
    "TapTrack",
]
