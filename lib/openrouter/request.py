"""The request of a chat completion: https://openrouter.ai/docs/api-reference/chat-completion."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NotRequired, TypedDict

DataPolicy = Literal["any", "no-training", "nothing-kept"]
"""Which providers may get a request, from the loosest to the strictest:

any that the user's account allows, those that do not train on it, those that keep nothing.
"""
DATA_POLICIES: tuple[DataPolicy, ...] = ("any", "no-training", "nothing-kept")
_PROVIDER: Mapping[DataPolicy, Mapping[str, Any]] = {
    "any": {},
    "no-training": {"data_collection": "deny"},
    "nothing-kept": {"zdr": True},
}
"""The field `provider`: https://openrouter.ai/docs/guides/routing/provider-selection."""

MIN_COMPLETION_TOKENS = 16
"""Some providers refuse a smaller maximum."""
MAX_SEARCHES = 3
MAX_SEARCH_RESULTS = 3
"""Web searches of one answer, and results of one search."""
WEB_SEARCH = {
    "type": "openrouter:web_search",
    "parameters": {"max_results": MAX_SEARCH_RESULTS, "max_uses": MAX_SEARCHES},
}
"""https://openrouter.ai/docs/guides/features/server-tools/web-search."""
USD_PER_SEARCH_RESULT = 0.004
"""What OpenRouter's own search costs; a provider's own has another price."""

MIN_TOKENS_TO_CACHE = 4_000
"""Tokens of a first question from which on it is worth to be cached."""
_CHARACTERS_PER_TOKEN = 4
_CACHE_ON_REQUEST = ("anthropic/", "qwen/")
"""Models that cache a prompt only if the request says so; others do it by themselves."""


class ChatMessage(TypedDict):
    """One message of a request; its content is text, or a list of parts.

    Those of the assistant may carry the `images` that it generated, and the `annotations` of files
    that OpenRouter has parsed.
    """

    role: Literal["system", "user", "assistant"]
    content: str | list[dict[str, Any]]
    images: NotRequired[list[dict[str, Any]]]
    annotations: NotRequired[list[dict[str, Any]]]


@dataclass(frozen=True)
class ChatRequest:
    """The messages to send, the model, and the options.

    `instructions` are the system prompt. `fallbacks` are tried in order if `model` fails;
    `parameters` are further fields of the body, such as `temperature`; `web_search` lets the model
    search, which costs extra; `pdf_engine` reads PDFs (`cloudflare-ai` is free, `mistral-ocr`
    costs extra, `native` is the model itself). `session_id` is the same in all requests of a
    conversation, which keeps them at one provider, where the prompt may be cached. Without
    `stream`, the answer arrives in one piece.
    """

    model: str
    messages: Sequence[ChatMessage] = ()
    instructions: str = ""
    fallbacks: Sequence[str] = ()
    parameters: Mapping[str, Any] = field(default_factory=dict)
    web_search: bool = False
    pdf_engine: str | None = None
    data_policy: DataPolicy = "any"
    session_id: str = ""
    stream: bool = True

    def body(self) -> dict[str, Any]:
        """Return the JSON body of the request, without the fields that are not set."""
        system: list[ChatMessage] = []
        if self.instructions:
            system.append({"role": "system", "content": self.instructions})
        body = {**self.parameters, "model": self.model, "messages": [*system, *self.messages]}
        if self.fallbacks:
            body["models"] = [self.model, *self.fallbacks]
        if self.web_search:
            body["tools"] = [WEB_SEARCH]
        if self.pdf_engine and any(part["type"] == "file" for part in _parts(self.messages)):
            body["plugins"] = [{"id": "file-parser", "pdf": {"engine": self.pdf_engine}}]
        if provider := _PROVIDER[self.data_policy]:
            body["provider"] = dict(provider)
        if self.session_id:
            body["session_id"] = self.session_id
        if self._is_worth_caching():
            body["cache_control"] = {"type": "ephemeral"}
        return {**body, "stream": self.stream}

    def _is_worth_caching(self) -> bool:
        """Return whether to ask for a cache: a write costs 1.25 times the price, a read a tenth.

        From the second question on, or if the first is long; a file always is.
        """
        if not self.model.removeprefix("~").startswith(_CACHE_ON_REQUEST):
            return False
        questions = sum(message["role"] == "user" for message in self.messages)
        parts = list(_parts(self.messages))
        has_file = any(part["type"] == "file" for part in parts)
        length = len(self.instructions) + sum(len(part.get("text", "")) for part in parts)
        return questions > 1 or has_file or length >= MIN_TOKENS_TO_CACHE * _CHARACTERS_PER_TOKEN


def known_policy(policy: str) -> DataPolicy:
    """Return a policy by its name, `any` for an unknown one."""
    return next((known for known in DATA_POLICIES if known == policy), "any")


def stricter(*policies: DataPolicy) -> DataPolicy:
    """Return the strictest of these policies."""
    return max(policies, key=DATA_POLICIES.index)


def _parts(messages: Iterable[ChatMessage]) -> Iterator[Mapping[str, Any]]:
    """Yield the parts of all messages; a content that is text is one part."""
    for message in messages:
        content = message["content"]
        if isinstance(content, str):
            yield {"type": "text", "text": content}
        else:
            yield from content
