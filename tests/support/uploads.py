"""The words of tus 1.0 that begin an upload."""

from __future__ import annotations

import base64

from tests.support.server import Client


def base64_of(value: str | bytes) -> str:
    """A text or bytes in Base64."""
    data = value.encode() if isinstance(value, str) else value
    return base64.b64encode(data).decode()


def beginning(size: int, name: str, purpose: str = "import_workbook") -> dict[str, str]:
    """The headers of the request that begins an upload of so many bytes."""
    return {
        "Tus-Resumable": "1.0.0",
        "Upload-Length": str(size),
        "Upload-Metadata": f"filename {base64_of(name)},purpose {base64_of(purpose)}",
    }


async def upload(client: Client, data: bytes, name: str, purpose: str = "import_workbook") -> str:
    """Upload a file in two requests; returns its id."""
    sent = {"X-CSRF-Token": client.identity["csrf_token"], "Tus-Resumable": "1.0.0"}
    begin = {**sent, **beginning(len(data), name, purpose)}
    async with client.http.post(f"{client.base}/api/files", headers=begin) as answer:
        assert answer.status == 201, await answer.text()
        path = answer.headers["Location"]
    go_on = {**sent, "Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}
    url = path if path.startswith("http") else client.base + path
    async with client.http.patch(url, data=data, headers=go_on) as answer:
        assert answer.status == 204, await answer.text()
    return path.rstrip("/").rpartition("/")[2]
