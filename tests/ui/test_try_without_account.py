"""Two OpenRouters in one app: the real one, and the sandbox for visitors without an account."""

import errno
import json
import time
from dataclasses import asdict

import pytest
from streamlit.testing.v1 import AppTest

from lib.chat.conversation import Conversation
from lib.openrouter_sign_in import User
from lib.ui.session import Session
from sandbox import embedded
from sandbox.guide import NEXT
from tests.conftest import KEY, RawServer, Served, http
from tests.support.pages import (
    CALLBACK_URL,
    COOKIE_PREFIX,
    SECRET,
    Handshake,
    ask,
    chat_page,
    component_data,
    current_user,
    main_page,
    seal,
    visible_text,
)

REQUEST = {
    "callback_url": f"{CALLBACK_URL}?state=abc",
    "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",  # RFC 7636, appendix B
    "code_challenge_method": "S256",
    "key_label": "A *demo*",
}


@pytest.fixture
def real(raw_server: RawServer, monkeypatch: pytest.MonkeyPatch) -> RawServer:
    """Records what the real OpenRouter receives; it has no models and no account."""
    url = raw_server.serve(http(json.dumps({"data": []}).encode(), "application/json"))
    monkeypatch.setenv("OPENROUTER_BASE_URL", url)
    monkeypatch.setenv("OPENROUTER_CALLBACK_URL", CALLBACK_URL)
    monkeypatch.setenv("SIGN_IN_SECRET", SECRET)
    return raw_server


@pytest.fixture
def tried(served: Served, monkeypatch: pytest.MonkeyPatch) -> Served:
    """The sandbox for visitors."""
    monkeypatch.setattr(embedded, "_url", served.base_url)
    return served


def sign_in_by_cookie(handshake: Handshake, base_url: str) -> None:
    """Give the browser the cookie of someone who has signed in to an OpenRouter."""
    user = User(KEY, time.time(), base_url)
    handshake.cookies[COOKIE_PREFIX + "key"] = seal("key", asdict(user))


def test_key_of_the_sandbox(real: RawServer, tried: Served, handshake: Handshake) -> None:
    """A key of the sandbox never reaches the real OpenRouter, and every page says where one is."""
    sign_in_by_cookie(handshake, tried.base_url)
    app = main_page().run()
    assert current_user(app)
    for path in ("pages/chat.py", "pages/compare.py"):
        app.switch_page(path).run()
        assert "This is a sandbox" in visible_text(app)
    ask(app.switch_page("pages/chat.py").run(), "Hello?")
    assert tried.completions
    assert [headers["Authorization"] for headers in real.received] == [None] * len(real.received)


def test_key_of_openrouter(
    sandbox: Served, raw_server: RawServer, handshake: Handshake, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A key of the real OpenRouter never reaches the sandbox for visitors."""
    monkeypatch.setattr(embedded, "_url", raw_server.serve(http(b"{}", "application/json")))
    sign_in_by_cookie(handshake, sandbox.base_url)
    app = main_page().run()
    assert current_user(app)
    app.switch_page("pages/compare.py").run()
    ask(app.switch_page("pages/chat.py").run(), "Hello?")
    assert "This is a sandbox:" not in visible_text(app)
    assert sandbox.completions
    assert not raw_server.received


def test_key_of_another_openrouter(real: RawServer, tried: Served, handshake: Handshake) -> None:
    """A key of neither is not used at all."""
    sign_in_by_cookie(handshake, "https://example.org")
    assert current_user(main_page().run()) is None


def test_other_openrouter(real: RawServer, tried: Served, handshake: Handshake) -> None:
    """Chats and costs of one OpenRouter are gone as soon as the session belongs to the other."""
    session = Session()
    session.spending.spent = 2.5
    session.chat.model = "openai/gpt-5"
    session.chat.open(Conversation())
    session.chat.conversation.ask("A question to a real model")
    sign_in_by_cookie(handshake, tried.base_url)
    app = chat_page(session).run()
    assert (session.is_in_sandbox, session.spending.spent) == (True, 0)
    assert session.chat.model is None
    assert "A question to a real model" not in visible_text(app)


def test_turned_off(
    real: RawServer, tried: Served, handshake: Handshake, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Turned off, no key of the sandbox is good any more, and its consent page issues none."""
    monkeypatch.setenv("TRY_WITHOUT_ACCOUNT", "false")
    sign_in_by_cookie(handshake, tried.base_url)
    assert current_user(main_page().run()) is None
    app = consent_page(REQUEST)
    assert not app.button
    assert "cannot be tried" in app.info[0].value


def consent_page(request: dict[str, str]) -> AppTest:
    """The sandbox's consent page, as a browser that comes from the app opens it."""
    app = main_page().switch_page("pages/sandbox.py")
    for name, value in request.items():
        app.query_params[name] = value
    return app.run()


@pytest.mark.parametrize(
    "change",
    [
        {"callback_url": "https://evil.example/"},
        {"callback_url": "http://localhost:3000.evil.example/"},
        {"callback_url": "javascript:alert(1)"},
        {"callback_url": ""},
        {"callback_url": "http://["},
        {"code_challenge": "short"},
        {"code_challenge_method": "S512"},
        {"limit": "nan"},
    ],
)
def test_invalid_request(real: RawServer, tried: Served, change: dict[str, str]) -> None:
    """The consent page leads back to its own app alone, and refuses what OpenRouter refuses."""
    app = consent_page(REQUEST | change)
    assert not app.exception
    assert "not valid" in app.warning[0].value
    assert not app.button


def test_consent(real: RawServer, tried: Served) -> None:
    """A request of the app can be approved; the name that it asks for is shown as text."""
    app = consent_page(REQUEST)
    assert r"**A \*demo\***" in visible_text(app)
    codes = len(tried.codes)
    app.number_input[0].set_value(2.5)
    app.button[0].click().run()
    assert not app.exception
    assert len(tried.codes) == codes + 1
    assert list(tried.codes.values())[-1].limit == 2.5


def test_model_of_a_link(real: RawServer, tried: Served, handshake: Handshake) -> None:
    """A link that names a model which the sandbox lacks leads to one that answers."""
    sign_in_by_cookie(handshake, tried.base_url)
    app = chat_page()
    app.query_params["model"] = "openai/gpt-5"
    ask(app.run(), "Hello?")
    assert tried.completions[-1]["body"]["model"] == "openrouter/auto"


def test_prompts_of_an_empty_chat(real: RawServer, tried: Served, handshake: Handshake) -> None:
    """Each prompt to click has an answer of its own that shows what the app can do."""
    sign_in_by_cookie(handshake, tried.base_url)
    app = chat_page().run()
    prompts = [button.label for button in app.button if "lightbulb" in button.proto.icon]
    assert len(prompts) == 4
    answers = set()
    for prompt in prompts:
        conversation = Conversation()
        app.session_state["session"].chat.open(conversation)
        ask(app.run(), prompt)
        answers.add(conversation.turns[0].answer.text)
    assert len(answers) == 4
    assert not any(NEXT in answer for answer in answers)


def test_no_port_left(real: RawServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the machine has no port for the sandbox, the page offers the sign-in alone."""

    def no_port() -> str:
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr(embedded, "base_url", no_port)
    app = main_page().run()
    assert not app.exception
    assert component_data(app, "openrouter_link")["label"] == "Sign in with OpenRouter"
