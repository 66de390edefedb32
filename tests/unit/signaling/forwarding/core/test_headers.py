"""Which headers go to a cell, and which come back."""

from signaling.forwarding.core.headers import ENVELOPE, REFUSAL, handed_on, passed, visible

CLIENTS = [
    ("Host", "tongke.example"),
    ("Cookie", "tongke_session=secret"),
    ("X-CSRF-Token", "secret"),
    ("X-Tongke-As", "person"),
    ("X-Forwarded-For", "10.0.0.1"),
    ("X-Forwarded-Proto", "https"),
    ("Forwarded", "for=10.0.0.1"),
    ("X-Real-IP", "10.0.0.1"),
    ("Origin", "https://tongke.example"),
    (ENVELOPE, "v1.forged.forged"),
    ("Connection", "keep-alive, Authorization"),
    ("Authorization", "Bearer token"),
    ("If-Match", '"b"'),
    ("if-match", '"a"'),
    ("Content-Type", "application/sdp"),
]


def test_nothing_that_names_a_client_goes_to_a_cell() -> None:
    assert passed(CLIENTS) == [
        ("Authorization", "Bearer token"),
        ("Content-Type", "application/sdp"),
        ("If-Match", '"b"'),
        ("if-match", '"a"'),
    ]


def test_handlers_of_a_cell_see_the_signed_headers_and_those_of_the_line() -> None:
    names = [name for name, _ in visible([*CLIENTS, ("Upgrade", "websocket")])]
    assert names == [
        "Host", "Connection", "Authorization", "If-Match", "if-match", "Content-Type", "Upgrade",
    ]  # fmt: skip


def test_headers_of_one_connection_and_of_another_server_are_not_handed_on() -> None:
    answer = [
        ("Location", "/whip/a/sessions/b"),
        ("ETag", '"1"'),
        ("Link", "<stun:a>"),
        ("Link", "<stun:b>"),
        ("Connection", "close, X-Hop"),
        ("X-Hop", "1"),
        ("Keep-Alive", "timeout=5"),
        ("Transfer-Encoding", "chunked"),
        ("Content-Length", "5"),
        ("Server", "aiohttp"),
        ("Set-Cookie", "tongke_session=x"),
        ("X-Request-ID", "abcdefgh"),
        (REFUSAL, "unsigned"),
    ]
    assert handed_on(answer) == answer[:4]
