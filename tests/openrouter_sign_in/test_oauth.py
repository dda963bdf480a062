"""The authorization URL, the way back, and the exchange, against a sandbox over HTTP."""

import html
import re
from pathlib import Path
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest
import requests

from lib.openrouter_sign_in.oauth import (
    AuthorizationResponse,
    ExchangeError,
    accepts_callback_url,
    add_state,
    authorization_url,
    exchange_code,
    parse_callback,
    parse_pasted,
)
from lib.openrouter_sign_in.pkce import create_code_challenge
from tests.conftest import NOT_THE_API, RawServer, Served, http
from tests.openrouter_sign_in.test_pkce import CHALLENGE, VERIFIER

CALLBACK_URL = "http://localhost:3000/"


def decide(
    served: Served, method="S256", callback_url: str | None = CALLBACK_URL, **choices: str
) -> requests.Response:
    """Press a button of the consent page."""
    url = authorization_url(
        served.base_url,
        callback_url=callback_url,
        code_challenge=create_code_challenge(VERIFIER, method),
        method=method,
    )
    form = {**dict(parse_qsl(urlsplit(url).query)), "decision": "authorize", **choices}
    return requests.post(f"{served.base_url}/auth", form, allow_redirects=False, timeout=5)


def query_of(response: requests.Response) -> dict[str, str]:
    """The query of the callback URL."""
    return dict(parse_qsl(urlsplit(response.headers["Location"]).query))


def approve(served: Served, method="S256", exchange="success") -> str:
    """Go through the consent page, and return the code."""
    returned = parse_callback(query_of(decide(served, method, exchange=exchange)))
    assert returned
    assert returned.code
    return returned.code


def exchange(served: Served, code: str, method="S256", verifier=VERIFIER) -> str:
    """Exchange the code, with a short timeout."""
    return exchange_code(
        served.base_url, code, code_verifier=verifier, method=method, timeout=(2, 0.5)
    )


@pytest.mark.parametrize("method", ["S256", "plain", "none"])
def test_authorization_url(method) -> None:
    """The URL has the parameters that the method requires, and no others."""
    challenge = create_code_challenge(VERIFIER, method)
    url = authorization_url(
        "https://openrouter.ai/auth",
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


@pytest.mark.parametrize("limit", [5, 0.01, 0.00001, 12345.67, 999999.5])
def test_limit(limit: float) -> None:
    """The limit is sent as it was set, in decimal digits."""
    url = authorization_url(
        "http://o", callback_url=CALLBACK_URL, code_challenge=None, method="none", limit=limit
    )
    (sent,) = parse_qs(urlsplit(url).query)["limit"]
    assert re.fullmatch(r"\d+(\.\d+)?", sent)
    assert float(sent) == limit


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
        ("http://LOCALHOST:1/", True),
        ("http://localhost@example.org/", False),
        ("http://localhost:99999/", False),
        ("http://[", False),
        ("javascript:alert(1)", False),
        ("https:///", False),
        ("", False),
    ],
)
def test_accepts_callback_url(callback_url: str, accepted: bool) -> None:
    """Https everywhere, http on this machine only."""
    assert accepts_callback_url(callback_url) is accepted


@pytest.mark.parametrize(
    ("callback_url", "query"),
    [
        ("https://a.org/b", {}),
        ("https://a.org/b?model=a%2Fb%26c", {"model": ["a/b&c"]}),
        ("https://a.org/b?x=1&x=2#fragment", {"x": ["1", "2"]}),
        ("https://a.org/b?embed=", {"embed": [""]}),
    ],
)
def test_add_state(callback_url: str, query: dict[str, list[str]]) -> None:
    """`state` is added to a query; a fragment is dropped, since it would not come back."""
    url = add_state(callback_url, "s t")
    assert url.startswith("https://a.org/b?")
    assert parse_qs(urlsplit(url).query, keep_blank_values=True) == {**query, "state": ["s t"]}
    assert not urlsplit(url).fragment


@pytest.mark.parametrize(
    ("query", "returned"),
    [
        ({"code": "c", "state": "s"}, AuthorizationResponse("c", "s")),
        ({"state": "s?code=c"}, AuthorizationResponse("c", "s")),
        ({"state": "s?code=a+b/c=="}, AuthorizationResponse("a+b/c==", "s")),
        ({"code": "c"}, AuthorizationResponse("c")),
        (
            {"error": "access_denied", "state": "s"},
            AuthorizationResponse(None, "s", "access_denied"),
        ),
        ({"state": "s?error=access_denied"}, AuthorizationResponse(None, "s", "access_denied")),
        ({"code": "c", "state": "s" * 1025}, AuthorizationResponse("c")),
        ({"code": "c" * 1024, "state": ""}, AuthorizationResponse("c" * 1024)),
        ({"error": ""}, None),
        ({"state": "s"}, None),
        ({"code": ""}, None),
        ({"code": "c" * 1025}, None),
        ({}, None),
    ],
)
def test_parse_callback(query: dict[str, str], returned: AuthorizationResponse | None) -> None:
    """`code`, `state` and `error` are read, together or glued or alone."""
    assert parse_callback(query) == returned
    assert "'c" not in repr(returned)


APP_URL = "https://example.org/chat/"


@pytest.mark.parametrize(
    ("pasted", "returned"),
    [
        ("x-y_z.1", AuthorizationResponse("x-y_z.1")),
        ("  x\n", AuthorizationResponse("x")),
        ("auth_code_\r\n  123", AuthorizationResponse("auth_code_123")),
        ('"x"', AuthorizationResponse("x")),
        ("`x`", AuthorizationResponse("x")),
        ("“x”", AuthorizationResponse("x")),
        ("<x>", AuthorizationResponse("x")),
        ("\ufeffx\u200b", AuthorizationResponse("x")),
        ("YWJj==", AuthorizationResponse("YWJj==")),
        ("code=x", AuthorizationResponse("x")),
        ("Code: x", AuthorizationResponse("x")),
        ("CODE=x", AuthorizationResponse("x")),
        ("code 'x'", AuthorizationResponse("x")),
        ('code="x"', AuthorizationResponse("x")),
        ('{"code": "x"}', AuthorizationResponse("x")),
        ("code_of_mine", AuthorizationResponse("code_of_mine")),
        ("?code=x&state=s", AuthorizationResponse("x", "s")),
        ("state=s&code=x", AuthorizationResponse("x", "s")),
        ("?state=s?code=x", AuthorizationResponse("x", "s")),
        (f"{APP_URL}?code=x", AuthorizationResponse("x")),
        (f"{APP_URL}?model=a%2Fb&state=s&code=x%2By#top", AuthorizationResponse("x+y", "s")),
        (f"{APP_URL}?state=s?code=x", AuthorizationResponse("x", "s")),
        (f"{APP_URL}?state=s&amp;code=x", AuthorizationResponse("x", "s")),
        (f"`{APP_URL}?code=x&state=s`", AuthorizationResponse("x", "s")),
        (f"[back]({APP_URL}?state=s&code=x)", AuthorizationResponse("x", "s")),
        (f"{APP_URL}?state=s\n&code=x", AuthorizationResponse("x", "s")),
        ("", None),
        (' "" ', None),
        ("not a code", None),
        (APP_URL, None),
        ("https://openrouter.ai/auth?code_challenge=x&code_challenge_method=S256", None),
        ("?error=access_denied&state=s", None),
        ("state=s", None),
        ("code=", None),
        ("x" * 1025, None),
    ],
)
def test_parse_pasted(pasted: str, returned: AuthorizationResponse | None) -> None:
    """The code is found in what was pasted with it."""
    assert parse_pasted(pasted) == returned


@pytest.mark.parametrize(
    ("state_return", "state"), [("query", "s"), ("glued", "s"), ("lost", None)]
)
def test_way_back(served: Served, state_return: str, state: str | None) -> None:
    """The code is found however it comes back, and `state` if there is one."""
    callback_url = add_state("http://localhost:3000/?model=x", "s")
    response = decide(served, callback_url=callback_url, state_return=state_return)
    returned = parse_callback(query_of(response))
    assert returned
    assert returned.state == state
    assert exchange(served, str(returned.code)) in served.keys


def test_denied(served: Served) -> None:
    """Deny comes back with an error and no code."""
    callback_url = add_state(CALLBACK_URL, "s")
    response = decide(served, callback_url=callback_url, decision="deny")
    assert parse_callback(query_of(response)) == AuthorizationResponse(None, "s", "access_denied")


@pytest.mark.parametrize("method", ["S256", "plain"])
def test_headless(served: Served, method) -> None:
    """Without a callback_url the page shows a code, which is exchanged like any other."""
    page = html.unescape(decide(served, method, callback_url=None).text)
    code = re.search(r'id="code">([^<]+)<', page)
    assert code
    assert exchange(served, code[1], method) in served.keys


@pytest.mark.parametrize("method", ["S256", "plain", "none"])
def test_exchange(served: Served, method) -> None:
    """A code becomes a key in one request, which has the verifier if there is a challenge."""
    assert exchange(served, approve(served, method), method) in served.keys
    (made,) = served.exchanges
    expected = {"code_verifier": VERIFIER, "code_challenge_method": method}
    assert {name: made.body[name] for name in made.body if name != "code"} == (
        {} if method == "none" else expected
    )


@pytest.mark.parametrize(
    ("outcome", "problem", "status"),
    [
        ("expired", "code_expired", 403),
        ("invalid", "code_rejected", 403),
        ("bad-method", "", 400),
        ("conflict", "", 409),
        ("server-error", "", 500),
        ("html", "", 502),
        ("no-key", "invalid_response", 200),
        ("bad-json", "invalid_response", 200),
        ("slow", "timed_out", 0),
    ],
)
def test_failed_exchange(served: Served, outcome: str, problem: str, status: int) -> None:
    """Each failure has its problem and status, and the exchange is not repeated."""
    with pytest.raises(ExchangeError) as raised:
        exchange(served, approve(served, exchange=outcome))
    assert (raised.value.problem, raised.value.status) == (problem, status)
    assert len(served.exchanges) == 1


@pytest.mark.parametrize(("method", "verifier"), [("S256", "b" * 43), ("plain", VERIFIER)])
def test_wrong_proof(served: Served, method, verifier: str) -> None:
    """A wrong verifier, or another method than at the start, gets no key."""
    with pytest.raises(ExchangeError, match="code_rejected"):
        exchange(served, approve(served), method, verifier)


def test_code_works_once(served: Served) -> None:
    """The second exchange of a code is refused."""
    code = approve(served)
    exchange(served, code)
    with pytest.raises(ExchangeError, match="code_rejected"):
        exchange(served, code)


def exchange_at(base_url: str) -> str:
    """Exchange a code at any server."""
    return exchange_code(base_url, "c", code_verifier=VERIFIER, method="S256", timeout=(2, 2))


def test_no_authorization(
    raw_server: RawServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The exchange is sent without Authorization, also if `.netrc` has a password."""
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login a password b\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    url = raw_server.serve(http(b'{"key": "sk-or-x", "user_id": null}', "application/json"))
    assert exchange_at(url) == "sk-or-x"
    (headers,) = raw_server.received
    assert headers["Authorization"] is None
    assert headers["Content-Type"] == "application/json"


UNUSABLE_KEYS = [b'{"key": %s}' % key for key in (b"5", b"null", b'""', b'" "', b'"a\\nb"', b'"\xc3\xa4"', b'"%s"' % (b"k" * 1_025))]  # fmt: skip


@pytest.mark.parametrize("body", NOT_THE_API + UNUSABLE_KEYS + [b" " * 200_000])
def test_no_key_in_the_response(raw_server: RawServer, body: bytes) -> None:
    """A 200 without a usable key is a failure, and is not repeated."""
    with pytest.raises(ExchangeError, match="invalid_response"):
        exchange_at(raw_server.serve(http(body, "application/json")))
    assert len(raw_server.received) == 1


@pytest.mark.parametrize(
    ("response", "problem", "status"),
    [
        (b"", "unreachable", 0),
        (b"no http\r\n\r\n", "unreachable", 0),
        (http(b"", status="307 Elsewhere", more="Location: /\r\n"), "", 307),
        (http(b"", status="503 Later", more="Retry-After: 0\r\n"), "", 503),
        (http(b"<html>", status="403 No"), "", 403),
    ],
)
def test_never_again(raw_server: RawServer, response: bytes, problem: str, status: int) -> None:
    """However an exchange fails, it is neither repeated nor redirected."""
    with pytest.raises(ExchangeError) as raised:
        exchange_at(raw_server.serve(response))
    assert (raised.value.problem, raised.value.status) == (problem, status)
    assert len(raw_server.received) == 1


def test_slow_response(raw_server: RawServer) -> None:
    """A response that comes byte by byte does not outlast the timeout."""
    url = raw_server.serve(http(b'{"key": "sk-or-x"}', "application/json"), drops=0.05)
    with pytest.raises(ExchangeError, match="timed_out"):
        exchange_code(url, "c", code_verifier=VERIFIER, method="S256", timeout=(0.5, 0.3))


def test_unreachable() -> None:
    """A refused connection is reported as unreachable."""
    with pytest.raises(ExchangeError, match="unreachable"):
        exchange_code("http://127.0.0.1:9", "c", code_verifier=VERIFIER, method="S256")
