"""The maker of films for a worker process, which has only the settings."""

from __future__ import annotations

from pathlib import Path

from recorder.config import RecorderConfig
from recorder.films.maker import FilmStudio
from recorder.storage.chosen import chosen_storage


def open_studio(
    data_dir: Path, database_url: str, storage: str | None, storage_keys: Path | None
) -> FilmStudio:
    """Open the storage that the server's settings name, and return what makes films in it.

    Raises BadLocation.
    """
    config = RecorderConfig(
        data_dir=data_dir, database_url=database_url, storage=storage, storage_keys=storage_keys
    )
    return FilmStudio(chosen_storage(config))
