"""compose.yaml, by structure: what it mounts is there, what it sets is a setting."""

from pathlib import Path
from typing import Any

import pytest

from tests.support.deployment import CONFIG, DEPLOY, unknown
from tests.support.yaml_files import document

COMPOSE = document(DEPLOY / "compose.yaml")
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name: one for name, one in SERVICES.items() if name in {"web", "worker"} or "cell" in name}


def mounts(service: dict[str, Any]) -> dict[str, str]:
    """Where a service has what: target → source."""
    pairs = [one.split(":") for one in service.get("volumes", ())]
    return {target: source for source, target, *_ in pairs}


def test_it_has_every_part_of_an_installation() -> None:
    parts = {"nginx", "web", "cell-1", "cell-2", "worker", "postgres", "valkey", "s3", "bucket"}
    assert set(SERVICES) == parts


def test_whatever_it_mounts_or_refers_to_is_there() -> None:
    made = {"./certificates", "./secrets/s3.env"}  # by the operator, and by make-secrets.sh
    for name, service in SERVICES.items():
        for source in mounts(service).values():
            there = source in COMPOSE["volumes"] or (DEPLOY / source).exists()
            assert there or source in made, (name, source)
        assert set(service.get("secrets", ())) <= set(COMPOSE["secrets"]), name
        assert set(service.get("depends_on", ())) <= set(SERVICES), name
        assert set(service.get("env_file", ())) <= made, name
        if "build" in service:
            assert (DEPLOY / service["build"]["context"] / "docs/deploy/Dockerfile").exists()


def test_the_scripts_secrets_are_those_that_it_names() -> None:
    script = (DEPLOY / "make-secrets.sh").read_text()
    for secret in COMPOSE["secrets"].values():
        assert f"once {Path(secret['file']).name}\n" in script


@pytest.mark.parametrize("name", OURS)
def test_our_processes_are_locked_up(name: str) -> None:
    service = OURS[name]
    assert service["read_only"] is True
    assert service["user"] == "10001:10001"
    assert service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]
    assert service["network_mode"] == "host"  # media come to the machine's own ports
    assert not unknown(service["environment"])
    role = name.partition("-")[0]
    assert mounts(service)["/etc/tongke/tongke.toml"] == f"./config/{role}.toml"
    assert mounts(service)["/var/lib/tongke"] == "data"
    assert "healthcheck" in service


def test_no_two_processes_have_the_same_place() -> None:
    cells = [one["environment"] for name, one in OURS.items() if "cell" in name]
    for setting in ("TONGKE_DOOR", "TONGKE_UDP_PORT"):
        assert len({one[setting] for one in cells}) == len(cells)
    assert len({one["environment"]["TONGKE_NODE_ID"] for one in OURS.values()}) == len(OURS)


def test_databases_listen_on_loopback_only() -> None:
    assert SERVICES["postgres"]["ports"] == ["127.0.0.1:5432:5432"]
    assert "bind 127.0.0.1\n" in (CONFIG / "redis.conf").read_text()
    assert "127.0.0.1:7070" in SERVICES["s3"]["command"]
