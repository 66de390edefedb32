"""`tongke serve --cells N` with settings that cannot be: told before anything is started."""

from pathlib import Path

import pytest

from signaling.__main__ import USELESS_CONFIG, main
from signaling.command.words import LANGUAGE

REDIS = "--redis-url=redis://127.0.0.1:1"


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["--cells=0", REDIS], "--cells"),
        (["--cells=-1", REDIS], "--cells"),
        (["--cells=65", REDIS], "64"),
        (["--cells=2"], "redis_url"),
        (["--cells=2", REDIS, "--roles=web"], "roles"),
        (["--cells=2", REDIS, "--door=unix:///run/cell.sock"], "door"),
    ],
)
@pytest.mark.parametrize(
    ("language", "begins"),
    [("", "tongke: 配置无法使用: "), ("en", "tongke: the configuration cannot be used: ")],
)
def test_settings_that_cannot_be_are_named(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    words: list[str],
    named: str,
    language: str,
    begins: str,
) -> None:
    monkeypatch.setenv(LANGUAGE, language)
    data = tmp_path / "data"
    assert main(["serve", f"--data={data}", *words]) == USELESS_CONFIG
    told = capsys.readouterr()
    assert told.err.startswith(begins)
    assert named in told.err
    assert told.out == ""
    assert not data.exists()
