"""The true sender of a request, and the Origin check."""

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from signaling.base.config import Config
from signaling.web.origin import client_address, is_own_origin, limiter_key, networks


def _request(headers: dict[str, str], peer: str = "127.0.0.1") -> web.Request:
    class _Transport:
        def get_extra_info(self, name: str, default: object = None) -> object:
            return (peer, 4711) if name == "peername" else default

    transport = _Transport()
    return make_mocked_request("POST", "/api/login", headers=headers, transport=transport)


@pytest.mark.parametrize(
    ("headers", "public_url", "own"),
    [
        ({"Host": "tongke.cn"}, None, True),
        ({"Host": "tongke.cn", "Origin": "https://tongke.cn"}, None, True),
        ({"Host": "tongke.cn:8080", "Origin": "http://tongke.cn"}, None, False),
        ({"Host": "tongke.cn", "Origin": "https://evil.cn"}, None, False),
        ({"Host": "tongke.cn", "Origin": "null"}, None, False),
        ({"Host": "inner:8080", "Origin": "https://tongke.cn"}, "https://tongke.cn/", True),
    ],
)
def test_own_origin(headers: dict[str, str], public_url: str | None, own: bool) -> None:
    assert is_own_origin(_request(headers), Config(public_url=public_url)) is own


@pytest.mark.parametrize(
    ("peer", "forwarded", "expected"),
    [
        ("10.0.0.1", "203.0.113.9", "203.0.113.9"),
        ("10.0.0.1", "1.2.3.4, 203.0.113.9", "203.0.113.9"),  # the first hop is a claim
        ("10.0.0.1", "203.0.113.9, 10.0.0.2", "203.0.113.9"),
        ("203.0.113.1", "1.2.3.4", "203.0.113.1"),  # no proxy of ours
        ("10.0.0.1", "garbage", "10.0.0.1"),
        ("10.0.0.1", "", "10.0.0.1"),
    ],
)
def test_only_trusted_proxies_are_believed(peer: str, forwarded: str, expected: str) -> None:
    request = _request({"Host": "h", "X-Forwarded-For": forwarded}, peer)
    assert client_address(request, networks(("10.0.0.0/8",))) == expected


def test_limits_count_an_ipv6_customer_once() -> None:
    assert limiter_key("2001:db8::1") == limiter_key("2001:db8::ffff:1")
    assert limiter_key("192.0.2.1") != limiter_key("192.0.2.2")
