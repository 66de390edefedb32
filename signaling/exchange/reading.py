"""Reading XML from strangers: no document type, no entity, and bounds on all that grows."""

from __future__ import annotations

from xml.parsers import expat

from signaling.exchange.core.nodes import Node

MAX_DEPTH = 32  # elements inside each other; LOM needs nine
MAX_ELEMENTS = 200_000  # of one document; a page of 1,000 LOM records has about half
_APART = "\x1f"  # between namespace and name; XML cannot hold it


class UnreadableXml(ValueError):
    """A document that is not read; `code` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def read_xml(data: bytes) -> Node:
    """Read a whole document.

    A document type is refused when it begins, before any of its entities exists. So there are no
    entities to expand, and nothing outside is ever opened.

    Raises:
        UnreadableXml: xml_malformed, xml_doctype, xml_too_deep or xml_too_large.
    """
    return _Reader().read(data)


class _Reader:
    """One document on its way through expat."""

    def __init__(self) -> None:
        self._top = Node("", "")
        self._open = [self._top]
        self._texts: list[list[str]] = [[]]
        self._elements = 0

    def read(self, data: bytes) -> Node:
        parser = expat.ParserCreate(namespace_separator=_APART)
        parser.buffer_text = True
        parser.StartDoctypeDeclHandler = self._doctype
        parser.EntityDeclHandler = self._doctype
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        try:
            parser.Parse(data, True)
        except (expat.ExpatError, UnicodeError, LookupError, ValueError) as error:
            if isinstance(error, UnreadableXml):
                raise
            raise UnreadableXml("xml_malformed") from None
        return self._top.children[0]

    def _doctype(self, *_: object) -> None:
        raise UnreadableXml("xml_doctype")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._elements += 1
        if self._elements > MAX_ELEMENTS:
            raise UnreadableXml("xml_too_large")
        if len(self._open) > MAX_DEPTH:
            raise UnreadableXml("xml_too_deep")
        space, _, local = name.rpartition(_APART)
        node = Node(space, local, {k.rpartition(_APART)[2]: v for k, v in attributes.items()})
        self._open[-1].children.append(node)
        self._open.append(node)
        self._texts.append([])

    def _end(self, _name: str) -> None:
        self._open.pop().text = "".join(self._texts.pop())

    def _text(self, text: str) -> None:
        self._texts[-1].append(text)
