"""The fields of a request that follow from the model and what was set."""

from typing import Any

import pytest

from lib.openrouter.models import EFFORTS, Model
from lib.ui.parameters import fields, unused

ALL = frozenset({"temperature", "top_p", "max_tokens", "seed", "reasoning"})
CHOSEN = {"temperature": 0.5, "max_tokens": 5_000, "reasoning": "none"}


@pytest.mark.parametrize(
    ("model", "sent"),
    [
        (Model("a", "A"), {}),
        (Model("a", "A", parameters=ALL), {"temperature": 0.5, "max_completion_tokens": 5_000}),
        (
            Model("a", "A", parameters=ALL, efforts=EFFORTS, max_completion_tokens=4_096),
            {
                "temperature": 0.5,
                "max_completion_tokens": 4_096,
                "reasoning": {"effort": "none"},
            },
        ),
        (
            Model("a", "A", parameters=frozenset({"max_completion_tokens", "reasoning"})),
            {"max_completion_tokens": 5_000},
        ),
        (
            Model("a", "A", parameters=ALL, efforts=EFFORTS[:-1], context_length=8),
            {"temperature": 0.5, "max_completion_tokens": 16},
        ),
        (Model("a", "A", efforts=EFFORTS), {}),
        (Model("a", "A", outputs=("text",)), {}),
        (Model("a", "A", outputs=("text", "image")), {"modalities": ["image", "text"]}),
        (Model("a", "A", outputs=("image",)), {"modalities": ["image"]}),
        (Model("a", "A", outputs=("image", "video")), {"modalities": ["image"]}),
        (Model("a", "A", outputs=("text", "audio")), {}),
    ],
)
def test_fields(model: Model, sent: dict[str, Any]) -> None:
    """Only what the model has is sent, within its bounds, and asked for in its outputs."""
    assert fields(model, CHOSEN) == sent


def test_nothing_is_lost() -> None:
    """What is sent and what is not used leave what was chosen as it is."""
    chosen = dict(CHOSEN)
    model = Model("a", "A", parameters=frozenset({"temperature"}))
    assert fields(model, chosen) == {"temperature": 0.5}
    assert unused(model, chosen) == ["Longest answer, in tokens 5000", "Reasoning effort none"]
    assert chosen == CHOSEN
