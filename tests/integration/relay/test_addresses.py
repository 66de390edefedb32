"""The relay follows the machine's addresses, in a network namespace of its own."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import threading
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from load_tests.link.namespaces import LinkUnavailable, unshare_network
from relay import address_watch
from relay.address_watch import AddressWatch
from relay.config import RelayConfig
from relay.node import RelayNode
from tests.integration.relay.client import PASSWORD, publish, until
from tests.support.waiting import PATIENCE_S

OLD, NEW = "192.0.2.7", "192.0.2.8"
OLD_V6 = "2001:db8::7"


def ip(*words: str) -> None:
    """Change the namespace of this thread (ip-link(8), ip-address(8))."""
    subprocess.run(["ip", *words], check=True)


def in_namespace(work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run a coroutine in a thread and a namespace of its own, which has nothing but loopback."""
    failure: list[BaseException] = []

    def run() -> None:
        try:
            unshare_network()
            ip("link", "set", "lo", "up")
            asyncio.run(work())
        except BaseException as error:
            failure.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if failure and isinstance(failure[0], LinkUnavailable):
        pytest.skip(str(failure[0]))
    if failure:
        raise failure[0]


def announced(sdp: str) -> set[str]:
    """The addresses of an answer's candidates."""
    lines = [line for line in sdp.splitlines() if line.startswith("a=candidate:")]
    return {line.split()[4] for line in lines}


def answered(node: RelayNode) -> set[str]:
    """The addresses that a new session is told."""
    session_id, answer = publish(node)
    node.close(session_id)
    return announced(answer)


def test_answers_and_restarts_name_the_addresses_of_now() -> None:
    async def work() -> None:
        node = RelayNode(RelayConfig())
        await node.start()  # before the network is there
        session_id, answer = publish(node, source="early")
        assert announced(answer) == {"127.0.0.1", "::1"}
        ip("addr", "add", f"{OLD}/24", "dev", "lo")
        ip("addr", "add", f"{OLD_V6}/64", "dev", "lo", "nodad")
        await until(lambda: {OLD, OLD_V6} < answered(node))
        ip("addr", "del", f"{OLD}/24", "dev", "lo")  # another lease
        ip("addr", "add", f"{NEW}/24", "dev", "lo")
        await until(lambda: NEW in answered(node))
        assert OLD not in answered(node)
        fragment = (
            f"a=ice-ufrag:newer\r\na=ice-pwd:{PASSWORD}\r\n"
            "m=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:0\r\n"
        )
        patched = node.patch(session_id, fragment, etag=None).sdp_fragment
        assert patched is not None
        assert announced(patched) == {NEW, OLD_V6, "127.0.0.1", "::1"}
        await node.stop()

    in_namespace(work)


def test_a_host_that_comes_late_is_bound_and_one_that_goes_is_not_announced() -> None:
    async def work() -> None:
        node = RelayNode(RelayConfig(hosts=("127.0.0.1", OLD)))
        await node.start()
        assert answered(node) == {"127.0.0.1"}
        ip("addr", "add", f"{OLD}/24", "dev", "lo")
        await until(lambda: OLD in answered(node))
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.sendto(b"\x16\xfe" + bytes(40), (OLD, node.udp_port))
            await until(lambda: node.counters()["datagrams_in"] == 1)
        ip("addr", "del", f"{OLD}/24", "dev", "lo")
        await until(lambda: answered(node) == {"127.0.0.1"})
        await node.stop()

    in_namespace(work)


def test_what_was_set_by_hand_is_announced_whatever_comes() -> None:
    async def work() -> None:
        node = RelayNode(RelayConfig(announced_addresses=("198.51.100.1",)))
        await node.start()
        ip("addr", "add", f"{OLD}/24", "dev", "lo")
        seen = asyncio.Event()
        watch = AddressWatch(seen.set)
        watch.start()
        ip("addr", "add", f"{NEW}/24", "dev", "lo")
        await asyncio.wait_for(seen.wait(), 60)
        watch.stop()
        assert answered(node) == {"198.51.100.1"}
        await node.stop()

    in_namespace(work)


def test_where_the_kernel_tells_nothing_addresses_are_looked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refused() -> socket.socket:
        raise PermissionError("no AF_NETLINK here")

    monkeypatch.setattr(address_watch, "_subscribe", refused)

    async def work() -> None:
        told = []
        watch = AddressWatch(lambda: told.append(1), settle_s=0, poll_s=0.02)
        watch.start()
        ip("addr", "add", f"{OLD}/24", "dev", "lo")
        for number in range(100, 200):  # the first look may come after the first address
            ip("addr", "add", f"192.0.2.{number}/24", "dev", "lo")
            await asyncio.sleep(0.05)
            if told:
                break
        assert told
        watch.stop()
        watch.stop()

    in_namespace(work)


async def test_a_look_that_fails_is_not_the_last_one(monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[int] = []

    def look(ipv4: bool, ipv6: bool) -> list[str]:
        looks.append(1)
        if len(looks) == 2:
            raise OSError("no descriptors left")
        return [OLD] if len(looks) < 4 else [OLD, NEW]

    def lacking() -> socket.socket:
        raise OSError("no AF_NETLINK")

    monkeypatch.setattr(address_watch, "get_host_addresses", look)
    monkeypatch.setattr(address_watch, "_subscribe", lacking)
    told = asyncio.Event()
    watch = AddressWatch(told.set, settle_s=0, poll_s=0.01)
    watch.start()
    try:
        async with asyncio.timeout(PATIENCE_S):
            await told.wait()
    finally:
        watch.stop()
