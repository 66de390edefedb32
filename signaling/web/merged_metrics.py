"""Figures of several processes as one text: every sample says by a label whose it is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from prometheus_client.core import Metric
from prometheus_client.exposition import generate_latest
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import CollectorRegistry

NODE = "node"


class Families(CollectorRegistry):
    """A registry of figures that were read before."""

    def __init__(self, families: Iterable[Metric]) -> None:
        super().__init__()
        self._families = tuple(families)

    def collect(self) -> Iterable[Metric]:
        """The families."""
        return self._families


def parsed(text: bytes) -> list[Metric]:
    """Read a text of figures. Raises ValueError."""
    return list(text_string_to_metric_families(text.decode()))


def merged(families_of: Mapping[str, Iterable[Metric]]) -> bytes:
    """Write the families of all nodes, each family once.

    A family that a node knows as another type is left out: nodes may be of two versions.
    """
    found: dict[str, Metric] = {}
    for node, families in families_of.items():
        for family in families:
            whole = found.get(family.name)
            if whole is None:
                whole = Metric(family.name, family.documentation, family.type)
                found[family.name] = whole
            if whole.type == family.type:
                whole.samples += [
                    sample._replace(labels={**sample.labels, NODE: node})
                    for sample in family.samples
                ]
    return generate_latest(Families(found.values()))
