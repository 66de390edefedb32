"""A log that cannot be written harms nobody."""

import errno
import io
import json
import subprocess
import sys

from signaling.base.logs import PatientStream


class FullDisk(io.StringIO):
    """What standard error is when it goes to a file on a full disk."""

    def write(self, text: str, /) -> int:
        raise OSError(errno.ENOSPC, "no space left on device")

    def flush(self) -> None:
        raise OSError(errno.ENOSPC, "no space left on device")


def test_a_log_on_a_full_disk_is_lost_and_nothing_else() -> None:
    patient = PatientStream(FullDisk())
    assert patient.write("archive_trouble") == len("archive_trouble")
    patient.flush()


def test_what_can_be_written_is_written() -> None:
    stream = io.StringIO()
    PatientStream(stream).write("ready")
    assert stream.getvalue() == "ready"


def _lines(node: str | None) -> list[str]:
    """What a process of this name writes: an event, one that names another node, and a warning."""
    program = f"""
import logging, structlog
from signaling.base.logs import configure
configure("info", {node!r})
log = structlog.get_logger()
log.info("ready")
log.info("suspect", node="cell-2")
logging.getLogger("asyncio").warning("slow")
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    return done.stderr.decode().splitlines()


def test_each_line_bears_the_name_of_its_process() -> None:
    ready, other, warning = _lines("cell-1")
    assert (json.loads(ready)["event"], json.loads(ready)["node"]) == ("ready", "cell-1")
    assert json.loads(other)["node"] == "cell-2"
    assert warning == "WARNING:cell-1:asyncio:slow"


def test_a_process_without_a_name_writes_none() -> None:
    ready, _, warning = _lines(None)
    assert "node" not in json.loads(ready)
    assert warning == "WARNING:asyncio:slow"
