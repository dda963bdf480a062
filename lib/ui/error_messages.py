"""What a user reads when something went wrong: one sentence about what happened and what to do."""

import math
import re
from dataclasses import dataclass
from datetime import UTC, datetime

from lib.chat.conversation import Remedy
from lib.chat.labels import rounded_usd
from lib.openrouter.account import key_settings_url
from lib.openrouter.chat import CONTENT_TIMEOUT_S
from lib.openrouter.error_causes import room_in_context
from lib.openrouter.errors import (
    AnswerTooLong,
    ConnectionLost,
    ConnectTimedOut,
    InvalidResponse,
    KeyRejected,
    NoContent,
    OpenRouterError,
    StreamInterrupted,
    StreamStalled,
    TimedOut,
    Unreachable,
)
from lib.openrouter.models import is_model_id
from lib.openrouter.request import MIN_COMPLETION_TOKENS
from lib.ui.error_table import QUOTED, TABLE, Link, Row

SHORT_ANSWER_TOKENS = 1_000
"""Of the answer that is offered where OpenRouter does not say how long one may be."""
MAX_WAIT_IN_SECONDS = 120
"""Longer waits are told in minutes, and those of more minutes in hours."""
_AFFORDABLE = re.compile(r"can only afford ([1-9][0-9]{0,6})\b")
_CONNECTION: dict[type[OpenRouterError], str] = {
    KeyRejected: "OpenRouter no longer accepts your key. Sign in again; your message waits here.",
    StreamStalled: "OpenRouter has gone silent. Try again, or ask another model.",
    NoContent: f"The model wrote nothing for {CONTENT_TIMEOUT_S / 60:.0f} minutes, so the answer "
    "was ended. Try again, or ask another model.",
    TimedOut: "OpenRouter did not begin to answer in time. Try another model.",
    ConnectTimedOut: "OpenRouter did not let us connect in time. Try again in a moment.",
    ConnectionLost: "OpenRouter hung up without an answer. Try again in a moment.",
    Unreachable: "This app could not reach OpenRouter. Try again in a moment.",
    InvalidResponse: "OpenRouter sent something unreadable. Try again in a moment.",
    AnswerTooLong: "The answer grew beyond what fits here, and was ended. Ask for less.",
    StreamInterrupted: "The connection broke off before the answer was whole. Try again.",
}


@dataclass(frozen=True)
class Explanation:
    """A sentence, and what may help: a link (label, URL), other models, or to send it again.

    Again with an answer of at most `affordable_tokens`, or with the files changed by `remedy`.
    """

    sentence: str
    link: tuple[str, str] | None = None
    affordable_tokens: int | None = None
    models: tuple[str, ...] = ()
    remedy: Remedy = ""


def explain(error: OpenRouterError, base_url: str, key: str, model: str = "") -> Explanation:
    """Return why an answer of this model failed or broke off."""
    if sentence := _CONNECTION.get(type(error)):
        return Explanation(sentence)
    causes = error.details.causes
    row = next((TABLE[c] for c in (*causes, error.status or 0) if c in TABLE), None)
    link_name = row.link if row else ""
    if link_name == "credits" and "openrouter_key_limit" in causes:
        link_name = "key"
    sentence, affordable = _sentence(error, row), _affordable_tokens(error)
    if row and row.is_shorter:
        affordable = affordable or SHORT_ANSWER_TOKENS
    elif affordable:
        way = "raise the limit of your key" if link_name == "key" else "add credits"
        sentence = f"What is left does not cover the longest answer this model may give. Send again for a shorter one, or {way}."
    link = _LINKS[link_name]
    if link:
        link = link[0], link[1].format(base=base_url, key=key_settings_url(base_url, key))
    remedy = row.remedy if row else ""
    return Explanation(sentence, link, affordable, _models(error, model), remedy)


_LINKS: dict[Link, tuple[str, str] | None] = {
    "": None,
    "credits": ("Add credits", "{base}/settings/credits"),
    "key": ("Open your key's settings", "{key}"),
    "privacy": ("Open your privacy settings", "{base}/settings/privacy"),
    "providers": ("Open your provider keys", "{base}/settings/integrations"),
    "preferences": ("Open your settings", "{base}/settings/preferences"),
}


def _affordable_tokens(error: OpenRouterError) -> int | None:
    if "max_tokens_exceeded" in error.details.causes:
        return room_in_context(error.message)
    found = _AFFORDABLE.search(error.message) if error.status == 402 else None
    return int(found[1]) if found and int(found[1]) >= MIN_COMPLETION_TOKENS else None


def _models(error: OpenRouterError, model: str) -> tuple[str, ...]:
    """Return the models that OpenRouter suggests; for a free one that ended, also the one that costs."""
    suggested = [name for name in error.details.fallback_models if is_model_id(name)]
    if "free_variant_ended" in error.details.causes and model.endswith(":free"):
        suggested.append(model.removesuffix(":free"))
    return tuple(dict.fromkeys(name for name in suggested if name != model))


def _sentence(error: OpenRouterError, row: Row | None) -> str:
    details = error.details
    if row is None and error.status is None:
        sentence = "The model stopped with an error. Try again, or ask another model."
    elif row is None and (error.status or 0) >= 500:
        sentence = f"OpenRouter has a problem (error {error.status}). Try again in a minute."
    elif row is None:
        sentence = f"OpenRouter refused the request (error {error.status}). Try again in a moment."
    else:
        sentence = row.sentence.format(
            provider=details.provider or "The model's provider",
            renewal=_renewal(error),
            budget=_budget(error),
            wait=_wait(error),
        )
    is_vague = row is None or (row is TABLE.get(error.status or 0) and error.status in QUOTED)
    if is_vague or (details.constraint and "constraint_filtered" in details.causes):
        return f"{sentence} {_quotation(error)}".strip()
    return sentence


def _quotation(error: OpenRouterError) -> str:
    """Return the words of the provider or of OpenRouter as a sentence; empty if there are none."""
    details = error.details
    speaker, quote = "OpenRouter", details.constraint or error.message
    if details.provider_message:
        speaker, quote = details.provider or "The provider", details.provider_message
    quote = quote.replace("”", "’").rstrip(".")
    end = "" if quote.endswith(("?", "!")) else "."
    return f"{speaker} says: “{quote}{end}”" if quote else ""


def _renewal(error: OpenRouterError) -> str:
    resets_at = error.details.resets_at
    if error.is_daily_limit:
        return f"They come back {_time(resets_at) if resets_at else 'at midnight UTC'}."
    return f" It is renewed {_time(resets_at)}." if resets_at else ""


def _time(seconds: float) -> str:
    moment = datetime.fromtimestamp(seconds, UTC)
    return f"on {moment.day} {moment:%B at %H:%M} UTC"


def _budget(error: OpenRouterError) -> str:
    spent, limit = error.details.spent, error.details.limit
    return (
        "" if spent is None or limit is None else f" ({rounded_usd(spent)} of {rounded_usd(limit)})"
    )


def _wait(error: OpenRouterError) -> str:
    if not error.retry_after:
        return "in a minute"
    seconds = max(2, math.ceil(error.retry_after))
    if seconds <= MAX_WAIT_IN_SECONDS:
        return f"in {seconds} seconds"
    if seconds <= 60 * MAX_WAIT_IN_SECONDS:
        return f"in {math.ceil(seconds / 60)} minutes"
    return f"in {math.ceil(seconds / 3600)} hours"
