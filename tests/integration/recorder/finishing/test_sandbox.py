"""The finishing process as the server starts it: what it may do, with and without Landlock."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from recorder.finishing.lines import Line
from recorder.finishing.media_process import worker_environment
from recorder.finishing.process import FinishProcess
from recorder.finishing.sandbox import landlock_version
from recorder.storage.folder import FolderStorage, publish_results
from tests.support.recording import START, archive_sink
from tests.support.rtp_media import TrackFeed, encode_video, feed

ATTEMPTS = """
import json, os, resource, socket, sys
from pathlib import Path
import recorder.finishing.worker
from recorder.finishing.sandbox import limit_resources, shut_off_files

secret, place, port = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
folder = place / "finishing"
folder.mkdir()
segment = place / "archive" / "000001.tka"
limit_resources()
ended_first = Path("/proc/self/oom_score_adj").read_text()
shut = shut_off_files(folder, readable=place)

def may(action):
    try:
        action()
    except OSError:
        return False
    return True

def write_and_remove():
    (folder / "new").mkdir()
    (folder / "new" / "file").write_bytes(b"x")
    (folder / "new" / "file").replace(folder / "file")
    (folder / "file").unlink()
    (folder / "new").rmdir()

def connect():
    with socket.socket() as one:
        one.connect(("127.0.0.1", port))

print(json.dumps({
    "shut": shut,
    "work": may(write_and_remove),
    "archive": may(segment.read_bytes),
    "spoil": may(lambda: segment.open("r+b").close()),
    "remove": may(lambda: segment.rename(place / "aside")),
    "import": may(lambda: __import__("wave")),
    "secret": may(secret.read_bytes),
    "list": may(lambda: os.listdir(secret.parent)),
    "write": may(lambda: (secret.parent / "other").write_bytes(b"x")),
    "passwd": may(Path("/etc/passwd").read_bytes),
    "connect": may(connect),
    "run": may(lambda: os.posix_spawn("/bin/true", ["true"], {})),
    "files": resource.getrlimit(resource.RLIMIT_NOFILE)[0],
    "core": resource.getrlimit(resource.RLIMIT_CORE)[1],
    "ended_first": int(ended_first),
}))
"""


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder with a secret and one recording that is to be finished."""
    (tmp_path / "secret").write_bytes(b"s" * 32)
    with archive_sink(tmp_path / "recordings" / "r1") as (sink, _):
        feed(sink, TrackFeed(1, "lead.camera", "VP8", encode_video("VP8", 2.0), START).happenings())
    return tmp_path


def test_what_a_finisher_that_was_taken_over_can_do(data: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        arguments = [data / "secret", data / "recordings" / "r1", server.getsockname()[1]]
        command = [sys.executable, "-c", ATTEMPTS, *map(str, arguments)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)
    version = landlock_version()
    assert found["work"]
    assert found["archive"]
    assert found["import"]
    assert found["files"] <= 2048
    assert found["core"] == 0
    assert found["ended_first"] == 1000  # of all, where the machine runs out of memory
    # Without Landlock the fallback is what is proved: all goes on, and it says so.
    assert found["shut"] is (version > 0)
    for what in ("secret", "list", "write", "passwd", "run", "spoil", "remove"):
        assert found[what] is (version == 0), what
    assert found["connect"] is (version < 4)


@pytest.mark.parametrize("has_landlock", [True, False])
def test_the_process_finishes_with_and_without_landlock(data: Path, has_landlock: bool) -> None:
    has_landlock = has_landlock and landlock_version() > 0  # else the fallback is tried twice
    code = "import sys, recorder.finishing.sandbox as s, recorder.finishing.worker as f\n"
    code += "" if has_landlock else "s.landlock_version = lambda: 0\n"
    code += "sys.exit(f.main(sys.argv[1:]))"
    folder = data / "recordings" / "r1"
    command = [sys.executable, "-c", code, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert {"shut_off": has_landlock} in told
    assert told[-1] == {"progress": 1.0}
    publish_results(folder)
    assert (folder / "manifest.json").is_file()
    assert (folder / "thumbnail.jpg").is_file()


async def _ignore(*_: object) -> None:
    pass


def test_a_finisher_is_told_no_password() -> None:
    server = {
        "PATH": "/bin",
        "PYTHONPATH": "/x",
        "LC_ALL": "C",
        "TONGKE_DATABASE_URL": "p",
        "PGPASSWORD": "p",
    }
    told = worker_environment(server)
    assert set(told) == {"PATH", "PYTHONPATH", "LC_ALL", "MALLOC_ARENA_MAX"}


async def test_the_server_logs_what_a_finisher_told_and_once_that_it_is_not_shut_off(
    tmp_path: Path,
) -> None:
    process = FinishProcess(FolderStorage(tmp_path), _ignore)
    with capture_logs() as logs:
        for line in (
            Line(shut_off=True),
            Line(shut_off=False),
            Line(shut_off=False),
            Line(passed_over=7),
            Line(damaged_source="room-1.camera"),
        ):
            process.note("r1", line)
    assert [(one["event"], one.get("records")) for one in logs] == [
        ("finishing_not_shut_off", None),
        ("archive_records_passed_over", 7),
        ("source_damaged", None),
    ]
