"""Hosts of a cluster: network namespaces without a name, and two switches that join them.

Everything vanishes with the test process: no namespace, switch or cable has to be removed.

with network() as town:  # this thread, and what it starts from now on, is in the town
    cell = town.host(1)
    subprocess.run([*cell.enter, "ip", "address"])
    cell.pull()  # the cable to services and web processes; media have a cable of their own
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from load_tests.link.namespaces import LinkUnavailable, entered, make_namespace

SERVICES = "10.91.0.1/24"  # where Redis, PostgreSQL and the bucket listen
MEDIA = "10.91.1.1/24"  # where clients are whose media go to the cells
_SWITCHES = {"inner": SERVICES, "media": MEDIA}


@dataclass(frozen=True, slots=True)
class Host:
    """One machine of the town.

    Attributes:
        number: of its addresses.
        namespace: descriptor that keeps its network alive.
    """

    number: int
    namespace: int

    @property
    def address(self) -> str:
        """At which services and web processes find it."""
        return _address("inner", self.number)

    @property
    def media_address(self) -> str:
        """At which clients find it."""
        return _address("media", self.number)

    @property
    def enter(self) -> tuple[str, ...]:
        """The words before a command that is to run on this machine."""
        return ("nsenter", f"--net=/proc/{os.getpid()}/fd/{self.namespace}", "--")

    def pull(self) -> None:
        """Pull the cable to the services. Nobody is told: packets are lost from now on."""
        _ip("link", "set", f"inner{self.number}", "down")

    def plug(self) -> None:
        """Plug it in again."""
        _ip("link", "set", f"inner{self.number}", "up")


@dataclass
class Town:
    """The namespace of services, web processes and clients, and the machines around it."""

    _hosts: dict[int, Host] = field(default_factory=dict)

    def host(self, number: int) -> Host:
        """A machine with a cable to each switch; its number is more than 1."""
        host = self._hosts[number] = Host(number, make_namespace())
        for switch, own in _SWITCHES.items():
            here, there = f"{switch}{number}", "eth-" + switch
            _ip("link", "add", here, "type", "veth", "peer", "name", there)
            _ip("link", "set", there, "netns", f"/proc/{os.getpid()}/fd/{host.namespace}")
            _ip("link", "set", here, "master", switch, "up")
            bits = own.partition("/")[2]
            _ip("address", "add", f"{_address(switch, number)}/{bits}", "dev", there, at=host)
            _ip("link", "set", there, "up", at=host)
        _ip("link", "set", "lo", "up", at=host)
        return host

    def close(self) -> None:
        """Let go of all machines."""
        for host in self._hosts.values():
            os.close(host.namespace)


@contextmanager
def network() -> Iterator[Town]:
    """Put this thread into a namespace with two switches, and back at the end.

    Raises:
        LinkUnavailable: this user may not.
    """
    namespace = make_namespace()
    town = Town()
    try:
        with entered(namespace):
            _ip("link", "set", "lo", "up")
            for switch, address in _SWITCHES.items():
                # A switch that waits for circles before it forwards would be deaf for 30 s.
                _ip("link", "add", switch, "type", "bridge", "stp_state", "0")
                _ip("address", "add", address, "dev", switch)
                _ip("link", "set", switch, "up")
            yield town
    finally:
        town.close()
        os.close(namespace)


def _address(switch: str, number: int) -> str:
    return f"{_SWITCHES[switch].rpartition('.')[0]}.{number}"


def _ip(*words: str, at: Host | None = None) -> None:
    enter = () if at is None else at.enter
    done = subprocess.run([*enter, "ip", *words], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise LinkUnavailable(f"ip {' '.join(words)}: {done.stderr.strip()}")
