"""Sentences of Markdown pages, docstrings and comments, with their length in words.

A sentence ends at `.`, `!` or `?` before a space, at the end of a paragraph, a list item, a table
cell or a heading. Inline code, a link and a number are one word each. Code blocks do not count.
"""

import ast
import io
import re
import tokenize
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby

from house.sources import Documented, Module, documented

# Words that point at something said before, or that open a relative clause.
OPENERS = frozenset(
    {
        "it",
        "its",
        "it's",
        "this",
        "that",
        "that's",
        "these",
        "those",
        "they",
        "their",
        "them",
        "there",
        "here",
        "he",
        "she",
        "we",
        "you",
        "such",
        "what",
        "what's",
        "whatever",
        "where",
        "which",
        "who",
        "whose",
        "whom",
        "how",
        "when",
        "while",
        "why",
        "whether",
        "as",
    }
)
_FENCE = re.compile(r"^\s*(```|~~~)")
_ITEM = re.compile(r"^\s*(?:[-*+]|\d+[.)])\s+|^#+\s+|^>\s?")
_RULE = re.compile(r"^\s*\|?[\s:|-]+\|?\s*$")
_MARKUP = (
    (re.compile(r"<!--.*?-->", re.DOTALL), " "),
    (re.compile(r"!\[[^\]]*\]\([^)]*\)"), " "),
    (re.compile(r"\[([^\]]*)\]\([^)]*\)"), r"\1"),
    (re.compile(r"``[^`]+``|`[^`]+`"), "Code"),
    (re.compile(r"</?[a-z][^>]*>"), " "),
    (re.compile(r"\*+|(?<!\w)_+(?=\S)|(?<=\S)_+(?!\w)"), ""),
)
_SHORT = re.compile(r"\b(e\.g|i\.e|etc|vs|cf|ca|No|Fig|Mr|Dr|approx)\.")
_END = re.compile(r"(?<=[.!?])[\"')\]]*\s+")
_WORD = re.compile(r"[^\W_]")
_FIELD = re.compile(r"^\s*(?:[\w.`*, ]{1,40}:(?:\s|$)|[-*]\s)")
_DIRECTIVE = re.compile(r"^#\s*(noqa|type:|pragma|fmt:|mypy:|ruff:|!)")
_OPENING = re.compile(r"[A-Za-z']+")
_SCRIPT_COMMENT = re.compile(r"/\*\*?(.*?)\*/|(?:(?<=\s)|^)//[^\S\n]?([^\n]*)", re.DOTALL | re.M)


@dataclass(frozen=True)
class Sentence:
    """One sentence, and the place where its block begins."""

    place: str
    text: str

    @property
    def words(self) -> int:
        """Number of words: runs without space that hold a letter or a digit."""
        return sum(bool(_WORD.search(part)) for part in self.text.split())


def sentences(block: str, place: str) -> Iterator[Sentence]:
    """Split one block of running text."""
    for pattern, replacement in _MARKUP:
        block = pattern.sub(replacement, block)
    block = _SHORT.sub(lambda found: found[1].replace(".", ""), " ".join(block.split()))
    for text in _END.split(block):
        if _WORD.search(text):
            yield Sentence(place, text)


def markdown(text: str, path: str) -> Iterator[Sentence]:
    """Yield the sentences of a page."""
    for line, block in _markdown_blocks(text):
        yield from sentences(block, f"{path}:{line}")


def _markdown_blocks(text: str) -> Iterator[tuple[int, str]]:
    """Yield each paragraph, item, heading and table cell with its first line."""
    block: list[str] = []
    first = 1
    fenced = False
    for number, line in enumerate([*text.splitlines(), ""], start=1):
        fence = bool(_FENCE.match(line))
        table = line.lstrip().startswith("|")
        if block and (fence or table or not line.strip() or _ITEM.match(line)):
            yield first, " ".join(block)
            block = []
        if fence:
            fenced = not fenced
        elif fenced or not line.strip() or (table and _RULE.match(line)):
            continue
        elif table:
            yield from ((number, cell) for cell in line.strip().strip("|").split("|"))
        elif line.startswith("#"):
            yield number, line.strip("# ")
        else:
            first = first if block else number
            block.append(_ITEM.sub("", line))


def docstrings(module: Module) -> Iterator[tuple[Documented, str]]:
    """Yield each module, class and function that has a docstring, and the docstring."""
    for node in documented(module):
        if text := ast.get_docstring(node):
            yield node, text


def bad_opening(docstring: str) -> str:
    """First word of a docstring if it is a bare pronoun or a relative, else an empty string."""
    word = _OPENING.match(docstring)
    return word[0].lower() if word and word[0].lower() in OPENERS else ""


def docstring_sentences(module: Module) -> Iterator[Sentence]:
    """Yield the sentences of all docstrings of a module."""
    for node, text in docstrings(module):
        place = f"{module.path}:{getattr(node, 'lineno', 1)}"
        for block in _docstring_blocks(text):
            yield from sentences(block, place)


def _docstring_blocks(text: str) -> Iterator[str]:
    """Yield paragraphs; each entry of an `Attributes:` or `Raises:` list is one of its own."""
    block: list[str] = []
    for line in [*text.splitlines(), ""]:
        if block and (not line.strip() or _FIELD.match(line)):
            yield " ".join(block)
            block = []
        if line.strip():
            block.append(line)


def comment_sentences(module: Module) -> Iterator[Sentence]:
    """Yield the sentences of a module's comments.

    Lines of comment below each other are one block; a comment behind code is one of its own.
    """
    tokens = tokenize.generate_tokens(io.StringIO(module.text).readline)
    comments = [
        (token.start[0], token.string.lstrip("# "), token.line.lstrip().startswith("#"))
        for token in tokens
        if token.type == tokenize.COMMENT and not _DIRECTIVE.match(token.string)
    ]
    yield from _commented(comments, module.path)


def _commented(comments: list[tuple[int, str, bool]], path: str) -> Iterator[Sentence]:
    """Join comments, given as line, text and whether the line holds nothing else."""
    numbered = enumerate(comments)
    for _, run in groupby(numbered, key=lambda one: (one[1][2], one[1][0] - one[0])):
        block = [comment for _, comment in run]
        if block[0][2]:
            yield from sentences(" ".join(text for _, text, _ in block), f"{path}:{block[0][0]}")
            continue
        for line, text, _ in block:
            yield from sentences(text, f"{path}:{line}")


def script_sentences(text: str, path: str) -> Iterator[Sentence]:
    """Yield the sentences of the comments in a TypeScript or Vue file."""
    single: list[tuple[int, str, bool]] = []
    for match in _SCRIPT_COMMENT.finditer(text):
        line = text.count("\n", 0, match.start()) + 1
        if match[1] is None:
            before = text[text.rfind("\n", 0, match.start()) + 1 : match.start()]
            single.append((line, match[2], not before.strip()))
            continue
        for part in re.split(r"\n\s*\*?\s*\n", match[1]):
            yield from sentences(re.sub(r"^\s*\*", "", part, flags=re.M), f"{path}:{line}")
    yield from _commented(single, path)


def longer_than(limit: int, found: Iterable[Sentence]) -> list[Sentence]:
    """Sentences of more than `limit` words, longest first."""
    return sorted((one for one in found if one.words > limit), key=lambda one: -one.words)
