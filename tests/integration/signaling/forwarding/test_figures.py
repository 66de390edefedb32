"""/metrics of a web process: its own figures and those of all cells."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from prometheus_client.core import GaugeMetricFamily

from signaling.forwarding import figures as module
from signaling.forwarding.figures import AllFigures
from signaling.forwarding.metrics import ForwardFigures
from signaling.forwarding.places import CellAddress, StaticPlaces
from signaling.forwarding.sender import Sender
from signaling.web.merged_metrics import parsed
from signaling.web.metrics import Metrics, RequestMetrics
from tests.support.server import ProblemError
from tests.support.web_and_cell import Cluster, sender_of, web_and_cell


@dataclass
class OwnGauge:
    """Figures of the web process."""

    async def text(self) -> bytes:
        return b"# TYPE tongke_rooms gauge\ntongke_rooms 0\n"


@pytest.fixture
async def cluster(tmp_path: Path) -> AsyncIterator[Cluster]:
    async with web_and_cell(tmp_path) as running:
        yield running


@pytest.fixture
async def sender(cluster: Cluster) -> AsyncIterator[Sender]:
    made = sender_of(cluster.web)
    yield made
    await made.clients.close()


def all_figures(sender: Sender, cells: Sequence[CellAddress]) -> AllFigures:
    return AllFigures(OwnGauge(), "web-1", StaticPlaces(cells), sender)


async def values(figures: AllFigures, name: str, by: str = "node") -> dict[str, float]:
    """The samples of a name, by a label."""
    families = parsed(await figures.text())
    samples = [one for family in families for one in family.samples if one.name == name]
    return {one.labels[by]: one.value for one in samples}


async def test_a_web_process_tells_what_its_cells_do(cluster: Cluster, sender: Sender) -> None:
    teacher = await cluster.sign_in("wang")
    await teacher.live_lesson()
    figures = all_figures(sender, [cluster.address])
    assert await values(figures, "tongke_rooms") == {"web-1": 0, "cell-1": 1}
    assert await values(figures, "tongke_live_lessons") == {"cell-1": 1}
    assert await values(figures, "tongke_cell_figures", "cell") == {"cell-1": 1}
    assert await values(figures, "tongke_cell_figures_missing_total") == {"web-1": 0}


async def test_a_cell_that_does_not_answer_is_missing_and_counted(
    cluster: Cluster, sender: Sender, tmp_path: Path
) -> None:
    dead = CellAddress("cell-2", tmp_path / "nobody.sock")
    figures = all_figures(sender, [cluster.address, dead])
    assert await values(figures, "tongke_rooms") == {"web-1": 0, "cell-1": 0}
    assert await values(figures, "tongke_cell_figures", "cell") == {"cell-1": 1, "cell-2": 0}
    await cluster.cell_down()
    assert await values(figures, "tongke_rooms") == {"web-1": 0}
    assert await values(figures, "tongke_cell_figures_missing_total") == {"web-1": 6}
    await cluster.cell_up()
    assert set(await values(figures, "tongke_rooms")) == {"web-1", "cell-1"}


@pytest.mark.parametrize(("limit", "value"), [("MAX_BYTES", 100), ("ANSWER_S", 0.0)])
async def test_what_a_cell_answers_is_bounded(
    cluster: Cluster, sender: Sender, monkeypatch: pytest.MonkeyPatch, limit: str, value: float
) -> None:
    monkeypatch.setattr(module, limit, value)
    figures = all_figures(sender, [cluster.address])
    assert await values(figures, "tongke_cell_figures", "cell") == {"cell-1": 0}


async def test_forwarded_requests_and_their_failures_are_counted(cluster: Cluster) -> None:
    teacher = await cluster.sign_in("wang")
    lesson = await teacher.live_lesson()
    path = f"/api/lessons/{lesson['lesson_id']}/end"
    await cluster.cell_down()
    with pytest.raises(ProblemError) as refused:
        await teacher.call("POST", path)
    assert refused.value.status == 503
    figures = ForwardFigures(cluster.forwarder.counts)
    told = {
        (sample.name, sample.labels.get("kind")): sample.value
        for family in figures.collect()
        for sample in family.samples
    }
    assert told["tongke_forwarded_total", "request"] >= 2
    assert told["tongke_forwarded_failed_total", "request"] == 1
    await cluster.cell_up()


async def test_without_cells_nothing_is_labelled() -> None:
    gauge = GaugeMetricFamily("tongke_rooms", "words", value=2)

    class One:
        def collect(self) -> list[GaugeMetricFamily]:
            return [gauge]

    text = await Metrics(RequestMetrics(), (One(),)).text()
    assert b"\ntongke_rooms 2.0\n" in text
    assert b"node=" not in text
