"""One picture per profile, as SVG: link and rate, lines of the picture and its freezes, queue."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise

from load_tests.qoe.figures import freezes
from load_tests.qoe.profile import Profile
from load_tests.qoe.series import Series

Point = tuple[float, float]

PANEL_WIDTH, LEFT, RIGHT, TOP, GAP = 400, 52, 14, 58, 34
RATE_HEIGHT, LINES_HEIGHT, QUEUE_HEIGHT = 130, 80, 80
FONT = "font-family='system-ui, sans-serif'"
INK, FAINT, GRID = "#1f2933", "#6b7785", "#e4e8ec"
CAPACITY, MEDIA, OTHER, LINES, FROZEN, QUEUE = (
    "#9aa5b1",
    "#1769aa",
    "#b7791f",
    "#2f7d4f",
    "#f3b8b0",
    "#8a4b9c",
)
RATE_SLICES = 5  # of 100 ms, over which the rate is shown
GRID_LINES = 4


@dataclass(frozen=True, slots=True)
class Panel:
    """An area with scales: seconds across, something upwards from 0 to `top`."""

    left: float
    upper: float
    height: float
    seconds: float
    top: float

    def x(self, at_s: float) -> float:
        """Pixels from the left."""
        return round(self.left + at_s / self.seconds * PANEL_WIDTH, 1)

    def y(self, value: float) -> float:
        """Pixels from above; what is higher than the panel ends at its edge."""
        share = min(max(value / self.top, 0.0), 1.0)
        return round(self.upper + self.height * (1 - share), 1)

    def frame(self, title: str, *, times: bool) -> list[str]:
        """Grid, scale and title."""
        drawn = [_text(self.left, self.upper - 6, title, size=11, color=FAINT)]
        for index in range(GRID_LINES + 1):
            value = self.top * index / GRID_LINES
            y = self.y(value)
            drawn.append(_line(self.left, y, self.left + PANEL_WIDTH, y, GRID))
            drawn.append(_text(self.left - 6, y + 3.5, f"{value:g}", 9, FAINT, "end"))
        if times:
            bottom = self.upper + self.height + 13
            step = 10 if self.seconds <= 90 else 30
            for at_s in range(0, int(self.seconds) + 1, step):
                label = f"{at_s} s" if at_s == 0 else str(at_s)
                drawn.append(_text(self.x(at_s), bottom, label, 9, FAINT, "middle"))
        return drawn

    def steps(self, points: Sequence[Point], color: str, *, width: float = 1.4) -> str:
        """A line that holds each value until the next."""
        if not points:
            return ""
        words = [f"M{self.x(points[0][0])} {self.y(points[0][1])}"]
        for (_, before), (at_s, value) in pairwise(points):
            x = self.x(at_s)
            if value != before:
                words.append(f"L{x} {self.y(before)}L{x} {self.y(value)}")
        words.append(f"L{self.x(self.seconds)} {self.y(points[-1][1])}")
        return _path("".join(words), color, width)

    def line(self, points: Sequence[Point], color: str, *, width: float = 1.4) -> str:
        """A line from point to point."""
        if not points:
            return ""
        words = "L".join(f"{self.x(at_s)} {self.y(value)}" for at_s, value in points)
        return _path(f"M{words}", color, width)


def plot(profile: Profile, runs: Sequence[tuple[str, Series]]) -> str:
    """An SVG with one column for each (title, series) of the profile, on common scales."""
    heights = [RATE_HEIGHT, LINES_HEIGHT, QUEUE_HEIGHT]
    width = len(runs) * (LEFT + PANEL_WIDTH) + RIGHT
    height = TOP + sum(heights) + 2 * GAP + 48
    rate_top = _rate_top(profile)
    queue_top = _nice(max((_queue_peak(series) for _, series in runs), default=100))
    body = [
        f"<rect width='{width}' height='{height}' fill='#ffffff'/>",
        _text(LEFT, 20, f"{profile.name}: {profile.title}", size=13, color=INK, weight=600),
    ]
    for column, (title, series) in enumerate(runs):
        left = LEFT + column * (LEFT + PANEL_WIDTH)
        body += _column(profile, title, series, left, rate_top, queue_top)
    body += _legend(height - 14)
    return (
        f"<svg xmlns='http://www.w3.org/2000/svg' width='{width}' height='{height}' "
        f"viewBox='0 0 {width} {height}' role='img'>\n" + "\n".join(body) + "\n</svg>\n"
    )


def _column(
    profile: Profile, title: str, series: Series, left: float, rate_top: float, queue_top: float
) -> list[str]:
    seconds = series.seconds
    upper = TOP
    rate = Panel(left, upper, RATE_HEIGHT, seconds, rate_top)
    upper += RATE_HEIGHT + GAP
    lines = Panel(left, upper, LINES_HEIGHT, seconds, 720)
    upper += LINES_HEIGHT + GAP
    queue = Panel(left, upper, QUEUE_HEIGHT, seconds, queue_top)
    drawn = rate.frame(f"{title} · carried to the classroom, Mbit/s", times=False)
    drawn.append(rate.steps(_capacity(profile), CAPACITY, width=2))
    if profile.cross_traffic:
        drawn.append(rate.line(_carried(series, cross=True), OTHER))
    drawn.append(rate.line(_carried(series, cross=False), MEDIA))
    drawn += lines.frame("lines of the shown picture", times=False)
    for begin, end in freezes(series.frames, seconds):
        x = lines.x(begin)
        drawn.append(
            f"<rect x='{x}' y='{lines.upper}' width='{max(0.8, round(lines.x(end) - x, 1))}' "
            f"height='{lines.height}' fill='{FROZEN}'/>"
        )
    drawn.append(lines.steps([(f.at_s, f.height) for f in series.frames], LINES, width=1.8))
    drawn += queue.frame("wait for the link, ms", times=True)
    waits = [(one.at_s, one.queue_ms) for one in series.link.down.slices if one.at_s <= seconds]
    drawn.append(queue.line(waits, QUEUE))
    return drawn


def _capacity(profile: Profile) -> list[Point]:
    plan = profile.link
    moments = {0.0, *(step.at_s for step in plan.rate)}
    for one in plan.outages:
        moments |= {one.at_s, one.at_s + one.seconds}
    return [
        (at_s, 0.0 if plan.out(at_s) else plan.bits_per_s(at_s) / 1e6)
        for at_s in sorted(moments)
        if at_s < profile.seconds
    ]


def _carried(series: Series, *, cross: bool) -> list[Point]:
    slices = [one for one in series.link.down.slices if one.at_s <= series.seconds]
    points = []
    for index in range(RATE_SLICES - 1, len(slices), RATE_SLICES):
        span = slices[index - RATE_SLICES + 1 : index + 1]
        carried = sum(one.cross_bytes if cross else one.media_bytes for one in span)
        points.append((slices[index].at_s, carried * 8 / (RATE_SLICES * 0.1) / 1e6))
    return points


def _rate_top(profile: Profile) -> float:
    return _nice(max((step.kbps for step in profile.link.rate), default=1000) * 1.1 / 1000)


def _queue_peak(series: Series) -> float:
    return max((one.queue_ms for one in series.link.down.slices), default=0.0) or 1.0


def _nice(value: float) -> float:
    """The next larger number that divides well by `GRID_LINES`."""
    scale = 1.0
    while scale * 10 < value:
        scale *= 10
    while scale > value:
        scale /= 10
    return next(
        scale * m for m in (1, 1.2, 1.6, 2, 2.4, 3.2, 4, 4.8, 6, 8, 10) if scale * m >= value
    )


def _legend(y: float) -> list[str]:
    drawn, x = [], float(LEFT)
    for color, text in (
        (CAPACITY, "what the link can carry"),
        (MEDIA, "media carried"),
        (OTHER, "TCP beside it"),
        (LINES, "lines"),
        (FROZEN, "frozen over 250 ms"),
        (QUEUE, "queue"),
    ):
        drawn.append(f"<rect x='{x}' y='{y - 8}' width='14' height='8' fill='{color}'/>")
        drawn.append(_text(x + 19, y, text, size=10, color=FAINT))
        x += 34 + 5.6 * len(text)
    return drawn


def _text(
    x: float,
    y: float,
    text: str,
    size: float = 10,
    color: str = INK,
    anchor: str = "start",
    weight: int = 400,
) -> str:
    return (
        f"<text x='{x}' y='{y}' {FONT} font-size='{size}' font-weight='{weight}' fill='{color}' "
        f"text-anchor='{anchor}'>{escape(text)}</text>"
    )


def _line(x1: float, y1: float, x2: float, y2: float, color: str) -> str:
    return f"<line x1='{x1}' y1='{y1}' x2='{x2}' y2='{y2}' stroke='{color}'/>"


def _path(words: str, color: str, width: float) -> str:
    return f"<path d='{words}' fill='none' stroke='{color}' stroke-width='{width}'/>"
