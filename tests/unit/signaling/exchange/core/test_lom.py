"""LOM is a view that loses nothing, and reads what others wrote."""

import string

from hypothesis import given
from hypothesis import strategies as st

from signaling.exchange.core.lom import read_lom
from signaling.exchange.core.records import SharedMetadata
from signaling.exchange.reading import read_xml
from tests.unit.signaling.exchange.core.views import lom_bytes

LETTERS = st.characters(
    codec="utf-8", exclude_categories=("Cc", "Cs", "Z"), exclude_characters="￾￿"
)
TEXT = st.text(LETTERS, min_size=1, max_size=20)
MAYBE = st.just("") | TEXT
CODE = st.text(string.ascii_lowercase + "_", min_size=1, max_size=12)
METADATA = st.builds(
    SharedMetadata,
    title=TEXT,
    summary=MAYBE,
    keywords=st.lists(TEXT, max_size=10).map(tuple),
    subject=MAYBE,
    stage=st.sampled_from(["", "primary", "junior", "senior"]),
    grade=MAYBE,
    edition=MAYBE,
    volume=MAYBE,
    section=MAYBE,
    teacher_name=MAYBE,
    school_name=MAYBE,
    language=st.sampled_from(["zh-CN", "en", "bo"]),
    kind_of_resource=st.just("") | CODE,
    audience=st.just("") | CODE,
    copyright_note=MAYBE,
    page_url=st.just("") | CODE.map("https://example.org/{}".format),
    duration_s=st.integers(0, 100_000),
    media_type=st.sampled_from(["", "video/mp4"]),
    created_on=st.sampled_from(["", "2026-11-29"]),
)


@given(METADATA)
def test_what_is_written_is_read_again(metadata: SharedMetadata) -> None:
    assert read_lom(read_xml(lom_bytes(metadata))) == metadata


def test_anothers_lom_is_read_with_its_prefixes_and_its_words() -> None:
    read = read_lom(
        read_xml(
            """<x:lom xmlns:x="http://ltsc.ieee.org/xsd/LOM"><x:general>
            <x:title><x:string language="zh">\n 浮力 </x:string>
            <x:string>Buoyancy</x:string></x:title>
            </x:general><x:technical><x:duration><x:duration>PT1H2M3.5S</x:duration></x:duration>
            </x:technical><x:educational><x:learningResourceType><x:source>LOMv1.0</x:source>
            <x:value>exercise</x:value></x:learningResourceType></x:educational>
            <x:classification><x:purpose><x:value>educational level</x:value></x:purpose>
            <x:taxonPath><x:taxon><x:entry><x:string>初中</x:string></x:entry></x:taxon>
            <x:taxon><x:entry><x:string>八年级</x:string></x:entry></x:taxon></x:taxonPath>
            </x:classification></x:lom>""".encode()
        )
    )
    assert read == SharedMetadata(
        title="浮力",
        language="",
        duration_s=3723,
        kind_of_resource="exercise",
        stage="junior",
        grade="八年级",
    )


def test_no_title_and_no_lom_are_nothing() -> None:
    assert read_lom(read_xml(b'<lom xmlns="http://ltsc.ieee.org/xsd/LOM"/>')) is None
    assert read_lom(read_xml(b"<lom><general><title/></general></lom>")) is None
