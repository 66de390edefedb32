"""Check that requirements/*.lock cover what pyproject.toml asks for, each file with its hashes.

Reads files only. `pip install --require-hashes` refuses what is missing further down the tree.
"""

import re
import sys
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

_ROOT = Path(__file__).resolve().parent.parent
_PIN = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)==([^\s;\\]+)")
_HASH = re.compile(r"\s--hash=sha256:[0-9a-f]{64}(?=\s|$)")


def pins_of(text: str) -> tuple[dict[str, str], list[str]]:
    """Return the pinned version of each name, and the lines that are no pin with hashes."""
    pins: dict[str, str] = {}
    wrong: list[str] = []
    uncommented = "\n".join(line for line in text.splitlines() if not line.startswith("#"))
    for entry in filter(None, uncommented.replace("\\\n", " ").splitlines()):
        pin = _PIN.match(entry)
        if pin and _HASH.search(entry):
            pins[canonicalize_name(pin[1])] = pin[2]
        else:
            wrong.append(entry.split("--hash")[0].strip())
    return pins, wrong


def uncovered(wanted: Iterable[str], pins: dict[str, str]) -> Iterator[str]:
    """Yield each requirement that no pin satisfies."""
    for text in wanted:
        requirement = Requirement(text)
        version = pins.get(canonicalize_name(requirement.name))
        if version is None or not requirement.specifier.contains(version, prereleases=True):
            yield f"{text} (pinned: {version})"


def faults(root: Path) -> Iterator[str]:
    """Yield what is wrong with the locks of the project at `root`."""
    settings = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))
    project, groups = settings["project"], settings["dependency-groups"]
    server = settings["build-system"]["requires"] + project["dependencies"]
    extras = project["optional-dependencies"]
    wanted = {
        "server": server,
        "development": server + extras["dev"] + extras["tracing"],
        "captions": server + extras["captions"],
        "tracing": server + extras["tracing"],
        "tools": groups["tools"],
        "node": groups["node"],
    }
    pinned = {}
    for name, requirements in wanted.items():
        text = (root / "requirements" / f"{name}.lock").read_text("utf-8")
        pinned[name], wrong = pins_of(text)
        yield from (f"{name}.lock: no pin with hashes: {entry}" for entry in wrong)
        yield from (f"{name}.lock lacks {one}" for one in uncovered(requirements, pinned[name]))
    for name in ("development", "captions", "tracing"):
        for package, version in pinned["server"].items():
            other = pinned[name].get(package)
            if other != version:
                yield f"{package}: server.lock has {version}, {name}.lock has {other}"


def main() -> None:
    """Exit with the list of faults, if there are any."""
    if found := list(faults(_ROOT)):
        sys.exit("\n".join([*found, "Run `make lock`."]))


if __name__ == "__main__":
    main()
