"""Processes of this machine, as /proc shows them."""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Process:
    """A process that somebody else has started."""

    pid: int

    @property
    def words(self) -> tuple[str, ...]:
        """Its command; empty of one that has ended."""
        try:
            text = Path(f"/proc/{self.pid}/cmdline").read_text()
        except OSError:
            return ()
        return tuple(text.split("\0")[:-1])

    @property
    def runs(self) -> bool:
        """Whether it has not ended. One that nobody has waited for has ended, too."""
        return bool(self.words)

    def kill(self) -> None:
        """SIGKILL."""
        os.kill(self.pid, signal.SIGKILL)

    def pause(self) -> None:
        """SIGSTOP."""
        os.kill(self.pid, signal.SIGSTOP)

    def go_on(self) -> None:
        """SIGCONT."""
        os.kill(self.pid, signal.SIGCONT)


def children_of(pid: int) -> list[Process]:
    """The processes that a process has started, and that have not ended."""
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [child for child in (Process(int(one)) for one in text.split()) if child.runs]
