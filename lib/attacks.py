"""Attacks on a sign-in, each a real run against a server that stands in for OpenRouter.

The victim's app sends and checks what this app's own sign-in does, by the same functions.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlsplit

import requests

from lib.openrouter_sign_in.oauth import (
    AuthorizationResponse,
    ExchangeError,
    add_state,
    authorization_url,
    exchange_code,
    parse_callback,
)
from lib.openrouter_sign_in.pkce import Method, create_code_challenge, create_code_verifier

METHODS: tuple[Method, ...] = ("S256", "plain", "none")
_APP = "https://app.example/"
_TIMEOUT_S = 10


@dataclass(frozen=True)
class Outcome:
    """Whether the sign-in held, and why. `status` is that of the attacker's exchange."""

    held: bool
    status: int
    why: str


@dataclass(frozen=True)
class SignIn:
    """A sign-in that has begun in one browser, at the OpenRouter of `base_url`."""

    base_url: str
    method: Method
    state: str = field(default_factory=lambda: secrets.token_urlsafe(16))
    code_verifier: str = field(default_factory=create_code_verifier, repr=False)

    @property
    def url(self) -> str:
        """The authorization URL, which the browser opens."""
        return authorization_url(
            f"{self.base_url}/auth",
            callback_url=add_state(_APP, self.state),
            code_challenge=create_code_challenge(self.code_verifier, self.method),
            method=self.method,
        )

    def exchange(self, code: str | None) -> int:
        """Exchange a code as the app does; return the status."""
        return _exchange(self.base_url, code, self.code_verifier, self.method)


def approve(url: str) -> AuthorizationResponse:
    """Approve an authorization URL at the sandbox; return what comes back to the app."""
    parts = urlsplit(url)
    response = requests.post(
        parts._replace(query="").geturl(),
        data=[*parse_qsl(parts.query), ("decision", "authorize")],
        allow_redirects=False,
        timeout=_TIMEOUT_S,
    )
    query = dict(parse_qsl(urlsplit(response.headers["Location"]).query))
    returned = parse_callback(query)
    assert returned
    return returned


def _exchange(base_url: str, code: str | None, code_verifier: str, method: Method) -> int:
    try:
        exchange_code(base_url, code or "", code_verifier=code_verifier, method=method)
    except ExchangeError as error:
        return error.status
    return 200


def stolen_code(victim: SignIn) -> Outcome:
    """Somebody reads the code in the address bar, and is faster than the app."""
    code = approve(victim.url).code
    status = _exchange(victim.base_url, code, "", "none")
    why = {
        "S256": "The exchange needs the code_verifier too, which never left the app.",
        "plain": "The exchange needs the code_verifier too, which a callback does not show.",
        "none": "A code alone is enough. Only being faster protects.",
    }
    return Outcome(status != 200, status, why[victim.method])


def stolen_callback(victim: SignIn) -> Outcome:
    """Somebody opens the victim's callback URL in their own browser, and confirms it there."""
    returned = approve(victim.url)
    attacker = SignIn(victim.base_url, victim.method)  # begun in that other browser
    if returned.answers(attacker.state):
        return Outcome(held=False, status=attacker.exchange(returned.code), why="The state fits.")
    status = attacker.exchange(returned.code)
    why = (
        "The app asks first, since the state is not of that browser. Confirmed all the same, the "
        "code does not fit that browser's code_verifier."
    )
    if victim.method == "none":
        why = "The app asks first, but the attacker confirms, and a code alone is enough."
    return Outcome(status != 200, status, why)


def slipped_code(victim: SignIn) -> Outcome:
    """The attacker sends a code of their own account, to read what the victim asks there."""
    attacker = SignIn(victim.base_url, "none")  # a challenge would only make it fail
    returned = approve(attacker.url)
    held = not returned.answers(victim.state)
    status = victim.exchange(returned.code)
    return Outcome(
        held,
        status,
        "The state is not of the victim's browser, so the app sends nothing by itself: it warns and "
        "asks. Confirmed all the same, OpenRouter would take the code, made without a challenge.",
    )


def code_twice(victim: SignIn) -> Outcome:
    """The app has exchanged the code; then somebody does so once more, knowing everything."""
    code = approve(victim.url).code
    victim.exchange(code)
    status = victim.exchange(code)
    return Outcome(status != 200, status, "A code works once, whoever sends it again.")


def leaked_url(victim: SignIn) -> Outcome:
    """Somebody has read the link to OpenRouter, and then the code: in a log, or over a shoulder."""
    code = approve(victim.url).code
    challenge = dict(parse_qsl(urlsplit(victim.url).query)).get("code_challenge", "")
    status = _exchange(victim.base_url, code, challenge, victim.method)
    why = {
        "S256": "The link has only the SHA-256 of the code_verifier, which cannot be turned back.",
        "plain": "The code_challenge in the link is the code_verifier itself.",
        "none": "A code alone is enough.",
    }
    return Outcome(status != 200, status, why[victim.method])


@dataclass(frozen=True)
class Attack:
    """An attack: what the attacker has, and its run."""

    name: str
    has: str
    run: Callable[[SignIn], Outcome]


ATTACKS = (
    Attack("A stolen code", "the code", stolen_code),
    Attack("A stolen callback URL", "code and state, and a browser of their own", stolen_callback),
    Attack("A code slipped to a victim", "a code of their own account", slipped_code),
    Attack("The same code twice", "everything, but too late", code_twice),
    Attack("A leaked authorization URL", "the link to OpenRouter, and the code", leaked_url),
)


def run_all(base_url: str) -> dict[str, dict[Method, Outcome]]:
    """Run each attack against each method, at the sandbox of `base_url`; by the attack's name."""
    return {
        attack.name: {method: attack.run(SignIn(base_url, method)) for method in METHODS}
        for attack in ATTACKS
    }
