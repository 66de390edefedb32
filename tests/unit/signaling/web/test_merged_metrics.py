"""Figures of several processes as one text."""

import pytest
from prometheus_client import Counter, Histogram
from prometheus_client.core import GaugeHistogramMetricFamily, GaugeMetricFamily
from prometheus_client.exposition import generate_latest

from signaling.web.merged_metrics import Families, merged, parsed


def text_of(*families) -> bytes:
    return generate_latest(Families(families))


def gauge(name: str, value: float, **labels: str) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, "words", labels=tuple(labels))
    family.add_metric(tuple(labels.values()), value)
    return family


def test_each_sample_names_its_node_and_each_family_stands_once() -> None:
    texts = {
        "web": text_of(gauge("tongke_rooms", 0), gauge("tongke_web", 1)),
        "cell-1": text_of(gauge("tongke_rooms", 3, of='a "b"\n\\')),
    }
    both = merged({node: parsed(text) for node, text in texts.items()}).decode()
    assert both.splitlines() == [
        "# HELP tongke_rooms words",
        "# TYPE tongke_rooms gauge",
        'tongke_rooms{node="web"} 0.0',
        'tongke_rooms{node="cell-1",of="a \\"b\\"\\n\\\\"} 3.0',
        "# HELP tongke_web words",
        "# TYPE tongke_web gauge",
        'tongke_web{node="web"} 1.0',
    ]


def test_counters_and_histograms_stay_what_they_are() -> None:
    counter = Counter("tongke_asked", "words", ("route",), registry=None)
    counter.labels("/a").inc(7)
    timed = Histogram("tongke_seconds", "words", registry=None, buckets=(1.0,))
    timed.observe(0.5)
    rates = GaugeHistogramMetricFamily("tongke_bps", "words", buckets=[("+Inf", 2)], gsum_value=9)
    text = text_of(*counter.collect(), *timed.collect(), rates)
    both = merged({"a": parsed(text), "b": parsed(text)})
    lines = both.decode().splitlines()
    assert 'tongke_asked_total{node="b",route="/a"} 7.0' in lines
    assert 'tongke_seconds_bucket{le="1.0",node="a"} 1.0' in lines
    assert 'tongke_bps_bucket{le="+Inf",node="b"} 2.0' in lines
    heads = [line for line in lines if line.startswith("# TYPE")]
    assert len(heads) == len(set(heads))
    assert parsed(both)  # it can be read again


def test_a_family_of_another_type_is_left_out() -> None:
    counter = Counter("tongke_rooms", "words", registry=None)
    older = parsed(text_of(*counter.collect()))
    newer = parsed(text_of(gauge("tongke_rooms", 3)))
    both = merged({"new": newer, "old": older}).decode()
    assert "tongke_rooms_total" not in both
    assert 'tongke_rooms{node="new"} 3.0' in both


def test_what_is_no_text_of_figures_is_refused() -> None:
    for text in (b"<html>", b"\xff", b"tongke_rooms{"):
        with pytest.raises(ValueError, match=r"."):
            parsed(text)
