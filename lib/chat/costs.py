"""What an answer will cost, estimated before it is asked for.

Prices are those of the catalogue; a provider to which OpenRouter turns may have others.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from lib.chat.conversation import Answer
from lib.chat.tokens import Prompt
from lib.openrouter.models import Model
from lib.openrouter.request import (
    MAX_SEARCH_RESULTS,
    MAX_SEARCHES,
    MIN_COMPLETION_TOKENS,
    USD_PER_SEARCH_RESULT,
    ChatRequest,
)

USUAL_ANSWER_TOKENS = 300
"""Of an answer, where there are none before it whose mean is known."""
MIN_CACHED_TOKENS = 1_024
"""Providers cache no shorter prompt."""
CACHE_SECONDS = 300
"""For how long a prompt stays in the cache of most providers."""


@dataclass(frozen=True)
class Cost:
    """A cost in USD: `about` so much, and `most` at most, which includes the longest answer.

    `prompt_most` is the part of `most` that is not the answer's, whose tokens cost `answer_price`.
    Each further token of the question adds `token_about`, or `token_most`.
    """

    about: float
    most: float
    prompt_most: float
    answer_price: float
    token_about: float
    token_most: float

    @property
    def is_free(self) -> bool:
        """Whether nothing is charged."""
        return self.most == 0 == self.token_most

    def affordable_tokens(self, amount: float) -> int | None:
        """Return the longest answer that an amount pays for; None if no answer fits."""
        if not self.answer_price:
            return None
        tokens = int((amount - self.prompt_most) / self.answer_price)
        return tokens if tokens >= MIN_COMPLETION_TOKENS else None


def estimate(
    prompt: Prompt,
    request: ChatRequest,
    model: Model,
    *,
    answer_tokens: float = USUAL_ANSWER_TOKENS,
    max_tokens: int | None = None,
    is_cached: bool = False,
) -> Cost | None:
    """Return the cost of a request; None if its price or its longest answer is not known.

    So it is of a model for deep research, which searches many times, each at a price.
    `answer_tokens` is the usual length of an answer, `max_tokens` takes the place of the request's
    own maximum. With `is_cached`, what was sent before is read from the cache.
    """
    pricing = model.pricing
    searches = request.web_search or request.model.endswith(":online")
    if pricing.is_free and not searches:
        return Cost(0, 0, 0, 0, 0, 0)
    max_tokens = _longest_answer(request, model, max_tokens)
    makes_images = "image" in model.outputs  # at prices of which the catalogue says no unit
    is_known = not makes_images and "deep-research" not in model.id
    if pricing.prompt is None or pricing.completion is None or not max_tokens or not is_known:
        return None
    other = {name: price or 0.0 for name, price in pricing.others}
    price_most = max(pricing.prompt, pricing.highest_prompt, other.get("input_cache_write", 0.0))
    if prompt.has_audio:
        price_most = max(price_most, other.get("audio", 0.0))
    answer_price = max(
        pricing.completion, pricing.highest_completion, other.get("internal_reasoning", 0.0)
    )
    tokens = prompt.tokens
    cached = 0.0
    if is_cached and "input_cache_read" in other and prompt.sent_before >= MIN_CACHED_TOKENS:
        cached = prompt.sent_before
    about = (tokens.about - cached) * pricing.prompt + cached * other.get("input_cache_read", 0.0)
    tokens_most = min(tokens.most, model.context_length or tokens.most)
    fixed = other.get("request", 0.0) + prompt.images * other.get("image", 0.0)
    search_about, search_most = _search(other.get("web_search", 0.0)) if searches else (0, 0)
    prompt_most = tokens_most * price_most + fixed + search_most
    return Cost(
        about=about + fixed + search_about + min(answer_tokens, max_tokens) * pricing.completion,
        most=prompt_most + max_tokens * answer_price,
        prompt_most=prompt_most,
        answer_price=answer_price,
        token_about=pricing.prompt,
        token_most=price_most,
    )


def usual_answer(answers: Iterable[Answer]) -> float:
    """Return the mean length of answers in tokens, with those thought; a usual one without any."""
    lengths = [one.usage.completion_tokens for one in answers if one.usage]
    return sum(lengths) / len(lengths) if lengths else USUAL_ANSWER_TOKENS


def _longest_answer(request: ChatRequest, model: Model, max_tokens: int | None) -> int | None:
    wanted = max_tokens or request.parameters.get("max_completion_tokens")
    limits = (wanted, model.max_completion_tokens, model.context_length)
    known = [limit for limit in limits if limit]
    return max(min(known), MIN_COMPLETION_TOKENS) if known else None


def _search(own_price: float) -> tuple[float, float]:
    """Return the cost of one search, and of as many as a request allows."""
    each = max(MAX_SEARCH_RESULTS * USD_PER_SEARCH_RESULT, own_price)
    return each, MAX_SEARCHES * each
