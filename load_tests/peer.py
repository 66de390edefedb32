"""Base of every synthetic peer: the HTTP side of WHIP and WHEP, and the life of a session."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from urllib.parse import urljoin

import aiohttp

from load_tests import sdp
from load_tests.transport import MediaTransport

HTTP_TIMEOUT = aiohttp.ClientTimeout(total=15)


class PeerRefused(Exception):
    """The server refused a media request.

    Attributes:
        status: HTTP status.
        body: the problem+json text.
    """

    def __init__(self, status: int, body: str) -> None:
        super().__init__(f"{status}: {body}")
        self.status = status
        self.body = body


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Target of an offer: absolute URL and bearer token."""

    url: str
    token: str


class Peer:
    """One WHIP or WHEP session. Times are `time.monotonic()` seconds, None until they happen.

    Attributes:
        posted_at: when the offer was sent.
        up_at: when ICE and DTLS were up on our side.
        answer: the server's answer.
        lost: set when the session ended without our doing.
    """

    def __init__(
        self, http: aiohttp.ClientSession, endpoint: Endpoint, transport: MediaTransport
    ) -> None:
        self.posted_at: float | None = None
        self.up_at: float | None = None
        self.answer = sdp.Answer()
        self.lost = asyncio.Event()
        self.transport = transport
        self.location: str | None = None
        self.etag = ""
        self._http = http
        self._endpoint = endpoint
        transport.on_closed = self.lost.set

    @property
    def _bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._endpoint.token}"}

    async def _open(self, offer: str) -> sdp.Answer:
        """POST the offer and connect (RFC 9725 §4.2).

        Raises:
            PeerRefused: the server answered anything but 201.
            TransportFailed: ICE or DTLS did not come up.
        """
        self.posted_at = time.monotonic()
        async with self._http.post(
            self._endpoint.url,
            data=offer.encode(),
            headers={**self._bearer, "Content-Type": "application/sdp"},
            timeout=HTTP_TIMEOUT,
        ) as response:
            body = await response.text()
            if response.status != 201:
                raise PeerRefused(response.status, body)
            self.location = urljoin(self._endpoint.url, response.headers["Location"])
            self.etag = response.headers.get("ETag", "")
        self.answer = sdp.parse_answer(body)
        self._prepare()
        try:
            await self.transport.connect(self.answer)
        except BaseException:
            await self.close()
            raise
        self.up_at = time.monotonic()
        return self.answer

    def _prepare(self) -> None:
        """The answer is known; media may come as soon as the transport is up."""

    async def restart_ice(self, *, new_socket: bool = False) -> None:
        """Restart ICE by PATCH (RFC 9725 §4.3.3), from a new local port if asked."""
        if self.location is None:
            raise RuntimeError("no session")
        fragment = sdp.ice_fragment(self.transport.new_identity())
        async with self._http.patch(
            self.location,
            data=fragment.encode(),
            headers={
                **self._bearer,
                "Content-Type": "application/trickle-ice-sdpfrag",
                "If-Match": self.etag,
            },
            timeout=HTTP_TIMEOUT,
        ) as response:
            body = await response.text()
            if response.status != 200:
                raise PeerRefused(response.status, body)
            self.etag = response.headers.get("ETag", self.etag)
        fresh = sdp.parse_answer(body)
        await self.transport.check(
            fresh.ice_ufrag, fresh.ice_pwd, fresh.candidates, new_socket=new_socket
        )

    async def close(self) -> None:
        """DELETE the session (RFC 9725 §4.2) and close the transport; safe to call twice."""
        location, self.location = self.location, None
        try:
            if location is not None:
                async with self._http.delete(
                    location, headers=self._bearer, timeout=HTTP_TIMEOUT
                ) as response:
                    await response.read()
        except (aiohttp.ClientError, TimeoutError):
            pass  # the server may be gone already; the transport is closed all the same
        finally:
            await self.transport.close()

    async def vanish(self) -> None:
        """Stop without a word, as after a power cut."""
        self.location = None
        await self.transport.close(notify=False)
