"""The sandbox keeps OpenRouter's contract: asked over real HTTP, as the app asks it."""

import html
import json
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from http.client import HTTPConnection
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from sandbox import answers
from sandbox.catalogue import BEHAVIOURS, STATUSES
from sandbox.consent import EXCHANGES
from sandbox.server import Sandbox

# RFC 7636, appendix B.
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
CALLBACK = "http://localhost:3000/back?state=abc"
S256 = {"code_challenge": CHALLENGE, "code_challenge_method": "S256"}
PLAIN = {"code_challenge": VERIFIER, "code_challenge_method": "plain"}
PROOF = {"code_verifier": VERIFIER, "code_challenge_method": "S256"}
QUESTION = "Grüße, 你好 🎉\nand a second line"

UNENDING = ["silent", "no-headers", "endless", "freeze"]
BROKEN = ["cut", "stream-error", "stream-error-string", "bad-json"]
FINISHED = {
    **dict.fromkeys(("hello", "echo", "tour", "long", "split", "reasoning"), "stop"),
    **dict.fromkeys(("habits", "citations", "image", "no-done", "empty"), "stop"),
    "finish-error": "error",
    "finish-length": "length",
    "finish-content_filter": "content_filter",
}


@pytest.fixture(scope="module")
def serving() -> Iterator[tuple[Sandbox, str]]:
    """One sandbox without pauses for all tests, and its base URL."""
    sandbox = Sandbox(chunk_seconds=0)
    with sandbox.serve() as base_url:
        yield sandbox, base_url


@pytest.fixture
def sandbox(serving: tuple[Sandbox, str]) -> Sandbox:
    """The sandbox, with nothing asked of it yet."""
    serving[0].exchanges.clear()
    serving[0].completions.clear()
    return serving[0]


@pytest.fixture
def url(serving: tuple[Sandbox, str]) -> str:
    """Where the sandbox is."""
    return serving[1]


@pytest.fixture
def key(url: str) -> str:
    """A new key without a limit."""
    return new_key(url)


def decide(url: str, decision: str = "authorize", **form: str) -> requests.Response:
    """Press a button of the consent page, without following the redirect."""
    form = {"callback_url": CALLBACK, "decision": decision, **form}
    return requests.post(f"{url}/auth", data=form, allow_redirects=False, timeout=5)


def new_code(url: str, **form: str) -> str:
    """Authorize, and return the code out of the redirect."""
    location = decide(url, **form).headers["Location"]
    return parse_qs(urlsplit(location).query)["code"][0]


def exchange(url: str, code: str, **more: str | None) -> requests.Response:
    """Ask for a key."""
    return requests.post(f"{url}/api/v1/auth/keys", json={"code": code, **more}, timeout=5)


def new_key(url: str, **form: str) -> str:
    """Sign in, and return the key."""
    key: str = exchange(url, new_code(url, **form)).json()["key"]
    return key


def bearer(key: str) -> dict[str, str]:
    """Return the headers of somebody who has a key."""
    return {"Authorization": f"Bearer {key}"}


def ask(url: str, key: str, model: str, **more: Any) -> requests.Response:
    """Ask a model `QUESTION`; the answer is streamed unless `stream` says otherwise."""
    messages = [{"role": "user", "content": QUESTION}]
    body = {"model": model, "messages": messages, "stream": True, **more}
    return requests.post(
        f"{url}/api/v1/chat/completions", json=body, headers=bearer(key), timeout=5, stream=True
    )


def chunks_of(response: requests.Response) -> list[dict[str, Any]]:
    """Read a stream to its end, and return its JSON chunks."""
    lines = response.content.decode().splitlines()
    data = [line.removeprefix("data: ") for line in lines if line.startswith("data: ")]
    return [json.loads(text) for text in data if text != "[DONE]"]


def error(status: int, message: str) -> tuple[int, dict[str, Any]]:
    """Return what a refusal looks like to `outcome`."""
    return status, {"error": {"code": status, "message": message}}


def outcome(response: requests.Response) -> tuple[int, dict[str, Any]]:
    """Return status and JSON."""
    return response.status_code, response.json()


def wait_until(condition: Callable[[], bool], what: str, *, seconds: float) -> None:
    """Wait for a change in the sandbox; it fails after so many seconds."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            pytest.fail(f"Not within {seconds} s: {what}")
        time.sleep(0.005)


INVALID = error(403, "Invalid code or code_verifier")
EXPIRED = error(403, "Authorization code expired")


# The consent page


def test_consent_page(url: str) -> None:
    """The page names the app and the key as text, and is shown neither in frames nor to others."""
    query = {"callback_url": "https://example.org/a", "key_label": "<b>&", "limit": "2.5", **S256}
    response = requests.get(f"{url}/auth", {**query, "state": "not-echoed"}, timeout=5)
    assert response.status_code == 200
    assert response.headers["Referrer-Policy"] == "no-referrer"
    assert response.headers["X-Frame-Options"] == "DENY"
    assert "This is a sandbox, not OpenRouter. No account, no money." in response.text
    assert "<strong>example.org</strong>" in response.text
    assert "&lt;b&gt;&amp;" in response.text
    assert "<b>" not in response.text
    assert re.search(r'name="limit"[^>]*value="2.5"', response.text)
    assert "<details><summary>Rehearse a failure" in response.text
    assert "not-echoed" not in response.text


@pytest.mark.parametrize(
    "callback_url",
    ["https://example.org", "http://localhost:3000/", "http://localhost", "http://127.0.0.1:1/a"],
)
def test_allowed_callback_url(url: str, callback_url: str) -> None:
    """Any https URL is allowed, and http on the two names of this machine."""
    response = requests.get(f"{url}/auth", {"callback_url": callback_url}, timeout=5)
    assert response.status_code == 200


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ({"callback_url": "http://example.org/"}, "callback_url must be https"),
        ({"callback_url": "http://192.168.1.5:8501/"}, "callback_url must be https"),
        ({"callback_url": "http://localhost.example.org/"}, "callback_url must be https"),
        ({"callback_url": "javascript:alert(1)"}, "callback_url must be https"),
        ({"callback_url": "http://["}, "callback_url must be https"),
        ({"callback_url": ""}, "callback_url must be https"),
        ({"callback_url": CALLBACK, **S256, "code_challenge": "a" * 42}, "43 to 128 characters"),
        ({"callback_url": CALLBACK, **S256, "code_challenge": "a" * 129}, "43 to 128 characters"),
        ({"callback_url": CALLBACK, **S256, "code_challenge": "=" * 43}, "43 to 128 characters"),
        ({"callback_url": CALLBACK, **S256, "code_challenge_method": "S512"}, "S256 or plain"),
        ({"callback_url": CALLBACK, "code_challenge": CHALLENGE}, "S256 or plain"),
        ({"callback_url": CALLBACK, "code_challenge_method": "S256"}, "without a code_challenge"),
        ({"callback_url": CALLBACK, "key_label": "x" * 101}, "100 characters at most"),
        ({"callback_url": CALLBACK, "limit": "much"}, "limit must be an amount"),
        ({"callback_url": CALLBACK, "limit": "nan"}, "limit must be an amount"),
        ({}, "a code_challenge is compulsory"),
    ],
)
def test_refused_authorization(url: str, query: dict[str, str], sentence: str) -> None:
    """A request that OpenRouter would not take is refused in a plain sentence, on both steps."""
    for response in (
        requests.get(f"{url}/auth", query, timeout=5),
        requests.post(f"{url}/auth", {**query, "decision": "authorize"}, timeout=5),
    ):
        assert response.status_code == 400
        assert sentence in html.unescape(response.text)


@pytest.mark.parametrize(
    ("state_return", "location"),
    [
        ("query", r"http://localhost:3000/back\?state=abc&code=[\w-]+"),
        ("glued", r"http://localhost:3000/back\?state=abc\?code=[\w-]+"),
        ("lost", r"http://localhost:3000/back\?code=[\w-]+"),
    ],
)
def test_state(url: str, state_return: str, location: str) -> None:
    """`state` comes back in the query of the callback URL, glued to the code, or not at all."""
    response = decide(url, state_return=state_return)
    assert response.status_code == 303
    assert re.fullmatch(location, response.headers["Location"])


def test_code_in_the_query(url: str) -> None:
    """The code joins the query of a callback URL, in front of its fragment."""
    location = decide(url, callback_url="https://example.org/a?b=c%26d#e").headers["Location"]
    assert re.fullmatch(r"https://example\.org/a\?b=c%26d&code=[\w-]+#e", location)


def test_denied(url: str, sandbox: Sandbox) -> None:
    """Deny comes back with an error and its description, and makes no code."""
    codes = dict(sandbox.codes)
    query = parse_qs(urlsplit(decide(url, "deny").headers["Location"]).query)
    assert query["error"] == ["access_denied"]
    assert query["error_description"] == ["The user denied the request"]
    assert query["state"] == ["abc"]
    assert sandbox.codes == codes


def test_headless(url: str) -> None:
    """Without a callback URL the code stands on a page, to be copied."""
    page = requests.post(f"{url}/auth", {"decision": "authorize", **S256}, timeout=5)
    code = re.search(r'id="code">([\w-]+)<', page.text)
    assert page.status_code == 200
    assert code is not None
    assert exchange(url, code[1], **PROOF).status_code == 200


# The exchange


@pytest.mark.parametrize(
    ("challenge", "proof"),
    [(S256, PROOF), (PLAIN, {**PROOF, "code_challenge_method": "plain"}), ({}, {})],
    ids=["S256", "plain", "none"],
)
def test_exchange(
    url: str, sandbox: Sandbox, challenge: dict[str, str], proof: dict[str, str]
) -> None:
    """All three forms of the flow give a key; the challenge is that of RFC 7636, appendix B."""
    code = new_code(url, limit="5", key_label="A label", **challenge)
    status, body = outcome(exchange(url, code, **proof))
    assert status == 200
    assert re.fullmatch(r"sk-or-v1-[0-9a-f]{64}", body["key"])
    assert body["user_id"] == "user_sandbox"
    assert sandbox.keys[body["key"]].limit == 5
    assert sandbox.keys[body["key"]].label == "A label"
    (seen,) = sandbox.exchanges
    assert (seen.status, seen.code) == (200, code)
    assert seen.code_verifier == proof.get("code_verifier")
    assert seen.code_challenge_method == proof.get("code_challenge_method")


@pytest.mark.parametrize(
    "proof",
    [
        {},
        {"code_challenge_method": "S256"},
        {**PROOF, "code_verifier": "a" * 43},
        {**PROOF, "code_verifier": "short"},
        {**PROOF, "code_challenge_method": "plain"},
        {**PROOF, "code_challenge_method": None},
        {"code_verifier": CHALLENGE, "code_challenge_method": "plain"},
    ],
)
def test_unproved(url: str, proof: dict[str, str | None]) -> None:
    """Without the verifier, or under another method, a code is worth nothing and is used up."""
    code = new_code(url, **S256)
    assert outcome(exchange(url, code, **proof)) == INVALID
    assert outcome(exchange(url, code, **PROOF)) == INVALID


def test_single_use(url: str) -> None:
    """A code works once."""
    code = new_code(url, **S256)
    assert exchange(url, code, **PROOF).status_code == 200
    assert outcome(exchange(url, code, **PROOF)) == INVALID


def test_invalid_method(url: str) -> None:
    """A method that there is not is refused before the code is looked at."""
    code = new_code(url, **S256)
    refused = exchange(url, code, code_verifier=VERIFIER, code_challenge_method="S512")
    assert outcome(refused) == error(400, "Invalid code_challenge_method")
    assert exchange(url, code, **PROOF).status_code == 200


def test_expiry() -> None:
    """A code lives ten minutes."""
    now = 0.0
    with Sandbox(clock=lambda: now).serve() as url:
        in_time, too_late = new_code(url), new_code(url)
        now = 600.0
        assert exchange(url, in_time).status_code == 200
        now = 600.1
        assert outcome(exchange(url, too_late)) == EXPIRED


def test_not_post(url: str) -> None:
    """Anything but POST gets 405, in JSON."""
    response = requests.get(f"{url}/api/v1/auth/keys", timeout=5)
    assert outcome(response) == error(405, "Method Not Allowed")


@pytest.mark.parametrize(
    ("rehearsed", "expected"),
    [
        ("expired", EXPIRED),
        ("invalid", INVALID),
        ("bad-method", error(400, "Invalid code_challenge_method")),
        ("conflict", error(409, "Resource conflict. Please try again later.")),
        ("server-error", error(500, "Internal Server Error")),
        ("no-key", (200, {"user_id": "user_sandbox"})),
    ],
)
def test_rehearsed(
    url: str, sandbox: Sandbox, rehearsed: str, expected: tuple[int, dict[str, Any]]
) -> None:
    """A failure that was chosen on the consent page is what the exchange answers."""
    assert rehearsed in EXCHANGES
    keys = dict(sandbox.keys)
    assert outcome(exchange(url, new_code(url, exchange=rehearsed))) == expected
    assert sandbox.keys == keys
    assert sandbox.exchanges[-1].status == expected[0]


@pytest.mark.parametrize(
    ("rehearsed", "status", "content_type"),
    [("html", 502, "text/html; charset=utf-8"), ("bad-json", 200, "application/json")],
)
def test_rehearsed_without_json(url: str, rehearsed: str, status: int, content_type: str) -> None:
    """A page of a proxy, or half an object, is no JSON."""
    response = exchange(url, new_code(url, exchange=rehearsed))
    assert (response.status_code, response.headers["Content-Type"]) == (status, content_type)
    with pytest.raises(requests.JSONDecodeError):
        response.json()


def test_rehearsed_slow(url: str, sandbox: Sandbox) -> None:
    """An exchange can take longer than a client waits."""
    body = {"code": new_code(url, exchange="slow")}
    with pytest.raises(requests.ReadTimeout):
        requests.post(f"{url}/api/v1/auth/keys", json=body, timeout=0.2)
    assert sandbox.exchanges[-1].status == 0


# The key and the models


def test_key(url: str, sandbox: Sandbox) -> None:
    """A key tells its limit and what is left of it, and goes by its ends."""
    key = new_key(url, limit="5")
    sandbox.keys[key].usage = 1.5
    data = requests.get(f"{url}/api/v1/key", headers=bearer(key), timeout=5).json()["data"]
    assert data["label"] == f"{key[:12]}...{key[-4:]}"
    assert (data["limit"], data["limit_remaining"], data["usage"]) == (5, 3.5, 1.5)
    periods = ("daily", "weekly", "monthly")
    assert {
        *(f"usage_{period}" for period in periods),
        *("byok_usage", *(f"byok_usage_{period}" for period in periods)),
        *("is_free_tier", "is_management_key", "is_provisioning_key", "include_byok_in_limit"),
        *("limit_reset", "creator_user_id", "rate_limit", "expires_at"),
    } <= data.keys()


def test_key_without_limit(url: str, key: str) -> None:
    """Where there is no limit, nothing is left of it either."""
    data = requests.get(f"{url}/api/v1/key", headers=bearer(key), timeout=5).json()["data"]
    assert (data["limit"], data["limit_remaining"]) == (None, None)


@pytest.mark.parametrize("path", ["key", "chat/completions"])
def test_unauthorized(url: str, sandbox: Sandbox, key: str, path: str) -> None:
    """A key that is missing, unknown or revoked gets 401."""
    sandbox.keys[key].revoked = True
    for headers in ({}, bearer("sk-or-v1-unknown"), bearer(key)):
        method = "GET" if path == "key" else "POST"
        response = requests.request(method, f"{url}/api/v1/{path}", headers=headers, timeout=5)
        assert outcome(response) == error(401, "User not found.")


def test_models(url: str) -> None:
    """Some 350 models in OpenRouter's shape are listed to everyone, each id once."""
    listed = requests.get(f"{url}/api/v1/models", timeout=5).json()["data"]
    models = {model["id"]: model for model in listed}
    assert len(models) == len(listed)
    assert 330 <= len(models) <= 370
    assert BEHAVIOURS.keys() <= models.keys()
    assert models["openrouter/auto"]["pricing"]["prompt"] == "-1"
    assert any(model["expiration_date"] for model in listed)
    assert any("image" in model["architecture"]["output_modalities"] for model in listed)
    inputs = {kind for model in listed for kind in model["architecture"]["input_modalities"]}
    assert inputs == {"text", "image", "file", "audio"}
    for model in listed:
        assert {
            *("canonical_slug", "name", "created", "context_length", "top_provider"),
            *("per_request_limits", "supported_parameters", "default_parameters"),
            *("supported_voices", "links"),
        } <= model.keys()
        assert all(re.fullmatch(r"-1|\d+(\.\d+)?", price) for price in model["pricing"].values())
        assert (":free" in model["id"]) == (model["pricing"]["prompt"] == "0")


def test_models_count(url: str) -> None:
    """Everyone is told how many models there are, of those that give text or what is asked for."""
    listed = requests.get(f"{url}/api/v1/models", timeout=5).json()["data"]
    outputs = [model["architecture"]["output_modalities"] for model in listed]

    def count(query: str = "") -> object:
        return requests.get(f"{url}/api/v1/models/count{query}", timeout=5).json()

    assert count() == {"data": {"count": sum("text" in each for each in outputs)}}
    assert count("?output_modalities=all") == {"data": {"count": len(listed)}}
    images = sum("image" in each for each in outputs)
    assert count("?output_modalities=image,embeddings") == {"data": {"count": images}}


@pytest.mark.parametrize(
    ("path", "content_type"),
    [("/api/v1/credits", "application/json"), ("/settings/keys", "text/html; charset=utf-8")],
)
def test_not_there(url: str, path: str, content_type: str) -> None:
    """What the sandbox does not have is 404: in JSON to an app, as a page to a person."""
    response = requests.get(f"{url}{path}", timeout=5)
    assert (response.status_code, response.headers["Content-Type"]) == (404, content_type)


# The chat


def test_every_model_is_tested() -> None:
    """Each model of the table is in one of the tests below."""
    tested = [*UNENDING, *BROKEN, *FINISHED, *(f"status-{name}" for name in STATUSES)]
    assert {f"sandbox/{name}" for name in [*tested, "slow-start", "request", "recovers"]} == set(
        BEHAVIOURS
    )


def test_request_is_shown(url: str, key: str, sandbox: Sandbox) -> None:
    """`sandbox/request` shows what reached it; of what is long only the beginning."""
    long = {"role": "assistant", "content": "long " * 100}
    messages = [long, {"role": "user", "content": "Hello"}]
    *chunks, _, _ = chunks_of(ask(url, key, "sandbox/request", messages=messages))
    text = "".join(chunk["choices"][0]["delta"].get("content", "") for chunk in chunks)
    shown = json.loads(text.split("```")[1].removeprefix("json"))
    long["content"] = f"{'long ' * 12}… (500 characters)"
    assert shown == {**sandbox.completions[-1]["body"], "messages": messages}


@pytest.mark.parametrize("name", FINISHED)
def test_stream(url: str, key: str, sandbox: Sandbox, name: str) -> None:
    """A stream is a comment, chunks, a finish_reason, usage with empty choices, and [DONE]."""
    response = ask(url, key, f"sandbox/{name}")
    assert response.headers["Content-Type"] == "text/event-stream"
    assert response.content.startswith(b": OPENROUTER PROCESSING\n\n")
    assert response.content.endswith(b"\n\ndata: [DONE]\n\n") == (name != "no-done")
    *chunks, finish, last = chunks_of(response)
    for chunk in (*chunks, finish, last):
        assert chunk["id"].startswith("gen-")
        assert (chunk["id"], chunk["object"]) == (last["id"], "chat.completion.chunk")
        assert (chunk["model"], chunk["provider"]) == (f"sandbox/{name}", "Sandbox")
    texts = [chunk["choices"][0]["delta"].get("content", "") for chunk in chunks]
    assert "".join(texts) == answers.text(name, QUESTION)
    assert {chunk["choices"][0]["finish_reason"] for chunk in chunks} <= {None}
    assert finish["choices"][0]["finish_reason"] == FINISHED[name]
    usage = last["usage"]
    assert last["choices"] == []
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]
    assert usage["prompt_tokens_details"].keys() == {"cached_tokens"}
    assert (usage["completion_tokens_details"]["reasoning_tokens"] > 0) == (name == "reasoning")
    assert sandbox.keys[key].usage == usage["cost"] > 0


def test_long(url: str, key: str) -> None:
    """A long answer is 16 KB in chunks of four characters."""
    texts = [
        chunk["choices"][0]["delta"]["content"]
        for chunk in chunks_of(ask(url, key, "sandbox/long"))[:-2]
    ]
    assert len(texts) == 4096
    assert {len(text) for text in texts} == {4}


def test_split(url: str, key: str) -> None:
    """Bytes come cut inside characters and line ends, some of which are CR LF and some LF."""
    pieces = list(ask(url, key, "sandbox/split").iter_content(None))
    assert any(piece.decode(errors="replace").endswith("\ufffd") for piece in pieces)
    assert any(piece.endswith(b"\r") for piece in pieces)
    whole = b"".join(pieces)
    assert 0 < whole.count(b"\r\n") < whole.count(b"\n")


@pytest.mark.parametrize(
    ("name", "field"),
    [("reasoning", "reasoning_details"), ("citations", "annotations"), ("image", "images")],
)
def test_extras(url: str, key: str, name: str, field: str) -> None:
    """Thoughts, sources and pictures come in deltas, and in the message of a whole answer."""
    streamed = chunks_of(ask(url, key, f"sandbox/{name}"))[0]["choices"][0]["delta"][field]
    whole = ask(url, key, f"sandbox/{name}", stream=False).json()["choices"][0]["message"][field]
    assert streamed[0] == whole[0]
    if name == "image":
        assert streamed[0]["image_url"]["url"].startswith("data:image/png;base64,iVBORw0KGgo")


def test_whole(url: str, key: str, sandbox: Sandbox) -> None:
    """Without `stream` the answer comes in one piece, and costs the same."""
    body = ask(url, key, "sandbox/echo", stream=False).json()
    assert body["object"] == "chat.completion"
    (choice,) = body["choices"]
    assert choice["message"] == {"role": "assistant", "content": QUESTION}
    assert choice["finish_reason"] == "stop"
    assert sandbox.keys[key].usage == body["usage"]["cost"] > 0


def test_whole_with_error(url: str, key: str) -> None:
    """A failure without `stream` can be a 200 with an error in its choice."""
    response = ask(url, key, "sandbox/stream-error", stream=False)
    assert response.status_code == 200
    assert response.json()["choices"][0]["error"]["code"] == 502


@pytest.mark.parametrize("stream", [True, False])
def test_cut(url: str, key: str, sandbox: Sandbox, stream: bool) -> None:
    """A cut answer breaks off in mid-body, after some of it came, which is paid."""
    pieces: list[bytes] = []
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        pieces.extend(ask(url, key, "sandbox/cut", stream=stream).iter_content(None))
    assert len(pieces) > (1 if stream else 0)
    assert not any(b"[DONE]" in piece or b'"stop"' in piece for piece in pieces)
    deadline = time.monotonic() + 5
    while not sandbox.keys[key].usage and time.monotonic() < deadline:
        time.sleep(0.01)
    assert sandbox.keys[key].usage > 0


def test_generation(url: str, key: str, sandbox: Sandbox) -> None:
    """What an answer cost can be asked for afterwards, also one whose client has gone."""

    def asked_for(generation: str, key: str = key) -> requests.Response:
        return requests.get(
            f"{url}/api/v1/generation", params={"id": generation}, headers=bearer(key), timeout=5
        )

    *_, last = chunks_of(ask(url, key, "sandbox/echo"))
    record = asked_for(last["id"]).json()["data"]
    assert record["total_cost"] == last["usage"]["cost"]
    assert record["native_tokens_completion"] == last["usage"]["completion_tokens"]
    with ask(url, key, "sandbox/endless") as endless:
        lines = (line for line in endless.iter_lines() if line.startswith(b"data: "))
        generation = json.loads(next(lines).removeprefix(b"data: "))["id"]
        assert asked_for(generation).status_code == 404
    deadline = time.monotonic() + 5
    while asked_for(generation).status_code == 404 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert asked_for(generation).json()["data"]["total_cost"] > 0
    assert asked_for(generation, "sk-or-unknown").status_code == 401


@pytest.mark.parametrize("name", ["stream-error", "stream-error-string"])
def test_stream_error(url: str, key: str, name: str) -> None:
    """An error can come in a stream that began with 200: it is the last chunk, after some text."""
    response = ask(url, key, f"sandbox/{name}")
    *chunks, last = chunks_of(response)
    assert response.status_code == 200
    assert len(chunks) > 1
    assert not any("error" in chunk for chunk in chunks)
    assert last["error"]["message"]
    assert (last["error"]["code"], bool(last["choices"])) == (
        (502, True) if name == "stream-error" else ("server_error", False)
    )
    assert b"[DONE]" not in response.content


def test_bad_json(url: str, key: str) -> None:
    """A line of a stream can be no JSON."""
    with pytest.raises(json.JSONDecodeError):
        chunks_of(ask(url, key, "sandbox/bad-json"))


def test_slow_start(url: str, key: str) -> None:
    """A slow start is headers and comments."""
    with ask(url, key, "sandbox/slow-start") as response:
        pieces = response.iter_content(None)
        assert {next(pieces) for _ in range(3)} == {b": OPENROUTER PROCESSING\n\n"}


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("name", UNENDING)
def test_left(url: str, key: str, sandbox: Sandbox, name: str, stream: bool) -> None:
    """Whoever leaves is missed at once, be it in the midst or before the first byte."""
    body = {"model": f"sandbox/{name}", "messages": [{"role": "user"}], "stream": stream}
    with closing(HTTPConnection(urlsplit(url).netloc)) as connection:
        connection.request("POST", "/api/v1/chat/completions", json.dumps(body), bearer(key))
        wait_until(lambda: sandbox.open_streams == 1, "the question is asked", seconds=5)
        if name != "no-headers":
            assert connection.getresponse().status == 200
    wait_until(lambda: sandbox.open_streams == 0, "the stream is closed", seconds=0.2)


@pytest.mark.parametrize("name", STATUSES)
def test_status(url: str, key: str, sandbox: Sandbox, name: str) -> None:
    """Each status comes with its headers and its body, and costs nothing."""
    status, headers, body = STATUSES[name]
    response = ask(url, key, f"sandbox/status-{name}")
    assert response.status_code == status == int(name[:3])
    assert headers.items() <= response.headers.items()
    assert response.text == body if isinstance(body, str) else response.json() == {"error": body}
    assert sandbox.keys[key].usage == 0


def test_documented_bodies() -> None:
    """The bodies that say more than a status say it where the contract has it."""
    bodies = {name: body for name, (_, _, body) in STATUSES.items() if isinstance(body, dict)}
    assert bodies["403-moderation"]["metadata"].keys() == {
        *("reasons", "flagged_input", "provider_name", "model_slug")
    }
    assert bodies["503-availability"].keys() == {"message", "availability"}
    assert "fewer max_tokens" in bodies["402-max-tokens"]["message"]
    assert all(bodies[name]["code"] == int(name[:3]) for name in bodies if "av" not in name)
    assert STATUSES["429"][1] == {"Retry-After": "7"}


def test_generated_model(url: str, key: str, sandbox: Sandbox) -> None:
    """A model of the list answers as any would, and one that is free costs nothing."""
    chunks = chunks_of(ask(url, key, "sandbox-labs/breeze-1b:free"))
    assert chunks[0]["model"] == "sandbox-labs/breeze-1b:free"
    assert sandbox.keys[key].usage == chunks[-1]["usage"]["cost"] == 0


IMAGE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,eA=="}}
PDF = {
    "type": "file",
    "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,eA=="},
}
AUDIO = {"type": "input_audio", "input_audio": {"data": "eA==", "format": "wav"}}


def test_files(url: str, key: str) -> None:
    """Files reach the model in the contract's forms, and it says which."""
    messages = [{"role": "user", "content": [IMAGE, PDF, AUDIO]}]
    *chunks, _, _ = chunks_of(ask(url, key, "sandbox/hello", messages=messages))
    text = "".join(chunk["choices"][0]["delta"].get("content", "") for chunk in chunks)
    assert "- an image (image/png, 1 bytes)" in text
    assert "- the file a.pdf (application/pdf, 1 bytes)" in text
    assert "- audio (wav, 1 bytes)" in text


@pytest.mark.parametrize(
    "part",
    [
        {},
        {"type": "video"},
        {"type": "text", "text": 5},
        {"type": "image_url"},
        {"type": "image_url", "image_url": {"url": "C:\\a.png"}},
        {"type": "file", "file": {"filename": "a.pdf", "file_data": "data:a;base64,no!"}},
        {"type": "input_audio", "input_audio": {"data": 5, "format": "wav"}},
    ],
)
def test_malformed_part(url: str, key: str, part: dict[str, object]) -> None:
    """A part of any other form is a bad request."""
    messages = [{"role": "user", "content": [part]}]
    assert ask(url, key, "sandbox/hello", messages=messages).status_code == 400


def test_model_without_eyes(url: str, key: str) -> None:
    """A model that takes no images is not found for one; a file is parsed for any."""
    blind = "sandbox-labs/breeze-1b:free"
    images, files = ([{"role": "user", "content": [part]}] for part in (IMAGE, PDF))
    assert ask(url, key, blind, messages=images).status_code == 404
    assert ask(url, key, blind, messages=files).status_code == 200


def test_affordable(url: str, key: str) -> None:
    """Where the credit covers a short answer only, a short one can be had."""
    model = "sandbox/status-402-max-tokens"
    assert ask(url, key, model, max_tokens=1_235).status_code == 402
    assert ask(url, key, model, max_tokens=1_234).status_code == 200


@pytest.mark.parametrize(
    ("content", "model"),
    [
        ("Hello", "sandbox/hello"),
        ("sandbox/echo please", "sandbox/echo"),
        ("Try sandbox/echo.", "sandbox/echo"),
        ("sandbox/unknown", "sandbox/hello"),
        ([{"type": "text", "text": "sandbox/echo"}, IMAGE], "sandbox/echo"),
    ],
)
def test_router(url: str, key: str, content: object, model: str) -> None:
    """The router takes the model that the last message names, and says which one answered."""
    messages = [
        {"role": "user", "content": "sandbox/tour"},
        {"role": "user", "content": content},
        {"role": "assistant", "content": "sandbox/long"},
    ]
    response = ask(url, key, "openrouter/auto", messages=messages)
    assert chunks_of(response)[-1]["model"] == model


def test_fallback(url: str, key: str) -> None:
    """Where a model fails the next one answers; where all fail the last failure is the answer."""
    answered = ask(url, key, "sandbox/status-503", models=["no/model", "sandbox/echo"])
    assert chunks_of(answered)[-1]["model"] == "sandbox/echo"
    failed = ask(url, key, "sandbox/status-503", models=["sandbox/status-429"])
    assert failed.status_code == 429


def test_recovers(url: str, key: str) -> None:
    """`sandbox/recovers` answers the third time."""
    answers = [ask(url, key, "sandbox/recovers") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [503, 503, 200]
    assert answers[0].headers["Retry-After"] == "3"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"messages": []}, "messages: at least one is required"),
        ({"messages": "Hello"}, "messages: at least one is required"),
        ({"model": "no/model"}, "no/model is not a valid model ID"),
        ({"model": None}, "No models provided"),
    ],
)
def test_bad_request(url: str, key: str, body: dict[str, Any], message: str) -> None:
    """A request without messages, or for a model that there is not, gets 400."""
    assert outcome(ask(url, key, **{"model": "sandbox/echo", **body})) == error(400, message)


def test_spent_limit(url: str, sandbox: Sandbox) -> None:
    """A key whose limit is spent gets 403."""
    key = new_key(url, limit="0.00001")
    assert ask(url, key, "sandbox/tour").content
    assert outcome(ask(url, key, "sandbox/tour")) == error(403, "Key limit exceeded (total limit).")


def test_attribution(url: str, key: str, sandbox: Sandbox) -> None:
    """What was asked is kept, with the headers that name the app."""
    body = {"model": "sandbox/status-500", "messages": [{"role": "user", "content": "Hello"}]}
    headers = {"HTTP-Referer": "https://example.org", "X-OpenRouter-Title": "An app"}
    address = f"{url}/api/v1/chat/completions"
    requests.post(address, json=body, headers={**bearer(key), **headers}, timeout=5)
    assert sandbox.completions == [
        {"body": body, "headers": {name.lower(): value for name, value in headers.items()}}
    ]


# The server


def test_serve() -> None:
    """It serves as soon as it says where, and no longer once it is left."""
    with Sandbox().serve() as url:
        assert url.startswith("http://127.0.0.1:")
        assert requests.get(f"{url}/api/v1/models", timeout=5).ok
    with pytest.raises(requests.ConnectionError):
        requests.get(f"{url}/api/v1/models", timeout=5)


def test_help() -> None:
    """The help names every model."""
    command = [sys.executable, "-m", "sandbox", "--help"]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert all(f"{model} " in text for model in BEHAVIOURS)
