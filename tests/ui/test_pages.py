"""The pages as scripts, without a browser: what they show, and the exchange that they make."""

import json
import os
import re
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field, replace
from functools import cache
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
import streamlit as st
from streamlit.components.v2 import manifest_scanner
from streamlit.runtime.context import ContextProxy
from streamlit.testing.v1 import AppTest

from lib.chat.attachments import attachment
from lib.chat.conversation import MAX_TURNS, Answer, Conversation, Turn
from lib.chat.storage import StorageDiff
from lib.markdown.streamlit_markdown import literal
from lib.openrouter.chat import ChatRequest
from lib.openrouter.events import GeneratedImage
from lib.openrouter_sign_in import Exchanged, User, storage_prefix
from lib.openrouter_sign_in import session as signing
from lib.openrouter_sign_in.cookies import sealer
from lib.openrouter_sign_in.oauth import authorization_url
from lib.openrouter_sign_in.pkce import Method, create_code_challenge, create_code_verifier
from lib.openrouter_sign_in.sealing import Sealer
from lib.openrouter_sign_in.state import Options, PendingSignIn, State
from lib.settings import Settings
from lib.ui import chat_actions, page
from lib.ui.autosave import take_back
from lib.ui.session import Session
from sandbox.answers import TOUR, picture
from sandbox.server import Sandbox
from tests.chat.test_attachments import large_png
from tests.conftest import KEY, RawServer, Served, http

CALLBACK_URL = "http://localhost:3000/"
SECRET = "a-secret-for-the-tests-of-more-than-32-characters"


@pytest.fixture(scope="module", autouse=True)
def _installed_components() -> Iterator[None]:
    """Each AppTest reads the metadata of all packages anew, which takes longer than a page."""
    with pytest.MonkeyPatch.context() as patch:
        scan = cache(manifest_scanner.scan_component_manifests)
        patch.setattr(manifest_scanner, "scan_component_manifests", scan)
        yield


@dataclass
class Handshake:
    """What the browser sent when it opened the websocket."""

    cookies: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)


@pytest.fixture(autouse=True)
def handshake(monkeypatch: pytest.MonkeyPatch) -> Handshake:
    """The websocket of an AppTest, which has none: for tests of what a page makes of it."""
    handshake = Handshake()
    for name in ("cookies", "headers"):
        monkeypatch.setattr(ContextProxy, name, property(lambda _, n=name: getattr(handshake, n)))
    return handshake


@pytest.fixture
def sandbox(served: Served, monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    """A sandbox that the app's settings point to."""
    monkeypatch.setattr(served, "retry_after", 0)
    monkeypatch.setenv("OPENROUTER_BASE_URL", served.base_url)
    monkeypatch.setenv("OPENROUTER_CALLBACK_URL", CALLBACK_URL)
    monkeypatch.setenv("SIGN_IN_SECRET", SECRET)
    return served


def main_page(session: Session | None = None, state: State | None = None) -> AppTest:
    """The main page, in a session that may hold something already, with its sign-in."""
    app = AppTest.from_file("../../streamlit_app.py", default_timeout=20)
    if session:
        app.session_state["session"] = session
        state = state or State(user=session.user)
    if state:
        app.session_state["openrouter_sign_in"] = state
    return app


def user_of(app: AppTest) -> User | None:
    """Who is signed in."""
    user: User | None = app.session_state["openrouter_sign_in"].user
    return user


def cookies_to_set(app: AppTest) -> list[str]:
    """The cookies that the browser is told to set."""
    commands = app.session_state["openrouter_sign_in"].commands
    return [command.value for command in commands if command.action == "set_cookie"]


def chat_page(session: Session | None = None) -> AppTest:
    """The chat page, as a first visit to /chat runs it: the main page has not run."""
    return main_page(session).switch_page("pages/chat.py")


def open_choice(app: AppTest) -> AppTest:
    """Open what stands behind the button with the model's name."""
    app.session_state["choice"] = True
    return app.run()


def pending(method: Method = "S256") -> PendingSignIn:
    """A sign-in that has begun."""
    base_url = os.environ["OPENROUTER_BASE_URL"]
    return PendingSignIn("the-state", create_code_verifier(), method, CALLBACK_URL, base_url, 0)


def approved_code(base_url: str, started: PendingSignIn) -> str:
    """Approve the pending sign-in at the sandbox, and return the code."""
    url = authorization_url(
        base_url,
        callback_url=CALLBACK_URL,
        code_challenge=create_code_challenge(started.code_verifier, started.method),
        method=started.method,
    )
    form = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
    response = requests.post(
        f"{base_url}/auth", data={**form, "decision": "authorize"}, allow_redirects=False, timeout=5
    )
    return parse_qs(urlsplit(response.headers["Location"]).query)["code"][0]


def sign_in() -> AppTest:
    """The main page after a return, with the code and its pending sign-in in session state."""
    started = pending()
    app = main_page(state=State(pending=started))
    app.query_params["code"] = approved_code(os.environ["OPENROUTER_BASE_URL"], started)
    app.query_params["state"] = started.state
    app.run()
    assert not app.exception
    return app


def signed_in() -> Session:
    """A session with a key of the sandbox's."""
    return Session(user=User(KEY, time.time(), os.environ.get("OPENROUTER_BASE_URL", "")))


COOKIE = storage_prefix("")
"""How the app's cookies begin where the browser does not say its address."""


def sealed(purpose: str, record: dict[str, object], minutes_ago: float = 0) -> str:
    """What the app sealed so long ago."""
    now = time.time() - minutes_ago * 60
    return Sealer(SECRET, purpose, clock=lambda: now).seal(record)


def wait_until(is_so: Callable[[], bool]) -> None:
    """Wait until something has come true; it fails after some seconds."""
    deadline = time.monotonic() + 5
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def text_of(app: AppTest) -> str:
    """All markdown, titles and messages on the page."""
    elements = [*app.markdown, *app.title, *app.error, *app.info, *app.warning, *app.text]
    return "\n".join(str(element.value) for element in elements)


def test_signed_out_main_page(sandbox: Sandbox) -> None:
    """The main page of a stranger offers the ways to sign in, and fails at nothing."""
    app = main_page().run()
    assert not app.exception
    assert not app.error
    assert [expander.label for expander in app.expander] == ["Paste a code instead"]
    assert app.session_state["openrouter_sign_in"].pending.method == "S256"


def test_chat_page_guards_itself(sandbox: Sandbox) -> None:
    """The chat page alone, without a key, shows the way to sign in and no chat."""
    app = chat_page().run()
    assert not app.exception
    assert not app.chat_input
    assert "Sign in to chat" in text_of(app)


def test_message_behind_a_callback(sandbox: Sandbox) -> None:
    """Another message of the tab, right behind a question or a sign-out, undoes nothing of it."""

    def script(heard: list[object]) -> None:
        import streamlit as st
        from streamlit.runtime.scriptrunner import RerunData, get_script_run_ctx

        from lib.openrouter_sign_in import current_user, sign_out
        from lib.ui.session import current_session, widget_value

        def take() -> None:
            context = get_script_run_ctx()
            assert context
            assert context.script_requests
            context.script_requests.request_rerun(RerunData())
            heard.extend([widget_value("question"), current_user(), current_session()])
            sign_out()
            heard.append("signed out")

        current_session(), current_user()
        st.chat_input(key="question", on_submit=take)

    heard: list[object] = []
    app = AppTest.from_function(script, kwargs={"heard": heard})
    app.session_state["openrouter_sign_in"] = State(user=signed_in().user)
    app.run().chat_input[0].set_value("Hello?").run()
    assert heard[0] == "Hello?"
    assert heard[-1] == "signed out"


def test_click_while_the_account_comes(raw_server: RawServer) -> None:
    """Whoever clicks while OpenRouter is slow to tell of the account does not wait for it."""

    def script(base_url: str, clicked: list[str]) -> None:
        from streamlit.runtime.scriptrunner import RerunData, get_script_run_ctx

        from lib.openrouter_sign_in import User
        from lib.settings import Settings
        from lib.ui import account
        from lib.ui.session import current_session

        session = current_session()
        if session.user is None:
            session.user = User("sk-or-x", 0, base_url)
            context = get_script_run_ctx()
            assert context
            assert context.script_requests
            context.script_requests.request_rerun(RerunData())
        else:
            clicked.append("too late" if session.account else "in time")
        account.refresh(Settings(base_url=base_url), session)

    clicked: list[str] = []
    answer = http(b'{"data": {"label": "me"}}', "application/json")
    url = raw_server.serve(answer, drops=0.01)
    arguments = {"base_url": url, "clicked": clicked}
    app = AppTest.from_function(script, kwargs=arguments, default_timeout=20).run()
    assert clicked == ["in time"]
    assert app.session_state["session"].account.label == "me"
    assert len(raw_server.received) == 1


def test_code_is_exchanged(sandbox: Sandbox) -> None:
    """A code with its pending sign-in in session state becomes a key, in one exchange."""
    app = sign_in()
    assert (user := user_of(app))
    assert user.key in sandbox.keys
    assert [exchange.status for exchange in sandbox.exchanges] == [200]


def test_no_tables(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Signing in and chatting need no pandas: a third of a second, and 80 MB of memory."""
    monkeypatch.delitem(sys.modules, "pandas", raising=False)
    app = sign_in()
    app.switch_page("pages/chat.py").run().chat_input[0].set_value("Hello?").run()
    assert "completion tokens" in text_of(app)
    assert "pandas" not in sys.modules


@pytest.mark.parametrize("method", ["S256", "none"])
@pytest.mark.parametrize("state", [None, "another-state", "état"])
def test_other_state(sandbox: Sandbox, state: str | None, method: Method) -> None:
    """A code without the `state` of a sign-in begun here is exchanged after one confirming click."""
    started = pending(method)
    app = main_page(state=State(pending=started))
    app.query_params["code"] = approved_code(os.environ["OPENROUTER_BASE_URL"], started)
    if state:
        app.query_params["state"] = state
    app.run()
    assert "they could read what you ask" in app.warning[0].value
    app.run()
    assert not sandbox.exchanges
    app.button(key="openrouter_confirm").click().run()
    assert [exchange.status for exchange in sandbox.exchanges] == [200]
    assert (user := user_of(app))
    assert user.key in sandbox.keys


def test_nothing_pending(sandbox: Sandbox) -> None:
    """A code that comes to a browser in which nobody began to sign in leads to a sentence alone."""
    app = main_page()
    app.query_params["code"] = "a-code"
    app.run()
    assert "not started in this browser" in app.error[0].value
    assert not [button for button in app.button if button.key == "openrouter_confirm"]


@pytest.mark.parametrize(
    ("url", "is_other"),
    [
        ("http://localhost:3000/demo", False),
        ("http://localhost:3001/demo/", True),
        ("http://localhost:3000/", True),
        ("http://localhost:3000/demo/two/", True),
    ],
)
def test_storage_prefix(url: str, *, is_other: bool) -> None:
    """A browser keeps apart what it stores for apps at other ports or below other paths."""
    assert (storage_prefix(url) != storage_prefix("http://localhost:3000/demo/")) is is_other


@pytest.mark.parametrize(("minutes", "has_ended"), [(79, False), (81, True)])
def test_slow_sign_in(
    sandbox: Sandbox, handshake: Handshake, minutes: float, *, has_ended: bool
) -> None:
    """A pending sign-in opens for an hour after the oldest page whose link is clicked, no longer."""
    started = pending()
    handshake.cookies[COOKIE + "pending_" + started.state] = sealed(
        "pending_", asdict(started), minutes
    )
    app = main_page()
    app.query_params["code"] = approved_code(os.environ["OPENROUTER_BASE_URL"], started)
    app.query_params["state"] = started.state
    app.run()
    assert (len(app.error), len(sandbox.exchanges)) == ((1, 0) if has_ended else (0, 1))


def paste(app: AppTest, text: str) -> AppTest:
    """Paste a text in place of a code."""
    app.text_input(key="openrouter_code").set_value(text)
    (button,) = (button for button in app.button if button.label == "Sign in with this code")
    return button.click().run()


def test_pasted(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is no code, or is refused, has its sentence, and the right code still works after it."""
    monkeypatch.setenv("OPENROUTER_CALLBACK_URL", "http://192.168.1.5/")  # so that the form is open
    app = main_page().run()
    paste(app, "This is no code.")
    assert "no code in what you pasted" in app.error[0].value
    assert not sandbox.exchanges
    paste(app, "another-code")
    assert "did not accept" in app.error[0].value
    started = app.session_state["openrouter_sign_in"].pending_headless
    code = approved_code(os.environ["OPENROUTER_BASE_URL"], started)
    paste(app, f"`http://localhost/?state=theirs&code={code}`")
    assert (user := user_of(app))
    assert user.key in sandbox.keys
    assert [exchange.status for exchange in sandbox.exchanges] == [403, 200]


def test_pasted_address(
    sandbox: Sandbox, handshake: Handshake, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The address of a return that did not arrive can be pasted: its `state` tells the sign-in."""
    started = pending()
    handshake.cookies[COOKIE + "pending_" + started.state] = sealed("pending_", asdict(started))
    monkeypatch.setenv("OPENROUTER_CALLBACK_URL", "http://192.168.1.5/")  # so that the form is open
    app = main_page().run()
    code = approved_code(os.environ["OPENROUTER_BASE_URL"], started)
    paste(app, f"{CALLBACK_URL}?state={started.state}&code={code}")
    assert (user := user_of(app))
    assert user.key in sandbox.keys


# Whose session it is


def test_remembered(sandbox: Sandbox, handshake: Handshake) -> None:
    """The browser's cookie signs a new session in, but a copy of it not any more after a sign-out."""
    user = signed_in().user
    assert user
    handshake.cookies[COOKIE + "key"] = sealed("key", asdict(user))
    app = main_page().run()
    other = main_page().run()
    assert user_of(app) == user
    app.button(key="sign_out").click().run()
    assert user_of(main_page().run()) is None
    assert "You signed out in another tab." in text_of(other.run())


def test_forgotten_sign_outs(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """The process remembers so many sign-outs, the last ones."""
    monkeypatch.setattr(signing, "MAX_SIGNED_OUT", 2)
    monkeypatch.setattr(signing, "_signed_out", remembered := {})
    for _ in range(3):
        main_page(signed_in()).run().button(key="sign_out").click().run()
    assert len(remembered) == 2


def test_twelve_hours(sandbox: Sandbox) -> None:
    """A tab that stands open is signed out after twelve hours too, and says so."""
    user = signed_in().user
    assert user
    state = State(user=replace(user, signed_in_at=time.time() - 12 * 3600 + 60))
    app = main_page(state=state).run()
    assert user_of(app)
    state.user = replace(user, signed_in_at=time.time() - 12 * 3600 - 1)
    app.run()
    assert "12 hours ago" in text_of(app)
    assert user_of(app) is None


@pytest.mark.parametrize("is_remembered", ["true", "false"])
def test_another_websocket(
    sandbox: Sandbox,
    handshake: Handshake,
    monkeypatch: pytest.MonkeyPatch,
    is_remembered: str,
) -> None:
    """A session goes on at another websocket of its browser; without its cookie it is forgotten.

    Its browser, when it is back, is signed in again as at a reload: by the key that it kept.
    """
    monkeypatch.setenv("REMEMBER_SIGN_IN", is_remembered)
    handshake.headers["Sec-WebSocket-Key"] = "1"
    app = sign_in()
    state = app.session_state["openrouter_sign_in"]
    cookies = dict(cookie.split(";")[0].split("=") for cookie in cookies_to_set(app))
    handshake.headers["Sec-WebSocket-Key"] = "2"
    handshake.cookies = cookies
    app.switch_page("pages/chat.py").run().chat_input[0].set_value("sandbox/echo mine").run()
    assert "sandbox/echo mine" in text_of(app)
    handshake.headers["Sec-WebSocket-Key"] = "3"
    handshake.cookies = {COOKIE + "binding": "another"}
    app.run()
    assert not app.chat_input
    assert "You are signed out here" in text_of(app)
    assert "mine" not in text_of(app)
    assert user_of(app) is None
    assert state.user is None
    handshake.headers["Sec-WebSocket-Key"] = "4"
    handshake.cookies = cookies
    app.run()
    assert (user_of(app) is not None) is (is_remembered == "true")
    assert "mine" not in text_of(app)


def test_two_sign_ins_of_a_browser(sandbox: Sandbox, handshake: Handshake) -> None:
    """A second sign-in in a browser leaves the first its cookie: both outlive a lost connection."""
    handshake.headers["Sec-WebSocket-Key"] = "1"
    handshake.cookies[COOKIE + "binding"] = "of the first"
    app = sign_in()
    assert not [cookie for cookie in cookies_to_set(app) if "_binding=" in cookie]
    handshake.headers["Sec-WebSocket-Key"] = "2"
    assert user_of(app.run())


def test_confirmed_at_another_websocket(sandbox: Sandbox, handshake: Handshake) -> None:
    """A code that waits to be confirmed signs no other browser in, though it clicks at once."""
    handshake.headers["Sec-WebSocket-Key"] = "1"
    app = main_page(state=State(pending=(started := pending())))
    app.query_params["code"] = approved_code(os.environ["OPENROUTER_BASE_URL"], started)
    app.run()
    handshake.headers["Sec-WebSocket-Key"] = "2"
    handshake.cookies[COOKIE + "binding"] = "theirs"
    app.button(key="openrouter_confirm").click().run()
    assert "You are signed out here" in text_of(app)
    assert user_of(app) is None
    assert not [button for button in app.button if button.key == "openrouter_confirm"]


@pytest.mark.parametrize(
    ("address", "callback_url"),
    [
        ("http://localhost:3000/", "http://localhost:3000/"),
        ("https://example.org", "https://example.org/"),
        ("https://example.org/compare", "https://example.org/"),
        ("https://example.org/base/chat", "https://example.org/base/"),
        ("https://example.org/our-chat", "https://example.org/our-chat"),
        ("https://team.chat", "https://team.chat/"),
        ("https://team.chat/chat", "https://team.chat/"),
        ("https://team.chat/chat/", "https://team.chat/"),
    ],
)
def test_callback_url(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, address: str, callback_url: str
) -> None:
    """OpenRouter sends people back to the main page, from wherever they left."""
    monkeypatch.delenv("OPENROUTER_CALLBACK_URL")
    app = main_page()
    app.context["url"] = address
    app.run()
    assert app.session_state["openrouter_sign_in"].pending.callback_url == callback_url


def test_self_check(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stranger sees the self-check: OpenRouter answers, and no secret stands on the page."""
    monkeypatch.setenv("SIGN_IN_SECRET", secret := "never-to-be-seen-" * 2)
    app = main_page().switch_page("pages/self_check.py")
    app.context["url"] = "http://127.0.0.1:3000/self_check"
    app.run()
    assert not app.exception
    (report,) = (code.value for code in app.code)
    assert f"[ok] Callback URL: {CALLBACK_URL} has" in report
    assert "[warning] Address: This browser has the app at http://127.0.0.1:3000, and" in report
    assert "[being checked] Cookies" in report
    assert re.search(r"\[ok\] OpenRouter: http://127\.0\.0\.1:\d+ answered in \d+ ms\.", report)
    assert "SIGN_IN_SECRET = set\n" in report
    assert secret not in report + text_of(app)


def test_unusable_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    """A setting that cannot be used is one sentence, on either page."""
    monkeypatch.setenv("OPENROUTER_CODE_CHALLENGE_METHOD", "S512")
    for app in (main_page().run(), chat_page().run()):
        assert not app.exception
        assert "OPENROUTER_CODE_CHALLENGE_METHOD must be S256" in app.error[0].value


def test_secrets(sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Streamlit's secrets hold settings; what can be none is one sentence."""
    app = main_page().switch_page("pages/self_check.py")
    app.secrets["REMEMBER_SIGN_IN"] = False
    (report,) = (code.value for code in app.run().code)
    assert "REMEMBER_SIGN_IN = false" in report
    app.secrets["APP_PROMPTS"] = ["Why?", "How?"]
    assert "APP_PROMPTS must be one text in quotes" in app.run().error[0].value
    (tmp_path / ".streamlit").mkdir()
    (tmp_path / ".streamlit" / "secrets.toml").write_text("APP_TITLE = Chat")
    monkeypatch.setattr(page, "ROOT", tmp_path)
    assert "secrets.toml must be TOML" in main_page().run().error[0].value


def test_unreadable_dotenv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A `.env` in another encoding, as one of Windows' shells writes it, is one sentence."""
    (tmp_path / ".env").write_text("APP_TITLE=Chat", "utf-16")
    monkeypatch.setattr(page, "ROOT", tmp_path)
    app = main_page().run()
    assert not app.exception
    assert ".env must be a text in UTF-8." in app.error[0].value


def test_account_failure_signs_nobody_out(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An account that cannot be loaded is a warning, and the chat stays."""
    session = signed_in()
    monkeypatch.setenv("OPENROUTER_BASE_URL", "http://127.0.0.1:9")
    app = main_page(session).run()
    assert "could not be loaded" in app.warning[0].value
    assert user_of(app)


def test_led_to_the_chat() -> None:
    """A sign-in leads to the chat, again where a late report ends the chat's first run; once only."""
    session = Session(opens_chat=True)
    for leads_to_chat, has_report, opens in (
        (True, False, True),  # the account, after the sign-in
        (False, False, False),  # the chat
        (True, True, True),  # the account, by a report that it had sent before
        (False, False, False),
        (True, False, False),  # the account, since its user wants to see it
        (True, True, False),
    ):
        page._lead_to_chat(session, leads_to_chat=leads_to_chat, has_report=has_report)
        assert session.opens_chat is opens


def test_rejected_key_signs_out(sandbox: Sandbox, handshake: Handshake) -> None:
    """A key that was deleted signs out, and the page says why.

    The cookie of the handshake, which still has the key, does not sign in again.
    """
    session = signed_in()
    assert session.user
    handshake.headers["Sec-WebSocket-Key"] = "1"
    handshake.cookies[COOKIE + "key"] = sealed("key", asdict(session.user))
    sandbox.keys.clear()
    app = main_page(session).run()
    assert "no longer accepts your key" in app.error[0].value
    assert user_of(app) is None
    assert user_of(app.run()) is None


def test_question_is_answered(sandbox: Sandbox) -> None:
    """A question gets its answer, with the model, tokens and cost under it."""
    app = chat_page(signed_in()).run()
    app.chat_input[0].set_value("sandbox/echo 你好").run()
    assert not app.exception
    assert "sandbox/echo 你好" in [element.value for element in app.markdown]
    assert any("prompt and" in element.value for element in app.markdown)


@pytest.mark.parametrize(
    ("model", "sentence"),
    [
        ("cut", "broke off before the answer was whole"),
        ("stream-error", "gave no usable answer"),
    ],
)
def test_broken_off(sandbox: Sandbox, model: str, sentence: str) -> None:
    """An answer that breaks off keeps its text, says so, and can be asked for again."""
    app = chat_page(signed_in()).run()
    app.chat_input[0].set_value(f"sandbox/{model} please").run()
    (text, *_) = answered = app.session_state["session"].conversation.turns[0].answers
    for count in (1, 2):
        assert not app.exception
        assert [error.value for error in app.error if sentence in error.value]
        assert (len(app.error), len(answered)) == (1, count)
        assert text.text.splitlines()[0].rstrip() in text_of(app)
        if count == 1:
            app.button(key="try_again").click().run()
    assert [len(completion["body"]["messages"]) for completion in sandbox.completions] == [1, 1]


@pytest.mark.parametrize(
    ("model", "note"),
    [
        ("finish-length", "reached its longest length"),
        ("finish-content_filter", "held back the rest"),
    ],
)
def test_cut_short(sandbox: Sandbox, model: str, note: str) -> None:
    """An answer that its provider ended early says so, and is no failure."""
    app = chat_page(signed_in()).run()
    app.chat_input[0].set_value(f"sandbox/{model} please").run()
    assert "You asked" in text_of(app)
    assert note in text_of(app)
    assert not app.error


def test_empty(sandbox: Sandbox) -> None:
    """An answer without a word says so, and can be asked for again as it says."""
    app = chat_page(signed_in()).run()
    app.chat_input[0].set_value("sandbox/empty please").run()
    assert "finished without an answer" in app.warning[0].value
    app.button(key="try_again").click().run()
    assert len(app.session_state["session"].conversation.turns[0].answers) == 2


@pytest.mark.parametrize("name", ["402-max-tokens", "500"])
def test_status(sandbox: Sandbox, name: str) -> None:
    """Each status is a sentence with a second try, and where there is one a link that helps."""
    app = chat_page(signed_in()).run()
    app.chat_input[0].set_value(f"sandbox/status-{name} please").run()
    assert not app.exception
    (answer,) = app.session_state["session"].conversation.turns[0].answers
    assert [error.value for error in app.error] == [literal(answer.failure)]
    links = [(link.proto.label, link.proto.url) for link in app.get("link_button")]
    assert links == ([answer.help] if answer.help else [])
    remedy = "Send again, for at most 1,234 tokens" if name == "402-max-tokens" else "Try again"
    assert app.button(key="try_again").label == remedy


def test_retry(sandbox: Sandbox) -> None:
    """What fails in passing is asked again by itself; the user sees the answer only."""
    app = chat_page(signed_in()).run()
    app.chat_input[0].set_value("sandbox/recovers please").run()
    assert "You asked" in text_of(app)
    assert not app.error
    assert len(sandbox.completions) == 3


def test_long_conversation(sandbox: Sandbox) -> None:
    """Of a long conversation the end is shown, and more on request."""
    session = signed_in()
    session.open(
        Conversation([Turn(f"Question {n}.", [Answer("So.", "complete")]) for n in range(95)])
    )
    app = chat_page(session).run()
    shown = [text.value for text in app.text]
    assert shown == [f"Question {n}." for n in range(80, 95)]
    assert app.button(key="earlier").label == "Show earlier messages (80 questions)"
    app.button(key="earlier").click().run()
    assert [text.value for text in app.text] == [f"Question {n}." for n in range(30, 95)]
    app.button(key="edit_30").click().run()
    assert app.text_area(key="changed_30").value == "Question 30."
    app.chat_input[0].set_value("sandbox/echo more").run()
    assert len([text for text in app.text if text.value.startswith("Question")]) < 20
    assert len(sandbox.completions[-1]["body"]["messages"]) == 2 * 95 + 1


def test_questions_in_mid_answer(served: Served) -> None:
    """Questions that come in mid-answer wait, and are asked one after the other."""
    session, settings = signed_in(), Settings(base_url=served.base_url)
    request = ChatRequest("openrouter/auto")

    def start() -> None:
        chat_actions.start_pending_answer(
            settings, session, session.user, session.conversation, request
        )

    for question in ("sandbox/endless please", "sandbox/echo and then?", "sandbox/echo and last?"):
        chat_actions.submit_question(settings, session, session.user, request, question)
    first, second, third = session.conversation.answers()
    start()
    assert (first.progress, second.progress, third.progress) == ("streaming", "waiting", "waiting")
    chat_actions.stop(session, first)
    for answer in (second, third):
        start()
        assert session.streams[-1].over.wait(5)
        assert answer.progress == "complete"
    contents = [completion["body"]["messages"][-1]["content"] for completion in served.completions]
    assert contents[-2:] == ["sandbox/echo and then?", "sandbox/echo and last?"]


def test_stop_of_what_waits() -> None:
    """An answer that was stopped before it was asked for never is."""
    session = signed_in()
    session.conversation.ask("Hello?")
    (answer,) = session.conversation.answers()
    chat_actions.stop(session, answer)
    request = ChatRequest("sandbox/echo")
    chat_actions.start_pending_answer(
        Settings(), session, session.user, session.conversation, request
    )
    assert (answer.progress, session.streams) == ("stopped", [])


def test_stopped_answer_after_a_reload(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a stopped answer cost is counted in the session that follows a reload, once."""
    reloaded = threading.Event()

    def after_reload() -> Iterator[float]:
        reloaded.wait(5)
        yield 0

    monkeypatch.setattr(chat_actions, "COST_DELAYS_S", after_reload())
    before, after = signed_in(), signed_in()
    settings, request = Settings(base_url=served.base_url), ChatRequest("sandbox/endless")
    chat_actions.submit_question(settings, before, before.user, request, "Hello?")
    (answer,) = before.conversation.answers()
    wait_until(lambda: "word 3" in answer.text)
    chat_actions.stop(before, answer)
    wait_until(lambda: before.streams[0].is_over)
    kept = StorageDiff().changes([before.conversation], {})
    assert kept
    for _ in range(2):
        take_back(after, json.dumps(kept.put))
    reloaded.set()
    wait_until(lambda: bool(after.spent))
    assert after.spent == answer.cost == after.conversations[0].cost


def test_reload_before_the_tab_has_kept(served: Served) -> None:
    """A session that begins takes over what grows for its user and nobody reads."""
    before, after = signed_in(), signed_in()
    settings, request = Settings(base_url=served.base_url), ChatRequest("sandbox/endless")
    for question in ("Hello?", "And then?"):
        chat_actions.submit_question(settings, before, before.user, request, question)
    chat_actions.attach(after)
    assert after.conversation.turns == []  # the one before may still be read
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Session, "is_connected", property(lambda session: session is not before))
        chat_actions.attach(after)
    answers = list(after.conversation.answers())
    assert [answer.progress for answer in answers] == ["streaming", "waiting"]
    assert after.stream_of(answers[0]) is before.streams[0]
    chat_actions.stop_all(after)


def test_question_after_twelve_hours(sandbox: Sandbox) -> None:
    """What is asked in a tab whose sign-in has ended is not sent, and waits for the next sign-in."""
    session = signed_in()
    app = chat_page(session).run()
    state = app.session_state["openrouter_sign_in"]
    state.user = replace(state.user, signed_in_at=time.time() - 12 * 3600 - 1)
    app.chat_input[0].set_value("Still there?").run()
    assert "12 hours ago" in text_of(app)
    assert "Still there?" in text_of(app)
    assert (user_of(app), session.streams) == (None, [])


def test_try_again_of_a_deleted_message(sandbox: Sandbox) -> None:
    """Another answer to a message that was deleted in the same moment is asked for by nobody."""
    session = signed_in()
    session.conversation.turns = [Turn(q, [Answer("!", "complete")]) for q in ("One?", "Two?")]
    app = chat_page(session).run()
    del session.conversation.turns[1]
    app.button(key="try_again").click().run()
    assert not app.exception
    assert sandbox.completions == []


def test_stop_while_connecting() -> None:
    """What is stopped counts as stopped, though its connection is still being made."""
    session = signed_in()
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full, ExitStack() as others:
        for _ in range(3):  # as many as wait in line; who comes then gets no answer at all
            other = others.enter_context(socket.socket())
            other.setblocking(False)
            other.connect_ex(full.getsockname())
        settings = Settings(base_url=f"http://127.0.0.1:{full.getsockname()[1]}")
        session.conversation.ask("Hello?")
        chat_actions.start_pending_answer(
            settings, session, session.user, session.conversation, ChatRequest("a/model")
        )
        answer = session.conversation.turns[0].answer
        assert session.stream_of(answer) is not None
        chat_actions.stop(session, answer)
        assert answer.progress == "stopped"
        assert session.stream_of(answer) is None
        assert not session.streams[0].is_over


def test_longest_conversation() -> None:
    """A chat takes so many questions; the next waits with a sentence, and nothing is asked."""
    session = signed_in()
    session.conversation.turns = [Turn("?", [Answer("!", "complete")]) for _ in range(MAX_TURNS)]
    chat_actions.submit_question(
        Settings(), session, session.user, ChatRequest("sandbox/echo"), "One more?"
    )
    assert "Start a new one." in session.conversation.turns[-1].answer.failure
    assert not session.streams


def test_shorter_answer(sandbox: Sandbox) -> None:
    """Where the credit covers a short answer only, one click sends again for a short one."""
    app = chat_page(signed_in()).run()
    app.chat_input[0].set_value("sandbox/status-402-max-tokens please").run()
    app.button(key="try_again").click().run()
    assert not app.error
    assert "You asked" in text_of(app)
    first, second = (completion["body"] for completion in sandbox.completions)
    assert second == {**first, "max_tokens": 1_234}


def test_budget(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Near the budget the page warns, and at it nothing is sent; the question waits."""
    monkeypatch.setenv("SESSION_BUDGET", "0.0001")
    session = signed_in()
    app = chat_page(session).run()
    app.chat_input[0].set_value("sandbox/echo one").run()
    assert not app.warning
    session.spent = 0.00009
    app.run()
    assert "of its budget" in app.warning[0].value
    session.spent = 0.0001
    app.chat_input[0].set_value("sandbox/echo two").run()
    assert "budget of" in app.error[0].value
    assert "ask them for more" in app.error[0].value
    assert len(sandbox.completions) == 1
    session.spent, session.budget = 0.00005, 0.00004
    app.button(key="try_again").click().run()
    assert "Raise it under Account" in app.error[0].value
    session.budget = None
    app.button(key="try_again").click().run()
    assert not app.error
    assert len(sandbox.completions) == 2


def test_broken_off_is_paid(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """What an answer cost that broke off is asked for, and counts."""
    monkeypatch.setattr(chat_actions, "COST_DELAYS_S", [0.01] * 100)
    session = signed_in()
    app = chat_page(session).run()
    app.chat_input[0].set_value("sandbox/cut please").run()
    wait_until(lambda: bool(session.spent))
    assert session.spent == session.conversation.cost > 0
    assert "completion tokens" in text_of(app.run())


def test_signed_out_means_forgotten(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """After sign-out the key is not used to ask what an answer cost, and nothing is counted."""
    signed_out = threading.Event()

    def after_sign_out() -> Iterator[float]:
        signed_out.wait(5)
        yield 0

    monkeypatch.setattr(chat_actions, "COST_DELAYS_S", after_sign_out())
    session, settings = signed_in(), Settings(base_url=served.base_url)
    session.conversation.ask("Hello?")
    chat_actions.start_pending_answer(
        settings, session, session.user, session.conversation, ChatRequest("sandbox/cut")
    )
    assert session.streams[0].over.wait(5)
    session.user = None
    signed_out.set()
    for thread in threading.enumerate():
        if thread.name == "counting":
            thread.join(5)
    assert session.conversation.turns[0].answer.usage is None
    assert session.spent == 0


def test_cleared_caches(raw_server: RawServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """When a visitor has Streamlit's caches cleared, nothing is fetched again, and seals stay good."""
    body = b'{"data": [{"id": "a/b"}]}'
    monkeypatch.setenv("OPENROUTER_BASE_URL", raw_server.serve(http(body, "application/json")))
    sealed = sealer(Options(), "a purpose").seal({"a": 1})
    for accounts in (1, 2):
        assert "answered in" in text_of(main_page().switch_page("pages/self_check.py").run())
        assert chat_page(signed_in()).run().chat_input
        assert len(raw_server.received) == accounts + 2  # the catalogue and Self-check's contact
        st.cache_resource.clear()
        st.cache_data.clear()
    assert sealer(Options(), "a purpose").unseal(sealed, max_age=60) == {"a": 1}


def test_too_many_pixels(sandbox: Sandbox) -> None:
    """An image that would take a gigabyte to decode is not decoded: one may save it."""
    session = signed_in()
    images = [GeneratedImage("image/png", large_png(6_000, 6_000))]
    session.open(Conversation([Turn("Draw.", [Answer("Here.", "complete", images=images)])]))
    app = chat_page(session).run()
    assert "is too large to be shown here" in text_of(app)
    assert not app.get("imgs")
    assert app.get("download_button")


@pytest.mark.parametrize("is_remembered", [True, False])
def test_flow_is_true(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, *, is_remembered: bool
) -> None:
    """How the sign-in worked speaks of a cookie where there is one."""
    monkeypatch.setenv("REMEMBER_SIGN_IN", str(is_remembered))
    session = signed_in()
    session.exchanged = Exchanged("S256", "chal…enge", CALLBACK_URL, "code…code", 200, 12)
    assert ("sealed in a cookie" in text_of(main_page(session).run())) is is_remembered


def test_images_for_a_model_without_eyes(sandbox: Sandbox) -> None:
    """A model that takes no images is not asked about one; with another the question goes on."""
    session = signed_in()
    session.model = "sandbox-labs/breeze-1b:free"
    session.conversation.ask("What is it?", [attachment("a.png", picture(2, 2))])
    app = chat_page(session).run()
    assert "does not take images" in app.error[0].value
    assert not sandbox.completions
    session.model = "sandbox/hello"
    app.button(key="try_again").click().run()
    assert not app.error
    assert "an image (image/png" in text_of(app)


def test_prepared_demo(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings prepare a demo: the welcome, prompts to click, and instructions for the model."""
    monkeypatch.setenv("APP_WELCOME", "Ask about the **new product**.")
    monkeypatch.setenv("APP_PROMPTS", "What is *new*? | sandbox/echo this")
    monkeypatch.setenv("APP_INSTRUCTIONS", "Be brief.")
    assert "Ask about the **new product**." in text_of(main_page().run())
    app = chat_page(signed_in()).run()
    prompts = [button for button in app.button if "lightbulb" in button.proto.icon]
    assert [button.label for button in prompts] == [r"What is \*new\*?", "sandbox/echo this"]
    prompts[1].click().run()
    assert not app.exception
    messages = sandbox.completions[0]["body"]["messages"]
    assert [message["content"] for message in messages] == ["Be brief.", "sandbox/echo this"]
    assert not [button for button in app.button if "lightbulb" in button.proto.icon]
    open_choice(app).text_area(key="instructions").set_value("").run()
    app.chat_input[0].set_value("sandbox/echo more").run()
    assert sandbox.completions[1]["body"]["messages"][0]["content"] == "sandbox/echo this"


def test_sign_out_forgets(sandbox: Sandbox) -> None:
    """Signing out forgets what was said, what it cost, and what was set."""
    session = signed_in()
    app = chat_page(session)
    open_choice(app).text_area(key="instructions").set_value("In Latin.").run()
    app.session_state["choice"] = False
    app.run().chat_input[0].set_value("sandbox/echo one").run()
    assert sandbox.completions[0]["body"]["messages"][0]["content"] == "In Latin."
    session.budget = 5.0
    blocks = session.blocks_of("sandbox/echo one")
    assert session.blocks_of("sandbox/echo one") is blocks
    app.button(key="sign_out").click().run()
    assert session.blocks_of("sandbox/echo one") is not blocks
    assert not app.exception
    assert not app.chat_input
    assert "sandbox/echo one" not in text_of(app)
    assert (session.spent, session.budget, session.conversations) == (0, None, [])
    app.session_state["openrouter_sign_in"].user = signed_in().user
    assert open_choice(app).text_area(key="instructions").value == ""
    assert not app.exception


def test_compare_without_the_catalogue(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the models could not be had the page says so, and begins as ever once they are."""
    monkeypatch.setenv("COMPARED_MODELS", "sandbox/echo, sandbox/tour")
    app = main_page(signed_in()).switch_page("pages/compare.py")
    with monkeypatch.context() as patch:
        patch.setenv("OPENROUTER_BASE_URL", "http://127.0.0.1:9")
        app.run()
    assert "could not be loaded" in app.warning[0].value
    assert app.run().multiselect(key="compared").value == ["sandbox/echo", "sandbox/tour"]


def test_compare_begins_with_the_settings_models(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A presenter prepares the models to compare; what the catalogue has not is left out."""
    monkeypatch.setenv("COMPARED_MODELS", "sandbox/echo, no/such-model, sandbox/tour")
    app = main_page(signed_in()).switch_page("pages/compare.py").run()
    assert not app.exception
    assert app.multiselect(key="compared").value == ["sandbox/echo", "sandbox/tour"]
    app.chat_input[0].set_value("sandbox/echo, who are you?").run()
    assert not app.exception
    assert {completion["body"]["model"] for completion in sandbox.completions} == {
        "sandbox/echo",
        "sandbox/tour",
    }
    assert "sandbox/echo, who are you?" in text_of(app)


def test_model_in_the_address(sandbox: Sandbox) -> None:
    """The model of the link comes back with the browser, in the callback URL."""
    app = main_page()
    app.query_params["model"] = "sandbox/tour"
    app.run()
    pending = app.session_state["openrouter_sign_in"].pending
    assert pending.callback_url == f"{CALLBACK_URL}?model=sandbox%2Ftour"


def test_only_what_the_model_supports(sandbox: Sandbox) -> None:
    """A model that does not reason offers no reasoning effort."""
    session = signed_in()
    session.model = "sandbox/echo"
    app = open_choice(chat_page(session))
    assert app.number_input(key="temperature").label == "Temperature"
    assert "Reasoning effort" not in [selectbox.label for selectbox in app.selectbox]


def test_fallback(sandbox: Sandbox) -> None:
    """Where the model fails the fallback answers, and the answer says who it was."""
    session = signed_in()
    session.model = "sandbox/status-503"
    app = open_choice(chat_page(session))
    app.multiselect(key="fallbacks").set_value(["sandbox/hello"]).run()
    app.chat_input[0].set_value("Hello?").run()
    (completion,) = sandbox.completions
    assert completion["body"]["models"] == ["sandbox/status-503", "sandbox/hello"]
    assert "`sandbox/hello` ·" in text_of(app)


def test_answer_in_one_piece(sandbox: Sandbox) -> None:
    """With streaming off the answer is asked for in one piece, and shown with tokens, cost and time."""
    session = signed_in()
    session.model = "sandbox/tour"
    app = open_choice(chat_page(session))
    app.toggle(key="stream").set_value(False).run()
    app.session_state["choice"] = False
    app.run().chat_input[0].set_value("Hello?").run()
    (completion,) = sandbox.completions
    assert completion["body"]["stream"] is False
    assert "That is all." in text_of(app)
    facts = r"2 prompt and \d+ completion tokens · \\\$0\.\d+ · whole after \d\.\d\d s\]"
    assert re.search(facts, text_of(app))
    assert open_choice(app).toggle(key="stream").value is False


def test_unknown_model(sandbox: Sandbox) -> None:
    """A model that the catalogue has not is named, and another can be chosen."""
    session = signed_in()
    session.model = "no/such-model"
    app = open_choice(chat_page(session))
    assert "OpenRouter's list has no model `no/such-model`" in text_of(app)
    app.selectbox(key="model").set_value("sandbox/echo").run()
    assert session.model == "sandbox/echo"
    assert "has no model" not in text_of(app)


def test_no_catalogue(
    sandbox: Sandbox, raw_server: RawServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a catalogue the page says so, and the chat stands ready all the same."""
    session = signed_in()
    monkeypatch.setenv(
        "OPENROUTER_BASE_URL", raw_server.serve(http(b"<h1>no API</h1>", "text/html"))
    )
    app = open_choice(chat_page(session))
    assert not app.exception
    assert any("list of models could not be loaded" in warning.value for warning in app.warning)
    assert app.chat_input


def test_buffering_proxy(
    sandbox: Sandbox, raw_server: RawServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An answer that a proxy held back until it was whole is there as any other."""
    session = signed_in()
    assert session.user
    question = {"role": "user", "content": "Hello?"}
    whole = requests.post(
        f"{os.environ['OPENROUTER_BASE_URL']}/api/v1/chat/completions",
        json={"model": "sandbox/tour", "messages": [question], "stream": True},
        headers={"Authorization": f"Bearer {session.user.key}"},
        timeout=5,
    ).content
    monkeypatch.setenv("OPENROUTER_BASE_URL", raw_server.serve(http(whole)))
    app = chat_page(session).run()
    app.chat_input[0].set_value("Hello?").run()
    (answer,) = session.conversation.answers()
    assert (answer.text, answer.progress) == (TOUR, "complete")
    assert "That is all." in text_of(app)


def test_deleted_key_keeps_the_question(sandbox: Sandbox) -> None:
    """A 401 in the chat leads to sign-in and keeps what was asked."""
    session = signed_in()
    app = chat_page(session).run()
    sandbox.keys.clear()
    app.chat_input[0].set_value("do not lose this").run()
    assert not app.chat_input
    assert "do not lose this" in text_of(app)
    assert session.conversation.turns[0].answers[0].progress == "failed"
