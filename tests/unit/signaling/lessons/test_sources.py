import pytest

from signaling.lessons.sources import SourceKind, split_source


def test_source_ids() -> None:
    assert split_source("room-a.b.camera") == ("room-a.b", SourceKind.CAMERA)
    for bad in ("camera", "lead.", "", "lead.sound"):
        with pytest.raises(ValueError):
            split_source(bad)
