"""Whisper by faster-whisper, from local files alone. Only the worker process loads this."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from signaling.library.captions.model import ENGINE, WEIGHTS, folders_of
from signaling.library.captions.speech import Heard, Samples

# Asks for simplified characters and punctuation (faster-whisper#521).
_PROMPTS = {"zh": "以下是普通话的句子。"}
_FULL_SCALE = 32_768.0
_PART = ".part"  # `model.bin.part1`, `model.bin.part2`, …


class ModelMissing(Exception):
    """The engine or its model is not installed."""


class Whisper:
    """Implements `speech.Recogniser`."""

    def __init__(self, model: str, keep: Path, *, language: str, threads: int) -> None:
        """Load a model; its parts are put together once.

        Args:
            model: as the configuration names it.
            keep: the folder for models that are put together.
            language: of what is said, as Whisper names it.
            threads: that compute.

        Raises:
            ModelMissing: see there.
            OSError: the disk is full.
        """
        os.environ["HF_HUB_OFFLINE"] = "1"  # nothing is ever fetched
        folder = put_together(model, keep)
        try:
            engine = import_module(ENGINE)
        except ImportError as error:
            raise ModelMissing(str(error)) from error
        self.name = f"faster-whisper {engine.__version__} · {Path(model).name}"
        self._language = language
        self._model: Any = engine.WhisperModel(
            str(folder),
            device="cpu",
            compute_type="int8",
            cpu_threads=threads,
            num_workers=1,
            local_files_only=True,
        )

    def hear(self, samples: Samples) -> Iterator[Heard]:
        """See `Recogniser`."""
        segments, _ = self._model.transcribe(
            samples.astype(np.float32) / _FULL_SCALE,
            language=self._language,
            vad_filter=True,
            condition_on_previous_text=False,
            initial_prompt=_PROMPTS.get(self._language),
        )
        for one in segments:
            yield Heard(float(one.start), float(one.end), str(one.text))


def put_together(model: str, keep: Path) -> Path:
    """Return a folder with the whole model. Raises ModelMissing, OSError."""
    folders = folders_of(model)
    if not folders:
        raise ModelMissing(model)
    if (folders[0] / WEIGHTS).is_file():
        return folders[0]
    size = sum(path.stat().st_size for path in _parts(folders))
    target = keep / f"{model.replace('/', '_')}-{size}"
    if not target.is_dir():
        draft = keep / f".{target.name}-{os.getpid()}"
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(parents=True)
        try:
            _copy(folders, draft)
            draft.rename(target)
        except FileExistsError:
            pass  # another worker was faster
        except OSError:
            if not target.is_dir():
                raise
        finally:
            shutil.rmtree(draft, ignore_errors=True)
    return target


def _parts(folders: Sequence[Path]) -> list[Path]:
    parts = [path for folder in folders for path in folder.glob(f"{WEIGHTS}{_PART}*")]
    return sorted(parts, key=lambda path: int(path.name.rpartition(_PART)[2]))


def _copy(folders: Sequence[Path], target: Path) -> None:
    with (target / WEIGHTS).open("wb") as whole:
        for path in _parts(folders):
            with path.open("rb") as part:
                shutil.copyfileobj(part, whole)
    for folder in folders:
        for path in folder.glob("*.json"):
            shutil.copyfile(path, target / path.name)
