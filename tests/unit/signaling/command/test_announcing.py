"""What a server tells whoever started it."""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path

from signaling.command.announcing import announce


def test_a_supervisor_that_is_gone_is_told_nothing_and_breaks_nothing(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    ready = tmp_path / "ready"
    announce(argparse.Namespace(ready_fd=writing, ready_file=str(ready)), {"url": "http://a"})
    assert json.loads(ready.read_text()) == {"url": "http://a"}
