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
        (b'{"error":{}}', ""),
        (b'["error"]', ""),
        (b'"error"', ""),
        (b"[]", ""),
        (b"[" * 60_000, ""),
        (b"<html>Bad Gateway</html>", ""),
        (b"\xff", ""),
        (b"", ""),
    ],
)
def test_body(body: bytes, message: str) -> None:
    """Any body gives an error with the status, and with its message if there is one."""
    error = error_from_response(502, {}, body)
    assert (error.status, error.message, error.metadata) == (502, message, {})


@pytest.mark.parametrize(
    ("retry_after", "seconds"),
    [("7", 7.0), ("0.5", 0.5), ("-1", None), ("1e9", None), ("nan", None), ("soon", None)],
)
def test_retry_after(retry_after: str, seconds: float | None) -> None:
    """`Retry-After` is in seconds, less than a day; the body can hold it as well."""
    assert error_from_response(429, {"Retry-After": retry_after}, b"").retry_after == seconds
    body = json.dumps({"error": {"availability": {"retry_after": retry_after}}}).encode()
    assert error_from_response(503, {}, body).retry_after == seconds
    assert error_from_response(429, {}, b"").retry_after is None


@pytest.mark.parametrize(
    ("availability", "retryable"),
    [({"retryable": False}, False), ({"retryable": True}, True), ({}, True), (None, True)],
)
def test_retryable(availability: object, retryable: bool) -> None:
    """An error that OpenRouter marks as not retryable is not transient."""
    body = json.dumps({"error": {"availability": availability}}).encode()
    error = error_from_response(503, {}, body)
    assert (error.retryable, error.is_transient) == (retryable, retryable)


@pytest.mark.parametrize(
    ("code", "status"),
    [
        (429, 429),
        ("429", 429),
        ("server_error", None),
        ("-1", None),
        ("²", None),
        ("9" * 5000, None),
        (None, None),
        ([429], None),
    ],
    ids=lambda value: str(value)[:9],
)
def test_chunk(code: object, status: int | None) -> None:
    """The code of an error inside a stream is a number, a string of one, or a word."""
    error = error_from_chunk({"code": code, "message": "m", "metadata": {"reasons": ["x"]}})
    assert (error.status, error.message, error.metadata) == (status, "m", {"reasons": ["x"]})


@pytest.mark.parametrize(("error", "message"), [("in one word", "in one word"), ([1], ""), (5, "")])
def test_chunk_without_an_object(error: object, message: str) -> None:
    """An error inside a stream that is no object has a message if it is a string."""
    read = error_from_chunk(error)
    assert (read.status, read.message, read.metadata) == (None, message, {})


def test_moderation() -> None:
    """The documented body of a moderation becomes the error's metadata."""
    metadata = {"reasons": ["violence"], "flagged_input": "…", "provider_name": "p"}
    body = {"error": {"code": 403, "message": "Flagged", "metadata": metadata}, "user_id": "u"}
    error = error_from_response(403, {}, json.dumps(body).encode())
    assert (error.status, error.message, error.metadata) == (403, "Flagged", metadata)
    assert str(error) == "403 Flagged"


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
