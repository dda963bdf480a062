"""The error messages of a chat."""

import json
import re

import pytest

from lib.openrouter import errors
from lib.openrouter.error_body import error_from_chunk, error_from_response
from lib.openrouter.errors import ErrorDetails, OpenRouterError
from lib.ui.error_messages import SHORT_ANSWER_TOKENS, Explanation, explain
from lib.ui.error_table import TABLE
from sandbox.statuses import STATUSES, TEMPORARY

MESSAGES = {
    "400": "too long for this model",
    "400-context": "too long for this model",
    "400-model": "no model of this name",
    "400-image-size": "too large for this model",
    "400-image-format": "does not take images of this format",
    "400-policy": "Sandbox declined this message",
    "400-raw": "says: “messages.1: the role is not one of user, assistant.”",
    "401": "no longer accepts your key",
    "401-provider": "Sandbox did not accept the key",
    "402": "not enough credit",
    "402-max-tokens": "does not cover the longest answer",
    "402-key-limit": "limit of your key is spent",
    "402-weight": "alone may cost more than what is left",
    "403": "limit of your key is spent",
    "403-guardrail": "is used up ($5.02 of $5.00). It is renewed on 1 January at 00:00 UTC.",
    "403-workspace": "budget of your workspace is used up ($100.00 of $100.00). Only its admin",
    "403-region": "not available in your region",
    "403-moderation": "declined this message in its moderation",
    "404": "No provider offers this model right now",
    "404-tools": "can search the web",
    "404-image": "does not take images",
    "404-modalities": "makes what was asked for",
    "404-free-ended": "no longer offered for free",
    "404-privacy": "privacy settings exclude every provider",
    "404-deprecated": "no longer offered",
    "404-constraint": "OpenRouter says: “only: [sandbox] serves no such model.”",
    "408": "took too long to begin",
    "413": "too large for this model",
    "422": "OpenRouter says: “Invalid argument.”",
    "429": "Try again in 7 s",
    "429-per-day": "used up for today. They come back on 1 January at 00:00 UTC. Until then choose",
    "429-high-balance": "used up for today, also the additional ones",
    "429-per-minute": "Try again in a minute",
    "429-capacity": "Try again in 40 seconds",
    "500": "a problem of its own",
    "500-empty": "a problem of its own",
    "502": "gave no usable answer",
    "502-annotations": "gave no usable answer",
    "502-html": "gave no usable answer",
    "503": "No provider is free",
    "503-availability": "Try again in 3 seconds",
    "504": "took too long",
    "524": "took too long",
    "529": "overloaded",
}
LINKS = {
    "401-provider": "https://o/settings/integrations",
    "402": "https://o/settings/credits",
    "402-max-tokens": "https://o/keys/",
    "402-key-limit": "https://o/keys/",
    "402-weight": "https://o/settings/credits",
    "403": "https://o/keys/",
    "404-privacy": "https://o/settings/privacy",
    "404-constraint": "https://o/settings/preferences",
    "429-per-day": "https://o/settings/credits",
}
REMEDIES = {
    "400-image-size": "smaller_images",
    "400-image-format": "smaller_images",
    "404-image": "without_files",
}
MODELS = {
    "404-deprecated": ("sandbox/hello", "sandbox/tour"),
    "404-free-ended": ("a/b",),
    "429-capacity": ("sandbox/hello",),
}
AFFORDABLE = {"402-max-tokens": 1_234, "402-weight": SHORT_ANSWER_TOKENS}


def error_of(name: str) -> OpenRouterError:
    """The error with which the sandbox's model of this status fails."""
    status, headers, body = STATUSES[name]
    content = (body if isinstance(body, str) else json.dumps({"error": body})).encode()
    return error_from_response(status, headers, content)


def explained(error: OpenRouterError) -> Explanation:
    """The explanation for a user with a key at `https://o`, who has asked a free model."""
    return explain(error, "https://o", "sk-or-x", "a/b:free")


@pytest.mark.parametrize("name", STATUSES)
def test_status(name: str) -> None:
    """Each error has its own sentence, and a page or a button where one helps."""
    explanation = explained(error_of(name))
    assert re.fullmatch(r"[A-Z].+[.”]", explanation.sentence)
    assert MESSAGES[name] in explanation.sentence
    _, url = explanation.link or ("", "")
    assert url.startswith(LINKS.get(name, ""))
    assert bool(url) == (name in LINKS)
    assert "sk-or-x" not in url
    assert explanation.remedy == REMEDIES.get(name, "")
    assert explanation.models == MODELS.get(name, ())
    assert explanation.affordable_tokens == AFFORDABLE.get(name)


@pytest.mark.parametrize("name", STATUSES)
def test_true(name: str) -> None:
    """Privacy and credits are named only where they are the reason, and where they help."""
    sentence = explained(error_of(name)).sentence
    assert ("rivacy" in sentence) == (name == "404-privacy")
    assert ("dd credits" in sentence) == (name in ("402", "429-per-day"))
    assert ("says:" in sentence) == (name in ("400-raw", "404", "404-constraint", "422"))


def test_every_row_can_be_reached() -> None:
    """Each row of the table can be the answer to an error, and has whole sentences."""
    for cause, row in TABLE.items():
        is_status = isinstance(cause, int)
        details = ErrorDetails(causes=() if is_status else (str(cause),))
        error = OpenRouterError(status=cause if isinstance(cause, int) else None, details=details)
        explanation = explained(error)
        assert re.fullmatch(r"[A-Z][^{}]+\.", explanation.sentence), cause
        assert "  " not in explanation.sentence
        assert explanation.remedy == row.remedy


def test_in_flight() -> None:
    """Where other requests hold the credit, nobody is told to add any."""
    failure, _ = TEMPORARY["402-in-flight"]
    status, headers, body = failure
    error = error_from_response(status, headers, json.dumps({"error": body}).encode())
    explanation = explained(error)
    assert "hold the credit" in explanation.sentence
    assert (explanation.link, explanation.affordable_tokens) == (None, SHORT_ANSWER_TOKENS)


def test_limit_of_the_key() -> None:
    """A request that is too large for the key's limit leads to the key, and not to the credits."""
    metadata = {"reason": "weight_exceeds_budget", "limit_source": "openrouter_key_limit"}
    explanation = explained(error_from_chunk({"code": 402, "metadata": metadata}))
    assert explanation.link
    assert explanation.link[1].startswith("https://o/keys/")


def test_quotation() -> None:
    """The provider's words are quoted with whose they are, in one line, short, and without keys."""
    raw = "bad\n“key” sk-ant-abcdefgh. "
    metadata = {"provider_name": "P", "raw": raw + "x" * 999}
    error = error_from_chunk(
        {"code": 400, "message": "Provider returned error", "metadata": metadata}
    )
    sentence = explained(error).sentence
    assert "P says: “bad “key’ …. xxx" in sentence
    assert len(sentence) < 450
    assert "Provider returned error" not in sentence


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (errors.KeyRejected(), "no longer accepts your key"),
        (errors.TimedOut(), "did not begin to answer in time"),
        (errors.StreamStalled(), "gone silent"),
        (errors.NoContent(), "wrote nothing for 10 minutes"),
        (errors.Unreachable(), "could not reach OpenRouter"),
        (errors.ConnectTimedOut(), "did not let us connect in time"),
        (errors.ConnectionLost(), "hung up without an answer"),
        (errors.InvalidResponse(), "something unreadable"),
        (errors.AnswerTooLong(), "grew beyond what fits here"),
        (errors.StreamInterrupted(), "broke off before the answer was whole"),
        (OpenRouterError(), "stopped with an error"),
        (OpenRouterError(status=418), "(error 418)"),
        (OpenRouterError(status=522), "could not be reached just now"),
        (OpenRouterError(status=599), "has a problem (error 599)"),
        (OpenRouterError(status=429, retry_after=6.2), "in 7 seconds"),
        (OpenRouterError(status=429, retry_after=600), "in 10 minutes"),
        (OpenRouterError(status=429, retry_after=7_201), "in 3 hours"),
        (OpenRouterError(status=429), "in a minute"),
        (errors.UnconfirmedRejection(status=401), "you are still signed in"),
    ],
)
def test_failure(error: OpenRouterError, message: str) -> None:
    """Each failure without a known status has its error message."""
    assert re.fullmatch(rf"[A-Z].*{re.escape(message)}.*\.", explained(error).sentence)


def test_room_in_context() -> None:
    """If only the longest answer does not fit, one is offered that does; a new chat is not."""
    message = "maximum context length is 9000 tokens. (1000 of text input, 9000 in the output)"
    error = error_from_response(400, {}, json.dumps({"error": {"message": message}}).encode())
    explanation = explained(error)
    assert "longest answer" in explanation.sentence
    assert explanation.affordable_tokens == 8_000
    message = message.replace(
        "of text input", "of text input, 700 of tool input, 300 of image input"
    )
    error = error_from_response(400, {}, json.dumps({"error": {"message": message}}).encode())
    assert explained(error).affordable_tokens == 7_000


@pytest.mark.parametrize(
    ("afford", "tail", "remedy", "affordable"),
    [
        (900, "", "or add credits", 900),
        (900, "create a key with a higher monthly limit", "or raise the limit of your key", 900),
        (0, "", "Add credits, then", None),
        (4, "", "Add credits, then", None),
        (0, "create a key with a higher monthly limit", "limit of your key is spent", None),
    ],
)
def test_affordable(afford: int, tail: str, remedy: str, affordable: int | None) -> None:
    """Sending again is offered only where the credit covers a shorter answer."""
    message = f"You need fewer max_tokens, but can only afford {afford}. To increase, {tail}"
    explanation = explained(error_from_chunk({"code": 402, "message": message}))
    assert remedy in explanation.sentence
    assert explanation.affordable_tokens == affordable
