"""Make ``web_client/src/core/base/wire.ts`` from the wire structs: the sides cannot drift apart.

``python -m signaling.command.typescript`` writes the file. ``--check`` only compares, and exits
with 1 where the file is not current. The order is the order of the Python modules.
"""

from __future__ import annotations

import argparse
import inspect
import sys
import types
from collections.abc import Iterator, Sequence
from enum import Enum
from pathlib import Path
from typing import Any

import msgspec
from msgspec import inspect as shape

from signaling.access import actions, roles
from signaling.audit import actions as audit_actions
from signaling.audit import wire as audit
from signaling.audit_exports import wire as audit_exports
from signaling.base import problem_codes
from signaling.catalogue import wire as catalogue
from signaling.classroom import wire as classroom
from signaling.classroom.notices import wire as notices
from signaling.classroom.parts import part
from signaling.classroom.registry import PARTS
from signaling.consent import wire as consent
from signaling.directory import wire as directory
from signaling.directory.classes import wire as classes
from signaling.directory.entries import wire as entries
from signaling.directory.grants import wire as grants
from signaling.directory.nodes import wire as nodes
from signaling.directory.pairings import wire as pairings
from signaling.directory.rooms import wire as rooms
from signaling.directory.schools import wire as schools
from signaling.directory.subjects import wire as subjects
from signaling.directory.teachers import wire as teachers
from signaling.directory.workbooks import wire as workbooks
from signaling.exchange import wire as lom_packages
from signaling.exchange.core import records as shared_records
from signaling.exchange.harvests import wire as harvests
from signaling.files import wire as files
from signaling.files.workbooks import languages, refusals
from signaling.identity import wire as identity
from signaling.identity.accounts import wire as accounts
from signaling.identity.bindings import wire as bindings
from signaling.jobs import wire as jobs
from signaling.ledger import county_wire, decision_wire, today_wire
from signaling.ledger import wire as ledger
from signaling.lessons import reasons, sources
from signaling.lessons import wire as lessons
from signaling.library import wire as library
from signaling.library.captions import wire as captions
from signaling.library.figures import wire as figures
from signaling.library.films import wire as films
from signaling.library.nominations import wire as nominations
from signaling.library.overview import wire as overview
from signaling.library.publishing import wire as publishing
from signaling.library.recommending import wire as recommending
from signaling.library.references import wire as references
from signaling.library.retention import wire as retention
from signaling.library.review import wire as reviews
from signaling.library.series import wire as series
from signaling.library.sharing import wire as sharing
from signaling.library.uploads import wire as uploads
from signaling.library.uses import wire as uses
from signaling.library.versions import wire as resources
from signaling.links import wire as links
from signaling.media import wire as media
from signaling.nodes import wire as server_nodes
from signaling.resource_push import wire as resource_push
from signaling.timetable import plan_wire as timetable_plans
from signaling.timetable import setting_wire as timetable_settings
from signaling.timetable import wire as timetable
from signaling.timetable.core import codes as timetable_codes
from signaling.timetable.core import holiday_file
from signaling.timetable.feeds import wire as calendar_feeds
from signaling.timetable.imports import wire as timetable_imports
from signaling.timetable.proposals import wire as proposals
from signaling.timetable.proposals.core import named_rules
from signaling.web import wire as web

TARGET = Path(__file__).resolve().parents[2] / "web_client/src/core/base/wire.ts"
REST = (
    actions,
    roles,
    problem_codes,
    web,
    directory,
    entries,
    nodes,
    schools,
    rooms,
    classes,
    subjects,
    pairings,
    teachers,
    refusals,
    workbooks,
    grants,
    identity,
    accounts,
    bindings,
    audit_actions,
    audit,
    audit_exports,
    languages,
    shared_records,
    lom_packages,
    harvests,
    server_nodes,
    jobs,
    files,
    lessons,
    sources,
    media,
    links,
    library,
    catalogue,
    consent,
    resources,
    captions,
    reviews,
    uploads,
    films,
    publishing,
    references,
    recommending,
    series,
    nominations,
    uses,
    figures,
    overview,
    resource_push,
    retention,
    sharing,
    reasons,
    ledger,
    decision_wire,
    county_wire,
    today_wire,
    notices,
    timetable_codes,
    holiday_file,
    timetable_settings,
    timetable_plans,
    timetable,
    named_rules,
    proposals,
    calendar_feeds,
    timetable_imports,
)
CLASSROOM = (part, *(sys.modules[kind.__module__] for kind in PARTS), classroom)
UNIONS: dict[str, tuple[type, ...]] = {
    "ClientMessage": classroom.CLIENT_MESSAGES,
    "Command": classroom.COMMANDS,
    "Event": classroom.EVENTS,
    "ServerMessage": classroom.SERVER_MESSAGES,
}
HEADER = """\
// Generated by `python -m signaling.command.typescript` from each wing's wire.py.
// Do not edit: change the Python structs and run it again. Times (RFC 3339) are strings.
"""


class UnsupportedTypeError(TypeError):
    """A wire struct uses a type that has no TypeScript form here yet."""


def generate() -> str:
    """The whole text of ``wire.ts``."""
    parts = [HEADER]
    optional = _structs_with_optional_fields()
    for name, value in (*_rest_names(), *_classroom_names()):
        if isinstance(value, int):
            parts.append(f"export const {name} = {value}\n")
        elif issubclass(value, Enum):
            parts.append(_enum(value))
        else:
            parts.append(_struct(value, value in optional))
    parts += [_union(name, members) for name, members in UNIONS.items()]
    return "\n".join(parts)


def _rest_names() -> Iterator[tuple[str, Any]]:
    """Yield the names outside of the control channel; an imported constant comes once."""
    constants: set[str] = set()
    for module in REST:
        for name, value in _own_names(module):
            if isinstance(value, int) and name in constants:
                continue
            constants.add(name)
            yield name, value


def _classroom_names() -> Iterator[tuple[str, Any]]:
    """Yield the constants of the control channel, and the types that its messages contain."""
    sent = _reached(classroom.any_of(classroom.CLIENT_MESSAGES))
    sent |= _reached(classroom.any_of(classroom.SERVER_MESSAGES))
    for module in CLASSROOM:
        for name, value in _own_names(module):
            if value in sent or (isinstance(value, int) and module is classroom):
                yield name, value


def _own_names(module: types.ModuleType) -> Iterator[tuple[str, Any]]:
    """Yield the constants, enums and structs that the module itself defines, in source order."""
    for name, value in vars(module).items():
        if name.startswith("_"):
            continue
        if isinstance(value, type):
            if value.__module__ == module.__name__ and issubclass(value, (msgspec.Struct, Enum)):
                yield name, value
        elif isinstance(value, int) and name.isupper():
            yield name, value


def _structs_with_optional_fields() -> set[type]:
    """Structs whose defaulted fields may be left out.

    msgspec writes every field, so messages of the server are complete (unless the struct omits
    defaults). Messages of a page may leave out every field that has a default.
    """
    sent_by_server = _reached(classroom.any_of(classroom.SERVER_MESSAGES))
    optional = _reached(classroom.any_of(classroom.CLIENT_MESSAGES)) - sent_by_server
    for _, value in _rest_names():
        if isinstance(value, type) and issubclass(value, msgspec.Struct):
            config = value.__struct_config__
            if config.forbid_unknown_fields or config.omit_defaults:
                optional.add(value)
    return optional


def _reached(annotation: Any) -> set[type]:
    """Return every struct and enum class that a value of this type may contain."""
    found: set[type] = set()

    def walk(node: shape.Type) -> None:
        if isinstance(node, shape.StructType):
            if node.cls not in found:
                found.add(node.cls)
                for field in node.fields:
                    walk(field.type)
        elif isinstance(node, shape.EnumType):
            found.add(node.cls)
        elif isinstance(node, shape.UnionType):
            for member in node.types:
                walk(member)
        elif isinstance(node, shape.VarTupleType):
            walk(node.item_type)

    walk(shape.type_info(annotation))
    return found


def _union(name: str, members: Sequence[type]) -> str:
    lines = "".join(f"\n  | {member.__name__}" for member in members)
    return f"export type {name} ={lines}\n"


def _enum(cls: type[Enum]) -> str:
    members = "".join(f"\n  | {_literal(member.value)}" for member in cls)
    return f"{_comment(cls)}export type {cls.__name__} ={members}\n"


def _struct(cls: type[msgspec.Struct], optional: bool) -> str:
    info = shape.type_info(cls)
    if not isinstance(info, shape.StructType):  # pragma: no cover - a Struct class always is
        raise UnsupportedTypeError(cls.__name__)
    lines = [f"{_comment(cls)}export interface {cls.__name__} {{"]
    if info.tag_field is not None:
        lines.append(f"  {info.tag_field}: {_literal(info.tag)}")
    for field in info.fields:
        mark = "?" if optional and not field.required else ""
        limits = _limits(field.type)
        if limits:
            lines.append(f"  /** {limits} */")
        lines.append(f"  {field.encode_name}{mark}: {_type(field.type)}")
    lines.append("}\n")
    return "\n".join(lines)


def _limits(node: shape.Type) -> str:
    """Limits that the server checks of a string or list, for builders of forms."""
    if isinstance(node, shape.UnionType):
        return " ".join(filter(None, map(_limits, node.types)))
    if isinstance(node, shape.Metadata):
        node = node.type
    if not isinstance(node, (shape.StrType, shape.VarTupleType)):
        return ""
    limits = []
    if node.min_length is not None or node.max_length is not None:
        limits.append(f"length {node.min_length or 0}…{node.max_length or ''}")
    if isinstance(node, shape.StrType) and node.pattern is not None:
        limits.append(f"pattern {node.pattern}")
    return ", ".join(limits)


_PLAIN: dict[type[shape.Type], str] = {
    shape.StrType: "string",
    shape.DateTimeType: "string",
    shape.DateType: "string",
    shape.TimeType: "string",
    shape.IntType: "number",
    shape.FloatType: "number",
    shape.BoolType: "boolean",
    shape.NoneType: "null",
    shape.RawType: "unknown",  # another wing's struct
}


def _type(node: shape.Type) -> str:
    """The TypeScript form of one field's type."""
    if isinstance(node, shape.Metadata):  # what is said of it beside its form
        return _type(node.type)
    plain = _PLAIN.get(type(node))
    if plain is not None:
        return plain
    if isinstance(node, (shape.StructType, shape.EnumType)):
        return node.cls.__name__
    if isinstance(node, shape.VarTupleType):
        return f"readonly {_item(node.item_type)}[]"
    if isinstance(node, shape.DictType):
        return f"Readonly<Record<{_type(node.key_type)}, {_type(node.value_type)}>>"
    if isinstance(node, shape.UnionType):
        return " | ".join(_type(member) for member in node.types)
    raise UnsupportedTypeError(f"no TypeScript form for {node!r}")


def _item(node: shape.Type) -> str:
    text = _type(node)
    return f"({text})" if " " in text else text


def _literal(value: object) -> str:
    """A string or number as a TypeScript literal (JSON's are the same)."""
    return msgspec.json.encode(value).decode().replace('"', "'")


def _comment(cls: type) -> str:
    """The class's docstring as a JSDoc block."""
    text = inspect.cleandoc(cls.__doc__ or "").strip()
    if not text:
        return ""
    lines = text.replace("*/", "* /").splitlines()
    if len(lines) == 1:
        return f"/** {lines[0]} */\n"
    body = "".join(f" * {line}".rstrip() + "\n" for line in lines)
    return f"/**\n{body} */\n"


def main(arguments: Sequence[str] | None = None) -> int:
    """Write ``wire.ts``, or with ``--check`` say whether it is current (exit code 0 or 1)."""
    parser = argparse.ArgumentParser(
        prog="python -m signaling.command.typescript", description=__doc__
    )
    parser.add_argument("--check", action="store_true", help="compare only, write nothing")
    parser.add_argument("--target", type=Path, default=TARGET)
    options = parser.parse_args(arguments)
    text = generate()
    target: Path = options.target
    if not options.check:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
        return 0
    if target.exists() and target.read_text(encoding="utf-8") == text:
        return 0
    sys.stderr.write(f"{target} is not current: run `python -m signaling.command.typescript`\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
