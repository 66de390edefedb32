"""Addresses of storages and files of keys: what they may be, and that no message tells a secret."""

import contextlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.storage.location import (
    BadLocation,
    BucketLocation,
    Credentials,
    others_may_read,
    parse_location,
    read_credentials,
)


def test_a_path_or_a_file_url_is_a_folder() -> None:
    assert parse_location("/srv/recordings") == Path("/srv/recordings")
    assert parse_location("recordings") == Path("recordings")
    assert parse_location("file:///srv/%E5%BD%95%E5%83%8F") == Path("/srv/录像")


def test_an_s3_address_names_bucket_prefix_and_options() -> None:
    assert parse_location("s3://county") == BucketLocation("county")
    assert parse_location(
        "s3://county/qingshan/rec/?endpoint=http://minio:9000&public=https://s3.example/"
        "&region=cn-north-1&redirect=300&keep_hours=0.5&style=virtual&ca=/etc/ca.pem"
    ) == BucketLocation(
        "county",
        "qingshan/rec",
        endpoint="http://minio:9000",
        public="https://s3.example",
        region="cn-north-1",
        redirect_s=300,
        keep_hours=0.5,
        virtual_host=True,
        ca=Path("/etc/ca.pem"),
    )


@pytest.mark.parametrize(
    ("address", "named"),
    [
        ("https://county.s3.example", "s3://"),
        ("file://host/srv", "file:///path"),
        ("s3://key:secret@county", "keys do not belong"),
        ("s3://County", "bucket"),
        ("s3://", "bucket"),
        ("s3://county/a b", "prefix"),
        ("s3://county/../other", "prefix"),
        ("s3://county#x", "prefix"),
        ("s3://county?endpoint", "name=value"),
        ("s3://county?endpoint=ftp://x", "endpoint"),
        ("s3://county?endpoint=http://key:secret@minio", "endpoint"),
        ("s3://county?endpoint=http://minio/path", "endpoint"),
        ("s3://county?endpoint=http://minio;script-src", "endpoint"),
        ("s3://county?redirect=0", "redirect"),
        ("s3://county?redirect=301", "redirect"),  # it would outlive 下架 by more than 5 minutes
        ("s3://county?redirect=00000000099", "redirect"),
        ("s3://county?redirect=yes", "redirect"),
        ("s3://county?keep_hours=-1", "keep_hours"),
        ("s3://county?keep_hours=nan", "keep_hours"),
        ("s3://county?style=both", "style"),
        ("s3://county?region=a&region=b", "twice"),
        ("s3://county?secret_access_key=hush", "unknown option"),
    ],
)
def test_other_addresses_are_refused_by_the_name_of_the_part(address: str, named: str) -> None:
    with pytest.raises(BadLocation, match=named) as raised:
        parse_location(address)
    assert "secret@" not in str(raised.value)
    assert "hush" not in str(raised.value)


@given(st.text(max_size=60))
def test_any_text_is_a_location_or_refused(text: str) -> None:
    for address in (text, f"s3://{text}", f"s3://county?{text}"):
        with contextlib.suppress(BadLocation):
            parse_location(address)


def test_keys_come_from_the_file_else_from_the_environment(tmp_path: Path) -> None:
    environment = {"AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "hush"}
    assert read_credentials(None, environment) == Credentials("id", "hush")
    environment["AWS_SESSION_TOKEN"] = "token"
    assert read_credentials(None, environment) == Credentials("id", "hush", "token")
    file = tmp_path / "keys.toml"
    file.write_text('access_key_id = "a"\nsecret_access_key = "b"\n')
    assert read_credentials(file, environment) == Credentials("a", "b")
    file.chmod(0o600)
    assert not others_may_read(file)
    file.chmod(0o640)
    assert others_may_read(file)


@pytest.mark.parametrize("text", ["hush", 'access_key_id = "hush"', 'secret = "hush"', "\xff"])
def test_a_file_without_keys_is_refused_without_a_word_of_it(tmp_path: Path, text: str) -> None:
    file = tmp_path / "keys.toml"
    file.write_bytes(text.encode("latin-1"))
    with pytest.raises(BadLocation) as raised:
        read_credentials(file, {})
    assert "hush" not in str(raised.value)
    with pytest.raises(BadLocation, match="No such file"):
        read_credentials(tmp_path / "none", {})
    with pytest.raises(BadLocation, match="AWS_ACCESS_KEY_ID"):
        read_credentials(None, {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "hush"})


def test_nothing_shows_keys() -> None:
    keys = Credentials("an-id", "hush", "token")
    for text in (repr(keys), str(keys), f"{keys}"):
        assert not any(word in text for word in ("an-id", "hush", "token'"))
