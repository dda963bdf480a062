"""The sentences for what goes wrong."""

import json
import re

import pytest

from lib.openrouter import errors
from lib.openrouter.errors import OpenRouterError, error_from_response
from lib.ui.error_messages import explain
from sandbox.catalogue import STATUSES

STATUS_CODES = [400, 402, 403, 404, 408, 413, 422, 429, 500, 502, 503, 504, 529]
KINDS = [
    errors.KeyRejected,
    errors.TimedOut,
    errors.StreamStalled,
    errors.NoContent,
    errors.Unreachable,
    errors.ConnectTimedOut,
    errors.ConnectionLost,
    errors.InvalidResponse,
]


def sentence(error: OpenRouterError) -> str:
    """What a user reads."""
    return explain(error, "https://o", "sk-or-x").sentence


def test_each_has_its_own() -> None:
    """Each status and each other failure has a sentence of its own, which says what to do."""
    failures = [OpenRouterError(status=status) for status in STATUS_CODES]
    failures += [
        kind() for kind in (*KINDS, errors.AnswerTooLong, errors.StreamInterrupted, OpenRouterError)
    ]
    sentences = [sentence(failure) for failure in failures]
    assert len(set(sentences)) == len(sentences)
    assert all(text.endswith(".") and "None" not in text for text in sentences)


SENTENCES = {
    400: "could not use this request",
    401: "no longer accepts your key",
    402: "not enough credit",
    403: "does not allow this request",
    404: "No provider offers this model to you",
    408: "took too long to begin",
    413: "too large for this model",
    422: "could not process this message",
    429: "Try again in 7 s",
    500: "a problem of its own",
    502: "gave no usable answer",
    503: "No provider is free",
    504: "took too long",
    524: "took too long",
    529: "overloaded",
}
OTHER_SENTENCES = {
    "402-max-tokens": "does not cover the longest answer",
    "402-key-limit": "limit of your key is spent",
    "403-moderation": "declined this message in its moderation",
    "429-per-day": "used up for today",
}


@pytest.mark.parametrize("name", STATUSES)
def test_each_body(name: str) -> None:
    """Whatever body comes with a status, its sentence comes out, and no word of the body."""
    status, headers, body = STATUSES[name]
    content = (body if isinstance(body, str) else json.dumps({"error": body})).encode()
    failure = error_from_response(status, headers, content)
    text = sentence(failure)
    assert re.fullmatch(r"[A-Z].+\.", text)
    assert OTHER_SENTENCES.get(name, SENTENCES[status]) in text
    assert "None" not in text
    assert not failure.message or failure.message not in text


def test_variants() -> None:
    """What one status can mean besides is said in sentences of their own."""
    names = [
        "402",
        "402-max-tokens",
        "402-key-limit",
        "403",
        "403-moderation",
        "429",
        "429-per-day",
    ]
    failures = [
        OpenRouterError(body["message"], status=status, metadata=body.get("metadata"))
        for status, _, body in map(STATUSES.get, names)
    ]
    assert len({sentence(failure) for failure in failures}) == len(names)


@pytest.mark.parametrize(
    ("afford", "tail", "way", "affordable"),
    [
        (900, "", "or add credits", 900),
        (900, "create a key with a higher monthly limit", "or raise the limit of your key", 900),
        (0, "", "Add credits, then", None),
        (0, "create a key with a higher monthly limit", "limit of your key is spent", None),
    ],
)
def test_affordable(afford: int, tail: str, way: str, affordable: int | None) -> None:
    """Where a shorter answer would fit, the way on is to send again; where none does, it is not."""
    message = f"You need fewer max_tokens, but can only afford {afford}. To increase, {tail}"
    explanation = explain(OpenRouterError(message, status=402), "https://o", "sk-or-x")
    assert way in explanation.sentence
    assert explanation.affordable_tokens == affordable


def test_unknown_status() -> None:
    """A status that nobody knew has a sentence that names it."""
    assert "418" in sentence(OpenRouterError(status=418))


def test_429_says_how_long() -> None:
    """A rate limit says how long to wait, if OpenRouter did."""
    assert "7 seconds" in sentence(OpenRouterError(status=429, retry_after=6.2))


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("402", "https://o/settings/credits"),
        ("402-max-tokens", "https://o/keys/"),
        ("402-key-limit", "https://o/keys/"),
        ("403", "https://o/keys/"),
        ("403-moderation", None),
        ("404", "https://o/settings/privacy"),
        ("429", None),
        ("429-per-day", "https://o/settings/credits"),
        ("500", None),
    ],
)
def test_link(name: str, address: str | None) -> None:
    """Where a page of OpenRouter's helps, there is a link to it."""
    status, _, body = STATUSES[name]
    assert isinstance(body, dict)
    error = OpenRouterError(body["message"], status=status, metadata=body.get("metadata"))
    link = explain(error, "https://o", "sk-or-x").link
    assert (link[1].startswith(address) if link else address) is (None if not address else True)
    assert "sk-or-x" not in str(link)


def test_message_with_markdown_is_not_shown() -> None:
    """What a server writes into an error does not reach the page."""
    error = error_from_response(400, {}, b'{"error":{"message":"[click](http://evil)"}}')
    assert "evil" not in sentence(error)
