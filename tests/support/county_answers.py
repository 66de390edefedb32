"""Everything that a county's server answers to each of its people, terminals and strangers.

The answers are gathered over HTTP and the control channel alone, so that two versions of the
server can be compared: who sees which lessons, rooms, recordings, files and live rooms.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from tests.support.control import Closed, read
from tests.support.server import Client, ProblemError

Answer = dict[str, Any]  # status, and what was told: a body, or a problem's code and field
Answers = dict[str, dict[str, Answer]]  # by question, then by viewer

PAGE = 4  # recordings of one page, so that lists are continued


@dataclass(frozen=True)
class Viewer:
    """Somebody who asks, and by what the server knows it.

    Attributes:
        name: says who and how in one line.
        login: a person's account, with `password`.
        cookies: what the browser kept: a session, or a terminal's device token (`resume`).
        resume: a terminal signs in by its device token first.
    """

    name: str
    login: str = ""
    password: str = ""
    cookies: dict[str, str] = field(default_factory=dict)
    resume: bool = False


@asynccontextmanager
async def signed_in(base: str, viewers: Sequence[Viewer]) -> AsyncIterator[dict[str, Client]]:
    """The viewers' clients by name, signed in one after the other.

    One whom the server refuses goes on as a stranger.
    """
    async with contextlib.AsyncExitStack() as stack:
        clients = {}
        for viewer in viewers:
            jar = aiohttp.CookieJar(unsafe=True)
            http = aiohttp.ClientSession(cookie_jar=jar, cookies=viewer.cookies)
            clients[viewer.name] = Client(base, await stack.enter_async_context(http))
            await _sign_in(clients[viewer.name], viewer)
        yield clients


async def _sign_in(client: Client, viewer: Viewer) -> None:
    try:
        if viewer.login:
            await client.login(viewer.login, viewer.password)
        elif viewer.resume:
            client.identity = await client.call("POST", "/api/terminal/resume")
    except ProblemError as error:
        if error.status not in (401, 403):
            raise


async def answers(clients: dict[str, Client], questions: Sequence[str]) -> Answers:
    """Each question (``GET /path`` or ``WS /path``), answered to each viewer."""
    told: Answers = {question: {} for question in questions}
    for name, client in clients.items():
        asking = _Asking(client)
        for question in questions:
            told[question][name] = await asking.answer(question)
    return told


class _Asking:
    """One viewer's questions."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._known: dict[str, Any] = {}  # what was told at a path: nothing is asked twice

    async def answer(self, question: str) -> Answer:
        """What is told, or why not."""
        method, path = question.split(" ", 1)
        try:
            if method == "WS":
                return await _room(self._client, path)
            if path.startswith("/media/"):
                return await _file(self._client, path)
            return {"status": 200, "body": await self._body(path)}
        except ProblemError as error:
            problem = {"status": error.status, "code": error.code}
            return problem | ({} if error.field is None else {"field": error.field})

    async def _body(self, path: str) -> Any:
        """What is told at a path; a list is told as its ids, over all its pages."""
        if path.startswith("/api/lessons?"):
            return await self._listed(path, "lessons", "after", "lesson_id")
        if path.startswith("/api/recordings?"):
            return await self._listed(
                f"{path}&limit={PAGE}", "recordings", "before", "recording_id"
            )
        return await self._alone(path)

    async def _listed(self, path: str, name: str, cursor: str, key: str) -> list[str]:
        """The ids of a list; every entry must be what is told of it alone."""
        found: list[str] = []
        following = ""
        while True:
            page = await self._client.call("GET", path + following)
            for entry in page[name]:
                alone = await self._alone(f"/api/{name}/{entry[key]}")
                assert _steady(entry) == alone.get("summary", alone), path
                found.append(entry[key])
            if page["next"] is None:
                return found
            following = f"&{cursor}={page['next']}"

    async def _alone(self, path: str) -> Any:
        if path not in self._known:
            body = await self._client.call("GET", path)
            if "summary" in body:
                body["summary"] = _steady(body["summary"])
            self._known[path] = _steady(body)
        return self._known[path]


def _steady(body: dict[str, Any]) -> dict[str, Any]:
    """What is told, without what is another each time."""
    volatile = {"csrf_token", "server_time", "matches"}  # why a search found it: only in lists
    if body.get("state") == "recording":
        volatile.add("duration_s")  # it grows
    return {name: value for name, value in body.items() if name not in volatile}


async def _file(client: Client, path: str) -> Answer:
    async with client.http.get(client.base + path) as answer:
        if answer.status != 200:
            return {"status": answer.status, "code": (await answer.json())["code"]}
        data = await answer.read()
        return {
            "status": 200,
            "type": answer.content_type,
            "bytes": len(data),
            "sha256": hashlib.sha256(data).hexdigest(),
        }


async def _room(client: Client, path: str) -> Answer:
    """What a live room tells of itself to somebody who enters."""
    async with client.http.ws_connect(client.base + path) as ws:
        await ws.send_json({"type": "hello"})
        try:
            message = await read(ws)
        except Closed as closed:
            return {"status": closed.code}
    if message["type"] != "snapshot":
        return {"status": message["type"], "code": message.get("reason")}
    listed = [p for p in message["participants"] if not p["participant_id"].startswith("person-")]
    return {
        "status": "snapshot",
        "you": message["you"],
        "state": message["lesson"]["state"],
        "participants": {p["participant_id"]: [p["role"], p["name"]] for p in listed},
        "hands": message["hands"],
        "on_stage": message["on_stage"],
        "muted_all": message["muted_all"],
        "recording": message["recording"],
    }


# --- the answers as a file ------------------------------------------------------------------------


def written(told: Answers) -> str:
    """Answers as JSON: for each question, each answer once, with the viewers who got it."""
    lines = []
    for question, by_viewer in told.items():
        groups: list[tuple[Answer, list[str]]] = []
        for viewer, answer in by_viewer.items():
            names = next((names for known, names in groups if known == answer), None)
            if names is None:
                groups.append((answer, [viewer]))
            else:
                names.append(viewer)
        told_to = ",\n".join(f"    {_json({'to': names} | answer)}" for answer, names in groups)
        lines.append(f"  {_json(question)}: [\n{told_to}\n  ]")
    return "{\n" + ",\n".join(lines) + "\n}\n"


def read_back(text: str) -> Answers:
    """The reverse of `written`."""
    told: Answers = {}
    for question, groups in json.loads(text).items():
        told[question] = {}
        for group in groups:
            for viewer in group.pop("to"):
                told[question][viewer] = group
    return told


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
