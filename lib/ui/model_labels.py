"""Models in words: prices, context, inputs and outputs."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

from lib.chat.labels import usd
from lib.markdown.streamlit import escape_markdown
from lib.openrouter.models import Model
from lib.openrouter.pricing import Pricing

EXPIRY_NOTICE = timedelta(days=60)
"""How long before its end a model is said to end."""

_PER_MILLION = {
    "input_cache_read": "read from the cache",
    "input_cache_write": "written to the cache",
    "internal_reasoning": "of reasoning",
    "audio": "of audio",
}
MAX_TOKEN_PRICE = 0.0005
"""USD. A lower price of an image that is made is that of a token of it: the catalogue has both."""
MAX_PROMPT_PRICE = 0.00001
"""The same of an image that is sent, whose tokens cost what those of the prompt do."""
_IN_SHORT = ("request", "image", "image_output")
_EACH = {
    "request": "a request",
    "image": "an image sent",
    "image_output": "an image made",
    "web_search": "a web search",
}


def label(model: Model) -> str:
    """Return a model in one line of plain text, for searching: name, price, context, inputs, outputs, id."""
    parts = [model.name, _prices(model.pricing)]
    if model.context_length:
        parts.append(_short(model.context_length))
    parts.append(f"{'+'.join(model.inputs)} → {'+'.join(model.outputs)}")
    if is_expiring(model):
        parts.append(f"until {_day(model.expires_on)}")
    return " · ".join([*parts, model.id])


def short_label(model: Model) -> str:
    """Return name, price and id of a model in one line of plain text."""
    return " · ".join((model.name, _prices(model.pricing), model.id))


def describe(model: Model) -> str:
    """Return prices, context, inputs and outputs of a model as markdown."""
    context = f"{model.context_length:,} tokens of context" if model.context_length else ""
    flow = f"{', '.join(model.inputs)} → {', '.join(model.outputs)}"
    facts = (_prices(model.pricing, is_long=True), *_further_prices(model.pricing), context, flow)
    return " · ".join(escape_markdown(fact) for fact in facts if fact)


def is_expiring(model: Model, today: date | None = None) -> bool:
    """Return whether OpenRouter may remove a model soon."""
    today = today or datetime.now(UTC).date()
    return model.expires_on is not None and model.expires_on - today <= EXPIRY_NOTICE


def expiry(model: Model) -> str:
    """Return a sentence that a model is about to be removed, empty if it is not."""
    if not is_expiring(model):
        return ""
    return (
        f"OpenRouter may remove this model after {_day(model.expires_on)}. Choose another in time."
    )


def _day(day: date | None) -> str:
    return f"{day.day} {day:%B %Y}" if day else ""


def _prices(pricing: Pricing, *, is_long: bool = False) -> str:
    """Return what is charged: for a million tokens of prompt and completion, or for something else."""
    if pricing.is_free:
        return "free"
    if pricing.prompt is None or pricing.completion is None:
        return "price varies"
    each = [
        _price_of(name, price)
        for name, price in pricing.others
        if price is not None and name in _IN_SHORT
        if name != "image" or price > MAX_PROMPT_PRICE
    ]
    by_token = f"{usd(pricing.prompt * 1e6)} / {usd(pricing.completion * 1e6)}"
    if pricing.prompt or pricing.completion:
        unit = " for a million prompt / completion tokens" if is_long else ""
        return " + ".join([by_token + unit, *each])
    return " + ".join(each) or f"{by_token} and more"


def _price_of(name: str, price: float) -> str:
    if name == "image_output" and price < MAX_TOKEN_PRICE:
        return f"{usd(price * 1e6)} for a million tokens of images made"
    return f"{usd(price)} {_EACH[name]}"


def _further_prices(pricing: Pricing) -> Iterator[str]:
    """Yield the prices that are not in the short form."""
    for name, price in pricing.others:
        if price is not None and name in _PER_MILLION:
            yield f"{usd(price * 1e6)} for a million tokens {_PER_MILLION[name]}"
        elif price is not None and name in _EACH and name not in _IN_SHORT:
            yield f"{usd(price)} {_EACH[name]}"
    if pricing.prompts_above:
        yield f"other prices for prompts above {pricing.prompts_above:,} tokens"
    elif pricing.has_overrides:
        yield "other prices at some hours"


def _short(tokens: int) -> str:
    return f"{tokens / 1e6:.3g}M" if tokens >= 1e6 else f"{tokens / 1e3:.0f}K"
