"""The TOML files of web process, cell and worker."""

import re

import pytest

from signaling.base.config import load
from tests.support.deployment import CHART, CONFIG, DEPLOY, ROLES, SETTINGS, unknown, variables_in

ENVIRONMENT = {
    "TONGKE_REDIS_URL": "redis://127.0.0.1",
    "TONGKE_DOOR": "unix:///run/tongke/cell-1.sock",
}


@pytest.mark.parametrize("role", ROLES)
def test_each_is_a_configuration_of_its_role(role: str) -> None:
    config = load(CONFIG / f"{role}.toml", ENVIRONMENT)
    assert config.roles == (role,)
    assert not config.is_alone
    assert config.recordings_origin is None


def test_processes_agree_where_they_must() -> None:
    configs = [load(CONFIG / f"{role}.toml", ENVIRONMENT) for role in ROLES]
    for setting in ("data_dir", "recordings", "inner_secrets", "cells_beat_s", "cells_ttl_s"):
        assert len({getattr(config, setting) for config in configs}) == 1, setting
    ports = [config.http_port for config in configs if "cell" not in config.roles]
    assert len(set(ports)) == len(ports)


def test_every_setting_that_a_comment_names_exists() -> None:
    for role in ROLES:
        text = (CONFIG / f"{role}.toml").read_text()
        assert not unknown(variables_in(text))
        for names in re.findall(r": ([a-z_, ]+)\.$", text, re.MULTILINE):
            assert set(names.split(", ")) <= SETTINGS, names


def test_every_variable_of_the_files_is_a_setting() -> None:
    files = [DEPLOY / "compose.yaml", *(CHART / "templates").iterdir()]
    for file in files:
        found = variables_in(file.read_text()) - {"TONGKE_HTTP_PORT"}  # named as a trap, and one
        assert not unknown(found), file


def test_the_chart_has_the_files_that_compose_mounts() -> None:
    assert (CHART / "config").resolve() == CONFIG
