"""A real PostgreSQL for benches and tests: Debian's binaries, a temporary cluster, a Unix socket.

PostgreSQL refuses to run as root, so under root everything runs as Debian's `postgres` user.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import ip_interface
from pathlib import Path

USER = "postgres"
PORT = 5432
_TIMEOUT_S = 60


class PostgresMissing(Exception):
    """PostgreSQL is not installed; what needs it must fail, not skip."""


@dataclass(frozen=True)
class Postgres:
    """A running cluster."""

    binaries: Path
    folder: Path
    data: Path
    is_kept: bool = False  # its data was there before
    options: str = ""  # of the server
    address: str | None = None  # at which it is reached by TCP

    def url(self, database: str) -> str:
        """An SQLAlchemy URL over the Unix socket, or the address at which it listens."""
        if self.address is not None:
            return f"postgresql+asyncpg://{USER}@{self.address}:{PORT}/{database}"
        return f"postgresql+asyncpg://{USER}@/{database}?host={self.folder}"

    def create(self, database: str, template: str = "template1") -> str:
        """Create a database, as a copy of one that nobody uses; returns its URL."""
        where = ("-h", self.folder, "-U", USER)
        _run(self.binaries / "createdb", *where, "-E", "UTF8", "-T", template, database)
        return self.url(database)

    @contextmanager
    def lent(self, database: str, template: str = "template1") -> Iterator[str]:
        """Create a database as `create` does, and drop it in the end, whoever still uses it.

        The copies of a thousand tests are gigabytes.
        """
        yield self.create(database, template)
        _run(self.binaries / "dropdb", "-h", self.folder, "-U", USER, "--force", database)

    def start(self) -> None:
        """Start the server, and wait until it answers."""
        log = ("-l", self.folder / "log")
        _run(self._control, "-D", self.data, "-w", *log, "-o", self.options, "start")

    def stop(self, how: str = "fast") -> None:
        """Stop the server: `fast` breaks connections off, `immediate` is a power cut."""
        _run(self._control, "-D", self.data, "-w", "-m", how, "stop")

    @property
    def _control(self) -> Path:
        return self.binaries / "pg_ctl"

    def processor_s(self) -> float:
        """The processor time of all its processes that run, in seconds."""
        postmaster = (self.data / "postmaster.pid").read_text().split()[0]
        children = Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text().split()
        used = 0
        for process in (postmaster, *children):
            with contextlib.suppress(OSError):  # it has just ended
                used += int(Path(f"/proc/{process}/schedstat").read_text().split()[0])
        return used / 1e9


def binaries() -> Path:
    """Where initdb and pg_ctl lie."""
    found = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda p: float(p.parts[-3])
    )
    if found:
        return found[-1].parent
    on_path = shutil.which("initdb")
    if on_path:
        return Path(on_path).parent
    raise PostgresMissing(
        "initdb not found: apt-get install postgresql (it is required, not optional)"
    )


def _roots() -> str:
    """A folder for clusters: in memory, if temporary files are, else /tmp.

    Not deeper: the path of a socket has 107 bytes at most, and the user `postgres` must get in.
    """
    return "/dev/shm" if tempfile.gettempdir().startswith("/dev/shm") else "/tmp"


@contextmanager
def postgres(
    *, durable: bool = False, keep: Path | None = None, network: str | None = None
) -> Iterator[Postgres]:
    """A cluster for as long as the context lasts; only a durable one waits for the disk.

    Args:
        durable: it waits for the disk.
        keep: a folder in which its data stays for the next time.
        network: such as 10.0.0.1/24: it listens at this address, and trusts that network.
    """
    address = None if network is None else network.partition("/")[0]
    where = binaries()
    folder = Path(tempfile.mkdtemp(prefix="tkpg-", dir=_roots()))
    try:
        if os.getuid() == 0:
            user = pwd.getpwnam(USER)
            os.chown(folder, user.pw_uid, user.pw_gid)
        data = (keep or folder) / "data"
        is_kept = data.exists()
        if keep is not None and os.getuid() == 0:
            os.chown(keep, user.pw_uid, user.pw_gid)
        if not is_kept:
            _run(where / "initdb", "-D", data, "-U", USER, "-A", "trust", "--no-sync", "-E", "UTF8")
        if network is not None:
            with (data / "pg_hba.conf").open("a") as rights:
                rights.write(f"host all all {ip_interface(network).network} trust\n")
        options = f"-c listen_addresses='{address or ''}' -c unix_socket_directories={folder}"
        if not durable:
            options += " -c fsync=off"
        server = Postgres(where, folder, data, is_kept, options, address)
        server.start()
        try:
            yield server
        finally:
            with contextlib.suppress(subprocess.CalledProcessError):
                server.stop("immediate" if keep is None else "fast")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _run(*command: str | Path) -> None:
    words = [str(word) for word in command]
    if os.getuid() == 0:
        words = ["setpriv", f"--reuid={USER}", f"--regid={USER}", "--init-groups", *words]
    # No pipes: the postmaster would inherit them and keep them open.
    with tempfile.TemporaryFile() as output:
        try:
            subprocess.run(
                words, check=True, cwd="/", timeout=_TIMEOUT_S, stdout=output, stderr=output
            )
        except subprocess.CalledProcessError as error:
            output.seek(0)
            error.add_note(output.read().decode(errors="replace"))
            raise
