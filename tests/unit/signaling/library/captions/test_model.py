"""The model that the configuration names: a folder, or packages with its parts."""

from __future__ import annotations

from pathlib import Path

import pytest

from signaling.library.captions import model
from signaling.library.captions.model import folders_of, is_installed
from signaling.library.captions.whisper import ModelMissing, Whisper, put_together


def _packages(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number, part in ((1, b"first-"), (2, b"second")):
        data = root / f"some_model_{number}" / "data"
        data.mkdir(parents=True)
        (data.parent / "__init__.py").touch()
        (data / f"model.bin.part{number}").write_bytes(part)
    (data / "config.json").write_text("{}")
    monkeypatch.syspath_prepend(root)


def test_parts_are_put_together_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _packages(tmp_path / "site", monkeypatch)
    assert len(folders_of("some-model")) == 2
    made = put_together("some-model", tmp_path / "models")
    assert (made / "model.bin").read_bytes() == b"first-second"
    assert (made / "config.json").read_text() == "{}"
    (made / "model.bin").write_bytes(b"kept")
    assert put_together("some-model", tmp_path / "models") == made
    assert (made / "model.bin").read_bytes() == b"kept"
    assert list((tmp_path / "models").iterdir()) == [made]


def test_a_folder_is_taken_as_it_is(tmp_path: Path) -> None:
    assert folders_of(str(tmp_path)) == []
    (tmp_path / "model.bin").touch()
    assert put_together(str(tmp_path), tmp_path / "models") == tmp_path
    assert not (tmp_path / "models").exists()


@pytest.mark.parametrize("name", ["none-such-model", "os", "", "a b", "..", "../x"])
def test_what_is_no_model(name: str, tmp_path: Path) -> None:
    assert not is_installed(name)
    with pytest.raises(ModelMissing):
        Whisper(name, tmp_path, language="zh", threads=1)


def test_without_the_engine_nothing_is_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _packages(tmp_path / "site", monkeypatch)
    monkeypatch.setattr(model, "ENGINE", "no_such_engine")
    assert not is_installed("some-model")
    monkeypatch.setattr(model, "ENGINE", "json")
    assert is_installed("some-model")
