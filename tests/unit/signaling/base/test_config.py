from pathlib import Path

import pytest

from recorder.config import RecorderConfig
from recorder.core.source_quota import QuotaRules
from signaling.base.config import Config, ConfigError, load


def test_later_sources_win(tmp_path: Path) -> None:
    file = tmp_path / "tongke.toml"
    file.write_text('http_port = 1\nudp_port = 2\ntime_zone = "Asia/Urumqi"\n')
    environment = {"TONGKE_UDP_PORT": "3", "TONGKE_ANNOUNCED_ADDRESSES": "192.0.2.1,2001:db8::1"}
    config = load(file, environment, {"http_port": 4, "data_dir": None})
    assert (config.http_port, config.udp_port, config.time_zone) == (4, 3, "Asia/Urumqi")
    assert config.announced_addresses == ("192.0.2.1", "2001:db8::1")
    assert config.data_dir == Config().data_dir


def test_ice_servers_come_from_the_file(tmp_path: Path) -> None:
    file = tmp_path / "tongke.toml"
    file.write_text('[[ice_servers]]\nurl = "stun:stun.county.cn:3478"\n')
    assert load(file).ice_servers[0].url == "stun:stun.county.cn:3478"


def test_other_variables_with_our_prefix_are_not_ours() -> None:
    assert load(environment={"TONGKE_NEW_PASSWORD": "x", "HTTP_PORT": "1"}) == Config()
    assert load(environment={"TONGKE_PROFILE": "x", "TONGKE_NOTHING_FILE": "/none"}) == Config()


def test_a_variable_may_name_a_file_with_the_value(tmp_path: Path) -> None:
    (tmp_path / "url").write_text("redis://:secret@10.0.0.3:6379/0\n")
    environment = {"TONGKE_REDIS_URL_FILE": str(tmp_path / "url")}
    assert load(environment=environment).redis_url == "redis://:secret@10.0.0.3:6379/0"
    with pytest.raises(ConfigError, match="TONGKE_REDIS_URL_FILE"):
        load(environment={**environment, "TONGKE_REDIS_URL": "redis://other"})
    with pytest.raises(ConfigError, match="TONGKE_DATABASE_URL_FILE"):
        load(environment={"TONGKE_DATABASE_URL_FILE": str(tmp_path / "none")})


CELL = {"roles": ["cell"], "redis_url": "redis://redis", "door": "unix:///run/cell.sock"}


@pytest.mark.parametrize(
    ("overrides", "named"),
    [
        ({"http_port": 70000}, "http_port"),
        ({"max_on_stage": 0}, "max_on_stage"),
        ({"time_zone": "Mars/Olympus"}, "Mars/Olympus"),
        ({"no_such_setting": 1}, "no_such_setting"),
        ({"tls_certificate": "c.pem"}, "tls_key"),
        ({"recordings_internal": "recordings"}, "recordings_internal"),
        ({"recordings_internal": "/"}, "recordings_internal"),
        ({"redis_url": "http://redis:6379"}, "redis_url"),
        ({"redis_url": "redis://"}, "redis_url"),
        ({"redis_url": "redis://redis:6379/0?retry_on_timeout=true"}, "redis_url"),
        ({"node_id": "cell 1"}, "node_id"),
        ({"node_id": ""}, "node_id"),
        ({"cells_beat_s": 1.0, "cells_ttl_s": 3.9}, "cells_ttl_s"),
        ({"roles": ["cook"]}, "roles"),
        ({"roles": []}, "roles"),
        ({"roles": ["web"]}, "redis_url"),
        ({**CELL, "door": None}, "door"),
        ({**CELL, "door": "/run/cell.sock"}, "door"),
        ({**CELL, "door": "unix://run/cell.sock"}, "door"),
        ({**CELL, "door": "http://10.0.0.7"}, "door"),
        ({**CELL, "door": "http://10.0.0.7:7801/inner"}, "door"),
        ({**CELL, "pipe_host": "cell-1.local"}, "pipe_host"),
        ({**CELL, "regions": ["51 01"]}, "regions"),
        ({**CELL, "regions": [f"r{n}" for n in range(101)]}, "regions"),
        ({**CELL, "edge_after": 0}, "edge_after"),
        ({**CELL, "roles": ["cell", "web"]}, "roles"),
        ({**CELL, "roles": ["cell", "worker"]}, "roles"),
    ],
)
def test_a_setting_that_cannot_be_is_named(overrides: dict[str, object], named: str) -> None:
    with pytest.raises(ConfigError, match=named):
        load(overrides=overrides)


def test_a_missing_file_and_broken_toml_are_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot read"):
        load(tmp_path / "none.toml")
    broken = tmp_path / "broken.toml"
    broken.write_text("http_port = ")
    with pytest.raises(ConfigError):
        load(broken)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("postgresql://u:p@h/d", "postgresql+asyncpg://u:p@h/d"),
        ("postgres://h/d", "postgresql+asyncpg://h/d"),
        ("sqlite:////tmp/x.db", "sqlite+aiosqlite:////tmp/x.db"),
        ("postgresql+asyncpg://h/d", "postgresql+asyncpg://h/d"),
    ],
)
def test_database_urls_get_their_asynchronous_driver(url: str, expected: str) -> None:
    assert load(overrides={"database_url": url}).database == expected


def test_what_one_source_may_send_may_be_recorded() -> None:
    """Else a camera that everybody sees would be in no recording."""
    config = Config()
    assert config.recorded_source_bps >= config.publisher_bps
    assert QuotaRules().bps == RecorderConfig(Path(), "").source_bps == config.recorded_source_bps


@pytest.mark.parametrize(
    ("recordings", "origin"),
    [
        (None, None),
        ("/srv/recordings", None),
        ("s3://county?endpoint=http://minio:9000", None),
        ("s3://county?endpoint=http://minio:9000&redirect=60", "http://minio:9000"),
        (
            "s3://county?endpoint=http://minio:9000&redirect=60&public=https://s3.cn",
            "https://s3.cn",
        ),
        ("s3://county?redirect=60&region=cn-north-1", "https://s3.cn-north-1.amazonaws.com"),
        ("s3://county?redirect=60&style=virtual", "https://county.s3.us-east-1.amazonaws.com"),
    ],
)
def test_pages_may_load_from_the_store_that_players_are_sent_to(
    recordings: str | None, origin: str | None
) -> None:
    assert Config(recordings=recordings).recordings_origin == origin


@pytest.mark.parametrize("url", ["redis://:secret@redis:6379/1", "unix:///run/redis.sock"])
def test_a_redis_is_named_by_its_url(url: str) -> None:
    config = load(overrides={"redis_url": url, "node_id": "cell-1.county_a"})
    assert (config.redis_url, config.node_id) == (url, "cell-1.county_a")
    assert load().redis_url is None


@pytest.mark.parametrize(
    ("roles", "alone"),
    [
        (None, True),
        (["worker", "cell", "web"], True),
        (["web", "worker"], False),
        (["web"], False),
        (["worker"], False),
        (["cell"], False),
    ],
)
def test_a_process_with_all_roles_is_the_only_one(roles: list[str] | None, alone: bool) -> None:
    assert load(overrides={**CELL, "roles": roles}).is_alone is alone


@pytest.mark.parametrize("door", ["unix:///run/cell.sock", "http://10.0.0.7:7801"])
def test_a_cell_has_a_door_and_a_web_process_needs_none(door: str) -> None:
    assert load(overrides={**CELL, "door": door}).door == door
    assert load(overrides={**CELL, "roles": ["web"], "door": None}).door is None


@pytest.mark.parametrize(
    ("settings", "address"),
    [
        ({}, "127.0.0.1"),  # of one machine
        ({"door": "http://10.0.0.7:7801"}, "10.0.0.7"),
        ({"door": "http://10.0.0.7:7801", "pipe_host": "10.1.0.7"}, "10.1.0.7"),
        ({"door": "http://[fd00::7]:7801"}, "fd00::7"),
        ({"door": "http://cell-1:7801"}, None),  # pipes go to addresses, not to names
        ({"door": "http://cell-1:7801", "pipe_host": "10.1.0.7"}, "10.1.0.7"),
    ],
)
def test_pipes_are_taken_where_the_door_is(settings: dict[str, str], address: str | None) -> None:
    assert load(overrides={**CELL, **settings}).pipe_address == address


def test_roles_come_from_a_variable() -> None:
    found = load(environment={"TONGKE_ROLES": "web,worker", "TONGKE_REDIS_URL": "redis://redis"})
    assert found.roles == ("web", "worker")


def test_traces_go_to_an_address_of_a_collector() -> None:
    assert load(environment={"TONGKE_TRACE_ENDPOINT": ""}) == Config()
    assert load(environment={"TONGKE_TRACE_RATIO": "0.5"}).trace_ratio == 0.5
    for settings in (
        {"trace_endpoint": "collector:4318"},
        {"trace_endpoint": "http:///v1/traces"},
        {"trace_endpoint": "grpc://collector:4317"},
        {"trace_ratio": 1.5},
    ):
        with pytest.raises(ConfigError, match=next(iter(settings))):
            load(overrides=settings)
