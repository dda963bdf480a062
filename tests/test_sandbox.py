"""The sandbox keeps OpenRouter's contract: asked over real HTTP, as the app asks it.

The shape of a response is the OpenAPI document's; the tests add what the document cannot say.
"""

import json
import re
import subprocess
import sys
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from jsonschema import ValidationError

from sandbox import answers, consent
from sandbox.catalogue import BEHAVIOURS
from sandbox.consent import EXCHANGES
from sandbox.server import Sandbox
from sandbox.statuses import STATUSES
from tests.conftest import KEY, Served
from tests.support.openapi import validate
from tests.support.waiting import wait_until

# RFC 7636, appendix B.
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
CALLBACK = "http://localhost:3000/back?state=abc"
S256 = {"code_challenge": CHALLENGE, "code_challenge_method": "S256"}
PLAIN = {"code_challenge": VERIFIER, "code_challenge_method": "plain"}
PROOF = {"code_verifier": VERIFIER, "code_challenge_method": "S256"}
QUESTION = "Grüße, 你好 🎉\nand a second line"

NOT_WHOLE = {"silent", "no-headers", "endless", "freeze", "slow-start", "request", "recovers"} | {
    *("cut", "stream-error", "stream-error-string", "bad-json", "402-in-flight", "401-once"),
    *("error-body", "error-event", "chunk-401-provider", "chunk-http-status"),
    *("parts", "think", "no-finish", "no-empty-line", "byok", "finish-length"),
}
"""Models that do not end, fail, have another shape, or have a test of their own."""
WHOLE = [
    name
    for model in BEHAVIOURS
    if model.startswith("sandbox/")
    and (name := model.removeprefix("sandbox/")) not in NOT_WHOLE
    and not name.startswith("status-")
]
FINISH_REASONS = {
    "finish-error": "error",
    "finish-content_filter": "content_filter",
}
REASONING = ("reasoning", "reasoning-content", "reasoning-details")
UNDOCUMENTED = ["503-availability", "502-html", "500-empty"]
"""Statuses whose bodies clients have met, though the document has no such error."""


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


def get(served: Served, path: str, **query: str) -> requests.Response:
    """Call the API with the key given out already."""
    headers = {"Authorization": f"Bearer {served.key}"}
    return requests.get(f"{served.base_url}/api/v1/{path}", query, headers=headers, timeout=5)


def ask(served: Served, model: str, **more: Any) -> requests.Response:
    """Ask a model `QUESTION`; the answer is streamed unless `stream` says otherwise."""
    messages = [{"role": "user", "content": QUESTION}]
    return requests.post(
        f"{served.base_url}/api/v1/chat/completions",
        json={"model": model, "messages": messages, "stream": True, **more},
        headers={"Authorization": f"Bearer {served.key}"},
        timeout=5,
        stream=True,
    )


def chunks_of(response: requests.Response) -> list[dict[str, Any]]:
    """Read a stream to its end, and return its JSON chunks."""
    lines = response.content.decode().splitlines()
    data = [line.removeprefix("data: ") for line in lines if line.startswith("data: ")]
    return [json.loads(text) for text in data if text != "[DONE]"]


def text_of(chunks: list[dict[str, Any]]) -> str:
    """Join the text of all deltas."""
    choices = [choice for chunk in chunks for choice in chunk["choices"]]
    deltas = [choice["delta"] for choice in choices]
    return "".join(delta.get("content") or delta.get("refusal") or "" for delta in deltas)


def refusal(response: requests.Response) -> tuple[int, str]:
    """Return status and message of an error, which has the documented form."""
    body = response.json()
    validate(body, "ErrorResponse")
    assert body["error"]["code"] == response.status_code
    return response.status_code, body["error"]["message"]


INVALID = 403, "Invalid code or code_verifier"
EXPIRED = 403, "Authorization code expired"


# The consent page


def test_consent_page(served: Served) -> None:
    """The page names the app and the key as text, and is shown neither in frames nor to others."""
    query = {"callback_url": "https://example.org/a", "key_label": "<b>&", "limit": "2.5", **S256}
    response = requests.get(f"{served.base_url}/auth", {**query, "state": "not-echoed"}, timeout=5)
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
def test_allowed_callback_url(callback_url: str) -> None:
    """Any https URL is allowed, and http on the two names of this machine."""
    assert consent.validation_error({"callback_url": callback_url}) is None


@pytest.mark.parametrize(
    ("query", "message"),
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
        ({"callback_url": CALLBACK, "code_challenge_method": "S256"}, "requires a code_challenge"),
        ({"callback_url": CALLBACK, "key_label": "x" * 101}, "at most 100 characters"),
        ({"callback_url": CALLBACK, "limit": "much"}, "limit must be an amount"),
        ({"callback_url": CALLBACK, "limit": "nan"}, "limit must be an amount"),
        ({}, "a code_challenge is required"),
    ],
)
def test_refused_authorization(query: dict[str, str], message: str) -> None:
    """A request that OpenRouter would not take is refused with one sentence."""
    assert message in str(consent.validation_error(query))


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_refusal_page(served: Served, method: str) -> None:
    """Both steps refuse such a request, with a page that names the reason."""
    arguments = {"params" if method == "GET" else "data": {"callback_url": "http://["}}
    response = requests.request(method, f"{served.base_url}/auth", **arguments, timeout=5)
    assert response.status_code == 400
    assert "callback_url must be https" in response.text


@pytest.mark.parametrize(
    ("callback_url", "state_return", "location"),
    [
        (CALLBACK, "query", "http://localhost:3000/back?state=abc&code=x"),
        (CALLBACK, "glued", "http://localhost:3000/back?state=abc?code=x"),
        (CALLBACK, "lost", "http://localhost:3000/back?code=x"),
        ("https://a.org/b?c=d%26e#f", "query", "https://a.org/b?c=d%26e&code=x#f"),
    ],
)
def test_way_back(callback_url: str, state_return: str, location: str) -> None:
    """The code joins the query; `state` is in it as it was sent, glued to the code, or lost."""
    assert consent.redirect_url(callback_url, state_return, code="x") == location


def test_denied(served: Served) -> None:
    """Deny comes back with an error and its description, and makes no code."""
    codes = dict(served.codes)
    query = parse_qs(urlsplit(decide(served.base_url, "deny").headers["Location"]).query)
    assert query == {
        "state": ["abc"],
        "error": ["access_denied"],
        "error_description": ["The user denied the request"],
    }
    assert served.codes == codes


def test_headless(served: Served) -> None:
    """Without a callback URL the code stands on a page, to be copied."""
    page = requests.post(f"{served.base_url}/auth", {"decision": "authorize", **S256}, timeout=5)
    code = re.search(r'id="code">([\w-]+)<', page.text)
    assert page.status_code == 200
    assert code is not None
    assert exchange(served.base_url, code[1], **PROOF).status_code == 200


# The exchange


@pytest.mark.parametrize(
    ("challenge", "proof"),
    [(S256, PROOF), (PLAIN, {**PROOF, "code_challenge_method": "plain"}), ({}, {})],
    ids=["S256", "plain", "none"],
)
def test_exchange(served: Served, challenge: dict[str, str], proof: dict[str, str]) -> None:
    """All three forms of the flow give a key, once; the challenge is RFC 7636's, appendix B."""
    code = new_code(served.base_url, limit="5", key_label="A label", **challenge)
    response = exchange(served.base_url, code, **proof)
    assert response.status_code == 200
    validate(response.json(), "ExchangeAuthCodeForAPIKeyResponse")
    key = served.keys[response.json()["key"]]
    assert (key.limit, key.label) == (5, "A label")
    assert served.exchanges[0].body == {"code": code, **proof}
    assert refusal(exchange(served.base_url, code, **proof)) == INVALID


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
def test_unproved(served: Served, proof: dict[str, str | None]) -> None:
    """Without the verifier, or under another method, a code is worth nothing and is used up."""
    code = new_code(served.base_url, **S256)
    assert refusal(exchange(served.base_url, code, **proof)) == INVALID
    assert refusal(exchange(served.base_url, code, **PROOF)) == INVALID


def test_invalid_method(served: Served) -> None:
    """A method that there is not is refused before the code is looked at."""
    code = new_code(served.base_url, **S256)
    response = exchange(served.base_url, code, **{**PROOF, "code_challenge_method": "S512"})
    assert refusal(response) == (400, "Invalid code_challenge_method")
    assert exchange(served.base_url, code, **PROOF).status_code == 200


def test_expiry() -> None:
    """A code lives ten minutes."""
    now = 0.0
    with Sandbox(clock=lambda: now).serve() as url:
        in_time, too_late = new_code(url), new_code(url)
        now = 600.0
        assert exchange(url, in_time).status_code == 200
        now = 600.1
        assert refusal(exchange(url, too_late)) == EXPIRED


REHEARSED = {
    "expired": EXPIRED,
    "invalid": INVALID,
    "bad-method": (400, "Invalid code_challenge_method"),
    "conflict": (409, "Resource conflict. Please try again later."),
    "server-error": (500, "Internal Server Error"),
}
UNREADABLE = {"html": 502, "bad-json": 200, "no-key": 200}


@pytest.mark.parametrize("chosen", sorted(EXCHANGES.keys() - {"success", "slow"}))
def test_rehearsed(served: Served, chosen: str) -> None:
    """A failure that was chosen on the consent page is the response to the exchange, with no key."""
    keys = dict(served.keys)
    response = exchange(served.base_url, new_code(served.base_url, exchange=chosen))
    if chosen in REHEARSED:
        assert refusal(response) == REHEARSED[chosen]
    else:
        assert response.status_code == UNREADABLE[chosen]
        with pytest.raises((requests.JSONDecodeError, ValidationError)):
            validate(response.json(), "ExchangeAuthCodeForAPIKeyResponse")
    assert served.keys == keys


# The key


@pytest.mark.parametrize("path", ["key", "generation", "chat/completions"])
@pytest.mark.parametrize("key", ["", "sk-or-v1-a", KEY])
def test_unauthorized(served: Served, path: str, key: str) -> None:
    """A key that is missing, unknown or revoked gets 401."""
    served.keys[KEY].revoked = True
    response = requests.request(
        "POST" if path == "chat/completions" else "GET",
        f"{served.base_url}/api/v1/{path}",
        headers={"Authorization": f"Bearer {key}"} if key else {},
        timeout=5,
    )
    assert refusal(response) == (401, "User not found.")


def test_not_found(served: Served) -> None:
    """An unknown path or method is an error in JSON under /api/, and a page elsewhere."""
    assert refusal(get(served, "credits")) == (404, "Not Found")
    assert refusal(get(served, "auth/keys")) == (405, "Method Not Allowed")
    page = requests.get(f"{served.base_url}/settings/keys", timeout=5)
    assert (page.status_code, page.headers["Content-Type"]) == (404, "text/html; charset=utf-8")


# The chat


def test_request_is_shown(served: Served) -> None:
    """`sandbox/request` shows what reached it; of what is long only the beginning."""
    long = {"role": "assistant", "content": "long " * 100}
    messages = [long, {"role": "user", "content": "Hello"}]
    text = text_of(chunks_of(ask(served, "sandbox/request", messages=messages)))
    shown = json.loads(text.split("```")[1].removeprefix("json"))
    long["content"] = f"{'long ' * 12}… (500 characters)"
    assert shown == {**served.completions[-1]["body"], "messages": messages}


@pytest.mark.parametrize("name", WHOLE)
def test_stream(served: Served, name: str) -> None:
    """A stream is a comment, chunks, a finish_reason, usage with empty choices, and [DONE]."""
    response = ask(served, f"sandbox/{name}")
    assert response.headers["Content-Type"] == "text/event-stream"
    assert response.headers["X-Generation-Id"].startswith("gen-")
    assert response.content.startswith(b": OPENROUTER PROCESSING\n\n")
    assert response.content.endswith(b"\n\ndata: [DONE]\n\n") == (name != "no-done")
    *chunks, finish, last = chunks_of(response)
    for chunk in (*chunks[:100], finish, last):
        validate(chunk, "ChatStreamChunk")
    assert {(chunk["id"], chunk["model"], chunk["provider"]) for chunk in (*chunks, finish)} == {
        (response.headers["X-Generation-Id"], f"sandbox/{name}", "Sandbox")
    }
    assert text_of(chunks) == answers.text(name, QUESTION)
    assert {chunk["choices"][0]["finish_reason"] for chunk in chunks} <= {None}
    assert finish["choices"][0]["finish_reason"] == FINISH_REASONS.get(name, "stop")
    assert last["choices"] == []
    usage = last["usage"]
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]
    assert (usage["completion_tokens_details"]["reasoning_tokens"] > 0) == (name in REASONING)
    assert served.keys[served.key].usage == usage["cost"]
    assert (usage["cost"] > 0) == (name != "per-image")  # none was sent


def test_finish_length(served: Served) -> None:
    """An answer ends in its middle, and its rest comes when the user asks to continue it."""
    question = {"role": "user", "content": QUESTION}
    halves = []
    for outcome in ("length", "stop"):
        more = [
            {"role": "assistant", "content": "".join(halves)},
            {"role": "user", "content": "Continue!"},
        ]
        messages = [question, *(more if halves else [])]
        *chunks, finish, _ = chunks_of(ask(served, "sandbox/finish-length", messages=messages))
        assert finish["choices"][0]["finish_reason"] == outcome
        halves.append(text_of(chunks))
    assert "".join(halves) == answers.text("finish-length", QUESTION)


def test_stream_error(served: Served) -> None:
    """The last chunk of a stream that fails has the documented form, and so has a whole answer.

    Clients have met another form too: an error whose code is a string, in a chunk without choices.
    """
    validate(chunks_of(ask(served, "sandbox/stream-error"))[-1], "ChatStreamChunk")
    validate(ask(served, "sandbox/stream-error", stream=False).json(), "ChatResult")
    last = chunks_of(ask(served, "sandbox/stream-error-string"))[-1]
    assert (last["error"]["code"], last["choices"]) == ("server_error", [])


def test_split(served: Served) -> None:
    """Bytes come cut inside characters and line ends, some of which are CR LF and some LF."""
    pieces = list(ask(served, "sandbox/split").iter_content(None))
    assert any(piece.decode(errors="replace").endswith("\ufffd") for piece in pieces)
    assert any(piece.endswith(b"\r") for piece in pieces)
    whole = b"".join(pieces)
    assert 0 < whole.count(b"\r\n") < whole.count(b"\n")


@pytest.mark.parametrize("name", ["echo", *REASONING, "image", "refusal", "finish-error"])
def test_whole(served: Served, name: str) -> None:
    """An answer in one piece has the documented form, and is paid like a streamed one."""
    body = ask(served, f"sandbox/{name}", stream=False).json()
    validate(body, "ChatResult")
    assert served.keys[served.key].usage == body["usage"]["cost"] > 0


def test_generation(served: Served) -> None:
    """The record of an answer has the documented form, and is unknown while the answer comes."""
    with ask(served, "sandbox/endless") as endless:
        lines = (line for line in endless.iter_lines() if line.startswith(b"data: "))
        generation = json.loads(next(lines).removeprefix(b"data: "))["id"]
        response = get(served, "generation", id=generation)
        assert refusal(response) == (404, "Resource not found")
    wait_until(lambda: get(served, "generation", id=generation).ok)
    validate(get(served, "generation", id=generation).json(), "GenerationResponse")


def test_slow_start(served: Served) -> None:
    """A slow start is headers and comments."""
    with ask(served, "sandbox/slow-start") as response:
        pieces = response.iter_content(None)
        assert {next(pieces) for _ in range(3)} == {b": OPENROUTER PROCESSING\n\n"}


@pytest.mark.parametrize("name", STATUSES)
def test_status(served: Served, name: str) -> None:
    """Each status comes with its headers and its body, and costs nothing."""
    status, headers, body = STATUSES[name]
    response = ask(served, f"sandbox/status-{name}")
    assert response.status_code == status == int(name[:3])
    assert headers.items() <= response.headers.items()
    assert response.text == body if isinstance(body, str) else response.json() == {"error": body}
    if name not in UNDOCUMENTED:
        refusal(response)
    assert served.keys[served.key].usage == 0


def test_generated_model(served: Served) -> None:
    """A model of the list answers as any would, and one that is free costs nothing."""
    chunks = chunks_of(ask(served, "sandbox-labs/breeze-1b:free"))
    assert chunks[0]["model"] == "sandbox-labs/breeze-1b:free"
    assert served.keys[served.key].usage == chunks[-1]["usage"]["cost"] == 0


IMAGE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,eA=="}}
PDF = {
    "type": "file",
    "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,eA=="},
}
AUDIO = {"type": "input_audio", "input_audio": {"data": "eA==", "format": "wav"}}


def test_files(served: Served) -> None:
    """Files reach the model in the contract's forms, and it says which."""
    messages = [{"role": "user", "content": [IMAGE, PDF, AUDIO]}]
    text = text_of(chunks_of(ask(served, "sandbox/hello", messages=messages)))
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
def test_malformed_part(served: Served, part: dict[str, object]) -> None:
    """A part of any other form is a bad request."""
    messages = [{"role": "user", "content": [part]}]
    assert ask(served, "sandbox/hello", messages=messages).status_code == 400


def test_model_without_eyes(served: Served) -> None:
    """A model that takes no images is not found for one; a file is parsed for any."""
    blind = "sandbox-labs/breeze-1b:free"
    images, files = ([{"role": "user", "content": [part]}] for part in (IMAGE, PDF))
    assert ask(served, blind, messages=images).status_code == 404
    assert ask(served, blind, messages=files).status_code == 200


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
def test_router(served: Served, content: object, model: str) -> None:
    """The router takes the model that the last message names, and says which one answered."""
    messages = [
        {"role": "user", "content": "sandbox/tour"},
        {"role": "user", "content": content},
        {"role": "assistant", "content": "sandbox/long"},
    ]
    response = ask(served, "openrouter/auto", messages=messages)
    assert chunks_of(response)[-1]["model"] == model


def test_fallback(served: Served) -> None:
    """Where a model fails the next one answers; where all fail the last failure is the answer."""
    answered = ask(served, "sandbox/status-503", models=["no/model", "sandbox/echo"])
    assert chunks_of(answered)[-1]["model"] == "sandbox/echo"
    failed = ask(served, "sandbox/status-503", models=["sandbox/status-429"])
    assert failed.status_code == 429


@pytest.mark.parametrize(
    ("name", "statuses", "retry_after"),
    [
        ("recovers", [200, 503, 503], {None, "3"}),
        ("402-in-flight", [200, 402, 402], {None, "2"}),
        ("401-once", [200, 401], {None}),
    ],
)
def test_recovers(
    served: Served, name: str, statuses: list[int], retry_after: set[str | None]
) -> None:
    """A model that recovers answers each second or third time, and may say when to ask again."""
    responses = [ask(served, f"sandbox/{name}") for _ in statuses]
    assert sorted(response.status_code for response in responses) == statuses
    assert {response.headers.get("Retry-After") for response in responses} == retry_after
    for response in responses:
        if not response.ok:
            refusal(response)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"messages": []}, "messages: at least one is required"),
        ({"messages": "Hello"}, "messages: at least one is required"),
        ({"model": "no/model"}, "no/model is not a valid model ID"),
        ({"model": None}, "No models provided"),
    ],
)
def test_bad_request(served: Served, body: dict[str, Any], message: str) -> None:
    """A request without messages, or for a model that there is not, gets 400."""
    assert refusal(ask(served, **{"model": "sandbox/echo", **body})) == (400, message)


def test_spent_limit(served: Served) -> None:
    """A key whose limit is spent gets 403."""
    served.keys[served.key].limit = 0.00001
    assert ask(served, "sandbox/tour").content
    assert refusal(ask(served, "sandbox/tour")) == (403, "Key limit exceeded (total limit).")


# The server


def test_taken_port() -> None:
    """A port that is taken is an error that the caller can handle; uvicorn would end the thread."""
    with Sandbox().serve() as url:
        port = urlsplit(url).port
        assert port
        with pytest.raises(OSError, match="in use"), Sandbox().serve(port):
            pass


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
