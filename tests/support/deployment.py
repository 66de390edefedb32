"""The files below docs/deploy, and what is said in them of the product's settings."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

import msgspec

from signaling.base.config import ENV_PREFIX, FILE_SUFFIX, REPOSITORY, Config

DEPLOY = REPOSITORY / "docs" / "deploy"
CONFIG = DEPLOY / "config"
CHART = DEPLOY / "chart"
ROLES = ("web", "cell", "worker")
SETTINGS = {field.name for field in msgspec.structs.fields(Config)}


def unknown(variables: Iterable[str]) -> list[str]:
    """Variables with our prefix that set nothing: the server would ignore them silently."""
    ours = {name for name in variables if name.startswith(ENV_PREFIX)}
    return sorted(name for name in ours if _setting(name) not in SETTINGS)


def variables_in(text: str) -> set[str]:
    """Variables with our prefix that a text names."""
    return set(re.findall(rf"\b{ENV_PREFIX}[A-Z0-9_]+[A-Z0-9]\b", text))


def moved(text: str, places: Mapping[str, str | Path | int]) -> str:
    """A file with other ports and paths; each of them must be in it."""
    for before, after in places.items():
        assert before in text, before
        text = text.replace(before, str(after))
    return text


def _setting(variable: str) -> str:
    name = variable.removeprefix(ENV_PREFIX).lower()
    return name if name in SETTINGS else name.removesuffix(FILE_SUFFIX)
