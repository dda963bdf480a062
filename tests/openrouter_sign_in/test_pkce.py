"""`code_verifier` and `code_challenge`, after RFC 7636."""

import pytest

from lib.openrouter_sign_in.pkce import CODE_VERIFIER, create_code_challenge, create_code_verifier

# RFC 7636, appendix B
OCTETS = bytes(
    [
        *(116, 24, 223, 180, 151, 153, 224, 37, 79, 250, 96, 125, 216, 173, 187, 186),
        *(22, 212, 37, 77, 105, 214, 191, 240, 91, 88, 5, 88, 83, 132, 141, 121),
    ]
)
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


def test_appendix_b_verifier() -> None:
    """The octets of appendix B give its verifier."""
    assert create_code_verifier(lambda count: OCTETS[:count]) == VERIFIER


@pytest.mark.parametrize(
    ("method", "challenge"), [("S256", CHALLENGE), ("plain", VERIFIER), ("none", None)]
)
def test_appendix_b_challenge(method, challenge) -> None:
    """The verifier of appendix B gives its challenge under S256, itself under plain."""
    assert create_code_challenge(VERIFIER, method) == challenge


def test_unknown_method() -> None:
    """Any other method is refused, not treated as `none`."""
    with pytest.raises(ValueError, match="method"):
        create_code_challenge(VERIFIER, "S512")  # type: ignore[arg-type]


def test_verifiers_are_new_and_of_the_grammar() -> None:
    """Verifiers differ, and each is 43 characters of the grammar."""
    verifiers = {create_code_verifier() for _ in range(100)}
    assert len(verifiers) == 100
    assert all(CODE_VERIFIER.fullmatch(verifier) for verifier in verifiers)


@pytest.mark.parametrize(
    "verifier", ["a" * 42, "a" * 129, "a" * 42 + "ä", "a" * 42 + "=", "a" * 43 + "\n", ""]
)
def test_verifier_outside_the_grammar(verifier: str) -> None:
    """A verifier outside section 4.1's grammar is refused."""
    with pytest.raises(ValueError, match="code_verifier"):
        create_code_challenge(verifier, "S256")


@pytest.mark.parametrize("verifier", ["a" * 43, "-._~" * 32])
def test_verifier_at_the_bounds(verifier: str) -> None:
    """43 and 128 characters are within the grammar."""
    assert create_code_challenge(verifier, "plain") == verifier
