"""The maker of editions for a worker process, which has only the settings."""

from __future__ import annotations

from pathlib import Path

from recorder.config import RecorderConfig
from recorder.editions.maker import Maker
from recorder.storage.chosen import chosen_storage


def open_maker(
    data_dir: Path, database_url: str, storage: str | None, storage_keys: Path | None
) -> Maker:
    """Open the storage that the server's settings name, and return what makes editions in it.

    Raises BadLocation.
    """
    return Maker(
        chosen_storage(
            RecorderConfig(
                data_dir=data_dir,
                database_url=database_url,
                storage=storage,
                storage_keys=storage_keys,
            )
        )
    )
