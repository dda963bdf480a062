"""How a model is described in the picker."""

from datetime import date

import pytest

from lib.openrouter.models import Model
from lib.openrouter.pricing import Pricing
from lib.ui.model_labels import describe, expiry, is_expiring, label, short_label

MODEL = Model(
    "lab/fast",
    "Lab: Fast",
    context_length=1_048_576,
    pricing=Pricing(2.5e-7, 1.5e-6),
    inputs=("text", "image"),
)


def test_label_and_description() -> None:
    """A model has one line of plain text to search in, and a description in markdown."""
    assert label(MODEL) == "Lab: Fast · $0.25 / $1.50 · 1.05M · text+image → text · lab/fast"
    assert short_label(MODEL) == "Lab: Fast · $0.25 / $1.50 · lab/fast"
    assert describe(MODEL) == (
        r"\$0.25 / \$1.50 for a million prompt / completion tokens · "
        "1,048,576 tokens of context · text, image → text"
    )
    assert label(Model("a/b", "a/b")) == "a/b · price varies · text → text · a/b"


@pytest.mark.parametrize(
    ("pricing", "description"),
    [
        (Pricing(0, 0), "free"),
        (Pricing(0, 0, (("image", 0.04),)), r"\$0.04 an image sent"),
        (Pricing(0, 0, (("request", 0.005),)), r"\$0.005 a request"),
        (
            Pricing(1e-6, 2e-6, (("image_output", 0.04),)),
            r"\$1.00 / \$2.00 for a million prompt / completion tokens + \$0.04 an image made",
        ),
        (
            Pricing(1e-6, 2e-6, (("image", 1e-6), ("image_output", 3e-5))),
            r"\$1.00 / \$2.00 for a million prompt / completion tokens"
            r" + \$30.00 for a million tokens of images made",
        ),
        (
            Pricing(1e-6, 2e-6, (("input_cache_read", 1e-7), ("input_cache_write", 1.25e-6))),
            r"\$1.00 / \$2.00 for a million prompt / completion tokens · "
            r"\$0.10 for a million tokens read from the cache · "
            r"\$1.25 for a million tokens written to the cache",
        ),
        (
            Pricing(1e-6, 2e-6, (("web_search", 0.01),), 200_000, has_overrides=True),
            r"\$1.00 / \$2.00 for a million prompt / completion tokens · \$0.01 a web search · "
            "other prices for prompts above 200,000 tokens",
        ),
        (
            Pricing(0, 0, has_overrides=True),
            r"\$0.00 / \$0.00 and more · other prices at some hours",
        ),
        (Pricing(None, 0), "price varies"),
        (Pricing(0, 0, (("image", None),)), r"\$0.00 / \$0.00 and more"),
    ],
)
def test_prices(pricing: Pricing, description: str) -> None:
    """All that costs something is said, and only what is free is called so."""
    assert describe(Model("a", "A", pricing=pricing)) == f"{description} · text → text"


def test_expiry() -> None:
    """A model that is about to be removed says so, and from when on; others do not."""
    today = date(2027, 3, 1)
    assert is_expiring(Model("a", "A", expires_on=date(2027, 4, 30)), today)
    assert is_expiring(Model("a", "A", expires_on=date(2027, 2, 1)), today)
    assert not is_expiring(Model("a", "A", expires_on=date(2027, 5, 1)), today)
    assert not is_expiring(Model("a", "A"), today)
    old = Model("a", "A", expires_on=date(2020, 2, 1))
    assert "after 1 February 2020" in expiry(old)
    assert "until 1 February 2020" in label(old)
    assert expiry(MODEL) == ""


def test_escaped() -> None:
    """What the catalogue says is text."""
    shown = describe(Model("a", "A", inputs=("*text*",), outputs=("`x`",)))
    assert shown == r"price varies · \*text\* → \`x\`"
