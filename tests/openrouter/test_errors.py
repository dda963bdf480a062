"""Errors, from whatever body a failed response has."""

import json
import time
from typing import Any

import pytest

from lib.openrouter.annotations import FileAnnotation
from lib.openrouter.error_body import error_from_chunk, error_from_response
from lib.openrouter.errors import ErrorDetails, KeyRejected, OpenRouterError, mask_keys


def error_of(status: int, headers: dict[str, str] | None = None, **error: Any) -> OpenRouterError:
    """The error of a response with this `error`."""
    return error_from_response(status, headers or {}, json.dumps({"error": error}).encode())


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b'{"error":{"code":402,"message":"Insufficient credits."}}', "Insufficient credits."),
        (b'{"error":"in one word"}', "in one word"),
        (b'{"error":null}', ""),
        (b'{"message":"without error","code":502}', "without error"),
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
    assert (error.status, error.message, error.details) == (502, message, ErrorDetails())


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
    ("headers", "metadata", "seconds"),
    [
        ({}, {"headers": {"Retry-After": "4"}}, 4),
        ({}, {"headers": {"retry-after": 4}}, 4),
        ({}, {"retry_after_seconds": 4.5}, 4.5),
        ({"retry-after": "3"}, {"headers": {"Retry-After": "4"}}, 3),
        ({}, {"headers": "none", "retry_after_seconds": [4]}, None),
    ],
)
def test_retry_after_in_the_body(
    headers: dict[str, str], metadata: dict[str, object], seconds: float | None
) -> None:
    """Where the headers do not say when to retry, the body may."""
    assert error_of(503, headers, metadata=metadata).retry_after == seconds


RESET_MS = 1_798_761_600_000
TOO_LONG = (
    "This endpoint's maximum context length is {context} tokens. However, you requested about 16384 "
    "tokens ({input} of text input, 8192 in the output)."
)


@pytest.mark.parametrize(
    ("headers", "metadata"),
    [
        ({"X-RateLimit-Reset": str(RESET_MS)}, {}),
        ({}, {"headers": {"X-RateLimit-Reset": str(RESET_MS)}}),
        ({}, {"headers": {"x-ratelimit-reset": RESET_MS}}),
        ({"X-RateLimit-Reset": str(RESET_MS // 1000)}, {}),
        ({}, {"resets_at": "2027-01-01T00:00:00Z"}),
        ({}, {"resets_at": "2027-01-01T00:00:00"}),
    ],
)
def test_reset(headers: dict[str, str], metadata: dict[str, object]) -> None:
    """The moment of a reset is in milliseconds, in headers or in the body; a budget's is a date."""
    assert error_of(429, headers, metadata=metadata).details.resets_at == RESET_MS / 1000


def test_reset_like_a_date() -> None:
    """Milliseconds whose digits would also be a date of 1794 are milliseconds."""
    error = error_of(429, {"X-RateLimit-Reset": "1794010100000"})
    assert error.details.resets_at == 1_794_010_100


@pytest.mark.parametrize(
    "value", ["soon", "", "-1", "7", "²²²²²²²²²²", "9" * 400, True, [1], 1e300]
)
def test_no_reset(value: object) -> None:
    """Anything else is no moment."""
    assert (
        error_of(429, metadata={"headers": {"X-RateLimit-Reset": value}}).details.resets_at is None
    )


def test_reset_within_a_minute() -> None:
    """A limit per minute is over at the reset: the request is repeated then, and not before."""
    message = "Rate limit exceeded: free-models-per-min."
    reset = {"X-RateLimit-Reset": str(int(time.time() * 1000) + 20_000)}
    error = error_of(429, reset, message=message)
    assert error.is_transient
    assert 15 < (error.retry_after or 0) <= 20
    assert not error_of(429, message=message).is_transient


@pytest.mark.parametrize(
    ("status", "availability", "is_transient"),
    [
        (503, {"retryable": False}, False),
        (503, {"retryable": True}, True),
        (404, {"retryable": True}, True),
        (404, {"code": "no_endpoints"}, False),
        (503, {}, True),
        (503, {"retryable": "no"}, True),
        (503, None, True),
    ],
)
def test_retryable(status: int, availability: object, is_transient: bool) -> None:
    """OpenRouter's word on whether to retry counts more than the status."""
    assert error_of(status, availability=availability).is_transient is is_transient


DAILY = {"limit_source": "openrouter_free_tier_daily"}
WEIGHT = {"reason": "weight_exceeds_budget", "limit_source": "openrouter_in_flight_budget"}


@pytest.mark.parametrize(
    "error",
    [
        error_of(429, message="Rate limit exceeded: free-models-per-day"),
        error_of(429, message="Rate limit exceeded: free-models-per-day-high-balance."),
        error_of(429, metadata=DAILY, availability={"retryable": True}),
        error_of(429, {"Retry-After": "1"}, metadata=DAILY),
    ],
)
def test_daily_limit(error: OpenRouterError) -> None:
    """The limit of a day is known by its name or by the message, and is never retried."""
    assert (error.is_daily_limit, error.is_transient) == (True, False)


@pytest.mark.parametrize(
    ("metadata", "is_in_flight"),
    [
        ({"reason": "in_flight_budget_exhausted"}, True),
        ({"limit_source": "openrouter_in_flight_budget"}, True),
        ({"reason": "in_flight_budget_exhausted", "limit_source": "openrouter_key_limit"}, True),
        (WEIGHT, False),
        ({"limit_source": "openrouter_credits"}, False),
        ({}, False),
    ],
)
def test_in_flight(metadata: dict[str, str], is_in_flight: bool) -> None:
    """Credit that other requests hold is waited for; what is missing otherwise is not."""
    error = error_of(402, {"Retry-After": "2"}, message="Payment required", metadata=metadata)
    assert (error.is_in_flight, error.is_transient) == (is_in_flight, is_in_flight)


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
    error = error_from_chunk({"code": code, "message": "m"})
    assert (error.status, error.message) == (status, "m")


@pytest.mark.parametrize(
    ("fields", "status", "cause"),
    [
        ({"http_status": 503}, 503, None),
        ({"http_status": "503", "error_type": "provider_overloaded"}, 503, "provider_overloaded"),
        ({"error_type": "provider_overloaded"}, 529, "provider_overloaded"),
        ({"code": "rate_limit_exceeded"}, 429, "rate_limit_exceeded"),
        ({"metadata": {"error_type": "image_too_large"}}, 400, "image_too_large"),
        ({"availability": {"code": "capacity_exhausted"}}, 429, "capacity_exhausted"),
        ({"code": 502, "error_type": "server"}, 502, "server"),
        ({"code": "server_error", "type": "No name!"}, None, "server_error"),
    ],
)
def test_chunk_without_a_code(
    fields: dict[str, object], status: int | None, cause: str | None
) -> None:
    """Where an error inside a stream has no code, its other fields say the status."""
    error = error_from_chunk({"message": "m", **fields})
    assert error.status == status
    assert error.details.causes == ((cause,) if cause else ())


@pytest.mark.parametrize(("error", "message"), [("in one word", "in one word"), ([1], ""), (5, "")])
def test_chunk_without_an_object(error: object, message: str) -> None:
    """An error inside a stream that is no object has a message if it is a string."""
    read = error_from_chunk(error)
    assert (read.status, read.message, read.details) == (None, message, ErrorDetails())


@pytest.mark.parametrize(
    ("status", "message", "cause"),
    [
        (400, "This endpoint's maximum context length is 8192 tokens.", "context_length_exceeded"),
        (400, TOO_LONG.format(context=8_192, input=192), "max_tokens_exceeded"),
        (400, TOO_LONG.format(context=8_192, input=8_190), "context_length_exceeded"),
        (400, "a/b is not a valid model ID", "model_not_found"),
        (402, "This request exceeds the total limit of the API key.", "openrouter_key_limit"),
        (403, "Key limit exceeded (total limit).", "openrouter_key_limit"),
        (404, "No endpoints found that support tool use", "tool_use_unsupported"),
        (404, "No endpoints found that support image input", "image_input_unsupported"),
        (404, "No endpoints found that support audio input", "file_input_unsupported"),
        (
            404,
            "No endpoints found that support the requested output modalities: image, text",
            "output_modalities_unsupported",
        ),
        (404, "No endpoints found for x/y:free", "free_variant_ended"),
        (404, "No endpoints found matching your data policy", "privacy_restricted"),
        (404, "The free period has ended. Please use the paid slug: a/b-8b", "free_variant_ended"),
        (404, "This model is unavailable for free.", "free_variant_ended"),
        (404, "No allowed providers are available for the selected model.", "constraint_filtered"),
        (
            404,
            "All providers have been ignored. Visit: https://openrouter.ai/settings/privacy",
            "constraint_filtered",
        ),
        (402, "Prompt tokens limit exceeded: 9 > 4. Raise the key's limit", "prompt_tokens_limit"),
        (403, "Prohibited due to a violation of provider Terms Of Service.", "provider_terms"),
    ],
)
def test_cause_in_the_message(status: int, message: str, cause: str) -> None:
    """Where only the message says what happened, the cause is ours."""
    assert error_of(status, message=message).details.causes[0] == cause


@pytest.mark.parametrize(
    ("status", "raw", "cause"),
    [
        (400, "prompt is too long: 208310 tokens > 200000 maximum", "context_length_exceeded"),
        (400, "messages.0: image exceeds 5 MB maximum: 6 bytes", "image_too_large"),
        (400, "User location is not supported for the API use.", "region_restricted"),
        (
            403,
            {"__kind": "OK", "data": '{"error": {"message": "Country, region, or territory not"}}'},
            "region_restricted",
        ),
        (429, "a/b is temporarily rate-limited upstream.", "upstream_provider_shared_pool"),
    ],
)
def test_cause_in_the_provider_message(status: int, raw: object, cause: str) -> None:
    """Where only the provider's message says what happened, it has the cause that is ours."""
    metadata = {"provider_name": "p", "raw": raw}
    error = error_of(status, message="Provider returned error", metadata=metadata)
    assert error.details.causes[0] == cause


def test_limit_at_the_provider() -> None:
    """What a provider says of a limit is not about the key of OpenRouter."""
    metadata = {"provider_name": "p", "raw": "The limit of your key is exceeded."}
    error = error_of(403, message="Provider returned error", metadata=metadata)
    assert "openrouter_key_limit" not in error.details.causes


def test_slug_in_the_message() -> None:
    """A model that the message names instead is one of those in its place."""
    message = "The free period of A has ended. Please migrate to the paid slug: a/b-8b."
    assert error_of(404, message=message).details.fallback_models == ("a/b-8b",)


def test_message_in_json() -> None:
    """A message that is JSON, as validators write it, is what it says."""
    problems = [{"code": "invalid_type", "path": ["model"], "message": "Expected string"}]
    assert error_of(400, message=json.dumps(problems, indent=2)).message == "Expected string"


def test_moderation() -> None:
    """The documented body of a moderation."""
    metadata = {"reasons": ["violence"], "flagged_input": "…", "provider_name": "p"}
    error = error_of(403, message="Flagged", code=403, metadata=metadata)
    assert (error.status, error.message, error.details.provider) == (403, "Flagged", "p")
    assert error.details.causes == ("moderation",)
    assert str(error) == "403 Flagged"


def test_details() -> None:
    """What an error says beyond its status: budget, models in its place, files that were parsed."""
    file = {"hash": "h", "name": "a.pdf", "content": [{"type": "text", "text": "A"}, {"type": "x"}]}
    details = error_of(
        403,
        metadata={
            "limit_source": "openrouter_workspace_budget",
            "limit_usd": 30,
            "spend_usd": 30.5,
            "file_annotations": [{"type": "file", "file": file}, {"type": "file", "file": 5}],
        },
        availability={
            "fallback_models": ["a/b", 5, "a/b", "c/d", "e/f"],
            "constraint": {"field": "x", "detail": "no\nsuch provider"},
        },
    ).details
    assert details == ErrorDetails(
        causes=("openrouter_workspace_budget",),
        constraint="no such provider",
        fallback_models=("a/b",),
        spent=30.5,
        limit=30,
        file_annotations=(
            FileAnnotation("h", json.dumps({**file, "content": file["content"][:1]})),
        ),
    )


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        ("overloaded", "overloaded"),
        ('{"error": {"message": "the role is wrong"}}', "the role is wrong"),
        ('{"error": "{\\"message\\": \\"nested\\"}"}', "nested"),
        ({"message": "an object"}, "an object"),
        ('{"detail": "a detail"}', "a detail"),
        ('[{"error": {"code": 400, "message": "in a list"}}]', "in a list"),
        ('data: {"error": {"message": "in an event"}}\n\n', "in an event"),
        ('{"detail": [{"loc": ["body"], "msg": "a field"}]}', "a field"),
        ('{"error": {"message": "{\\"error\\": {\\"message\\": \\"deeper\\"}}"}}', "deeper"),
        ('{"errors": [{"message": "several"}]}', "several"),
        ("<html><h1>502</h1></html>", ""),
        ("ERROR", ""),
        ("{broken", ""),
        ("key sk-ant-abc123 and Bearer abcdefgh1 are bad", "key … and … are bad"),
        ("x" * 9_000, "x" * 300),
        ([1], ""),
    ],
)
def test_provider_message(raw: object, message: str) -> None:
    """The provider's words are a text, or JSON; short, in one line, with keys masked."""
    assert error_of(400, metadata={"raw": raw}).details.provider_message == message


def test_rejected_key() -> None:
    """401 is an error of its own, before a stream and inside it."""
    assert isinstance(error_from_response(401, {}, b""), KeyRejected)
    assert isinstance(error_from_chunk({"code": 401}), KeyRejected)


@pytest.mark.parametrize("metadata", [{"provider_name": "p"}, {"raw": "Incorrect API key"}])
def test_key_at_a_provider(metadata: dict[str, str]) -> None:
    """401 with a provider is about the user's own key at that provider."""
    for error in (
        error_of(401, metadata=metadata),
        error_from_chunk({"code": 401, "metadata": metadata}),
    ):
        assert type(error) is OpenRouterError
        assert error.details.causes[0] == "provider_key_rejected"
        assert not error.is_transient


def test_message_is_short_and_without_a_key() -> None:
    """A message is one short line, with any key in it masked."""
    error = error_of(400, message="Key\nsk-or-v1-abc123 is bad " + "x" * 1000)
    assert error.message.startswith("Key sk-or-… is bad")
    assert len(error.message) <= 300
    assert "abc123" not in repr(error)
    assert (
        mask_keys("sk-proj-abcdefgh gsk_abcdef AIzaSyD-abc task-or-thing") == "… … … task-or-thing"
    )
