"""The generated wire types: complete, current, and checked for being so."""

import re
from enum import Enum
from pathlib import Path

import msgspec
import pytest

from signaling.classroom import wire as channel
from signaling.command import typescript
from signaling.lessons import wire as resources


@pytest.fixture(scope="module")
def text() -> str:
    return typescript.generate()


def interface(text: str, name: str) -> str:
    found = re.search(rf"export interface {name} \{{\n(.*?)\n\}}", text, re.S)
    assert found, f"{name} is not declared"
    return found.group(1)


def test_every_struct_and_enum_is_declared_once(text: str) -> None:
    declared = re.findall(r"^export (?:interface|type) (\w+)", text, re.M)
    assert len(declared) == len(set(declared))
    wanted = {
        name
        for name, value in vars(resources).items()
        if isinstance(value, type) and issubclass(value, (msgspec.Struct, Enum))
    } - {"StrEnum"}
    wanted |= {kind.__name__ for kind in (*channel.CLIENT_MESSAGES, *channel.SERVER_MESSAGES)}
    assert wanted <= set(declared)


def test_every_name_used_is_declared(text: str) -> None:
    code = re.sub(r"/\*.*?\*/|//.*|'[^']*'", "", text, flags=re.S)
    code = re.sub(r"export const .*", "", code)
    declared = set(re.findall(r"export (?:interface|type) (\w+)", code))
    assert set(re.findall(r"\b[A-Z]\w*", code)) <= declared


def test_tags_become_literal_discriminants(text: str) -> None:
    assert "  type: 'raise_hand'" in interface(text, "RaiseHand")
    assert "  type: 'error'" in interface(text, "CommandError")


def test_what_the_server_sends_is_complete(text: str) -> None:
    assert "?:" not in interface(text, "Participant")
    assert "?:" not in interface(text, "Devices")
    assert "  rtt_ms: number | null" in interface(text, "Link")


def test_what_a_page_sends_may_leave_out_defaults(text: str) -> None:
    assert "  participant_id?: string | null" in interface(text, "LowerHand")
    assert "  remember?: boolean" in interface(text, "TerminalLogin")
    assert "  id: number" in interface(text, "LowerHand")


def test_lists_are_read_only_and_enums_are_unions(text: str) -> None:
    assert "  hands: readonly HandRaise[]" in interface(text, "Snapshot")
    assert "export type LinkState =\n  | 'good'\n  | 'fair'" in text


def test_the_committed_file_is_current() -> None:
    assert typescript.main(["--check"]) == 0


def test_check_fails_on_a_stale_or_missing_file(tmp_path: Path) -> None:
    target = tmp_path / "wire.ts"
    assert typescript.main(["--check", "--target", str(target)]) == 1
    assert typescript.main(["--target", str(target)]) == 0
    assert typescript.main(["--check", "--target", str(target)]) == 0
    target.write_text(target.read_text() + "\n// edited by hand\n")
    assert typescript.main(["--check", "--target", str(target)]) == 1


def test_a_type_without_a_form_is_refused() -> None:
    with pytest.raises(typescript.UnsupportedTypeError):
        typescript._type(msgspec.inspect.type_info(bytes))
