"""The lock of a data folder, held by several processes."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from signaling.base.data_lock import LOCK_FILE, DataInUse, held

HOLDER = """
import pathlib, sys
from signaling.base.data_lock import held
with held(pathlib.Path(sys.argv[1]), int(sys.argv[2])):
    print("held", flush=True)
    sys.stdin.read()
"""

SHARER = """
import pathlib, sys
from signaling.base.data_lock import held
with held(pathlib.Path(sys.argv[1]), shared=True):
    print("held", flush=True)
    sys.stdin.read()
"""


@contextlib.contextmanager
def _child(data: Path, fd: int) -> Iterator[subprocess.Popen[bytes]]:
    """A child that has taken the lock over; it ends with the block."""
    words = (sys.executable, "-c", HOLDER, str(data), str(fd))
    with subprocess.Popen(
        words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, pass_fds=(fd,)
    ) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        assert child.stdout.readline() == b"held\n"
        yield child
        child.stdin.close()
        assert child.wait() == 0


def _ended_pid() -> int:
    """Process id of a child that is no more."""
    with subprocess.Popen([sys.executable, "-c", ""]) as child:
        pass
    return child.pid


def test_a_second_server_is_told_who_holds_the_folder(tmp_path: Path) -> None:
    with held(tmp_path), pytest.raises(DataInUse) as refused, held(tmp_path):
        pass
    assert refused.value.owner == str(os.getpid())
    with held(tmp_path):
        pass


def test_the_folder_stays_locked_until_the_last_child_has_ended(tmp_path: Path) -> None:
    with contextlib.ExitStack() as children:
        with held(tmp_path) as lock:
            first = children.enter_context(_child(tmp_path, lock.fd))
            lock.name_owners((_ended_pid(), first.pid))
        # The supervisor is gone, as it were; the owner is whoever still runs.
        with pytest.raises(DataInUse) as refused, held(tmp_path):
            pass
        assert refused.value.owner == str(first.pid)
    with held(tmp_path):
        assert (tmp_path / LOCK_FILE).read_text() == f"{os.getpid()}\n"


def test_a_child_that_ends_does_not_unlock_the_folder(tmp_path: Path) -> None:
    with held(tmp_path) as lock:
        with _child(tmp_path, lock.fd):
            pass
        with pytest.raises(DataInUse), held(tmp_path):
            pass


def test_a_lock_file_that_another_holds_is_not_taken_over(tmp_path: Path) -> None:
    with held(tmp_path):
        stranger = os.open(tmp_path / LOCK_FILE, os.O_RDWR)
        with pytest.raises(DataInUse), held(tmp_path, stranger):
            pass


def test_a_lock_that_is_taken_over_goes_no_further(tmp_path: Path) -> None:
    with held(tmp_path) as lock:
        handed_on = os.dup(lock.fd)
        os.set_inheritable(handed_on, True)
        with held(tmp_path, handed_on):
            assert not os.get_inheritable(handed_on)


@pytest.mark.parametrize("there", [True, False])
def test_another_file_is_no_lock_of_the_folder(tmp_path: Path, there: bool) -> None:
    if there:
        (tmp_path / LOCK_FILE).touch()
    other = os.open(tmp_path / "other", os.O_RDWR | os.O_CREAT)
    with pytest.raises(OSError, match="not the lock of the data folder"), held(tmp_path, other):
        pass


@pytest.mark.parametrize("text", ["", "junk", "99999999999999999999\n"])
def test_whatever_the_file_says_the_refusal_is_clear(tmp_path: Path, text: str) -> None:
    with held(tmp_path):
        (tmp_path / LOCK_FILE).write_text(text)
        with pytest.raises(DataInUse) as refused, held(tmp_path):
            pass
    assert refused.value.owner == (text.strip() or "?")


def test_processes_of_one_installation_share_a_folder_that_no_other_server_gets(
    tmp_path: Path,
) -> None:
    shared = held(tmp_path, shared=True), held(tmp_path, shared=True)
    with shared[0], shared[1], pytest.raises(DataInUse), held(tmp_path):
        pass
    with held(tmp_path), pytest.raises(DataInUse), held(tmp_path, shared=True):
        pass


def test_a_command_beside_processes_that_share_a_folder_leaves_them_named(tmp_path: Path) -> None:
    words = (sys.executable, "-c", SHARER, str(tmp_path))
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as cell:
        assert cell.stdout is not None
        assert cell.stdout.readline() == b"held\n"
        with held(tmp_path, shared=True):
            names = (tmp_path / LOCK_FILE).read_text().split()
        with pytest.raises(DataInUse) as refused, held(tmp_path):
            pass
        cell.kill()
    assert names == [str(cell.pid), str(os.getpid())]
    assert refused.value.owner == str(cell.pid)
