"""What is printed as the server's address."""

import pytest

from signaling.base.config import load
from signaling.web.addresses import page_urls

FOUND = ("fd00::5", "169.254.1.1", "127.0.0.1", "192.168.1.5", "fe80::1")


@pytest.mark.parametrize(
    ("settings", "urls"),
    [
        ({}, ("http://localhost:8080", "http://192.168.1.5:8080", "http://[fd00::5]:8080")),
        (
            {"tls_certificate": "c", "tls_key": "k"},
            ("https://localhost:8080", "https://192.168.1.5:8080", "https://[fd00::5]:8080"),
        ),
        ({"http_host": "10.0.0.1"}, ("http://10.0.0.1:8080",)),
        ({"http_host": "::1"}, ("http://[::1]:8080",)),
        ({"public_url": "https://ke.example/"}, ("https://ke.example",)),
    ],
)
def test_the_pages_are_where_others_reach_them(
    settings: dict[str, str], urls: tuple[str, ...]
) -> None:
    assert page_urls(load(overrides=settings), 8080, FOUND) == urls
