"""Dublin Core has what its fifteen elements can hold."""

from signaling.exchange.core.dublin_core import DC, read_dublin_core
from signaling.exchange.core.records import SharedMetadata
from signaling.exchange.reading import read_xml
from tests.support.oai_records import made_up
from tests.unit.signaling.exchange.core.views import dublin_core_bytes

(_, RECORD) = made_up(2)


def test_each_element_is_of_dublin_core_and_none_is_empty() -> None:
    assert RECORD.metadata is not None
    root = read_xml(dublin_core_bytes(RECORD.metadata))
    assert {child.space for child in root.children} == {DC}
    assert all(child.text for child in root.children)
    assert [s.text for s in root.all("subject")][:3] == ["数学", "初中", "五年级"]
    assert root.says("relation") == "人教版 上册 第一单元"
    assert [i.text for i in root.all("identifier")] == [
        "https://tongke.example/library/r0000001",
        "oai:tongke.example:r1",
    ]


def test_a_harvested_record_has_its_title_and_where_it_is_shown() -> None:
    assert RECORD.metadata is not None
    read = read_dublin_core(read_xml(dublin_core_bytes(RECORD.metadata)))
    assert read is not None
    assert (read.title, read.page_url) == (RECORD.metadata.title, RECORD.metadata.page_url)
    assert (read.subject, read.stage, read.teacher_name) == ("数学", "junior", "单老师")


def test_least_metadata_is_a_title() -> None:
    root = read_xml(dublin_core_bytes(SharedMetadata(title="a", language="")))
    assert [child.name for child in root.children] == ["title", "identifier"]
    assert read_dublin_core(read_xml(b"<dc><title>a</title></dc>")) is None
