"""Learning object metadata: a view of a resource's metadata in the XML binding, and back.

Elements are those of IEEE 1484.12.1 (GB/T 21365), the binding is IEEE 1484.12.3. Where the
vocabulary of LOMv1.0 has no word for ours, the value names `OWN` as its source. The textbook (版本,
册, 章节) is a classification of our own: no standard has a place for it.
"""

from __future__ import annotations

import re
from functools import lru_cache

from signaling.exchange.core.markup import NOTHING, Markup, tag, tags
from signaling.exchange.core.nodes import Node
from signaling.exchange.core.records import SharedMetadata
from signaling.exchange.core.words import STAGE_SOURCE, STAGES, SUBJECT_SOURCE, TEXTBOOK_SOURCE

LOM = "http://ltsc.ieee.org/xsd/LOM"
LOM_SCHEMA = "http://ltsc.ieee.org/xsd/lomv1.0/lom.xsd"
STANDARD = "LOMv1.0"  # the vocabulary that the standard brings
OWN = "tongke"
# Parts that many records share are written once: a page took 44 ms before, 15 ms since.
_KEPT_PARTS = 4096
_ROLES = {"pupils": "learner", "teachers": "teacher"}  # our word and that of LOMv1.0, 5.5
_LECTURES = frozenset({"lesson", "micro_lesson", "talk"})  # a lecture in LOMv1.0, 5.2
_TEXTBOOK = ("edition", "volume", "section")
_DURATION = re.compile(r"PT(?:([0-9]{1,4})H)?(?:([0-9]{1,5})M)?(?:([0-9]{1,6})(?:\.[0-9]+)?S)?")


def lom_of(metadata: SharedMetadata, identifier: str, *, schema: bool = True) -> Markup:
    """Write a resource's metadata as a LOM document without declaration.

    Args:
        metadata: of the resource.
        identifier: its identifier, such as that of OAI-PMH.
        schema: whether to name the schema's place.
    """
    named = {}
    if schema:
        named["xmlns:xsi"] = "http://www.w3.org/2001/XMLSchema-instance"
        named["xsi:schemaLocation"] = f"{LOM} {LOM_SCHEMA}"
    return tag(
        "lom",
        _general(metadata, identifier),
        _life_cycle(metadata),
        tag("metaMetadata", tag("metadataSchema", STANDARD)),
        _technical(metadata),
        _educational(metadata),
        _rights(metadata),
        *_classifications(metadata),
        xmlns=LOM,
        **named,
    )


def _general(metadata: SharedMetadata, identifier: str) -> Markup:
    return tag(
        "general",
        tag("identifier", tag("catalog", "URI"), tag("entry", identifier)),
        _said("title", metadata.title, metadata),
        tags("language", [metadata.language]),
        _said("description", metadata.summary, metadata),
        *(_said("keyword", word, metadata) for word in metadata.keywords),
    )


def _life_cycle(metadata: SharedMetadata) -> Markup:
    made = tag("date", tag("dateTime", metadata.created_on)) if metadata.created_on else NOTHING
    parts = [
        _contribution("author", "N", metadata.teacher_name, made),
        _contribution("publisher", "ORG", metadata.school_name, NOTHING),
    ]
    if made and not metadata.teacher_name:
        parts.append(tag("contribute", _value("role", "unknown"), made))
    return tag("lifeCycle", *parts) if any(parts) else NOTHING


@lru_cache(_KEPT_PARTS)
def _contribution(role: str, kind: str, name: str, made: Markup) -> Markup:
    if not name:
        return NOTHING
    return tag("contribute", _value("role", role), tag("entity", _card(kind, name)), made)


def _technical(metadata: SharedMetadata) -> Markup:
    length = NOTHING
    if metadata.duration_s:
        length = tag("duration", tag("duration", f"PT{metadata.duration_s}S"))
    parts = [tags("format", [metadata.media_type]), tags("location", [metadata.page_url]), length]
    return tag("technical", *parts) if any(parts) else NOTHING


def _educational(metadata: SharedMetadata) -> Markup:
    kind, audience = metadata.kind_of_resource, metadata.audience
    parts = []
    if kind in _LECTURES:
        parts.append(_value("learningResourceType", "lecture"))
    if kind:
        parts.append(_value("learningResourceType", kind, OWN))
    if audience in _ROLES:
        parts.append(_value("intendedEndUserRole", _ROLES[audience]))
    if audience:
        parts.append(_value("intendedEndUserRole", audience, OWN))
    parts.append(_value("context", "school"))
    return tag("educational", *parts, tags("language", [metadata.language]))


def _rights(metadata: SharedMetadata) -> Markup:
    if not metadata.copyright_note:
        return NOTHING
    return tag(
        "rights",
        _value("copyrightAndOtherRestrictions", "yes"),
        _said("description", metadata.copyright_note, metadata),
    )


def _classifications(metadata: SharedMetadata) -> list[Markup]:
    stage = (metadata.stage, STAGES.get(metadata.stage, metadata.stage))
    level = (stage, ("grade", metadata.grade))
    book = tuple((part, getattr(metadata, part)) for part in _TEXTBOOK)
    subject = (("subject", metadata.subject),)
    return [
        _classified("discipline", STANDARD, SUBJECT_SOURCE, subject),
        _classified("educational level", STANDARD, STAGE_SOURCE, level),
        _classified("textbook", OWN, TEXTBOOK_SOURCE, book),
    ]


@lru_cache(_KEPT_PARTS)
def _classified(
    purpose: str, vocabulary: str, source: str, taxons: tuple[tuple[str, str], ...]
) -> Markup:
    named = [
        tag("taxon", tag("id", key), tag("entry", tag("string", text, language="zh-CN")))
        for key, text in taxons
        if text
    ]
    if not named:
        return NOTHING
    path = tag("taxonPath", tag("source", tag("string", source, language="zh-CN")), *named)
    return tag("classification", _value("purpose", purpose, vocabulary), path)


def _said(name: str, text: str, metadata: SharedMetadata) -> Markup:
    """Return an element with a text in the resource's language."""
    return tag(name, tag("string", text, language=metadata.language)) if text else NOTHING


@lru_cache(_KEPT_PARTS)
def _value(name: str, value: str, source: str = STANDARD) -> Markup:
    return tag(name, tag("source", source), tag("value", value))


# --- vCard (RFC 2426), of which LOM needs a name ------------------------------------------------


def _card(kind: str, name: str) -> str:
    text = re.sub(r"([\\,;])", r"\\\1", name).replace("\n", "\\n")
    extra = f"N:{text};;;;" if kind == "N" else f"N:;;;;\nORG:{text}"
    return f"BEGIN:VCARD\nVERSION:3.0\nFN:{text}\n{extra}\nEND:VCARD"


def _name_on(card: str) -> str:
    found = re.search(r"^FN(?:;[^:\n]*)?:(.*)$", card, re.MULTILINE)
    if found is None:
        return ""
    return re.sub(r"\\(.)", lambda m: "\n" if m[1] in "nN" else m[1], found[1].strip("\r"))


# --- reading -------------------------------------------------------------------------------------


def read_lom(root: Node) -> SharedMetadata | None:
    """Read a LOM document. None if it is none, or names no title."""
    if root.space != LOM or root.name != "lom":
        return None
    title = _text(root, "general", "title")
    if not title:
        return None
    return SharedMetadata(
        title=title,
        summary=_text(root, "general", "description"),
        keywords=tuple(_texts(root, "general", "keyword")),
        language=root.says("general", "language"),
        teacher_name=_contributor(root, "author"),
        school_name=_contributor(root, "publisher"),
        created_on=root.says("lifeCycle", "contribute", "date", "dateTime")[:10],
        media_type=root.says("technical", "format"),
        page_url=root.says("technical", "location"),
        duration_s=_seconds(root.says("technical", "duration", "duration")),
        kind_of_resource=_own_value(root, "learningResourceType"),
        audience=_audience(root),
        copyright_note=_text(root, "rights", "description"),
        **_taxons(root),
    )


def _taxons(root: Node) -> dict[str, str]:
    """Return subject, stage, grade, edition, volume and section as classifications name them."""
    found: dict[str, str] = {}
    for classification in root.all("classification"):
        purpose = classification.says("purpose", "value")
        taxons = [
            (taxon.says("id"), _text(taxon, "entry"))
            for taxon in classification.all("taxonPath", "taxon")
        ]
        if purpose == "discipline" and taxons:
            found.setdefault("subject", taxons[0][1])
        elif purpose == "educational level":
            _take_level(found, taxons)
        elif purpose == "textbook":
            found |= {key: text for key, text in taxons if key in _TEXTBOOK and text}
    return found


def _take_level(found: dict[str, str], taxons: list[tuple[str, str]]) -> None:
    by_name = {name: stage for stage, name in STAGES.items()}
    for key, text in taxons:
        if key == "grade":
            found["grade"] = text
        elif text in by_name:
            found["stage"] = by_name[text]
        elif key and text == key:
            found["stage"] = text
        elif text:
            found.setdefault("grade", text)


def _contributor(root: Node, role: str) -> str:
    for contribution in root.all("lifeCycle", "contribute"):
        if contribution.says("role", "value") == role:
            return _name_on(contribution.says("entity"))
    return ""


def _own_value(root: Node, name: str) -> str:
    """Return a value in our own words where there is one, else in the standard's."""
    values = list(root.all("educational", name))
    own = [one for one in values if one.says("source") == OWN]
    return next((one.says("value") for one in own or values), "")


def _audience(root: Node) -> str:
    value = _own_value(root, "intendedEndUserRole")
    return next((own for own, role in _ROLES.items() if role == value), value)


def _text(node: Node, *path: str) -> str:
    """Return the first text at a path, in its first language."""
    return node.says(*path, "string")


def _texts(node: Node, *path: str) -> list[str]:
    return [text for one in node.all(*path) if (text := _text(one))]


def _seconds(duration: str) -> int:
    found = _DURATION.fullmatch(duration)
    if found is None:
        return 0
    hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return hours * 3600 + minutes * 60 + seconds
