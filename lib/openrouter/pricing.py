"""Prices of a model: https://openrouter.ai/docs/overview/models#pricing-object."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from .untrusted import number, one_line

MAX_PRICES = 50
"""Fields of a price list, and entries of its overrides."""
_NOT_PRICES = ("discount", "overrides", "min_prompt_tokens", "utc_start", "utc_end")


@dataclass(frozen=True)
class Pricing:
    """Prices in USD, of a token unless `others` says otherwise; None if they vary.

    `others` are all that cost something beside prompt and completion, by OpenRouter's names, such
    as `request` or `image`. `prompts_above` is the size of a prompt, in tokens, above which other
    prices apply; `has_overrides` is true if these, or those of some hours, are not zero. The highest
    prices of prompt and completion are those at any size and hour.
    """

    prompt: float | None = None
    completion: float | None = None
    others: tuple[tuple[str, float | None], ...] = ()
    prompts_above: int | None = None
    has_overrides: bool = False
    highest_prompt: float = 0.0
    highest_completion: float = 0.0

    @property
    def is_free(self) -> bool:
        """Whether nothing costs anything, whatever is sent."""
        is_zero = self.prompt == self.completion == 0
        return is_zero and not self.others and not self.has_overrides


UNKNOWN = Pricing()


def read_pricing(pricing: Mapping[str, Any]) -> Pricing:
    """Return the prices of a model's entry; what is not a price is left out, or None."""
    listed = pricing.get("overrides")
    overrides = [
        override
        for override in (listed[:MAX_PRICES] if isinstance(listed, list) else ())
        if isinstance(override, Mapping) and any(price != 0 for _, price in _prices(override))
    ]
    sizes = [int(size) for each in overrides if (size := number(each.get("min_prompt_tokens")))]
    prices = [dict(_prices(each)) for each in (pricing, *overrides)]
    return Pricing(
        prompt=_price(pricing.get("prompt")),
        completion=_price(pricing.get("completion")),
        others=tuple(
            (name, price)
            for name, price in _prices(pricing)
            if name not in ("prompt", "completion") and price != 0
        ),
        prompts_above=min((size for size in sizes if size > 0), default=None),
        has_overrides=bool(overrides),
        highest_prompt=max(each.get("prompt") or 0.0 for each in prices),
        highest_completion=max(each.get("completion") or 0.0 for each in prices),
    )


def _prices(pricing: Mapping[str, Any]) -> Iterator[tuple[str, float | None]]:
    for name, value in list(pricing.items())[:MAX_PRICES]:
        if name not in _NOT_PRICES and value is not None:
            yield one_line(name, 40), _price(value)


def _price(value: object) -> float | None:
    """Parse a decimal string; None for the "-1" of routers."""
    try:
        price = float(value) if isinstance(value, str | int | float) else math.nan
    except (ValueError, OverflowError):
        return None
    return price if 0 <= price < 1_000 else None
