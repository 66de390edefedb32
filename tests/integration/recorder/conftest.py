"""A recorder that runs."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from recorder.service import RecorderService
from tests.support.recording import Watcher, service


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[tuple[RecorderService, Watcher]]:
    recorder, watcher = service(tmp_path)
    await recorder.start()
    yield recorder, watcher
    await recorder.stop()
