"""YAML read by the system's Python: Debian's python3-yaml. The product itself has no YAML."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

_READ = "import json, sys, yaml; json.dump(list(yaml.safe_load_all(sys.stdin)), sys.stdout)"


def documents(text: str) -> list[Any]:
    """All documents of a text, aliases and merges resolved; empty ones left out."""
    done = subprocess.run(
        ["/usr/bin/python3", "-c", _READ], input=text, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"is python3-yaml there (.ci/install-system)?\n{done.stderr}"
    return [one for one in json.loads(done.stdout) if one is not None]


def document(file: Path) -> Any:
    """The only document of a file."""
    (one,) = documents(file.read_text())
    return one
