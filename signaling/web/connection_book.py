"""Connections and who may keep one: counts, and the choice of whom a newcomer replaces. Pure."""

from __future__ import annotations

from collections import Counter, OrderedDict
from dataclasses import dataclass
from enum import Enum, auto

# Of one login: tabs of a browser open 6 connections each (HTTP/1.1), and a channel.
MAX_KNOWN_PER_LOGIN = 32


class Stage(Enum):
    """Stages of a connection in its present request."""

    HANDSHAKE = auto()  # TLS
    HEADERS = auto()  # no request yet, or only a part of its headers
    BODY = auto()  # the body of a request is awaited
    ANSWERING = auto()
    STALLED = auto()  # being answered, and the client does not take it
    IDLE = auto()  # between two requests


# A stranger that keeps the server waiting makes room for a newcomer; the first of these goes first.
_WAITING = (Stage.IDLE, Stage.HEADERS, Stage.HANDSHAKE, Stage.BODY, Stage.STALLED)


@dataclass(slots=True, eq=False)
class Entry:
    """One connection.

    Attributes:
        address: what its bound is counted by, None behind a trusted proxy.
        stage: set by `ConnectionBook.move`.
        login: of the signed-in person or room that used it last, None of a stranger.
    """

    address: str | None
    stage: Stage = Stage.HEADERS
    login: str | None = None


@dataclass(frozen=True, slots=True)
class Bounds:
    """Bounds of the number of connections.

    Attributes:
        total: in all.
        strangers: of those not signed in; what is left of `total` is for people in a lesson.
        per_address: strangers of one address.
    """

    total: int
    strangers: int
    per_address: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """Answer to a newcomer: let in or not, and the connection that is closed for it."""

    admitted: bool
    evicted: Entry | None = None


class ConnectionBook:
    """The open connections. Those of people who are signed in are never closed for a newcomer."""

    def __init__(self, bounds: Bounds) -> None:
        self.bounds = bounds
        self._entries: set[Entry] = set()
        # Strangers, those first that have been in their stage for longest.
        self._by_stage: dict[Stage, OrderedDict[Entry, None]] = {s: OrderedDict() for s in Stage}
        self._by_address: dict[str, OrderedDict[Entry, None]] = {}
        self._by_login: Counter[str] = Counter()

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def known(self) -> int:
        """Number of connections of signed-in people."""
        return len(self._entries) - self.strangers

    @property
    def strangers(self) -> int:
        """Number of connections of strangers."""
        return sum(map(len, self._by_stage.values()))

    def admit(self, entry: Entry) -> Verdict:
        """Take a newcomer in, in another's place where a bound is reached."""
        neighbours = self._by_address.get(entry.address or "", ())
        evicted = None
        if len(neighbours) >= self.bounds.per_address:
            evicted = min(
                (e for e in neighbours if e.stage in _WAITING),
                key=lambda e: _WAITING.index(e.stage),
                default=None,
            )
        elif self.strangers >= self.bounds.strangers or len(self) >= self.bounds.total:
            evicted = next((e for s in _WAITING for e in self._by_stage[s]), None)
        else:
            self._add(entry)
            return Verdict(admitted=True)
        if evicted is None:
            return Verdict(admitted=False)
        self.remove(evicted)
        self._add(entry)
        return Verdict(admitted=True, evicted=evicted)

    def move(self, entry: Entry, stage: Stage) -> None:
        """Note that a connection is in another stage."""
        if entry in self._entries and entry.login is None:
            self._by_stage[entry.stage].pop(entry)
            self._by_stage[stage][entry] = None
        entry.stage = stage

    def remove(self, entry: Entry) -> None:
        """Forget a connection; twice does nothing."""
        if entry in self._entries:
            self._entries.discard(entry)
            if entry.login is None:
                self._drop_stranger(entry)
            else:
                self._drop_login(entry.login)

    def know(self, entry: Entry, login: str) -> None:
        """Note that a signed-in person or room uses the connection."""
        if entry not in self._entries or entry.login == login:
            return
        self.forget_login(entry)
        if self._by_login[login] < MAX_KNOWN_PER_LOGIN:
            self._drop_stranger(entry)
            self._by_login[login] += 1
            entry.login = login

    def forget_login(self, entry: Entry) -> None:
        """Make it a stranger again."""
        if entry.login is not None and entry in self._entries:
            self._drop_login(entry.login)
            entry.login = None
            self._add(entry)

    def _add(self, entry: Entry) -> None:
        self._entries.add(entry)
        self._by_stage[entry.stage][entry] = None
        if entry.address is not None:
            self._by_address.setdefault(entry.address, OrderedDict())[entry] = None

    def _drop_stranger(self, entry: Entry) -> None:
        del self._by_stage[entry.stage][entry]
        if entry.address is not None:
            neighbours = self._by_address[entry.address]
            del neighbours[entry]
            if not neighbours:
                del self._by_address[entry.address]

    def _drop_login(self, login: str) -> None:
        self._by_login[login] -= 1
        if not self._by_login[login]:
            del self._by_login[login]
