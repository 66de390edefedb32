"""Real Firefox over WebDriver BiDi, with as much of Playwright's page as the seats use.

Playwright drives only a Firefox of its own make, and geckodriver is not in Debian. The protocol is
JSON over a WebSocket: https://w3c.github.io/webdriver-bidi/
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import aiohttp

from load_tests.link.namespaces import LinkUnavailable, configure, inside, make_end
from tests.support.browser import PROBE, Capture, Seat

FIREFOX = "/usr/bin/firefox-esr"
XVFB = "/usr/bin/Xvfb"
ADDRESS = "10.77.0.1"  # of the only network that a Firefox under test sees
START_S = 60.0  # patience with a busy machine
WAIT_MS = 45_000
POLL_S = 0.05
_LISTENING = re.compile(r"WebDriver BiDi listening on (ws://\S+)")
_PREFERENCES = {
    "media.navigator.streams.fake": True,  # a coloured picture and a tone of 1 kHz
    "media.navigator.permission.disabled": True,
    "media.peerconnection.ice.obfuscate_host_addresses": False,
    "media.autoplay.default": 0,
    "media.autoplay.blocking_policy": 0,
    "intl.accept_languages": "zh-CN",
    "app.update.enabled": False,
    "browser.shell.checkDefaultBrowser": False,
    "browser.startup.homepage_override.mstone": "ignore",
    "datareporting.policy.dataSubmissionEnabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "services.settings.server": "data:,#remote-settings-dummy/v1",
    "toolkit.telemetry.reportingpolicy.firstRun": False,
}


class FirefoxError(Exception):
    """Firefox refused a command, or a script in the page threw."""


class _Connection:
    """Commands and their answers over one WebSocket; events go to `on_event`."""

    def __init__(self, ws: aiohttp.ClientWebSocketResponse) -> None:
        self._ws = ws
        self._number = 0
        self._waiting: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._reader = asyncio.create_task(self._read())
        self.events: list[dict[str, Any]] = []

    async def command(self, method: str, **params: Any) -> dict[str, Any]:
        """Carry out one command. Raises FirefoxError."""
        self._number += 1
        number = self._number
        answer = self._waiting[number] = asyncio.get_running_loop().create_future()
        await self._ws.send_json({"id": number, "method": method, "params": params})
        async with asyncio.timeout(START_S):
            told = await answer
        if told["type"] == "error":
            raise FirefoxError(f"{method}: {told['error']}: {told['message']}")
        return dict(told["result"])

    async def _read(self) -> None:
        async for message in self._ws:
            told = json.loads(message.data)
            if told.get("id") in self._waiting:
                self._waiting.pop(told["id"]).set_result(told)
            else:
                self.events.append(told)
        for waiting in self._waiting.values():
            waiting.set_exception(FirefoxError("Firefox is gone"))

    async def close(self) -> None:
        """Stop reading."""
        self._reader.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._reader


class FirefoxPage:
    """One tab, seen like a page of Playwright's."""

    def __init__(self, connection: _Connection, context: str) -> None:
        self._connection = connection
        self._context = context

    async def goto(self, url: str) -> None:
        """Load an address and wait for it."""
        await self._connection.command(
            "browsingContext.navigate", context=self._context, url=url, wait="complete"
        )

    async def evaluate(self, script: str, argument: Any = None) -> Any:
        """Call a JavaScript function, which may be asynchronous, with one JSON value."""
        told = await self._connection.command(
            "script.callFunction",
            functionDeclaration=f"async (text) => JSON.stringify(await ({script})"
            "(JSON.parse(text))) ?? 'null'",
            arguments=[{"type": "string", "value": json.dumps(argument)}],
            target={"context": self._context},
            awaitPromise=True,
        )
        if told["type"] == "exception":
            raise FirefoxError(told["exceptionDetails"]["text"])
        return json.loads(told["result"]["value"])

    async def wait_for_timeout(self, ms: float) -> None:
        """Let the page go on for a while."""
        await asyncio.sleep(ms / 1000)

    async def wait_for_url(self, pattern: str, timeout: float = WAIT_MS) -> None:  # noqa: ASYNC109
        """Wait until the address fits a pattern with ``*``."""
        fits = re.compile(".*".join(re.escape(part) for part in re.split(r"\*+", pattern)) + "$")
        await self.until(lambda: self.evaluate("() => location.href"), fits.match, timeout)

    def get_by_test_id(self, name: str) -> Element:
        """The elements with this `data-testid`."""
        return Element(self, f'[data-testid="{name}"]')

    async def until(self, look: Any, enough: Any, timeout_ms: float = WAIT_MS) -> Any:
        """Look again and again until it is enough; returns what was seen."""
        async with asyncio.timeout(timeout_ms / 1000):
            while True:
                with contextlib.suppress(FirefoxError):  # between two documents
                    seen = await look()
                    if enough(seen):
                        return seen
                await asyncio.sleep(POLL_S)

    async def press(self, x: float, y: float) -> None:
        """A real click, which counts as the user's own (transient activation)."""
        pointer = [
            {"type": "pointerMove", "x": round(x), "y": round(y)},
            {"type": "pointerDown", "button": 0},
            {"type": "pointerUp", "button": 0},
        ]
        await self._connection.command(
            "input.performActions",
            context=self._context,
            actions=[{"type": "pointer", "id": "mouse", "actions": pointer}],
        )

    async def type(self, text: str) -> None:
        """Keys into what has the focus."""
        keys = [{"type": kind, "value": letter} for letter in text for kind in ("keyDown", "keyUp")]
        await self._connection.command(
            "input.performActions",
            context=self._context,
            actions=[{"type": "key", "id": "keys", "actions": keys}],
        )


class Element:
    """The first element that a selector finds."""

    def __init__(self, page: FirefoxPage, selector: str) -> None:
        self._page = page
        self._selector = selector

    @property
    def first(self) -> Element:
        """Itself."""
        return self

    async def wait_for(self, timeout: float = WAIT_MS) -> None:  # noqa: ASYNC109
        """Wait until it is visible."""
        await self._middle(timeout)

    async def click(self, timeout: float = WAIT_MS) -> None:  # noqa: ASYNC109
        """Press it as soon as it can be pressed."""
        x, y = await self._middle(timeout)
        await self._page.press(x, y)

    async def fill(self, text: str) -> None:
        """Type into it, instead of what is there."""
        await self._middle(WAIT_MS)
        await self._page.evaluate(
            "(selector) => { const field = document.querySelector(selector); "
            "field.focus(); field.select() }",
            self._selector,
        )
        await self._page.type(text)

    async def _middle(self, timeout_ms: float) -> tuple[float, float]:
        """The middle of it in the window, once it is visible, enabled and nothing lies over it."""
        script = """(selector) => {
          const element = document.querySelector(selector)
          if (element === null || element.disabled) return null
          element.scrollIntoView({ block: 'nearest', behavior: 'instant' })
          const box = element.getBoundingClientRect()
          if (box.width === 0 || box.height === 0) return null
          const [x, y] = [box.x + box.width / 2, box.y + box.height / 2]
          const top = document.elementFromPoint(x, y)
          return top !== null && (element.contains(top) || top.contains(element)) ? [x, y] : null
        }"""
        seen = await self._page.until(
            lambda: self._page.evaluate(script, self._selector), bool, timeout_ms
        )
        return float(seen[0]), float(seen[1])


class Firefoxes:
    """Opens seats in Firefox, one process each, like `tests.support.browser.Browsers`."""

    def __init__(self, http: aiohttp.ClientSession, stack: contextlib.AsyncExitStack) -> None:
        self._http = http
        self._stack = stack
        self._display: str | None = None

    async def seat(
        self, capture: Capture | None = None, *, width: int = 1366, height: int = 768
    ) -> Seat:
        """Start one Firefox with an empty profile. Its fake devices are its own: no `capture`."""
        assert capture is None
        if self._display is None:
            self._display = await self._stack.enter_async_context(_screen(width, height))
        url = await self._stack.enter_async_context(_process(self._display, width, height))
        ws = await self._stack.enter_async_context(
            self._http.ws_connect(f"{url}/session", max_msg_size=0)
        )
        connection = _Connection(ws)
        self._stack.push_async_callback(connection.close)
        await connection.command("session.new", capabilities={})
        tree = await connection.command("browsingContext.getTree")
        context = tree["contexts"][0]["context"]
        await connection.command(
            "script.addPreloadScript", functionDeclaration=f"() => {{ {PROBE.read_text()} }}"
        )
        page: Any = FirefoxPage(connection, context)
        await connection.command(
            "browsingContext.setViewport",
            context=context,
            viewport={"width": width, "height": height},
        )
        nothing: Any = None
        return Seat(nothing, nothing, page)


@asynccontextmanager
async def _screen(width: int, height: int) -> AsyncIterator[str]:
    """An X server without a monitor: Firefox shares no screen where there is none."""
    reader, writer = os.pipe()
    try:
        process = await asyncio.create_subprocess_exec(
            XVFB, "-displayfd", str(writer), "-screen", "0", f"{width}x{height}x24",
            "-nolisten", "tcp", pass_fds=(writer,),
            stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
    finally:
        os.close(writer)
    try:
        with os.fdopen(reader) as told:
            async with asyncio.timeout(START_S):
                number = (await asyncio.to_thread(told.readline)).strip()
        assert number, "Xvfb did not start"
        yield f":{number}"
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        await process.wait()


@asynccontextmanager
async def _process(display: str, width: int, height: int) -> AsyncIterator[str]:
    """A Firefox on a display; gives the address of its BiDi socket."""
    with tempfile.TemporaryDirectory(prefix="tongke-firefox-") as profile:
        lines = [f"user_pref({json.dumps(k)}, {json.dumps(v)});" for k, v in _PREFERENCES.items()]
        (Path(profile) / "user.js").write_text("\n".join(lines) + "\n")
        process = await asyncio.create_subprocess_exec(
            FIREFOX, "--no-remote", "--profile", profile,
            "--remote-debugging-port", "0", "--width", str(width), "--height", str(height),
            env={**os.environ, "DISPLAY": display, "MOZ_ENABLE_WAYLAND": "0"},
            stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        assert process.stderr is not None
        reading = None
        try:
            async with asyncio.timeout(START_S):
                while not (found := _LISTENING.search((await process.stderr.readline()).decode())):
                    assert process.returncode is None, "Firefox ended"
            reading = asyncio.create_task(process.stderr.read())
            yield found[1]
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
            if reading is not None:
                await reading


@contextmanager
def own_network() -> Iterator[str]:
    """A network with one address, for everything that is started inside; gives that address.

    Firefox takes media over the address of its default route alone, never over loopback, whatever
    its preferences say. Who may make no network (that takes root) gets the machine's own instead.
    """
    end = None
    try:
        end = make_end()
        configure(end, ADDRESS, default_route=True)
    except LinkUnavailable:
        yield "0.0.0.0"
    else:
        with inside(end):
            yield ADDRESS
    finally:
        if end is not None:
            os.close(end.tun)
            os.close(end.namespace)


@asynccontextmanager
async def firefoxes() -> AsyncIterator[Firefoxes]:
    """Firefox for one test."""
    async with aiohttp.ClientSession() as http, contextlib.AsyncExitStack() as stack:
        yield Firefoxes(http, stack)
