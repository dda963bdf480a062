"""Errors, from whatever body a failed response has."""

import json

import pytest

from lib.openrouter.errors import KeyRejected, error_from_chunk, error_from_response


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b'{"error":{"code":402,"message":"Insufficient credits."}}', "Insufficient credits."),
        (b'{"error":"in one word"}', "in one word"),
        (b'{"error":null}', ""),
        (b'{"error":{"message":5,"metadata":[]}}', ""),
        (b'["error"]', ""),
        (b"<html>Bad Gateway</html>", ""),
        (b"\xff", ""),
        (b"", ""),
    ],
)
def test_body(body: bytes, message: str) -> None:
    """Whatever the body, there is a status, and a message if it held one."""
    error = error_from_response(502, {}, body)
    assert (error.status, error.message, error.metadata) == (502, message, {})


@pytest.mark.parametrize(
    ("retry_after", "seconds"),
    [("7", 7.0), ("0.5", 0.5), ("-1", None), ("1e9", None), ("nan", None), ("soon", None)],
)
def test_retry_after(retry_after: str, seconds: float | None) -> None:
    """`Retry-After` counts in seconds, and only within a day."""
    assert error_from_response(429, {"Retry-After": retry_after}, b"").retry_after == seconds


@pytest.mark.parametrize(
    ("code", "status"), [(429, 429), ("429", 429), ("server_error", None), (None, None)]
)
def test_chunk(code: object, status: int | None) -> None:
    """The code of an error inside a stream is a number, a string of one, or a word."""
    error = error_from_chunk({"code": code, "message": "m", "metadata": {"reasons": ["x"]}})
    assert (error.status, error.message, error.metadata) == (status, "m", {"reasons": ["x"]})


def test_rejected_key() -> None:
    """401 is an error of its own, before a stream and inside it."""
    assert isinstance(error_from_response(401, {}, b""), KeyRejected)
    assert isinstance(error_from_chunk({"code": 401}), KeyRejected)


def test_message_is_short_and_without_a_key() -> None:
    """A message is one short line, with any key in it masked."""
    body = json.dumps({"error": {"message": "Key\nsk-or-v1-abc123 is bad " + "x" * 1000}})
    error = error_from_response(400, {}, body.encode())
    assert error.message.startswith("Key sk-or-… is bad")
    assert len(error.message) <= 300
    assert "abc123" not in repr(error)
