"""The parameters of a request: what the user set, as far as the model has them.

What the next model does not have stays set for the one after it.
"""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from lib.openrouter.models import CHAT_OUTPUTS, Model
from lib.openrouter.request import MIN_COMPLETION_TOKENS
from lib.ui.formatting import small
from lib.ui.session import Session
from lib.ui.widgets import set_widget_value, widget_value

LABELS = {
    "temperature": "Temperature",
    "top_p": "top_p",
    "max_tokens": "Longest answer, in tokens",
    "seed": "Seed",
    "reasoning": "Reasoning effort",
}


def fields(model: Model, chosen: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a request: the parameters that are set, and what the model puts out."""
    used = _usable(model, chosen)
    if "max_tokens" in used:
        used["max_completion_tokens"] = used.pop("max_tokens")
    if effort := used.get("reasoning"):
        used["reasoning"] = {"effort": effort}
    if "image" in model.outputs:
        used["modalities"] = [name for name in reversed(CHAT_OUTPUTS) if name in model.outputs]
    return used


def unused(model: Model, chosen: Mapping[str, Any]) -> list[str]:
    """Return the labels and values of the parameters that are set, and that the model has not."""
    used = _usable(model, chosen)
    return [f"{LABELS[name]} {value}" for name, value in chosen.items() if name not in used]


def render(session: Session, model: Model) -> None:
    """Render the parameters that the model has, and say which others are set.

    Bounds: https://openrouter.ai/docs/api-reference/parameters.
    """
    chosen = session.chat.parameters
    used = _usable(model, chosen)
    left, right = st.columns(2)

    def options(name: str, bounds: object = "") -> dict[str, Any]:
        # A widget whose bounds depend on the model has another key for each.
        key = f"{name}_{bounds}" if bounds else name
        set_widget_value(key, used.get(name))

        def change() -> None:
            value = widget_value(key)
            if value is None:
                chosen.pop(name, None)
            else:
                chosen[name] = value

        return {"key": key, "on_change": change, "placeholder": "the model's own"}

    if _has(model, "temperature"):
        label = LABELS["temperature"]
        left.number_input(label, 0.0, 2.0, None, 0.1, **options("temperature"))
    if _has(model, "top_p"):
        right.number_input(LABELS["top_p"], 0.0, 1.0, None, 0.05, **options("top_p"))
    if _has(model, "max_tokens"):
        most, least = _max_answer_tokens(model), MIN_COMPLETION_TOKENS
        label = LABELS["max_tokens"]
        left.number_input(label, least, most, None, **options("max_tokens", most))
    if _has(model, "seed"):
        right.number_input(LABELS["seed"], 0, 2**31 - 1, None, **options("seed"))
    if _has(model, "reasoning"):
        efforts = "_".join(model.efforts)
        label = LABELS["reasoning"]
        st.selectbox(label, model.efforts, index=None, **options("reasoning", efforts))
    if missing := unused(model, chosen):
        small(f"Not used, as this model has no such setting: {', '.join(missing)}.")


def _has(model: Model, name: str) -> bool:
    match name:
        case "max_tokens":
            return not model.parameters.isdisjoint({"max_tokens", "max_completion_tokens"})
        case "reasoning":
            return model.can_reason and bool(model.efforts)
    return name in model.parameters


def _usable(model: Model, chosen: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is set and the model has, within its bounds."""
    used = {name: value for name, value in chosen.items() if _has(model, name)}
    if used.get("reasoning") not in model.efforts:
        used.pop("reasoning", None)
    if tokens := used.get("max_tokens"):
        used["max_tokens"] = min(max(tokens, MIN_COMPLETION_TOKENS), _max_answer_tokens(model))
    return used


def _max_answer_tokens(model: Model) -> int:
    tokens = model.max_completion_tokens or model.context_length or 1_000_000
    return max(tokens, MIN_COMPLETION_TOKENS)
