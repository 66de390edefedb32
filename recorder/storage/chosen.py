"""The storage that the settings choose."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import structlog

from recorder.config import RecorderConfig
from recorder.storage.api import Storage
from recorder.storage.bucket import Bucket
from recorder.storage.folder import FolderStorage
from recorder.storage.location import (
    BadLocation,
    others_may_read,
    parse_location,
    read_credentials,
)
from recorder.storage.s3 import S3Storage

_log = structlog.get_logger(__name__)


def chosen_storage(config: RecorderConfig, environment: Mapping[str, str] = os.environ) -> Storage:
    """Make the storage; nothing is asked of a bucket yet.

    Raises:
        BadLocation: the settings cannot be used.
    """
    here = config.data_dir / "recordings"
    place = here if config.storage is None else parse_location(config.storage)
    if isinstance(place, Path):
        return FolderStorage(place.resolve(), config.internal_path)
    file = config.storage_keys
    credentials = read_credentials(file, environment)
    if file is not None and others_may_read(file):
        _log.warning("storage_keys_readable_by_others", file=str(file))
    try:
        bucket = Bucket(place, credentials)
    except (OSError, ValueError) as error:
        raise BadLocation(f"the storage cannot be used: {type(error).__name__}") from None
    local = FolderStorage(here, config.internal_path)
    return S3Storage(local, bucket, ships=config.ship_archives)
