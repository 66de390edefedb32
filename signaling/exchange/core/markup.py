"""Writing XML: text is escaped by its type, so that no value of a record can become markup."""

from __future__ import annotations

import re

# Everything that XML 1.0 (fifth edition) §2.2 does not take.
_ILLEGAL = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_SPECIAL = re.compile('[&<>"\t\n\r]')
# Characters of a text that need a second look; most texts have none.
_SUSPECT = re.compile('[&<>"\r]|[^\t\n\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]')
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"}


class Markup(str):
    """Text that is XML already. Everything else is escaped."""

    __slots__ = ()


NOTHING = Markup("")
DECLARATION = Markup('<?xml version="1.0" encoding="UTF-8"?>\n')


def is_legal(text: str) -> bool:
    """Tell whether XML can hold a text at all."""
    return _ILLEGAL.search(text) is None


def escaped(text: str) -> Markup:
    """Text for the place between tags. Characters that XML cannot hold are left out."""
    if _SUSPECT.search(text) is None:
        return Markup(text)
    text = _ILLEGAL.sub("", text)
    for character, entity in _ENTITIES.items():
        text = text.replace(character, entity)
    return Markup(text.replace("\r", "&#13;"))


def tag(name: str, *children: str, **attributes: str) -> Markup:
    """Return an element. A child that is no `Markup` is text.

    Names are written as they are: they come from code, never from data.
    """
    opening = name
    for key, value in attributes.items():
        opening += f' {key}="{_attribute(value)}"'
    if not children:
        return Markup(f"<{opening}/>")
    inner = "".join([c if type(c) is Markup else escaped(c) for c in children])
    return Markup(f"<{opening}>{inner}</{name}>")


def tags(name: str, texts: list[str], **attributes: str) -> Markup:
    """Return one element for each text that is not empty."""
    return joined(*(tag(name, text, **attributes) for text in texts if text))


def joined(*parts: Markup) -> Markup:
    """Return elements one behind the other."""
    return Markup("".join(parts))


def _attribute(value: str) -> str:
    def entity(found: re.Match[str]) -> str:
        return _ENTITIES.get(found[0]) or f"&#{ord(found[0])};"

    return _SPECIAL.sub(entity, _ILLEGAL.sub("", value))
