"""The built web client: assets with a long cache, and a page for every path of its apps."""

from __future__ import annotations

import re
from pathlib import Path

from aiohttp import web

from signaling.base.errors import NotFound
from signaling.web.routes import CONFIG

NOT_BUILT = """<!doctype html><html lang="zh-CN"><meta charset="utf-8"><title>同课 Tongke</title>
<body style="font:20px/1.6 system-ui,sans-serif;max-width:40em;margin:4em auto;padding:0 1em">
<h1>网页端尚未构建</h1><p>服务器已在运行,但没有找到网页文件。请在项目目录运行
<code>make run</code>,再刷新本页。</p>
<p lang="en">The server runs, but the web client has not been built.</p></body></html>"""
YEAR_S = 31_536_000
_IMMUTABLE = f"public, max-age={YEAR_S}, immutable"
BASE = '<base href="/" />'  # of the built pages; from it they find everything else
CANONICAL = "/{path}"


def pattern(prefix: str) -> str:
    """Every path but the programs', below `prefix`: those must not answer a mistake with a page."""
    below = f"(?:{re.escape(prefix[1:])}/)?" if prefix else ""
    return f"/{{path:(?!{below}(?:api|whip|whep|ws|media)/).*}}"


async def page(request: web.Request) -> web.StreamResponse:
    """A file of the client, or the page that the path belongs to."""
    config = request.app[CONFIG]
    root = config.web
    path = request.match_info["path"]
    first = path.split("/", 1)[0]
    file = _file(root, path)
    if file is not None:
        hashed = first == "assets"  # Vite names these by their content
        cache = _IMMUTABLE if hashed else "no-cache"
        # A `.br` or `.gz` beside it, made by the build, is sent to whom takes it.
        return web.FileResponse(file, headers={"Cache-Control": cache, "Vary": "Accept-Encoding"})
    if first == "assets" or Path(path).suffix:
        raise NotFound()
    entry = root / ("classroom.html" if first == "classroom" else "index.html")
    if not entry.is_file():
        return web.Response(text=NOT_BUILT, content_type="text/html", status=503)
    if not config.path_prefix:
        return web.FileResponse(entry, headers={"Cache-Control": "no-cache"})
    text = entry.read_text().replace(BASE, BASE.replace("/", f"{config.path_prefix}/", 1), 1)
    return web.Response(text=text, content_type="text/html", headers={"Cache-Control": "no-cache"})


def _file(root: Path, path: str) -> Path | None:
    """A file below `root`; nothing outside, whatever the path or a symbolic link says."""
    if not path or "\x00" in path:
        return None
    try:
        candidate = (root / path).resolve()
        inside = candidate.is_relative_to(root.resolve()) and candidate.is_file()
    except (OSError, ValueError):
        return None
    return candidate if inside else None
