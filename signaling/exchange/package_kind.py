"""Reading a LOM package as a job: its name, and what goes in and comes out."""

from __future__ import annotations

from signaling.exchange.wire import LomPackageAsk, LomPackageRead
from signaling.jobs.kinds import JobKind, JobLimits

LOM_PACKAGE = JobKind("lom_package", LomPackageAsk, LomPackageRead, JobLimits(cpu_s=60, wall_s=120))
