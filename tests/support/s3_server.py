"""A real S3 server on loopback (versitygw), and a proxy before it that does harm on request."""

from __future__ import annotations

import asyncio
import contextlib
import io
import os
import re
import shutil
import subprocess
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum, auto
from pathlib import Path

import aiohttp
import yarl
from aiohttp import web
from multidict import CIMultiDict

from recorder.storage.bucket import Bucket, Patience
from recorder.storage.location import Credentials, parse_location
from recorder.storage.multipart import signed_headers
from tests.support.waiting import READY_S

REPOSITORY = Path(__file__).resolve().parents[2]
BINARY = shutil.which("versitygw", path=f"{REPOSITORY}/build/versitygw:{os.environ['PATH']}")
KEYS = Credentials("tongke-test-key", "tongke-test-secret")
BUCKET = "recordings"
_LISTEN = "0A"  # the state of a socket in /proc/net/tcp
QUICK = Patience(upload_s=20.0, answer_s=20.0, retries=0, attempts=3, pause_s=0.01)


@dataclass(frozen=True)
class S3Server:
    """A server whose buckets are folders."""

    port: int
    root: Path
    host: str = "127.0.0.1"

    def address(self, prefix: str, *, port: int | None = None, options: str = "") -> str:
        """The address of a place in its bucket."""
        endpoint = f"http://{self.host}:{port or self.port}"
        return f"s3://{BUCKET}/{prefix}?endpoint={endpoint}{options}"

    def bucket(
        self,
        prefix: str,
        *,
        port: int | None = None,
        options: str = "&keep_hours=0",
        patience: Patience = QUICK,
    ) -> Bucket:
        """A place in its bucket, by way of `port` if given."""
        location = parse_location(self.address(prefix, port=port, options=options))
        assert not isinstance(location, Path)
        return Bucket(location, KEYS, patience)

    def stored(self, prefix: str) -> dict[str, bytes]:
        """What lies in a place, by key."""
        place = self.root / BUCKET / prefix
        return {
            str(path.relative_to(place)): path.read_bytes()
            for path in place.rglob("*")
            if path.is_file()
        }


@contextmanager
def s3_server(folder: Path, host: str = "127.0.0.1") -> Iterator[S3Server]:
    """Run a server meanwhile, at an address of this machine."""
    assert BINARY is not None, "the S3 server is missing: run .ci/install-versitygw (needs Go 1.25)"
    root = folder / "s3"
    (root / BUCKET).mkdir(parents=True)
    environment = {
        "ROOT_ACCESS_KEY": KEYS.access_key_id,
        "ROOT_SECRET_KEY": KEYS.secret_access_key,
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
    }
    command = [BINARY, "--quiet", "--port", f"{host}:0", "posix", str(root)]
    with (folder / "s3.log").open("wb") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
    try:
        yield S3Server(_port_of(process), root, host)
    finally:
        process.kill()
        process.wait()


def _port_of(process: subprocess.Popen[bytes]) -> int:
    """Wait for the port that the kernel gives the server, which does not tell it."""
    until = time.monotonic() + READY_S
    while True:
        ports = _listening(process.pid)
        if ports:
            return ports[0]
        assert process.poll() is None, "the S3 server did not start"
        assert time.monotonic() < until, "the S3 server does not listen"
        time.sleep(0.02)


def _listening(pid: int) -> list[int]:
    """The IPv4 ports on which a process listens, from Linux's tables of descriptors and sockets."""
    held = set()
    for descriptor in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):
            held.add(str(descriptor.readlink()))
    sockets = [line.split() for line in Path(f"/proc/{pid}/net/tcp").read_text().splitlines()[1:]]
    return [
        int(local.rpartition(":")[2], 16)
        for _, local, _, state, *_, inode in (one[:10] for one in sockets)
        if state == _LISTEN and f"socket:[{inode}]" in held
    ]


class Fault(Enum):
    """What the proxy does to a request."""

    SPOILT_UPLOAD = auto()  # another byte arrives
    CUT_UPLOAD = auto()  # the connection is lost in the middle of the body
    CUT_ANSWER = auto()  # … in the middle of the answer
    FULL = auto()  # the store takes no more
    SILENT = auto()  # no answer ever comes
    FORGOTTEN = auto()  # the store says yes and keeps nothing
    OWN_TAGS = auto()  # tags are not MD5
    REFUSED = auto()  # no right


@dataclass
class FaultyProxy:
    """Forwards to the server; `faults` takes what is to happen to the next requests that fit."""

    server_port: int
    port: int = 0
    faults: list[tuple[Callable[[web.BaseRequest], bool], Fault]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)  # methods and paths, in order
    always: Fault | None = None

    def harm(self, fault: Fault, method: str, part: str = "", times: int = 1) -> None:
        """Do that to the next `times` requests of a method whose address has a part."""

        def fits(request: web.BaseRequest) -> bool:
            return request.method == method and part in request.path_qs

        self.faults += [(fits, fault)] * times

    @asynccontextmanager
    async def running(self) -> AsyncIterator[FaultyProxy]:
        """Listen meanwhile."""
        self._closing = asyncio.Event()
        timeout = aiohttp.ClientTimeout(total=None)
        async with aiohttp.ClientSession(auto_decompress=False, timeout=timeout) as self._client:
            runner = web.ServerRunner(web.Server(self._serve))
            await runner.setup()
            site = web.TCPSite(runner, "127.0.0.1", 0)
            await site.start()
            self.port = runner.addresses[0][1]
            try:
                yield self
            finally:
                self._closing.set()
                await runner.cleanup()

    async def _serve(self, request: web.BaseRequest) -> web.StreamResponse:
        self.asked.append(f"{request.method} {request.path_qs}")
        fault = self._fault(request)
        if fault is Fault.CUT_UPLOAD:
            await request.content.readany()
            return self._cut(request)
        body = await request.content.read()
        if fault is Fault.SILENT:
            await self._closing.wait()
            return self._cut(request)
        if fault is Fault.FULL:
            return _refusal(507, "XMinioStorageFull")
        if fault is Fault.REFUSED:
            return _refusal(403, "AccessDenied")
        if fault is Fault.FORGOTTEN:
            return web.Response(headers={"ETag": '"0123456789abcdef0123456789abcdef"'})
        if fault is Fault.SPOILT_UPLOAD:
            body = bytes([body[0] ^ 1]) + body[1:]
        return await self._forward(request, body, fault)

    async def _forward(
        self, request: web.BaseRequest, body: bytes, fault: Fault | None
    ) -> web.StreamResponse:
        headers = request.headers.copy()
        if fault is Fault.OWN_TAGS:
            _take_back_tag(request, headers)
        address = f"http://127.0.0.1:{self.server_port}{request.raw_path}"
        async with self._client.request(
            request.method,
            _as_it_is(address),
            headers=headers,
            data=io.BytesIO(body) if body else None,
            allow_redirects=False,
        ) as answer:
            content = await answer.read()
            given = answer.headers.copy()
        if fault is Fault.OWN_TAGS and "partNumber" not in request.path_qs:
            content = re.sub(rb"<ETag>[^<]*</ETag>", b"<ETag>own</ETag>", content)
            if content:
                given["Content-Length"] = str(len(content))
            if "ETag" in given:
                given["ETag"] = '"own"'
        response = web.StreamResponse(status=answer.status, headers=given)
        await response.prepare(request)
        if fault is Fault.CUT_ANSWER:
            await response.write(content[: len(content) // 2])
            return self._cut(request)
        if request.method != "HEAD":
            await response.write(content)
        await response.write_eof()
        return response

    def _fault(self, request: web.BaseRequest) -> Fault | None:
        for place, (fits, fault) in enumerate(self.faults):
            if fits(request):
                del self.faults[place]
                return fault
        return self.always

    def _cut(self, request: web.BaseRequest) -> web.StreamResponse:
        if request.transport is not None:
            request.transport.abort()
        return web.Response()


def _take_back_tag(request: web.BaseRequest, headers: CIMultiDict[str]) -> None:
    """Ask for whatever object is there, since the server does not know the proxy's tags."""
    if headers.pop("If-Match", None) is not None:
        signed = signed_headers(
            request.method,
            request.headers["Host"],
            request.raw_path,
            "",
            credentials=KEYS,
            region="us-east-1",
            now=datetime.now(UTC),
        )
        headers.update(signed)


def _as_it_is(address: str) -> yarl.URL:
    return yarl.URL(address, encoded=True)


def _refusal(status: int, code: str) -> web.Response:
    text = f"<Error><Code>{code}</Code><Message>no</Message></Error>"
    return web.Response(status=status, text=text, content_type="application/xml")
