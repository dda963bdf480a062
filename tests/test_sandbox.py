"""The sandbox keeps OpenRouter's contract, as an application meets it over HTTP."""

import json
from collections.abc import Iterator

import pytest
import requests

from sandbox.catalogue import BEHAVIOURS, STATUSES
from sandbox.server import Key, Sandbox
from tests.test_pkce import CHALLENGE, VERIFIER

KEY = "sk-or-v1-test"
HEADERS = {"Authorization": f"Bearer {KEY}"}


class Clock:
    """A clock that a test moves."""

    now = 1000.0

    def __call__(self) -> float:
        """Return its time."""
        return self.now


@pytest.fixture(scope="module")
def clock() -> Clock:
    """The sandbox's clock."""
    return Clock()


@pytest.fixture(scope="module")
def sandbox(clock: Clock) -> Iterator[tuple[Sandbox, str]]:
    """A sandbox with one key, and its base URL."""
    sandbox = Sandbox(chunk_seconds=0, clock=clock)
    sandbox.keys[KEY] = Key("test")
    with sandbox.serve() as base_url:
        yield sandbox, base_url


@pytest.fixture
def url(sandbox: tuple[Sandbox, str]) -> str:
    """The sandbox's base URL."""
    return sandbox[1]


def decide(url: str, **form: str) -> requests.Response:
    """Press a button of the consent page."""
    form = {"callback_url": "https://a.org/?state=s", "decision": "authorize", **form}
    return requests.post(f"{url}/auth", form, allow_redirects=False, timeout=5)


def code(url: str, **form: str) -> str:
    """Approve, and return the code."""
    return decide(url, **form).headers["Location"].rpartition("code=")[2]


def exchange(url: str, **body: str) -> requests.Response:
    """Ask for a key."""
    return requests.post(f"{url}/api/v1/auth/keys", json=body, timeout=5)


def chat(url: str, model: str, **more: object) -> requests.Response:
    """Ask a model."""
    body = {"model": model, "messages": [{"role": "user", "content": "Hello"}], **more}
    return requests.post(f"{url}/api/v1/chat/completions", json=body, headers=HEADERS, timeout=5)


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ({"callback_url": "http://a.org/"}, "callback_url must be https"),
        ({"callback_url": "http://192.168.1.5:8501/"}, "callback_url must be https"),
        ({}, "compulsory"),
        ({"callback_url": "https://a.org/", "code_challenge": "short"}, "43 to 128"),
        (
            {"callback_url": "https://a.org/", "code_challenge": CHALLENGE},
            "code_challenge_method must be",
        ),
        ({"callback_url": "https://a.org/", "key_label": "x" * 101}, "100 characters"),
    ],
)
def test_invalid_authorization(url: str, query: dict[str, str], sentence: str) -> None:
    """An authorization request that OpenRouter would not take is refused in words."""
    for response in (
        requests.get(f"{url}/auth", query, timeout=5),
        requests.post(f"{url}/auth", query, timeout=5),
    ):
        assert response.status_code == 400
        assert sentence in response.text


def test_consent_page(url: str) -> None:
    """The page says that it is a sandbox, escapes what it shows, and loads in no frame."""
    query = {"callback_url": "https://a.org/<b>", "key_label": "<script>", "limit": "2"}
    response = requests.get(f"{url}/auth", query, timeout=5)
    assert "This is a sandbox, not OpenRouter" in response.text
    assert "<script>" not in response.text
    assert 'value="2"' in response.text
    assert response.headers["X-Frame-Options"] == "DENY"


@pytest.mark.parametrize(
    ("form", "begin"),
    [
        ({}, "https://a.org/?state=s&code="),
        ({"state_return": "glued"}, "https://a.org/?state=s?code="),
        ({"state_return": "lost"}, "https://a.org/?code="),
        ({"decision": "deny"}, "https://a.org/?state=s&error=access_denied&"),
    ],
)
def test_way_back(url: str, form: dict[str, str], begin: str) -> None:
    """`state` comes back in the query, glued or not at all; Deny brings an error."""
    response = decide(url, **form)
    assert response.status_code == 303
    assert response.headers["Location"].startswith(begin)


def test_headless(url: str) -> None:
    """Without a callback_url the page shows the code, and it works."""
    form = {"code_challenge": CHALLENGE, "code_challenge_method": "S256", "decision": "authorize"}
    page = requests.post(f"{url}/auth", form, timeout=5).text
    shown = page.partition('id="code">')[2].partition("<")[0]
    method = {"code_verifier": VERIFIER, "code_challenge_method": "S256"}
    assert exchange(url, code=shown, **method).status_code == 200


PROOF = {"code_verifier": VERIFIER, "code_challenge_method": "S256"}


@pytest.mark.parametrize(
    ("form", "body", "status"),
    [
        ({}, {}, 200),
        ({"code_challenge": CHALLENGE, "code_challenge_method": "S256"}, PROOF, 200),
        (
            {"code_challenge": VERIFIER, "code_challenge_method": "plain"},
            {**PROOF, "code_challenge_method": "plain"},
            200,
        ),
        ({"code_challenge": CHALLENGE, "code_challenge_method": "S256"}, {}, 403),
        (
            {"code_challenge": CHALLENGE, "code_challenge_method": "S256"},
            {**PROOF, "code_verifier": CHALLENGE},
            403,
        ),
        (
            {"code_challenge": CHALLENGE, "code_challenge_method": "S256"},
            {**PROOF, "code_challenge_method": "plain", "code_verifier": CHALLENGE},
            403,
        ),
        ({}, {"code_challenge_method": "S512"}, 400),
    ],
)
def test_proof(url: str, form: dict[str, str], body: dict[str, str], status: int) -> None:
    """Only who knows the verifier, and names the method of the start, gets a key."""
    response = exchange(url, code=code(url, **form), **body)
    assert response.status_code == status
    if status == 200:
        assert response.json()["key"].startswith("sk-or-v1-")
    else:
        assert response.json()["error"]["code"] == status


def test_code_lives_once_and_for_ten_minutes(url: str, clock: Clock) -> None:
    """A code is used up by its first exchange, and too old after ten minutes."""
    first, second = code(url), code(url)
    assert [exchange(url, code=first).status_code for _ in range(2)] == [200, 403]
    clock.now += 601
    assert exchange(url, code=second).json()["error"]["message"] == "Authorization code expired"


def test_get_is_not_allowed(url: str) -> None:
    """An exchange by GET is a 405 in JSON."""
    response = requests.get(f"{url}/api/v1/auth/keys", timeout=5)
    assert response.status_code == 405
    assert response.json()["error"]["code"] == 405


def test_key(url: str) -> None:
    """A key's account has every field that OpenRouter promises."""
    data = requests.get(f"{url}/api/v1/key", headers=HEADERS, timeout=5).json()["data"]
    promised = "label limit limit_remaining limit_reset usage usage_daily usage_weekly"
    promised += " usage_monthly byok_usage is_free_tier is_management_key rate_limit"
    assert set(promised.split()) <= set(data)
    assert requests.get(f"{url}/api/v1/key", timeout=5).status_code == 401


def test_models(url: str) -> None:
    """The catalogue has about as many models as OpenRouter's, each of its shape, none twice."""
    listed = requests.get(f"{url}/api/v1/models", timeout=5).json()["data"]
    assert 300 <= len(listed) <= 400
    assert len({model["id"] for model in listed}) == len(listed)
    promised = "id name created pricing context_length architecture top_provider"
    for model in listed:
        assert set(promised.split()) <= set(model)
        assert float(model["pricing"]["prompt"]) >= -1
    assert any(model["pricing"]["prompt"] == "0" for model in listed)


def test_stream(url: str) -> None:
    """A stream has no charset, begins with a comment, and ends with usage and [DONE]."""
    response = chat(url, "sandbox/tour", stream=True)
    assert response.headers["Content-Type"] == "text/event-stream"
    events = response.content.decode().split("\n\n")
    assert events[0] == ": OPENROUTER PROCESSING"
    assert events[-2] == "data: [DONE]"
    last = json.loads(events[-3].removeprefix("data: "))
    assert last["choices"] == []
    assert last["usage"]["total_tokens"] > 0
    for event in events[1:-2]:
        chunk = json.loads(event.removeprefix("data: "))
        assert {"id", "object", "created", "model", "choices"} <= set(chunk)


def test_answer_in_one_piece(url: str) -> None:
    """Without `stream` the answer is one message."""
    answer = chat(url, "sandbox/echo").json()
    assert answer["choices"][0]["message"]["content"] == "Hello"
    assert answer["usage"]["cost"] > 0


@pytest.mark.parametrize("name", STATUSES)
def test_status(url: str, name: str) -> None:
    """Each failing model answers with its status."""
    assert chat(url, f"sandbox/status-{name}", stream=True).status_code == STATUSES[name][0]


@pytest.mark.parametrize(
    ("change", "status"),
    [({"model": "nobody/nothing"}, 400), ({"messages": []}, 400), ({"messages": "x"}, 400)],
)
def test_invalid_request(url: str, change: dict[str, object], status: int) -> None:
    """A request without messages, or for a model that does not exist, is refused."""
    assert chat(url, **{"model": "sandbox/echo", **change}).status_code == status


def test_router_and_fallback(url: str) -> None:
    """The router takes the model that the message names; a failing model's fallback answers."""
    named = [{"role": "user", "content": "please: sandbox/echo"}]
    assert chat(url, "openrouter/auto", messages=named).json()["model"] == "sandbox/echo"
    fallen = chat(url, "sandbox/status-502", models=["sandbox/echo"])
    assert fallen.json()["model"] == "sandbox/echo"


def test_spent_limit(sandbox: tuple[Sandbox, str], url: str) -> None:
    """An answer costs, and a key whose limit is spent gets no other."""
    served, _ = sandbox
    served.keys[KEY] = Key("test", limit=1e-9)
    assert [chat(url, "sandbox/echo").status_code for _ in range(2)] == [200, 403]
    served.keys[KEY] = Key("test")


def test_cut_really_cuts(url: str) -> None:
    """The connection of the cut answer breaks off without an end."""
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        chat(url, "sandbox/cut", stream=True)


def test_every_behaviour_is_listed(url: str) -> None:
    """Every special model is in the catalogue."""
    listed = {m["id"] for m in requests.get(f"{url}/api/v1/models", timeout=5).json()["data"]}
    assert set(BEHAVIOURS) <= listed
