"""How a model is described in the picker."""

from lib.openrouter.models import Model
from lib.ui.models import describe, label

MODEL = Model(
    "lab/fast",
    "Lab: Fast",
    context_length=1_048_576,
    prompt_price=2.5e-7,
    completion_price=1.5e-6,
    inputs=("text", "image"),
)


def test_label_and_description() -> None:
    """A model has one line of plain text to search in, and a description in markdown."""
    assert label(MODEL) == "Lab: Fast · $0.25 / $1.50 · 1.05M · text+image → text · lab/fast"
    assert describe(MODEL) == (
        r"\$0.25 / \$1.50 for a million prompt / completion tokens · "
        "1,048,576 tokens of context · text, image → text"
    )
    free = Model("a", "A", prompt_price=0, completion_price=0)
    assert describe(free) == "free · text → text"
    assert label(Model("a/b", "a/b")) == "a/b · price varies · text → text · a/b"
