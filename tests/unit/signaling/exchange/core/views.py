"""Views of metadata as bytes."""

from signaling.exchange.core.dublin_core import dublin_core_of
from signaling.exchange.core.lom import lom_of
from signaling.exchange.core.records import SharedMetadata


def lom_bytes(metadata: SharedMetadata) -> bytes:
    return lom_of(metadata, "oai:tongke.example:r1").encode()


def dublin_core_bytes(metadata: SharedMetadata) -> bytes:
    return dublin_core_of(metadata, "oai:tongke.example:r1").encode()
