"""Dublin Core as OAI-PMH demands it (`oai_dc`): a view of a resource's metadata, and back."""

from __future__ import annotations

from signaling.exchange.core.markup import Markup, tag, tags
from signaling.exchange.core.nodes import Node
from signaling.exchange.core.records import SharedMetadata
from signaling.exchange.core.words import STAGES

OAI_DC = "http://www.openarchives.org/OAI/2.0/oai_dc/"
OAI_DC_SCHEMA = "http://www.openarchives.org/OAI/2.0/oai_dc.xsd"
DC = "http://purl.org/dc/elements/1.1/"
_SPACES = {
    "xmlns:oai_dc": OAI_DC,
    "xmlns:dc": DC,
    "xmlns:xsi": "http://www.w3.org/2001/XMLSchema-instance",
    "xsi:schemaLocation": f"{OAI_DC} {OAI_DC_SCHEMA}",
}
_VIDEO = "MovingImage"  # of the DCMI type vocabulary


def dublin_core_of(metadata: SharedMetadata, identifier: str) -> Markup:
    """Write a resource's metadata as `oai_dc:dc`."""
    subjects = [metadata.subject, STAGES.get(metadata.stage, metadata.stage), metadata.grade]
    textbook = [part for part in (metadata.edition, metadata.volume, metadata.section) if part]
    return tag(
        "oai_dc:dc",
        tag("dc:title", metadata.title),
        tags("dc:creator", [metadata.teacher_name]),
        tags("dc:subject", [*subjects, *metadata.keywords]),
        tags("dc:description", [metadata.summary]),
        tags("dc:publisher", [metadata.school_name]),
        tags("dc:date", [metadata.created_on]),
        tags("dc:type", [_VIDEO if metadata.media_type.startswith("video/") else ""]),
        tags("dc:type", [metadata.kind_of_resource]),
        tags("dc:format", [metadata.media_type]),
        tags("dc:identifier", [metadata.page_url, identifier]),
        tags("dc:language", [metadata.language]),
        tags("dc:relation", [" ".join(textbook)]),
        tags("dc:rights", [metadata.copyright_note]),
        **_SPACES,
    )


def read_dublin_core(root: Node) -> SharedMetadata | None:
    """Read `oai_dc:dc` of any library. None if it is none, or names no title."""
    if root.space != OAI_DC or root.name != "dc":
        return None
    title = root.says("title")
    if not title:
        return None
    by_name = {name: stage for stage, name in STAGES.items()}
    subjects = [text for one in root.all("subject") if (text := one.text.strip())]
    addresses = [one.text.strip() for one in root.all("identifier")]
    return SharedMetadata(
        title=title,
        summary=root.says("description"),
        keywords=tuple(text for text in subjects[1:] if text not in by_name),
        subject=subjects[0] if subjects else "",
        stage=next((by_name[text] for text in subjects if text in by_name), ""),
        teacher_name=root.says("creator"),
        school_name=root.says("publisher"),
        language=root.says("language"),
        media_type=root.says("format"),
        copyright_note=root.says("rights"),
        created_on=root.says("date")[:10],
        page_url=next((one for one in addresses if one.startswith(("http://", "https://"))), ""),
    )
