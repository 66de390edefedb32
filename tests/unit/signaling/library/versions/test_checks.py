"""Automatic checks: what is missing, and which sources lack consent."""

from collections.abc import Collection, Sequence
from dataclasses import replace

from recorder.api import Manifest, RecordingState, SourceManifest
from signaling.library.versions.checks import (
    NEEDED,
    WANTED,
    Checked,
    Checks,
    MissingSource,
    missing_fields,
)
from signaling.library.versions.wire import (
    CheckCode,
    CheckFinding,
    CheckWeight,
    ResourceEdits,
    ResourceMetadata,
    ShareScope,
    Stage,
)
from tests.integration.signaling.library.entries import an_entry

FULL = ResourceMetadata(
    "浮力",
    summary="x",
    keywords=("x",),
    subject="物理",
    stage=Stage.JUNIOR,
    grade="八年级",
    edition="x",
    volume="x",
    section="x",
    teacher_name="x",
    school_name="x",
    copyright_note="x",
)


def source(source_id: str, failure: str | None = None) -> SourceManifest:
    return SourceManifest(source_id, "camera", source_id, False, (), (), (), failure)


MANIFEST = Manifest(
    an_entry("r", "l", state=RecordingState.READY),
    (source("lead.camera"), source("a.camera", "broken"), source("b.camera")),
    (),
)
CHECKED = Checked("id", "r", FULL, ResourceEdits(), True, MANIFEST)


class Gate:
    """Nobody of room a, and not the lead's class, agreed."""

    def __init__(self) -> None:
        self.asked: list[tuple[set[str], ShareScope]] = []

    async def missing(
        self, recording_id: str, sources: Collection[str], scope: ShareScope, **_within: object
    ) -> Sequence[MissingSource]:
        self.asked.append((set(sources), scope))
        lacking = (MissingSource("a.camera", "云岭"), MissingSource("lead.camera", "", True))
        return [one for one in lacking if one.source_id in sources]


async def test_nothing_is_found_in_what_is_complete() -> None:
    whole = replace(CHECKED, manifest=None)
    assert await Checks().of(whole, ShareScope.PUBLIC) == ()


async def test_missing_metadata_stop_or_are_noted() -> None:
    empty = replace(CHECKED, metadata=ResourceMetadata("浮力"), pledged=False, manifest=None)
    found = await Checks().of(empty, ShareScope.PUBLIC)
    stops = {one.field for one in found if one.weight is CheckWeight.STOPS}
    assert stops == {f"metadata.{name}" for name in set(NEEDED) - {"title"}}
    notes = {one.field for one in found if one.weight is CheckWeight.NOTE}
    assert notes == {None, *(f"metadata.{name}" for name in WANTED)}
    assert missing_fields(FULL) == ()


async def test_a_damaged_source_is_told_unless_it_is_hidden() -> None:
    (found,) = await Checks().of(CHECKED, ShareScope.PUBLIC)
    assert (found.code, found.source_id) == (CheckCode.SOURCE_DAMAGED, "a.camera")
    hidden = replace(CHECKED, edits=ResourceEdits(hidden_sources=("a.camera",)))
    assert await Checks().of(hidden, ShareScope.PUBLIC) == ()


async def test_consent_is_asked_for_what_is_shown_and_for_whom() -> None:
    gate = Gate()
    checks = Checks(gate)
    missing = await checks.unseen(CHECKED, ShareScope.COUNTY)
    assert [one.source_id for one in missing] == ["a.camera", "lead.camera"]
    edits = ResourceEdits(hidden_sources=("a.camera",), hidden_pictures=("lead.camera",))
    assert await checks.unseen(replace(CHECKED, edits=edits), ShareScope.PUBLIC) == ()
    # The sound of a whole source is not enough where all of it must be hidden.
    silent = ResourceEdits(hidden_pictures=("a.camera", "lead.camera"))
    missing = await checks.unseen(replace(CHECKED, edits=silent), ShareScope.PUBLIC)
    assert [one.source_id for one in missing] == ["a.camera"]
    assert gate.asked[:2] == [
        ({"lead.camera", "a.camera", "b.camera"}, ShareScope.COUNTY),
        ({"lead.camera", "b.camera"}, ShareScope.PUBLIC),
    ]


async def test_a_missing_consent_tells_what_is_allowed_all_the_same() -> None:
    class ToTheCounty(Gate):
        async def missing(self, *_asked: object, **_within: object) -> Sequence[MissingSource]:
            return (MissingSource("lead.camera", "青山", True, ShareScope.COUNTY),)

    found = await Checks(ToTheCounty()).of(CHECKED, ShareScope.PUBLIC)
    (told,) = (one for one in found if one.code is CheckCode.CONSENT_MISSING)
    assert (told.name, told.picture_only, told.allowed) == ("青山", True, ShareScope.COUNTY)


async def test_other_wings_add_checks() -> None:
    class Silence:
        async def findings(self, version: Checked) -> Sequence[CheckFinding]:
            return (CheckFinding(CheckCode.SILENCE, CheckWeight.WARNING),)

    checks = Checks()
    checks.add(Silence())
    found = await checks.of(replace(CHECKED, manifest=None), ShareScope.PUBLIC)
    assert [one.code for one in found] == [CheckCode.SILENCE]
