"""The error messages of a chat."""

import json
import re

import pytest

from lib.openrouter import errors
from lib.openrouter.errors import OpenRouterError, error_from_response
from lib.ui.error_messages import Explanation, explain
from sandbox.catalogue import STATUSES

MESSAGES = {
    "400": "could not use this request",
    "401": "no longer accepts your key",
    "402": "not enough credit",
    "402-max-tokens": "does not cover the longest answer",
    "402-key-limit": "limit of your key is spent",
    "403": "does not allow this request",
    "403-moderation": "declined this message in its moderation",
    "404": "No provider offers this model to you",
    "408": "took too long to begin",
    "413": "too large for this model",
    "422": "could not process this message",
    "429": "Try again in 7 s",
    "429-per-day": "used up for today",
    "500": "a problem of its own",
    "500-empty": "a problem of its own",
    "502": "gave no usable answer",
    "502-html": "gave no usable answer",
    "503": "No provider is free",
    "503-availability": "No provider is free",
    "504": "took too long",
    "524": "took too long",
    "529": "overloaded",
}
LINKS = {
    "402": "https://o/settings/credits",
    "402-max-tokens": "https://o/keys/",
    "402-key-limit": "https://o/keys/",
    "403": "https://o/keys/",
    "404": "https://o/settings/privacy",
    "429-per-day": "https://o/settings/credits",
}


def explained(error: OpenRouterError) -> Explanation:
    """The explanation for a user with a key at `https://o`."""
    return explain(error, "https://o", "sk-or-x")


@pytest.mark.parametrize("name", STATUSES)
def test_status(name: str) -> None:
    """Each status has its error message, nothing of the body in it, and a link where a page helps."""
    status, headers, body = STATUSES[name]
    content = (body if isinstance(body, str) else json.dumps({"error": body})).encode()
    failure = error_from_response(status, headers, content)
    explanation = explained(failure)
    assert re.fullmatch(r"[A-Z].+\.", explanation.sentence)
    assert MESSAGES[name] in explanation.sentence
    assert not failure.message or failure.message not in explanation.sentence
    _, url = explanation.link or ("", "")
    assert url.startswith(LINKS.get(name, ""))
    assert bool(url) == (name in LINKS)
    assert "sk-or-x" not in url


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (errors.KeyRejected(), "no longer accepts your key"),
        (errors.TimedOut(), "did not begin to answer in time"),
        (errors.StreamStalled(), "gone silent"),
        (errors.NoContent(), "wrote nothing for 10 minutes"),
        (errors.Unreachable(), "could not be reached"),
        (errors.ConnectTimedOut(), "did not let us connect in time"),
        (errors.ConnectionLost(), "hung up without an answer"),
        (errors.InvalidResponse(), "something unreadable"),
        (errors.AnswerTooLong(), "grew beyond what fits here"),
        (errors.StreamInterrupted(), "broke off before the answer was whole"),
        (OpenRouterError(), "stopped with an error"),
        (OpenRouterError(status=418), "(error 418)"),
        (OpenRouterError(status=429, retry_after=6.2), "in 7 seconds"),
        (OpenRouterError(status=429), "Wait a minute"),
    ],
)
def test_failure(error: OpenRouterError, message: str) -> None:
    """Each failure without a known status has its error message."""
    assert re.fullmatch(rf"[A-Z].*{re.escape(message)}.*\.", explained(error).sentence)


@pytest.mark.parametrize(
    ("afford", "tail", "remedy", "affordable"),
    [
        (900, "", "or add credits", 900),
        (900, "create a key with a higher monthly limit", "or raise the limit of your key", 900),
        (0, "", "Add credits, then", None),
        (0, "create a key with a higher monthly limit", "limit of your key is spent", None),
    ],
)
def test_affordable(afford: int, tail: str, remedy: str, affordable: int | None) -> None:
    """Sending again is offered only where the credit covers a shorter answer."""
    message = f"You need fewer max_tokens, but can only afford {afford}. To increase, {tail}"
    explanation = explained(OpenRouterError(message, status=402))
    assert remedy in explanation.sentence
    assert explanation.affordable_tokens == affordable
