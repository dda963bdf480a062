"""Prices: what costs nothing, and what is no price."""

import pytest

from lib.openrouter.pricing import MAX_PRICES, Pricing, read_pricing

ZERO = {"prompt": "0", "completion": "0"}


@pytest.mark.parametrize(
    ("pricing", "is_free"),
    [
        (ZERO, True),
        ({**ZERO, "image": "0", "request": "0.000", "discount": 0.5, "overrides": []}, True),
        ({**ZERO, "image": None}, True),
        ({**ZERO, "overrides": [{"min_prompt_tokens": 9, "prompt": "0"}]}, True),
        ({**ZERO, "image": "0.04"}, False),
        ({**ZERO, "request": "0.005"}, False),
        ({**ZERO, "input_cache_write": "0.00000001"}, False),
        ({**ZERO, "internal_reasoning": "1e-7"}, False),
        ({**ZERO, "a price of tomorrow": "1"}, False),
        ({**ZERO, "image": "-1"}, False),
        ({**ZERO, "image": "free"}, False),
        ({**ZERO, "overrides": [{"min_prompt_tokens": 200_000, "prompt": "0.000001"}]}, False),
        ({**ZERO, "overrides": [{"utc_start": 100, "completion": "0.000001"}]}, False),
        ({"prompt": "0"}, False),
        ({"prompt": "0", "completion": "-1"}, False),
        ({}, False),
    ],
)
def test_is_free(pricing: dict[str, object], *, is_free: bool) -> None:
    """Free is what costs nothing in any field, whatever is sent."""
    assert read_pricing(pricing).is_free is is_free


def test_prices() -> None:
    """What costs something is read, with the size of a prompt above which it costs more."""
    overrides = [
        {"min_prompt_tokens": 300_000, "prompt": "0.000009"},
        {"min_prompt_tokens": 200_000.0, "prompt": "0.000006"},
        {"utc_start": 100, "prompt": "0.000002"},
        {"min_prompt_tokens": 100, "prompt": "0"},
        "none",
    ]
    assert read_pricing(
        {"prompt": "0.000003", "completion": 1.5e-5, "image": "0.04", "overrides": overrides}
    ) == Pricing(
        3e-6,
        1.5e-5,
        (("image", 0.04),),
        200_000,
        has_overrides=True,
        highest_prompt=9e-6,
        highest_completion=1.5e-5,
    )


@pytest.mark.parametrize("price", ["-1", "nan", "1e400", "", [], {}, 10**400, "1000"])
def test_no_price(price: object) -> None:
    """What is no price is one that varies."""
    assert read_pricing({"prompt": price, "completion": price}) == Pricing()


def test_bounded() -> None:
    """The number of prices, and the length of their names, are limited."""
    pricing: dict[str, object] = {f"{n} {'x' * 9_000}": "1" for n in range(9_000)}
    pricing["overrides"] = [{"min_prompt_tokens": n, "prompt": "1"} for n in range(9_000, 0, -1)]
    read = read_pricing(pricing)
    assert len(read.others) == MAX_PRICES
    assert {len(name) for name, _ in read.others} == {40}
    assert read.prompts_above == 9_000 - MAX_PRICES + 1
