"""The documented nginx site on loopback, with a log of who sent what."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from load_tests.server import REPOSITORY

DEPLOY = REPOSITORY / "docs" / "deploy"
OUTER, INNER = "site.log", "answers.log"
EDITIONS = "/_recordings/"  # where nginx finds the files itself
_LOG = """
log_format told escape=json '{"asked":"$request_uri","served":"$uri","range":"$http_range",'
    '"status":"$status","sent":"$body_bytes_sent","tongke":"$upstream_response_length",'
    '"kept":"$upstream_cache_status"}';
"""


def documented_site(
    folder: Path,
    recordings: Path,
    *,
    port: int,
    answers_port: int,
    server_port: int,
    kept: str | None = None,
) -> str:
    """Return the site of docs/deploy for many players, without TLS, on these ports.

    Args:
        folder: for the logs and the kept answers.
        recordings: the folder of recordings.
        port: of the site.
        answers_port: of the part that keeps answers.
        server_port: of Tongke.
        kept: how long an answer is kept, as nginx writes it; None as documented.
    """
    lines = (DEPLOY / "nginx.conf").read_text().splitlines()
    site = "\n".join(one for one in lines if "ssl_" not in one and "listen [::]" not in one)
    answers = (DEPLOY / "nginx-players.conf").read_text()
    logged = f"access_log {folder}/{OUTER} told;\n    listen 127.0.0.1:{port}"
    changes = {
        "listen 443 ssl": logged,
        "#players:": "",
        "/srv/tongke/recordings": str(recordings),
        "access_log off;  # the site": f"access_log {folder}/{INNER} told;  # the site",
        "127.0.0.1:8079": f"127.0.0.1:{answers_port}",
        "127.0.0.1:8080": f"127.0.0.1:{server_port}",
        "/var/lib/nginx/tongke-answers": f"{folder}/answers",
    }
    if kept is not None:
        changes["200 307 30s"] = f"200 307 {kept}"
    text = _LOG + answers + site
    for old, new in changes.items():
        if old not in text:
            raise ValueError(f"docs/deploy has no {old!r} any more")
        text = text.replace(old, new)
    return text


class _Line(msgspec.Struct):
    asked: str
    served: str
    range: str
    status: str
    sent: str
    tongke: str
    kept: str


@dataclass
class Served:
    """The servers of the edition's bytes.

    Attributes:
        by_nginx: bytes that nginx sent from its own folder.
        by_tongke: bytes of bodies that came from Tongke.
        requests: of players, with how often each of them ended.
        asked: requests that Tongke was asked, by file.
    """

    by_nginx: int = 0
    by_tongke: int = 0
    requests: Counter[str] = field(default_factory=Counter)
    asked: Counter[str] = field(default_factory=Counter)


def read_logs(folder: Path, edition_id: str) -> Served:
    """Read what nginx has logged of an edition."""
    served = Served()
    for line in _lines(folder / OUTER, edition_id):
        served.requests[line.status] += 1
        if line.served.startswith(EDITIONS):
            served.by_nginx += int(line.sent)
        else:
            served.by_tongke += int(line.sent)
    for line in _lines(folder / INNER, edition_id):
        if line.kept in {"HIT", "STALE", "UPDATING"}:
            continue
        served.asked[line.asked.rpartition("/")[2]] += 1
        with contextlib.suppress(ValueError):  # "-": no answer
            served.by_tongke += int(line.tongke)
    return served


def _lines(path: Path, edition_id: str) -> Iterator[_Line]:
    if not path.exists():
        return
    with path.open("rb") as file:
        for text in file:
            line = msgspec.json.decode(text, type=_Line)
            if edition_id in line.asked:
                yield line
