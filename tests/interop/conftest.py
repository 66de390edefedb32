"""Shared by the browser tests: the fake cameras are filmed once for all of them."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def capture_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the captured pictures and sounds lie."""
    return tmp_path_factory.mktemp("capture")
