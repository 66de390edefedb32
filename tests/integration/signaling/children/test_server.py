"""The real server as a child: it tells when it is ready, shares the lock, and stops when asked."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from signaling.base.clock import SystemClock
from signaling.base.data_lock import DataInUse, held
from signaling.base.private_files import keep_private
from signaling.children.child import ChildFailed
from signaling.children.process import ChildSpec
from signaling.children.supervisor import ChildSupervisor
from tests.support.made_once import put_demo_people


def _server(data: Path, *more: str, lock_fd: int | None = None) -> ChildSpec:
    words = (sys.executable, "-m", "signaling", "serve", "--http-host=127.0.0.1", f"--data={data}")
    ports = ("--http-port=0", "--udp-port=0", "--udp-host=127.0.0.1")
    environment = {"TONGKE_NODE_ID": "cell-1"}
    if lock_fd is None:
        return ChildSpec("cell-1", (*words, *ports, *more), environment)
    lock = f"--lock-fd={lock_fd}"
    return ChildSpec("cell-1", (*words, *ports, lock, *more), environment, (lock_fd,))


def _is_locked(data: Path) -> str | None:
    """The owner of the lock."""
    try:
        with held(data):
            return None
    except DataInUse as error:
        return error.owner


async def test_a_server_shares_the_lock_and_keeps_it_beyond_its_supervisor(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    data = tmp_path / "data"
    keep_private(data)
    await put_demo_people(data / "tongke.db")  # migrated already
    with held(data) as lock:
        groups = [[_server(data, lock_fd=lock.fd)]]
        supervisor = ChildSupervisor(groups, SystemClock(), on_pids=lock.name_owners)
        try:
            await supervisor.start()
        except BaseException:
            await supervisor.stop()
            raise
    # The supervisor has let go of the lock; its child has not.
    try:
        pid = supervisor.facts("cell-1")["pid"]
        assert supervisor.facts("cell-1")["url"].startswith("http://")
        assert _is_locked(data) == str(pid)
    finally:
        await supervisor.stop()
    assert _is_locked(data) is None
    lines = [json.loads(one) for one in capfd.readouterr().err.splitlines() if one[:1] == "{"]
    assert {line["event"] for line in lines if line.get("node") == "cell-1"} >= {
        "ready",
        "stopping",
    }


async def test_a_server_whose_configuration_is_useless_is_not_tried_again(tmp_path: Path) -> None:
    config = tmp_path / "tongke.toml"
    config.write_text("no_such_setting = 1\n")
    spec = _server(tmp_path / "data", f"--config={config}")
    supervisor = ChildSupervisor([[spec]], SystemClock())
    try:
        with pytest.raises(ChildFailed, match="exit status 78") as failed:
            await supervisor.start()
    finally:
        await supervisor.stop()
    assert failed.value.status == 78
