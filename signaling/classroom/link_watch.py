"""One room's links: reads the relay's figures of everybody's media sessions and judges them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from relay.api import (
    Importance,
    Layer,
    MediaKind,
    Relay,
    SessionNotFound,
    SessionStats,
    SlotState,
    SlotWish,
)
from signaling.links.rules import (
    Downlink,
    LayerWatch,
    LinkJudge,
    Seen,
    Uplink,
    Withheld,
    grade_downlink,
    grade_uplink,
    two_digits,
    worst,
)
from signaling.links.samples import LinkReading
from signaling.links.wire import Link, LinkExcess, LinkLimit, LinkState

_LAYER_RANK = {Layer.LOW: 0, Layer.MIDDLE: 1, Layer.HIGH: 2}
_LIMITS = {limit.value: limit for limit in LinkLimit}
_EXCESSES = {excess.value: excess for excess in LinkExcess}


@dataclass(frozen=True, slots=True)
class Viewing:
    """A participant's viewing session and what it asks for."""

    session_id: str
    wishes: Sequence[SlotWish]
    stills: bool  # the courseware comes as still pictures


@dataclass(frozen=True, slots=True)
class Judged:
    """Result of one look at a participant: news for the room, and a reading for history."""

    link: Link
    reading: LinkReading


class LinkWatch:
    """The judges of one room's participants."""

    def __init__(self, relay: Relay) -> None:
        self._relay = relay
        self._judges: dict[str, LinkJudge] = {}
        self._uplink_judges: dict[str, LinkJudge] = {}
        self._layers: dict[str, LayerWatch] = {}  # by publishing session

    def forget(self, participant_id: str) -> None:
        """A participant is offline; back again it is judged anew."""
        self._judges.pop(participant_id, None)
        self._uplink_judges.pop(participant_id, None)

    def forget_session(self, session_id: str) -> None:
        """A publishing session is over."""
        self._layers.pop(session_id, None)

    def look(
        self,
        participant_id: str,
        viewing: Viewing | None,
        publishing: Mapping[str, Sequence[str] | None],
        now: float,
        excess: LinkExcess = LinkExcess.NONE,
    ) -> Judged:
        """Judge a participant who is online.

        Args:
            participant_id: who.
            viewing: its viewing session, if it has one.
            publishing: its publishing sessions, each with its wanted layers; None if its layers
                are not judged (a still screen sends nothing).
            now: monotonic seconds.
            excess: what it does too much of, where its media sessions do not tell.
        """
        down = None if viewing is None else self._stats(viewing.session_id)
        ups = {name: stats for name in publishing if (stats := self._stats(name)) is not None}
        grades = [
            grade_uplink(self._uplink(stats, publishing[name], now)) for name, stats in ups.items()
        ]
        uplink = None
        if grades:
            judge = self._uplink_judges.setdefault(participant_id, LinkJudge())
            uplink = judge.update(worst(*grades), now)
        else:
            self._uplink_judges.pop(participant_id, None)
        if down is not None and viewing is not None:
            grades.append(grade_downlink(_downlink(down, viewing)))
        judge = self._judges.setdefault(participant_id, LinkJudge())
        state = judge.update(worst(*grades), now)
        connected = [s for s in (*ups.values(), down) if s is not None and s.connected]
        told = (_EXCESSES[s.excess] for s in connected if s.excess != "none")
        return _judged(state, uplink, down, viewing, connected, excess=next(told, excess))

    def _uplink(self, stats: SessionStats, wanted: Sequence[str] | None, now: float) -> Uplink:
        coming = {str(s.layer) for s in stats.layers if s.layer is not None and s.bitrate_bps > 0}
        watch = self._layers.setdefault(stats.session_id, LayerWatch())
        missing = frozenset() if wanted is None else watch.missing(wanted, coming, now)
        return Uplink(
            stats.connected,
            stats.rtt_ms,
            stats.loss_fraction,
            missing,
            frozenset(coming),
        )

    def _stats(self, session_id: str) -> SessionStats | None:
        try:
            return self._relay.stats(session_id)
        except SessionNotFound:
            return None


def _downlink(stats: SessionStats, viewing: Viewing) -> Downlink:
    return Downlink(
        stats.connected,
        stats.rtt_ms,
        stats.loss_fraction,
        stats.queue_ms,
        _LIMITS[stats.limit],
        withheld(stats.slots, viewing.wishes) if stats.limit != "none" else Withheld.NOTHING,
    )


def withheld(slots: Sequence[SlotState], wishes: Sequence[SlotWish]) -> Withheld:
    """Wishes of a viewer that its link does not carry."""
    importance = {wish.slot: wish.importance for wish in wishes}
    found = Withheld.NOTHING
    for slot in slots:
        if slot.kind is not MediaKind.VIDEO or slot.ideal is None:
            continue
        if slot.layer is None and importance.get(slot.slot) is not Importance.WALL:
            return Withheld.PICTURE
        if slot.layer is not slot.ideal or slot.thinned:
            found = Withheld.QUALITY
    return found


def _judged(
    state: LinkState,
    uplink: LinkState | None,
    down: SessionStats | None,
    viewing: Viewing | None,
    connected: Sequence[SessionStats],
    *,
    excess: LinkExcess,
) -> Judged:
    rtt = max((s.rtt_ms for s in connected if s.rtt_ms is not None), default=None)
    loss = max((s.loss_fraction for s in connected), default=None)
    limit = LinkLimit.NONE if down is None else _LIMITS[down.limit]
    stills = viewing is not None and viewing.stills
    layer = None if down is None else best_layer(down.slots)
    carries = None if down is None else down.target_bps
    link = Link(
        state,
        rtt,
        loss,
        layer,
        limit,
        two_digits(carries),
        uplink=uplink,
        stills=stills,
        codec_missing=down is not None and any(slot.codec_missing for slot in down.slots),
        excess=excess,
    )
    queue = None if down is None else down.queue_ms
    seen = None if down is None else seen_now(state, down.slots, stills=stills)
    hears = down is not None and hears_now(state, down.slots)
    return Judged(link, LinkReading(state, uplink, carries, queue, loss, rtt, limit, seen, hears))


def best_layer(slots: Sequence[SlotState]) -> str | None:
    """The highest layer that flows in any slot."""
    layers = [s.layer for s in slots if s.kind is MediaKind.VIDEO and s.layer is not None]
    return str(max(layers, key=_LAYER_RANK.__getitem__)) if layers else None


def seen_now(state: LinkState, slots: Sequence[SlotState], *, stills: bool) -> Seen | None:
    """The rung of the ladder that a viewer stands on; None if there is nothing to be seen."""
    if state is LinkState.OFFLINE:
        return Seen.OFFLINE
    if stills:
        return Seen.STILLS
    layer = best_layer(slots)
    if layer is not None:
        return Seen(layer)
    wanting = any(slot.ideal is not None for slot in slots)
    return Seen.SOUND if wanting else None


def hears_now(state: LinkState, slots: Sequence[SlotState]) -> bool:
    """Tell whether somebody's sound flows to a viewer."""
    sounds = (slot for slot in slots if slot.kind is MediaKind.AUDIO)
    return state is not LinkState.OFFLINE and any(slot.source_id is not None for slot in sounds)


def differs(new: Link, old: Link, *, figures: bool) -> bool:
    """Tell whether a link changed enough for news; `figures`: mere figures count, too."""
    if _words(new) != _words(old):
        return True
    return figures and (
        new.limit is not old.limit
        or _moved(new.rtt_ms, old.rtt_ms, 0.3, 20.0)
        or _moved(new.loss, old.loss, 0.0, 0.02)
        or _moved(new.carries_bps, old.carries_bps, 0.15, 0.0)
    )


def _words(link: Link) -> tuple[object, ...]:
    """The parts of a link that a page puts into words."""
    return link.state, link.seeing, link.uplink, link.stills, link.codec_missing, link.excess


def _moved(new: float | None, old: float | None, share: float, least: float) -> bool:
    return abs((new or 0.0) - (old or 0.0)) > max(least, share * (old or 0.0))
