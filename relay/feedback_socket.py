"""A socket of its own for transport-wide feedback, on the same port.

Each viewer sends 10 to 20 such packets a second, and most of them say that all is well. Waking up
for one costs as much as reading it. So the kernel puts them apart: SO_REUSEPORT with a classic BPF
program, socket(7). The relay reads them whenever it is awake for media, for requests or for a tick.
"""

from __future__ import annotations

import contextlib
import ctypes
import socket
import struct

import structlog

_SO_ATTACH_REUSEPORT_CBPF = 51  # not in Python's socket module

# linux/filter.h: code, jump if true, jump if false, operand. The program returns which socket a
# datagram is for: its number in the order of binding.
_LOAD_BYTE, _JUMP_EQUAL, _AND, _RETURN = 0x30, 0x15, 0x54, 0x06
_INSTRUCTION = struct.Struct("HBBI")
_PROGRAM = (
    (_LOAD_BYTE, 0, 0, 1),
    (_JUMP_EQUAL, 0, 4, 205),  # payload type RTPFB (RFC 4585 §6.1), clear in SRTCP as well
    (_LOAD_BYTE, 0, 0, 0),
    (_AND, 0, 0, 0x1F),
    (_JUMP_EQUAL, 0, 1, 15),  # its format: transport-wide feedback
    (_RETURN, 0, 0, 1),
    (_RETURN, 0, 0, 0),
)

_log = structlog.get_logger("relay.feedback_socket")


def split_off_feedback(main: socket.socket) -> socket.socket | None:
    """Bind a second socket where `main` is bound, which gets nothing but feedback.

    A compound packet that begins with another one, such as a report, stays with `main`.

    Returns:
        The socket, to be read like `main` and closed with it; None where the kernel cannot.
    """
    if not hasattr(socket, "SO_REUSEPORT"):
        return None
    feedback: socket.socket | None = None
    try:
        feedback = socket.socket(main.family, socket.SOCK_DGRAM)
        feedback.setblocking(False)
        if main.family == socket.AF_INET6:
            feedback.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        # A relay binds its first socket without this, so another one on the same port is refused as
        # before. Only a program of the same user that asks for it could share the port from now on.
        for sock in (main, feedback):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        feedback.bind(main.getsockname())
        code = b"".join(_INSTRUCTION.pack(*one) for one in _PROGRAM)
        memory = ctypes.create_string_buffer(code, len(code))
        program = struct.pack("@HP", len(_PROGRAM), ctypes.addressof(memory))
        main.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_REUSEPORT_CBPF, program)
    except OSError as error:
        if feedback is not None:
            feedback.close()
        with contextlib.suppress(OSError):
            main.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 0)
        _log.info("feedback is read with all else", reason=str(error))
        return None
    return feedback
