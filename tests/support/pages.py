"""Pages as scripts, run by Streamlit's AppTest: opened, signed in to, and read."""

import json
import os
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests
from streamlit.testing.v1 import AppTest

from lib.openrouter_sign_in import User, storage_prefix
from lib.openrouter_sign_in.oauth import authorization_url
from lib.openrouter_sign_in.pkce import Method, create_code_challenge, create_code_verifier
from lib.openrouter_sign_in.sealing import Sealer
from lib.openrouter_sign_in.state import PendingSignIn, State
from lib.ui.session import Session
from tests.conftest import KEY

ROOT = Path(__file__).parents[2]
CALLBACK_URL = "http://localhost:3000/"
SECRET = "a-secret-for-the-tests-of-more-than-32-characters"
COOKIE_PREFIX = storage_prefix("")
"""How the app's cookies begin where the browser does not say its URL."""


@dataclass
class Handshake:
    """What the browser sent when it opened the websocket."""

    cookies: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    ip_address: str | None = None


def main_page(session: Session | None = None, state: State | None = None) -> AppTest:
    """The main page, in a session that may hold something already, with its sign-in."""
    app = AppTest.from_file(str(ROOT / "streamlit_app.py"), default_timeout=20)
    if session:
        app.session_state["session"] = session
        state = state or State(user=session.user)
    if state:
        app.session_state["openrouter_sign_in"] = state
    return app


def chat_page(session: Session | None = None) -> AppTest:
    """The chat page, as a first visit to /chat runs it: the main page has not run."""
    return main_page(session).switch_page("pages/chat.py")


def compare_page(session: Session) -> AppTest:
    """The compare page, as a first visit to /compare runs it."""
    return main_page(session).switch_page("pages/compare.py")


def open_choice(app: AppTest) -> AppTest:
    """Open the popover behind the button with the model's name, and all that is in it."""
    app.session_state["choice"] = app.session_state["more_settings"] = True
    return app.run()


def ask(app: AppTest, question: str) -> AppTest:
    """Send a question, and run until its answer has ended."""
    app.chat_input[0].set_value(question).run()
    assert not app.exception
    return app


def current_user(app: AppTest) -> User | None:
    """The user of the app's session."""
    user: User | None = app.session_state["openrouter_sign_in"].user
    return user


def cookies_to_set(app: AppTest) -> list[str]:
    """The cookies that the browser is told to set."""
    commands = app.session_state["openrouter_sign_in"].commands
    return [command.value for command in commands if command.action == "set_cookie"]


def visible_text(app: AppTest) -> str:
    """All texts, titles and messages on the page; of what models wrote, its HTML."""
    elements = [*app.markdown, *app.title, *app.error, *app.info, *app.warning, *app.text]
    answers = [element.proto.body for element in app.get("html")]
    return "\n".join([*(str(element.value) for element in elements), *answers])


def component_data(app: AppTest, name: str) -> dict[str, Any]:
    """What the browser's part of one of the app's components is given."""
    (found,) = (
        json.loads(element.proto.json)
        for element in app.get("bidi_component")
        if element.proto.component_name == name
    )
    return dict(found)


def signed_in(base_url: str | None = None) -> Session:
    """A session with a key of the sandbox, that of the app's settings by default."""
    base_url = os.environ.get("OPENROUTER_BASE_URL", "") if base_url is None else base_url
    return Session(user=User(KEY, time.time(), base_url))


def seal(purpose: str, record: dict[str, object], minutes_ago: float = 0) -> str:
    """Seal a record as the app did so many minutes ago."""
    now = time.time() - minutes_ago * 60
    return Sealer(SECRET, purpose, clock=lambda: now).seal(record)


def begin_sign_in(method: Method = "S256") -> PendingSignIn:
    """A sign-in that has begun."""
    base_url = os.environ["OPENROUTER_BASE_URL"]
    return PendingSignIn("the-state", create_code_verifier(), method, CALLBACK_URL, base_url, 0)


def approve(pending: PendingSignIn) -> str:
    """Approve a pending sign-in at the sandbox; return the code."""
    base_url = os.environ["OPENROUTER_BASE_URL"]
    url = authorization_url(
        f"{base_url}/auth",
        callback_url=CALLBACK_URL,
        code_challenge=create_code_challenge(pending.code_verifier, pending.method),
        method=pending.method,
    )
    form = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
    response = requests.post(
        f"{base_url}/auth", data={**form, "decision": "authorize"}, allow_redirects=False, timeout=5
    )
    return parse_qs(urlsplit(response.headers["Location"]).query)["code"][0]


def return_from_consent(
    pending: PendingSignIn, *, state: str | None = None, in_session: bool = True
) -> AppTest:
    """The main page after the redirect back, by default with the `state` that was sent.

    An empty `state` is left out; the pending sign-in is in session state, or nowhere yet.
    """
    app = main_page(state=State(begun={(): pending}) if in_session else None)
    app.query_params["code"] = approve(pending)
    if state := pending.state if state is None else state:
        app.query_params["state"] = state
    app.run()
    assert not app.exception
    return app


def paste(app: AppTest, pasted: str) -> AppTest:
    """Paste in place of a code, and press the button."""
    app.text_input(key="openrouter_code").set_value(pasted)
    (button,) = (button for button in app.button if button.label == "Sign in with this code")
    return button.click().run()
