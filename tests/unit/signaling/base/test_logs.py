"""A log that cannot be written harms nobody."""

import errno
import io

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
