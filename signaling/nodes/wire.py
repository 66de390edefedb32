"""Bodies: the processes of the installation."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class NodeKind(StrEnum):
    """What a process does. An installation of one process has one that does everything."""

    SINGLE = "single"
    CELL = "cell"
    WEB = "web"
    WORKER = "worker"


class NodeHealth(StrEnum):
    """How sure the others are that a process runs; as `cells.api.Health`."""

    ALIVE = "alive"
    SUSPECT = "suspect"
    GONE = "gone"


class ServerNode(msgspec.Struct, frozen=True):
    """A process. Load and capacity count participants of lessons; both are 0 where it has none.

    `sure` and `doubtful` count the lessons that a cell holds, also those that wait. Doubtful ones
    go on by the word of the database alone, as while Redis is away.
    """

    node_id: str
    kind: NodeKind
    health: NodeHealth
    capacity: int = 0
    load: int = 0
    lessons: int = 0  # that are live
    sure: int = 0
    doubtful: int = 0
    draining: bool = False
    carried: int = 0  # viewers of other cells' lessons
    carried_lessons: int = 0


class ServerNodeList(msgspec.Struct, frozen=True):
    """The processes of the installation, as one web process knows them.

    Attributes:
        own: the process that answers.
        reachable: Redis has answered last time. If not, the nodes are as they were before, lessons
            go on, and nothing new can be opened. None: one process alone needs no Redis.
        nodes: in order of their ids; those gone lately are among them.
    """

    own: str
    reachable: bool | None
    nodes: tuple[ServerNode, ...]
