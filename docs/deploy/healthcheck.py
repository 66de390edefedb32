"""Ask a process of Tongke whether it works: exit status 0 if so. Only Python's own library.

    healthcheck.py http://127.0.0.1:8080/healthz    # a process with pages
    healthcheck.py unix:///run/tongke/cell-1.sock   # the door of a cell, or http://10.0.0.7:7801
    healthcheck.py                                  # the door that TONGKE_DOOR names

A door lets nobody in without a signature. That it says so is the sign that its loop runs.
"""

import http.client
import os
import socket
import sys
from urllib.parse import urlsplit

TIMEOUT_S = 4.0  # less than the time-out of the probe
HEALTH = "/healthz"
DOOR = "Tongke-Door"  # the header by which a door refuses


class _UnixConnection(http.client.HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=TIMEOUT_S)
        self._path = path

    def connect(self) -> None:
        """Connect to the socket's path."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def works(address: str) -> bool:
    """Tell whether what answers at an address is well."""
    url = urlsplit(address)
    if url.scheme == "unix":
        connection: http.client.HTTPConnection = _UnixConnection(url.path)
    else:
        connection = http.client.HTTPConnection(url.netloc, timeout=TIMEOUT_S)
    is_door = url.path != HEALTH
    try:
        connection.request("GET", "/" if is_door else HEALTH)
        answer = connection.getresponse()
        answer.read()
    except (OSError, http.client.HTTPException) as error:
        print(f"{address}: {error}", file=sys.stderr)  # noqa: T201
        return False
    finally:
        connection.close()
    if is_door:
        return answer.getheader(DOOR) is not None
    return answer.status == http.client.OK


if __name__ == "__main__":
    sys.exit(0 if works(sys.argv[1] if len(sys.argv) > 1 else os.environ["TONGKE_DOOR"]) else 1)
