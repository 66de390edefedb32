"""The check as a job."""

from __future__ import annotations

from signaling.file_checks.wire import CheckResult, CheckWish
from signaling.jobs.kinds import JobKind, JobLimits

# 8 GB take some two minutes of computing; a slow disk (20 MB/s) reads and writes for 25 minutes.
FILE_CHECK = JobKind(
    "file_check", CheckWish, CheckResult, JobLimits(memory_mb=4096, cpu_s=1800, wall_s=4 * 3600)
)
