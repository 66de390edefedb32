"""Sets of records: one for each 学段 and each 学科.

The name of a set may have ASCII only, so a subject is written in hexadecimal UTF-8. A set has no
subsets.
"""

from __future__ import annotations

from dataclasses import dataclass

from signaling.exchange.core.records import PublishedRecord
from signaling.exchange.core.words import STAGES

_STAGE = "stage."
_SUBJECT = "subject."
_SPEC = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.!~*'():")


@dataclass(frozen=True, slots=True)
class SetFilter:
    """The records of a set; `known` is False for a set that is none of ours."""

    subject: str | None = None
    stage: str | None = None
    known: bool = True


def is_spec(text: str) -> bool:
    """Tell whether a text has the form of a set's name."""
    return bool(text) and set(text) <= _SPEC and all(text.split(":"))


def set_filter(spec: str) -> SetFilter:
    """Return what a set's name asks for."""
    stage = spec.removeprefix(_STAGE)
    if stage != spec and stage in STAGES:
        return SetFilter(stage=stage)
    code = spec.removeprefix(_SUBJECT)
    try:
        subject = bytes.fromhex(code).decode() if code != spec else ""
    except ValueError:
        subject = ""
    if not subject or spec_of_subject(subject) != spec:
        return SetFilter(known=False)
    return SetFilter(subject=subject)


def spec_of_subject(subject: str) -> str:
    """Name the set of a subject."""
    return _SUBJECT + subject.encode(errors="replace").hex()


def spec_of_stage(stage: str) -> str:
    """Name the set of a 学段."""
    return _STAGE + stage


def specs_of(record: PublishedRecord) -> list[str]:
    """Name the sets of a record."""
    specs = [spec_of_stage(record.stage)] if record.stage in STAGES else []
    return [*specs, spec_of_subject(record.subject)] if record.subject else specs
