"""Kinds of text that bodies of several wings hold."""

from __future__ import annotations

from typing import Annotated

from signaling.base.text import line, paragraph, word

Name = Annotated[str, line(80)]


Title = Annotated[str, line(120)]


Reason = Annotated[str, paragraph(500)]


JoinCode = Annotated[str, word(8, pattern=r"^[0-9]{8}$")]
