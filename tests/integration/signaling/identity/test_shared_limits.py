"""Two web processes over one Redis: a guesser gains nothing by going from one to the other."""

from pathlib import Path

import pytest

from signaling.base.errors import BadCredentials, NotFound, TooManyRequests
from signaling.identity.login_throttle import PER_ACCOUNT, PER_ADDRESS_CODES, Caller
from signaling.identity.wire import LoginRequest
from tests.support.redis_server import redis_server
from tests.support.services import running_services

CALLER = Caller("203.0.113.7")


async def test_a_guesser_who_goes_from_one_web_process_to_the_other(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with redis_server(tmp_path / "redis") as redis:
        settings = {"roles": ("web",), "redis_url": redis.url}
        async with (
            running_services(data, node_id="a", **settings) as a,
            running_services(data, node_id="b", seeded=False, **settings) as b,
        ):
            guess = LoginRequest("wang", "wrong")
            for number in range(PER_ACCOUNT.max_failures):
                with pytest.raises(BadCredentials):
                    await (a, b)[number % 2].identity.login(guess, CALLER)
            for services in (a, b):
                with pytest.raises(TooManyRequests):
                    await services.identity.login(guess, CALLER)
            for number in range(PER_ADDRESS_CODES.max_failures):
                with pytest.raises(NotFound):
                    await (a, b)[number % 2].terminals.lookup(f"{number:08d}", CALLER)
            for services in (a, b):
                with pytest.raises(TooManyRequests):
                    await services.terminals.lookup("00000000", CALLER)
                assert services.cluster is not None
                await services.cluster.stop()
