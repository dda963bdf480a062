"""What a user reads when something went wrong: one sentence about what happened and what to do."""

import math
import re
from dataclasses import dataclass

from lib.openrouter.account import key_settings_url
from lib.openrouter.chat import CONTENT_TIMEOUT_S
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


@dataclass(frozen=True)
class Explanation:
    """A sentence, and where there is one a link that helps (its label and address).

    `affordable_tokens` is how long an answer may be, where the credit is too small for any length.
    """

    sentence: str
    link: tuple[str, str] | None = None
    affordable_tokens: int | None = None


def explain(error: OpenRouterError, base_url: str, key: str) -> Explanation:
    """Say why an answer failed or broke off: each status of OpenRouter's table has its sentence."""
    match error:
        case KeyRejected():
            return Explanation(
                "OpenRouter no longer accepts your key. Sign in again; your message waits here."
            )
        case StreamStalled():
            return Explanation("OpenRouter has gone silent. Try again, or ask another model.")
        case NoContent():
            return Explanation(
                f"The model wrote nothing for {CONTENT_TIMEOUT_S / 60:.0f} minutes, so the "
                "answer was ended. Try again, or ask another model."
            )
        case TimedOut():
            return Explanation("OpenRouter did not begin to answer in time. Try another model.")
        case ConnectTimedOut():
            return Explanation("OpenRouter did not let us connect in time. Try again in a moment.")
        case ConnectionLost():
            return Explanation("OpenRouter hung up without an answer. Try again in a moment.")
        case Unreachable():
            return Explanation("OpenRouter could not be reached. Check the connection, try again.")
        case InvalidResponse():
            return Explanation("OpenRouter sent something unreadable. Try again in a moment.")
        case AnswerTooLong():
            return Explanation(
                "The answer grew beyond what fits here, and was ended. Ask for less."
            )
        case StreamInterrupted():
            return Explanation("The connection broke off before the answer was whole. Try again.")
    sentence = _sentence(error)
    match error.status:
        case 402:
            link = ("Add credits", f"{base_url}/settings/credits")
            if _is_of_the_key(error):
                link = ("Open your key's settings", key_settings_url(base_url, key))
            return Explanation(sentence, link, _affordable_tokens(error))
        case 429 if error.is_daily_limit:
            link = ("Add credits", f"{base_url}/settings/credits")
        case 403 if "reasons" not in error.metadata:
            link = ("Open your key's settings", key_settings_url(base_url, key))
        case 404:
            link = ("Open your privacy settings", f"{base_url}/settings/privacy")
        case _:
            return Explanation(sentence)
    return Explanation(sentence, link)


_SENTENCES = {
    400: "OpenRouter could not use this request: the model may not exist, or the conversation may be too long for it.",
    402: "There is not enough credit for this answer. Add credits, then try again.",
    403: "OpenRouter does not allow this request: the key's limit may be spent, or a rule of your account forbids it.",
    404: "No provider offers this model to you: your privacy settings may exclude all of them.",
    408: "The model took too long to begin. Try again in a moment.",
    413: "The conversation is too large for this model. Start a new chat, or send a shorter message.",
    422: "The model could not process this message. Change it, and send it again.",
    500: "OpenRouter has a problem of its own at the moment. Try again in a minute.",
    502: "The model's provider gave no usable answer. Try again in a moment.",
    503: "No provider is free for this model right now. Try again in a minute.",
    504: "The model's provider took too long. Try again in a moment.",
    524: "The model's provider took too long. Try again in a moment.",
    529: "The model's provider is overloaded. Try again in a minute.",
}


def _is_of_the_key(error: OpenRouterError) -> bool:
    """Whether a key's own limit is too small, rather than the credits of the account."""
    message = error.message.lower()
    return "limit" in message and "key" in message


_AFFORDABLE = re.compile(r"can only afford ([1-9][0-9]{0,6})\b")


def _affordable_tokens(error: OpenRouterError) -> int | None:
    found = _AFFORDABLE.search(error.message)
    return int(found[1]) if found else None


def _sentence(error: OpenRouterError) -> str:
    match error.status:
        case 402 if _affordable_tokens(error):
            way = "raise the limit of your key" if _is_of_the_key(error) else "add credits"
            return f"What is left does not cover the longest answer this model may give. Send again for a shorter one, or {way}."
        case 402 if _is_of_the_key(error):
            return "The limit of your key is spent. Raise it in the key's settings, then try again."
        case 403 if "reasons" in error.metadata:
            return "The model's provider declined this message in its moderation. Change it, and send it again."
        case 429 if error.is_daily_limit:
            return "Your requests to free models are used up for today. Choose another model, or add credits for more."
        case 429 if error.retry_after:
            seconds = max(2, math.ceil(error.retry_after))
            return f"Too many requests for now. Try again in {seconds} seconds."
        case 429:
            return "Too many requests for now. Wait a minute, then try again."
        case None:
            return "The model stopped with an error. Try again, or ask another model."
        case status:
            return _SENTENCES.get(
                status, f"OpenRouter refused the request (error {status}). Try again in a moment."
            )
