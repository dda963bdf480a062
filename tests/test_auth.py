"""The authorization URL, the way back, and the exchange, against a sandbox over HTTP."""

from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest
import requests

from lib.openrouter.auth import (
    IssuedKey,
    Return,
    accepts_callback_url,
    authorization_url,
    exchange_code,
    read_return,
    with_state,
)
from lib.openrouter.errors import (
    CodeExpired,
    CodeRejected,
    OpenRouterError,
    TimedOut,
    UnexpectedAnswer,
    Unreachable,
)
from lib.openrouter.pkce import create_code_challenge
from tests.conftest import Served
from tests.test_pkce import CHALLENGE, VERIFIER

CALLBACK_URL = "http://localhost:3000/"


def approve(served: Served, method="S256", exchange="success") -> str:
    """Go through the consent page, and return the code."""
    url = authorization_url(
        served.base_url,
        callback_url=CALLBACK_URL,
        code_challenge=create_code_challenge(VERIFIER, method),
        method=method,
    )
    form = {**dict(parse_qsl(urlsplit(url).query)), "decision": "authorize", "exchange": exchange}
    answer = requests.post(f"{served.base_url}/auth", form, allow_redirects=False, timeout=5)
    returned = read_return(dict(parse_qsl(urlsplit(answer.headers["Location"]).query)))
    assert returned
    assert returned.code
    return returned.code


def exchange(served: Served, code: str, method="S256", verifier=VERIFIER) -> IssuedKey:
    """Exchange the code, with little patience."""
    return exchange_code(
        served.base_url, code, code_verifier=verifier, method=method, timeout=(2, 0.5)
    )


@pytest.mark.parametrize("method", ["S256", "plain", "none"])
def test_authorization_url(method) -> None:
    """The URL carries what the method asks for, and nothing else."""
    challenge = create_code_challenge(VERIFIER, method)
    url = authorization_url(
        "https://openrouter.ai",
        callback_url=CALLBACK_URL,
        code_challenge=challenge,
        method=method,
        key_label="A label",
        limit=2.5,
    )
    assert url.startswith("https://openrouter.ai/auth?")
    assert parse_qs(urlsplit(url).query) == {
        "callback_url": [CALLBACK_URL],
        "key_label": ["A label"],
        "limit": ["2.5"],
        **({"code_challenge": [challenge], "code_challenge_method": [method]} if challenge else {}),
    }


def test_headless_url() -> None:
    """Without a callback_url the challenge stands alone, and is compulsory."""
    url = authorization_url("http://o", callback_url=None, code_challenge=CHALLENGE, method="S256")
    assert set(parse_qs(urlsplit(url).query)) == {"code_challenge", "code_challenge_method"}
    with pytest.raises(ValueError, match="code_challenge"):
        authorization_url("http://o", callback_url=None, code_challenge=None, method="none")


@pytest.mark.parametrize(
    ("callback_url", "accepted"),
    [
        ("https://example.org/", True),
        ("https://example.org:8443/path?x=1", True),
        ("http://localhost:3000", True),
        ("http://127.0.0.1:8501/", True),
        ("http://192.168.1.5:8501/", False),
        ("http://example.org/", False),
        ("http://localhost.example.org/", False),
        ("ftp://localhost/", False),
        ("https:///", False),
        ("", False),
    ],
)
def test_accepts_callback_url(callback_url: str, accepted: bool) -> None:
    """Https everywhere, http on this machine only."""
    assert accepts_callback_url(callback_url) is accepted


def test_with_state() -> None:
    """`state` joins a query that is there already."""
    assert with_state("https://a.org/b?model=x", "s t") == "https://a.org/b?model=x&state=s+t"


@pytest.mark.parametrize(
    ("query", "returned"),
    [
        ({"code": "c", "state": "s"}, Return("c", "s")),
        ({"state": "s?code=c"}, Return("c", "s")),
        ({"code": "c"}, Return("c")),
        ({"error": "access_denied", "state": "s"}, Return(None, "s", "access_denied")),
        ({"state": "s"}, None),
        ({"code": ""}, None),
        ({"code": "c" * 1025}, None),
        ({}, None),
    ],
)
def test_read_return(query: dict[str, str], returned: Return | None) -> None:
    """`code`, `state` and `error` are read, together or glued or alone."""
    assert read_return(query) == returned


@pytest.mark.parametrize("method", ["S256", "plain", "none"])
def test_exchange(served: Served, method) -> None:
    """A code becomes a key in one request, which sends the verifier only where there is one."""
    issued = exchange(served, approve(served, method), method)
    assert issued.key in served.keys
    (made,) = served.exchanges
    expected = {"code_verifier": VERIFIER, "code_challenge_method": method}
    assert {name: made.body[name] for name in made.body if name != "code"} == (
        {} if method == "none" else expected
    )
    assert issued.key not in repr(issued)


@pytest.mark.parametrize(
    ("outcome", "error", "status"),
    [
        ("expired", CodeExpired, 403),
        ("invalid", CodeRejected, 403),
        ("bad-method", OpenRouterError, 400),
        ("conflict", OpenRouterError, 409),
        ("server-error", OpenRouterError, 500),
        ("html", OpenRouterError, 502),
        ("no-key", UnexpectedAnswer, 200),
        ("bad-json", UnexpectedAnswer, 200),
        ("slow", TimedOut, None),
    ],
)
def test_failed_exchange(served: Served, outcome: str, error, status) -> None:
    """Each failure is an error of its own, and the exchange is not repeated."""
    with pytest.raises(error) as raised:
        exchange(served, approve(served, exchange=outcome))
    assert type(raised.value) is error
    assert raised.value.status == status
    assert len(served.exchanges) == 1


@pytest.mark.parametrize(("method", "verifier"), [("S256", "b" * 43), ("plain", VERIFIER)])
def test_wrong_proof(served: Served, method, verifier: str) -> None:
    """A wrong verifier, or another method than at the start, gets no key."""
    with pytest.raises(CodeRejected):
        exchange(served, approve(served), method, verifier)


def test_code_works_once(served: Served) -> None:
    """The second exchange of a code is refused."""
    code = approve(served)
    exchange(served, code)
    with pytest.raises(CodeRejected):
        exchange(served, code)


def test_unreachable() -> None:
    """Where nobody listens, the exchange says so."""
    with pytest.raises(Unreachable):
        exchange_code("http://127.0.0.1:9", "c", code_verifier=VERIFIER, method="S256")
