"""Telling the program that started a server that it is ready."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def announce(arguments: argparse.Namespace, ready: Mapping[str, Any]) -> None:
    """Write facts of a server, one line of JSON, where `--ready-fd` and `--ready-file` say."""
    line = json.dumps(ready) + "\n"
    if arguments.ready_fd is not None:
        # Who asked may be gone already: a server that has lost its supervisor stops as ever.
        with contextlib.suppress(BrokenPipeError), os.fdopen(arguments.ready_fd, "w") as file:
            file.write(line)
    if arguments.ready_file is not None:
        # Renamed into place: whoever polls for the file never reads half a line.
        path = Path(arguments.ready_file)
        fresh = path.with_name(f".{path.name}.{os.getpid()}")
        fresh.write_text(line)
        fresh.replace(path)
