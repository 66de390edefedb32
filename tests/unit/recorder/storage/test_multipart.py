"""Signatures of requests (AWS Signature Version 4), by the examples of its documentation."""

from datetime import UTC, datetime

from recorder.storage.location import Credentials
from recorder.storage.multipart import signed_headers

# The keys, time and results of "Signature calculations: examples" in the S3 API reference.
KEYS = Credentials("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
NOW = datetime(2013, 5, 24, tzinfo=UTC)
HOST = "examplebucket.s3.amazonaws.com"


def signature(query: str, keys: Credentials = KEYS) -> str:
    headers = signed_headers("GET", HOST, "/", query, credentials=keys, region="us-east-1", now=NOW)
    return headers["authorization"].rpartition("Signature=")[2]


def test_the_documentations_examples_have_their_signatures() -> None:
    assert signature("lifecycle=") == (
        "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"
    )
    assert signature("max-keys=2&prefix=J") == (
        "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"
    )


def test_a_session_token_is_signed_too() -> None:
    keys = Credentials(KEYS.access_key_id, KEYS.secret_access_key, "token")
    assert signature("lifecycle=", keys) != signature("lifecycle=")
