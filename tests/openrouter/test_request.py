"""The body of a request: what is set, and nothing else."""

from typing import Any

import pytest

from lib.chat.attachments import attachment
from lib.openrouter.request import (
    DATA_POLICIES,
    MIN_TOKENS_TO_CACHE,
    ChatMessage,
    ChatRequest,
    stricter,
)
from tests.support.openapi import validate

QUESTION: ChatMessage = {"role": "user", "content": "Hello?"}
ANSWER: ChatMessage = {"role": "assistant", "content": "Hello."}
PDF = attachment("a.pdf", b"%PDF-1.7").part()
LONG = "x" * 4 * MIN_TOKENS_TO_CACHE


def test_body() -> None:
    """A request holds the options that are set, and no others; it has the documented form."""
    plain = ChatRequest("a/b", [QUESTION])
    assert plain.body() == {"model": "a/b", "messages": [QUESTION], "stream": True}
    full = ChatRequest(
        "a/b",
        [QUESTION],
        instructions="In Latin.",
        fallbacks=["c/d"],
        parameters={"temperature": 0.5, "max_completion_tokens": 16, "modalities": ["image"]},
        web_search=True,
        pdf_engine="native",
        session_id="0123456789abcdef",
    ).body()
    assert full["messages"] == [{"role": "system", "content": "In Latin."}, QUESTION]
    assert "plugins" not in full
    assert full["models"] == ["a/b", "c/d"]
    assert full["temperature"] == 0.5
    assert full["session_id"] == "0123456789abcdef"
    validate(plain.body(), "ChatRequest")
    validate(full, "ChatRequest")


def test_web_search() -> None:
    """The number of searches, and that of their results, are limited."""
    (tool,) = ChatRequest("a/b", [QUESTION], web_search=True).body()["tools"]
    assert tool == {
        "type": "openrouter:web_search",
        "parameters": {"max_results": 3, "max_uses": 3},
    }


def test_pdf_engine() -> None:
    """A request with a PDF names the engine that reads it."""
    asked: list[ChatMessage] = [{"role": "user", "content": [PDF]}]
    body = ChatRequest("a/b", asked, pdf_engine="cloudflare-ai").body()
    assert body["plugins"] == [{"id": "file-parser", "pdf": {"engine": "cloudflare-ai"}}]
    validate(body, "ChatRequest")


@pytest.mark.parametrize(
    ("policy", "provider"),
    [
        ("any", None),
        ("no-training", {"data_collection": "deny"}),
        ("nothing-kept", {"zdr": True}),
    ],
)
def test_data_policy(policy: Any, provider: object) -> None:
    """Who may see a request is a preference for its provider."""
    body = ChatRequest("a/b", [QUESTION], data_policy=policy).body()
    assert body.get("provider") == provider
    validate(body, "ChatRequest")


def test_stricter() -> None:
    """Of several data policies the strictest holds."""
    for loose in range(3):
        for strict in range(loose, 3):
            policies = DATA_POLICIES[loose], DATA_POLICIES[strict]
            assert stricter(*policies) == stricter(*reversed(policies)) == DATA_POLICIES[strict]


@pytest.mark.parametrize(
    ("model", "messages", "instructions", "is_cached"),
    [
        ("anthropic/a", [QUESTION], "", False),
        ("anthropic/a", [QUESTION, ANSWER, QUESTION], "", True),
        ("~anthropic/a-latest", [QUESTION, ANSWER, QUESTION], "", True),
        ("qwen/a:nitro", [QUESTION, ANSWER, QUESTION], "", True),
        ("openai/a", [QUESTION, ANSWER, QUESTION], "", False),
        ("anthropic-like/a", [QUESTION, ANSWER, QUESTION], "", False),
        ("anthropic/a", [QUESTION], LONG, True),
        ("anthropic/a", [{"role": "user", "content": LONG}], "", True),
        ("anthropic/a", [{"role": "user", "content": LONG[:-1]}], "", False),
        ("anthropic/a", [{"role": "user", "content": [{"type": "text", "text": LONG}]}], "", True),
        ("anthropic/a", [{"role": "user", "content": [PDF]}], "", True),
    ],
)
def test_cache_control(
    model: str, messages: list[ChatMessage], instructions: str, *, is_cached: bool
) -> None:
    """A prompt is cached on request, where it is likely to be sent again, or is long."""
    body = ChatRequest(model, messages, instructions=instructions).body()
    assert body.get("cache_control") == ({"type": "ephemeral"} if is_cached else None)
