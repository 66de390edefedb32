"""Pictures of the wings of a package, drawn from the code as SVG.

An arrow means: imports. The roof imports nearly every wing, and nearly every wing imports the
ground. Arrows of the roof and to the ground would hide the others, so the picture names both
instead.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape

from house.graph import Edges
from house.layout import BOX_WIDTH, Cell, Layout, lay_out
from house.wings import Wings

_ROOF_IMPORTS = 0.7  # share of the other wings that a wing of the roof imports, at least
_GROUND_IMPORTED = 0.6  # share of the other wings that import a wing of the ground, at least
_BOX_HEIGHT = 46  # px
_FLOOR_HEIGHT = 92  # px from one floor to the next
_MARGIN = 28  # px around the picture
_CAPTION = 24  # px for the heading, and for each note
_MIN_WIDTH = 640  # px, for the notes
_INKS = ("#1f5f8b", "#8a4b08", "#3b6b2e", "#7a2e63", "#5b4aa0", "#0f6b67", "#a03c2e", "#5c5c1a")
_STYLE = (
    "text{font:15px system-ui,'Segoe UI',Roboto,sans-serif;fill:#1c2733;text-anchor:middle}"
    ".small{font-size:12px;fill:#52606d}.left{text-anchor:start}"
    ".head{font-size:17px;font-weight:600;text-anchor:start}"
    ".box{fill:#f4f8fb;stroke:#52606d;stroke-width:1.2}.roof{fill:#fdf3e3}.ground{fill:#eaf3ea}"
    ".arrow{fill:none;stroke-width:1.7}.wrong{stroke:#d00000;stroke-dasharray:5 4}"
)


@dataclass(frozen=True)
class _Shown:
    """Arrows that are drawn, and the wings whose arrows are not."""

    edges: Edges
    roof: list[str]
    ground: list[str]


def draw(wings: Wings) -> str:
    """Draw one package as an SVG document."""
    shown = _choose(wings)
    layout = lay_out(wings.floors, shown.edges)
    notes = _notes(shown)
    width = round(max(layout.width, _MIN_WIDTH) + 2 * _MARGIN)
    house = (len(wings.floors) - 1) * _FLOOR_HEIGHT + _BOX_HEIGHT
    height = 2 * _MARGIN + _CAPTION + house + _CAPTION * len(notes)
    layout.shift((width - layout.width) / 2)
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" role="img">',
        f"<title>Wings of {wings.package}</title>",
        f"<style>{_STYLE}</style>",
        f'<rect width="{width}" height="{height}" rx="10" fill="#fff"/>',
        _text("head", _MARGIN, _MARGIN + 6, f"{wings.package}: an arrow means “imports”"),
        *_markers(),
        *_arrows(layout),
        *_boxes(layout, wings, shown),
        *(
            _text("small left", _MARGIN, height - _MARGIN - _CAPTION * row, note)
            for row, note in enumerate(reversed(notes))
        ),
        "</svg>",
        "",
    ])  # fmt: skip


def _text(kind: str, x: float, y: float, text: str) -> str:
    return f'<text class="{kind}" x="{x:.0f}" y="{y:.0f}">{escape(text, quote=False)}</text>'


def _choose(wings: Wings) -> _Shown:
    """Leave out the arrows of wings that import nearly all, or that nearly all import."""
    names = sorted(wings.edges)
    importers = {name: sum(name in targets for targets in wings.edges.values()) for name in names}
    others = len(names) - 1
    roof = [name for name in names if len(wings.edges[name]) >= _ROOF_IMPORTS * others]
    ground = [
        name for name in names if importers[name] >= _GROUND_IMPORTED * others and name not in roof
    ]
    hidden = {*roof, *ground}
    edges = {name: set() if name in roof else wings.edges[name] - hidden for name in names}
    return _Shown(edges, roof, ground)


def _notes(shown: _Shown) -> list[str]:
    notes = []
    if shown.roof:
        notes.append(f"Not drawn: arrows of {', '.join(shown.roof)}, which import nearly all.")
    if shown.ground:
        notes.append(f"Not drawn: arrows to {', '.join(shown.ground)}, which nearly all import.")
    return notes


def _markers() -> Iterator[str]:
    for number, ink in enumerate((*_INKS, "#d00000")):
        yield (
            f'<marker id="tip{number}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" '
            f'markerHeight="7" orient="auto"><path d="M0 0L8 4L0 8z" fill="{ink}"/></marker>'
        )


def _top(cell: Cell) -> float:
    return _MARGIN + _CAPTION + cell.floor * _FLOOR_HEIGHT


def _arrows(layout: Layout) -> Iterator[str]:
    inks = {name: number % len(_INKS) for number, name in enumerate(layout.boxes)}
    for path in layout.arrows:
        ink = inks[path[0].name]
        yield (
            f'<path class="arrow" stroke="{_INKS[ink]}" marker-end="url(#tip{ink})" '
            f'd="{_curve(path, layout)}"/>'
        )
    for start, end in layout.wrong:
        a, b = _top(start) + _BOX_HEIGHT / 2, _top(end) + _BOX_HEIGHT / 2
        yield (
            f'<path class="arrow wrong" marker-end="url(#tip{len(_INKS)})" '
            f'd="M{start.x:.0f} {a:.0f}L{end.x:.0f} {b:.0f}"/>'
        )


def _curve(path: list[Cell], layout: Layout) -> str:
    """Draw from the lower edge of the first box, through the lanes, to the top of the last."""
    start, end = path[0], path[-1]
    leaving = sorted((one for one in layout.arrows if one[0] is start), key=lambda one: one[1].x)
    coming = sorted((one for one in layout.arrows if one[-1] is end), key=lambda one: one[-2].x)
    x, y = _port(start, leaving.index(path), len(leaving)), _top(start) + _BOX_HEIGHT
    drawn = [f"M{x:.0f} {y:.0f}"]
    for lane in path[1:-1]:
        drawn.append(_bend(x, y, lane.x, _top(lane)))
        x, y = lane.x, _top(lane) + _BOX_HEIGHT
        drawn.append(f"L{x:.0f} {y:.0f}")
    drawn.append(_bend(x, y, _port(end, coming.index(path), len(coming)), _top(end)))
    return "".join(drawn)


def _port(cell: Cell, number: int, count: int) -> float:
    """Place of the n-th arrow's end on the edge of a box."""
    return cell.x + BOX_WIDTH * 0.8 * ((number + 1) / (count + 1) - 0.5)


def _bend(x: float, y: float, to_x: float, to_y: float) -> str:
    half = (to_y - y) / 2
    return f"C{x:.0f} {y + half:.0f} {to_x:.0f} {to_y - half:.0f} {to_x:.0f} {to_y:.0f}"


def _boxes(layout: Layout, wings: Wings, shown: _Shown) -> Iterator[str]:
    for name, cell in layout.boxes.items():
        kind = " roof" if name in shown.roof else " ground" if name in shown.ground else ""
        top, count = _top(cell), wings.modules[name]
        yield (
            f'<rect class="box{kind}" x="{cell.x - BOX_WIDTH / 2:.0f}" y="{top:.0f}" '
            f'width="{BOX_WIDTH}" height="{_BOX_HEIGHT}" rx="7"/>'
        )
        yield _text("name", cell.x, top + 20, name)
        yield _text("small", cell.x, top + 37, f"{count} {'module' if count == 1 else 'modules'}")
