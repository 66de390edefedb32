"""Which storage the settings choose."""

from pathlib import Path

import pytest
from structlog.testing import capture_logs

from recorder.config import RecorderConfig
from recorder.storage.chosen import chosen_storage
from recorder.storage.folder import FolderStorage
from recorder.storage.location import BadLocation
from recorder.storage.s3 import S3Storage

KEYS = {"AWS_ACCESS_KEY_ID": "an-id", "AWS_SECRET_ACCESS_KEY": "hush"}


def settings(folder: Path, storage: str | None, keys: Path | None = None) -> RecorderConfig:
    return RecorderConfig(folder, "sqlite+aiosqlite://", storage=storage, storage_keys=keys)


def test_a_folder_needs_no_keys(tmp_path: Path) -> None:
    default = chosen_storage(settings(tmp_path, None), {})
    assert isinstance(default, FolderStorage)
    assert default.folder("r1") == tmp_path / "recordings" / "r1"
    other = chosen_storage(settings(tmp_path, str(tmp_path / "other")), {})
    assert isinstance(other, FolderStorage)
    assert other.folder("r1") == tmp_path / "other" / "r1"


def test_a_bucket_is_not_asked_yet_and_must_have_keys(tmp_path: Path) -> None:
    nobody = settings(tmp_path, "s3://county?endpoint=http://127.0.0.1:9")
    storage = chosen_storage(nobody, KEYS)
    assert isinstance(storage, S3Storage)
    storage.open()
    assert storage.archived() == []
    with pytest.raises(BadLocation, match="AWS_ACCESS_KEY_ID"):
        chosen_storage(nobody, {})


def test_an_authority_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    wrong = tmp_path / "ca.pem"
    for address in (f"s3://county?ca={tmp_path}/none", f"s3://county?ca={wrong}"):
        with pytest.raises(BadLocation) as raised:
            chosen_storage(settings(tmp_path, address), KEYS)
        assert "hush" not in str(raised.value)
        wrong.write_text("no certificate")


def test_keys_that_others_can_read_are_warned_of_without_showing_them(tmp_path: Path) -> None:
    keys = tmp_path / "keys.toml"
    keys.write_text('access_key_id = "an-id"\nsecret_access_key = "hush"\n')
    keys.chmod(0o644)
    with capture_logs() as logs:
        chosen_storage(settings(tmp_path, "s3://county", keys), {})
    assert [entry["event"] for entry in logs] == ["storage_keys_readable_by_others"]
    assert "hush" not in str(logs)
    keys.chmod(0o600)
    with capture_logs() as logs:
        chosen_storage(settings(tmp_path, "s3://county", keys), {})
    assert logs == []
