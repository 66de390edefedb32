"""Figures of one run from its series. Pure; what each means is said at `Figures`."""

from __future__ import annotations

import bisect
import statistics
from collections.abc import Callable, Sequence
from itertools import pairwise

import msgspec

from load_tests.qoe.content import FPS, LOOP_FRAMES, LOOP_S
from load_tests.qoe.profile import Profile
from load_tests.qoe.rates import (
    cross_share,
    drop_queue_ms,
    increase,
    link_share,
    media_kbps,
    rates,
    settled_at,
)
from load_tests.qoe.series import Level, Series, Shown, Stats, Taken

FREEZE_S = 0.25  # a longer gap between shown frames is a freeze (issue 3)
TOP_LINES = 720
LATEST_SETTLING_S = 15.0  # from when on `frozen_ratio_settled` counts if the rate never settled
QUIET_DB = 20.0  # below the voice's usual level: not heard
SOUND_RUN = 3  # readings of 40 ms in a row that count as sound being back
FLOW_FRAMES, FLOW_S = 5, 1.0  # video flows again: gaps of 250 ms on average, no freezes
CLOCK_SLACK_S = 0.01  # by which two pages of one machine may disagree


class Figures(msgspec.Struct, frozen=True):
    """One run in numbers; None where the thing did not happen or does not apply.

    Attributes:
        first_frame_s: from entering to the first shown frame.
        frozen_s, frozen_ratio: sum of the gaps between shown frames over 250 ms from the first
            frame to the end, the open one at the end included; divided by that time. 1 without any.
        frozen_ratio_settled: the same from `settled_s` (else 15 s) on.
        longest_freeze_s: the longest of these gaps.
        w3c_freezes, w3c_frozen_s: freezeCount, totalFreezesDuration (webrtc-stats).
        fps: frames shown per second since the first.
        top_layer_s: from entering to the first frame of 720 lines.
        top_share: share of the time since the first frame that its picture had 720 lines.
        settled_s: the first moment from which the received rate (sound and picture, over 1 s)
            stays within ±20% of its mean for 5 s.
        switches, switches_per_min: changes of the shown picture's height, the climb included.
        concealed_ratio: (concealedSamples − silentConcealedSamples) ÷ totalSamplesReceived since
            the first sound; `concealed_all_ratio` with the silent ones.
        concealed_ratio_narrow: the same while the link is at its narrowest, if its rate changes.
        sound_lost_ratio: sound packets lost ÷ due, before any repair by RED or FEC.
        delay_p50_ms, delay_p95_ms: camera to screen, by the burned-in number.
        link_share: UDP carried ÷ what the link could carry, over the whole run.
        media_kbps: received rate of sound and picture, without repair and headers of IP.
        queue_p95_ms, queue_max_ms: wait for the link, by slices of 100 ms.
        drop_queue_ms: longest wait from 3 s after each drop of the rate until its next change.
        climb_s: longest time from a rise of the rate to a higher picture; 0 if it was at the top. A
            picture that stood still for the second before counts as none.
        video_back_s: longest time from a rise of the rate until video flows (5 frames in 1 s).
        sound_back_s, picture_back_s: after an outage's end.
        sound_gap_s: longest time without sound, from the first sound to the end.
        cross_share: the media's share of the link beside the TCP flow.
        sent_fps: frames per second of the sender's largest active layer (median).
        camera_gap_s: longest time between two pictures of the sender's camera: where it is long,
            the machine froze the picture, not the system.
        sender_cpu_limited: share of the sender's readings that say the CPU limits it: such a run
            says more of the machine than of the system.
    """

    first_frame_s: float | None
    frozen_s: float
    frozen_ratio: float
    frozen_ratio_settled: float
    longest_freeze_s: float
    w3c_freezes: float
    w3c_frozen_s: float
    fps: float
    top_layer_s: float | None
    top_share: float
    settled_s: float | None
    switches: int
    switches_per_min: float
    concealed_ratio: float | None
    concealed_all_ratio: float | None
    concealed_ratio_narrow: float | None
    sound_lost_ratio: float | None
    delay_p50_ms: float | None
    delay_p95_ms: float | None
    link_share: float
    media_kbps: float
    queue_p95_ms: float
    queue_max_ms: float
    drop_queue_ms: float | None
    climb_s: float | None
    video_back_s: float | None
    sound_back_s: float | None
    picture_back_s: float | None
    sound_gap_s: float | None
    cross_share: float | None
    sent_fps: float | None
    camera_gap_s: float | None
    sender_cpu_limited: float


def figures(series: Series, profile: Profile) -> Figures:
    """Everything about one run; `profile` must last as long as the run did."""
    frames, seconds = series.frames, series.seconds
    settled = settled_at(rates(series.received), frames[0].at_s if frames else None)
    gaps = freezes(frames, seconds)
    first = frames[0].at_s if frames else seconds
    lead = [[row for row in one.inbound if row["lead"]] for one in series.received]
    shown_s = max(seconds - first, 1e-9)
    waits = sorted(one.queue_ms for one in series.link.down.slices) or [0.0]
    lags = delays(frames, series.taken)
    switches = sum(a.height != b.height for a, b in pairwise(frames))
    narrow = _narrowest(profile)
    return Figures(
        first_frame_s=_round(frames[0].at_s) if frames else None,
        frozen_s=round(sum(end - begin for begin, end in gaps), 3),
        frozen_ratio=frozen_ratio(frames, 0.0, seconds),
        frozen_ratio_settled=frozen_ratio(
            frames, LATEST_SETTLING_S if settled is None else settled, seconds
        ),
        longest_freeze_s=round(max((end - begin for begin, end in gaps), default=0.0), 3),
        w3c_freezes=increase(lead, "freezeCount"),
        w3c_frozen_s=round(increase(lead, "totalFreezesDuration"), 3),
        fps=round(len(frames) / shown_s, 1),
        top_layer_s=_round(next((f.at_s for f in frames if f.height >= TOP_LINES), None)),
        top_share=round(_time_at(frames, seconds, TOP_LINES) / shown_s, 3) if frames else 0.0,
        settled_s=_round(settled),
        switches=switches,
        switches_per_min=round(switches * 60 / shown_s, 2) if frames else 0.0,
        concealed_ratio=concealed(series.received),
        concealed_all_ratio=concealed(series.received, silent_too=True),
        concealed_ratio_narrow=narrow
        and concealed([one for one in series.received if narrow[0] <= one.at_s <= narrow[1]]),
        sound_lost_ratio=_sound_lost(series.received),
        delay_p50_ms=_quantile_ms(lags, 0.5),
        delay_p95_ms=_quantile_ms(lags, 0.95),
        link_share=link_share(series, profile),
        media_kbps=media_kbps(series.received, seconds),
        queue_p95_ms=waits[int(0.95 * (len(waits) - 1))],
        queue_max_ms=waits[-1],
        drop_queue_ms=drop_queue_ms(series, profile),
        climb_s=_worst(_rises(profile), lambda begin, end: _climb(frames, begin, end)),
        video_back_s=_worst(_rises(profile), lambda begin, end: _flows_after(frames, begin, end)),
        sound_back_s=_worst(_returns(profile), lambda at, end: _heard_after(series.levels, at)),
        picture_back_s=_worst(_returns(profile), lambda at, end: _shown_after(frames, at)),
        sound_gap_s=_sound_gap(series.levels, seconds),
        cross_share=cross_share(series, profile),
        sent_fps=_sent_fps(series.sent),
        camera_gap_s=_camera_gap(series.taken, seconds),
        sender_cpu_limited=_cpu_limited(series.sent),
    )


# --- picture ------------------------------------------------------------------------------------


def freezes(frames: Sequence[Shown], end_s: float) -> list[tuple[float, float]]:
    """Gaps over `FREEZE_S` from the first frame to the end, the open one included."""
    times = [frame.at_s for frame in frames]
    if not times:
        return [(0.0, end_s)]
    return [(a, b) for a, b in pairwise([*times, end_s]) if b - a > FREEZE_S]


def frozen_ratio(frames: Sequence[Shown], begin_s: float, end_s: float) -> float:
    """The frozen share of the time between two moments, counted from the first frame on."""
    begin = max(begin_s, frames[0].at_s) if frames else begin_s
    if end_s <= begin:
        return 1.0
    frozen = sum(max(0.0, b - max(a, begin)) for a, b in freezes(frames, end_s))
    return round(frozen / (end_s - begin), 5)


def delays(frames: Sequence[Shown], taken: Sequence[Taken]) -> list[float]:
    """Camera to screen, seconds: a frame shown is the latest picture of its number that was taken.

    Numbers repeat every `LOOP_S`. A picture that nobody noted is judged by its neighbours' times; a
    frame without any is left out.
    """
    moments: dict[int, list[float]] = {}
    for one in taken:
        moments.setdefault(one.number, []).append(one.at_s)
    found = []
    for frame in frames:
        if frame.number < 0:
            continue
        for apart in (0, 1, -1, 2, -2):
            times = moments.get((frame.number + apart) % LOOP_FRAMES, [])
            index = bisect.bisect_right(times, frame.at_s + CLOCK_SLACK_S) - 1
            if index >= 0 and (delay := frame.at_s - times[index] + apart / FPS) < LOOP_S / 2:
                found.append(max(0.0, delay))
                break
    return found


def _time_at(frames: Sequence[Shown], end_s: float, lines: int) -> float:
    ends = [frame.at_s for frame in frames[1:]] + [end_s]
    return sum(
        end - frame.at_s for frame, end in zip(frames, ends, strict=True) if frame.height >= lines
    )


def _climb(frames: Sequence[Shown], begin: float, end: float) -> float | None:
    before = max((f.height for f in frames if begin - 1 <= f.at_s < begin), default=0)
    if before >= TOP_LINES:
        return 0.0
    higher = (f.at_s - begin for f in frames if begin <= f.at_s <= end and f.height > before)
    return next(higher, None)


def _flows_after(frames: Sequence[Shown], begin: float, end: float) -> float | None:
    times = [f.at_s for f in frames if begin - FLOW_S <= f.at_s <= end]
    for index in range(FLOW_FRAMES - 1, len(times)):
        if times[index] >= begin and times[index] - times[index - FLOW_FRAMES + 1] <= FLOW_S:
            return max(0.0, times[index - FLOW_FRAMES + 1] - begin)
    return None


def _shown_after(frames: Sequence[Shown], at_s: float) -> float | None:
    return next((f.at_s - at_s for f in frames if f.at_s >= at_s), None)


# --- sound --------------------------------------------------------------------------------------


def concealed(samples: Sequence[Stats], *, silent_too: bool = False) -> float | None:
    """Share of concealed sound between the first and the last reading."""
    rows = [[row for row in one.inbound if row["kind"] == "audio"] for one in samples]
    total = increase(rows, "totalSamplesReceived")
    hidden = increase(rows, "concealedSamples")
    if not silent_too:
        hidden -= increase(rows, "silentConcealedSamples")
    return round(hidden / total, 5) if total > 0 else None


def _sound_lost(samples: Sequence[Stats]) -> float | None:
    rows = [[row for row in one.inbound if row["kind"] == "audio"] for one in samples]
    lost, received = increase(rows, "packetsLost"), increase(rows, "packetsReceived")
    return round(lost / (lost + received), 5) if lost + received > 0 else None


def _quiet_below(levels: Sequence[Level]) -> float | None:
    heard = sorted(level.db for level in levels if level.db > -70)
    return heard[len(heard) * 3 // 4] - QUIET_DB if len(heard) >= 25 else None


def _heard_after(levels: Sequence[Level], at_s: float) -> float | None:
    quiet = _quiet_below(levels)
    later = [level for level in levels if level.at_s >= at_s]
    if quiet is None:
        return None
    for index in range(len(later) - SOUND_RUN + 1):
        if all(one.db > quiet for one in later[index : index + SOUND_RUN]):
            return later[index].at_s - at_s
    return None


def _sound_gap(levels: Sequence[Level], end_s: float) -> float | None:
    quiet = _quiet_below(levels)
    if quiet is None:
        return None
    heard = [level.at_s for level in levels if level.db > quiet]
    return round(max(b - a for a, b in pairwise([*heard, end_s])), 3)


# --- the profile's moments ----------------------------------------------------------------------


def _rises(profile: Profile) -> list[tuple[float, float]]:
    steps = profile.link.rate
    ends = [step.at_s for step in steps[2:]] + [profile.seconds]
    return [
        (step.at_s, end)
        for (before, step), end in zip(pairwise(steps), ends, strict=False)
        if step.kbps > before.kbps
    ]


def _returns(profile: Profile) -> list[tuple[float, float]]:
    ends = (one.at_s + one.seconds for one in profile.link.outages)
    return [(end, profile.seconds) for end in ends if end < profile.seconds]


def _narrowest(profile: Profile) -> tuple[float, float] | None:
    steps = profile.link.rate
    if len(steps) < 2:
        return None
    index = min(range(len(steps)), key=lambda i: steps[i].kbps)
    end = steps[index + 1].at_s if index + 1 < len(steps) else profile.seconds
    return steps[index].at_s, end


def _worst(
    spans: Sequence[tuple[float, float]], measure: Callable[[float, float], float | None]
) -> float | None:
    """The longest; None also where one of them never came about."""
    values = [measure(begin, end) for begin, end in spans]
    known = [value for value in values if value is not None]
    return round(max(known), 3) if known and len(known) == len(values) else None


# --- the sender ---------------------------------------------------------------------------------


def _sent_fps(samples: Sequence[Stats]) -> float | None:
    found = []
    for one in samples:
        video = [row for row in one.outbound if row["kind"] == "video" and row.get("frameHeight")]
        if video:
            largest = max(video, key=lambda row: row["frameHeight"])
            found.append(float(largest.get("framesPerSecond", 0)))
    return statistics.median(found) if found else None


def _camera_gap(taken: Sequence[Taken], end_s: float) -> float | None:
    times = [one.at_s for one in taken if 0 <= one.at_s <= end_s]
    return round(max(b - a for a, b in pairwise(times)), 3) if len(times) > 1 else None


def _cpu_limited(samples: Sequence[Stats]) -> float:
    reasons = [
        {row.get("qualityLimitationReason") for row in one.outbound if row["kind"] == "video"}
        for one in samples
        if one.outbound
    ]
    return round(sum("cpu" in one for one in reasons) / len(reasons), 3) if reasons else 0.0


def _quantile_ms(values: Sequence[float], share: float) -> float | None:
    ordered = sorted(values)
    return round(ordered[int(share * (len(ordered) - 1))] * 1000, 1) if ordered else None


def _round(value: float | None) -> float | None:
    return None if value is None else round(value, 3)
