"""Reading an uploaded LOM package. Only the worker process loads this."""

from __future__ import annotations

import io

from signaling.exchange.packages import read_package
from signaling.exchange.wire import LomPackageAsk, LomPackageRead
from signaling.jobs.kinds import JobContext

MAX_NAMED = 200  # files that the result names


async def read_uploaded(context: JobContext, ask: LomPackageAsk) -> LomPackageRead:
    """Read a package of the owner's. Raises NotFound, FileTooLarge, Invalid."""
    data = await context.files.read(context.actor.actor_id, ask.file_id)
    package = read_package(io.BytesIO(data))
    return LomPackageRead(
        metadata=package.metadata,
        files=tuple(file.name for file in package.files[:MAX_NAMED]),
        linked=package.linked[:MAX_NAMED],
        count=len(package.files),
    )
