"""The recorder's settings."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class RecorderConfig:
    """Settings that an operator can choose.

    Attributes:
        data_dir: the folder of everything that is kept here.
        database_url: SQLAlchemy URL with an async driver; usually the same database as signaling's.
        storage: where recordings are kept for good: a folder's path, or
            ``s3://bucket/prefix?endpoint=…``; ``<data_dir>/recordings`` if None. Lessons are
            recorded and finished in ``<data_dir>/recordings`` if it is a bucket.
        storage_keys: a file with the keys of the bucket; the environment if None.
        ship_archives: the recorders of several machines share the bucket and no folder. Archives
            that grow are brought there piece by piece, so that another machine can go on with a
            recording or finish it. All of them need the same value; a folder ships nothing.
        internal_path: the path below which a reverse proxy finds the folder of recordings, so that
            it sends their files itself.
        key_frame_interval_s: how often key frames are asked for while recording. Each costs the
            publishers some 50 to 150 kB at 720p; without them a recording can be entered only where
            a viewer happened to need one.
        continue_within_s: how long after a start an interrupted recording waits for its lesson to
            go on before it is finished. It can be continued later too, at the price of finishing
            twice.
        min_free_bytes: `begin` refuses to record on a disk with less free than this.
        tail_s: how long `end` waits for what was captured before it and is still under way: in an
            encoder, on a link, in repair.
        reserve_bytes: with less free than this, sources that bring much are not recorded. The
            others go on.
        source_bps: what is recorded of one source in the long run. Beyond it the source is left out
            until it brings less.
        source_bytes: what is recorded of one source between two starts of its recording.
    """

    data_dir: Path
    database_url: str
    storage: str | None = None
    storage_keys: Path | None = None
    ship_archives: bool = False
    internal_path: str | None = None
    key_frame_interval_s: float = 10.0
    continue_within_s: float = 5.0
    min_free_bytes: int = 256 * 1024 * 1024
    tail_s: float = 0.25
    reserve_bytes: int = 2 * 1024 * 1024 * 1024
    source_bps: float = 25e6
    source_bytes: int = 12 * 1024 * 1024 * 1024
