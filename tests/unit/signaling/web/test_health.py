"""/healthz tells a load balancer what to do: pages stay where only lessons cannot be had."""

import json
from collections.abc import Mapping
from typing import Any, cast

import pytest

from signaling.base.config import Config
from signaling.web.health import HealthHandlers
from signaling.web.health_check import HealthCheck
from signaling.web.metrics import Figures
from signaling.web.routes import Call

WELL = {"database": "ok", "disk": "ok", "recorder": "ok"}


class FakeCheck:
    """Parts as a check has found them."""

    def __init__(self, found: Mapping[str, str]) -> None:
        self._found = found

    async def parts(self) -> dict[str, str]:
        return dict(self._found)


async def _asked(found: Mapping[str, str]) -> tuple[int, dict[str, Any]]:
    check, figures = cast("HealthCheck", FakeCheck(found)), cast("Figures", None)
    answer = await HealthHandlers(check, figures, Config()).healthz(cast("Call", None))
    assert isinstance(answer.body, bytes)
    return answer.status, json.loads(answer.body)


@pytest.mark.parametrize(
    ("parts", "status", "word"),
    [
        ({"relay": "ok"}, 200, "ok"),  # the only process
        ({"cells": "ok"}, 200, "ok"),
        ({"cells": "no_redis"}, 200, "degraded"),
        ({"cells": "no_cells"}, 200, "degraded"),
        ({"cells": "timeout"}, 200, "degraded"),
        ({"database": "busy"}, 200, "ok"),
        ({"database": "timeout"}, 503, "failing"),
        ({"relay": "RuntimeError"}, 503, "failing"),
        ({"disk": "storage_full", "cells": "no_redis"}, 503, "failing"),
    ],
)
async def test_only_what_pages_need_takes_them_away(
    parts: dict[str, str], status: int, word: str
) -> None:
    found = WELL | parts
    assert await _asked(found) == (status, {"status": word, **found})
