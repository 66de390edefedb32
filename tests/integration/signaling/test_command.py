"""The `tongke` command, as processes."""

import asyncio
import json
import os
import ssl
import sys
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import aiohttp
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from signaling.seed import DEMO_PASSWORD
from tests.support.server import REPOSITORY, TongkeServer


async def _tongke(*words: str, **environment: str) -> tuple[int, str, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "signaling",
        *words,
        cwd=REPOSITORY,
        env={**os.environ, **environment},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    assert process.returncode is not None
    return process.returncode, out.decode(), err.decode()


async def test_an_admin_made_on_the_command_line_signs_in_and_a_device_token_works(
    tmp_path: Path,
) -> None:
    async with TongkeServer.start(tmp_path) as server:
        data = f"--data={server.data}"
        password = {"TONGKE_NEW_PASSWORD": "a long password"}
        assert (await _tongke("create-admin", "root", "--name=管理员", data, **password))[0] == 0
        admin = await server.sign_in("root", "a long password")
        assert admin.identity["roles"] == ["county_admin"]
        again = await _tongke("create-admin", "root", data, **password)
        assert again[0] == 1
        assert "已存在" in again[2]
        short = await _tongke("create-admin", "x", data, TONGKE_NEW_PASSWORD="short")
        assert short[0] == 1
        status, token, _ = await _tongke("issue-device-token", "shanquan1", data)
        assert status == 0
        kiosk = server.client()
        await kiosk.terminal_login(device_token=token.strip())
        assert kiosk.identity["room"]["room_id"] == "shanquan1"
        unknown = await _tongke("issue-device-token", "nowhere", data)
        assert unknown[0] == 1


async def test_a_wrong_setting_is_told_in_one_line(tmp_path: Path) -> None:
    status, _, err = await _tongke("serve", f"--data={tmp_path}", TONGKE_MAX_ON_STAGE="many")
    assert status == 1
    assert "max_on_stage" in err
    assert "Traceback" not in err


async def test_a_taken_port_is_told_in_one_line(tmp_path: Path) -> None:
    async with TongkeServer.start(tmp_path / "a") as server:
        status, _, err = await _tongke(
            "serve",
            f"--data={tmp_path / 'b'}",
            "--http-host=127.0.0.1",
            f"--http-port={server.http_port}",
            "--udp-host=127.0.0.1",
            "--udp-port=0",
        )
        assert status == 1
        assert "Traceback" not in err


async def test_the_openapi_document_is_printed() -> None:
    status, out, _ = await _tongke("openapi")
    assert status == 0
    assert json.loads(out)["openapi"].startswith("3.1")


async def test_with_a_certificate_it_speaks_https_and_cookies_are_secure(tmp_path: Path) -> None:
    certificate, key = _certificate(tmp_path)
    config = tmp_path / "tongke.toml"
    config.write_text(f'tls_certificate = "{certificate}"\ntls_key = "{key}"\n')
    async with TongkeServer.start(tmp_path, (f"--config={config}",)) as server:
        assert server.url.startswith("https://")
        trust = ssl.create_default_context(cafile=str(certificate))
        body = {"login": "wang", "password": DEMO_PASSWORD}
        async with aiohttp.request(
            "POST", f"{server.url}/api/login", json=body, ssl=trust
        ) as response:
            assert response.status == 200
            assert "Secure" in response.headers["Set-Cookie"]


def _certificate(folder: Path) -> tuple[Path, Path]:
    """A self-signed certificate for loopback."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "tongke test")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    paths = folder / "certificate.pem", folder / "key.pem"
    paths[0].write_bytes(certificate.public_bytes(pem))
    paths[1].write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return paths
