"""The error messages of a failed sign-in."""

import pytest

from lib.openrouter_sign_in.oauth import ExchangeError
from lib.openrouter_sign_in.view import explain


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (ExchangeError("code_expired", status=403), "has expired"),
        (ExchangeError("code_rejected", status=403), "did not accept the approval"),
        (ExchangeError("timed_out"), "took too long"),
        (ExchangeError("unreachable"), "could not be reached"),
        (ExchangeError("invalid_response", status=200), "does not understand"),
        (ExchangeError(status=400), "code_challenge_method"),
        (ExchangeError(status=403), "refused on its way to OpenRouter (error 403)"),
        (ExchangeError(status=405), "refused the sign-in (error 405)"),
        (ExchangeError(status=409), "busy with another sign-in"),
        (ExchangeError(status=500), "a problem at the moment (error 500)"),
    ],
)
def test_failed_sign_in(error: ExchangeError, expected: str) -> None:
    """Each failure of an exchange has its own message."""
    sentence = explain(error)
    assert expected in sentence
    assert sentence.endswith(".")
