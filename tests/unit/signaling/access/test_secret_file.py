"""The server's secret on disk."""

from pathlib import Path

import pytest

from signaling.access.secret_file import load_secret


def test_the_secret_is_made_once_and_a_short_one_is_refused(tmp_path: Path) -> None:
    first = load_secret(tmp_path)
    assert load_secret(tmp_path) == first
    assert len(first) == 32
    assert [p.name for p in tmp_path.iterdir()] == ["secret.key"]
    (tmp_path / "secret.key").write_bytes(b"short")
    with pytest.raises(OSError, match="too short"):
        load_secret(tmp_path)
