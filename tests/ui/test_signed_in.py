"""The session after a sign-in: which browser it belongs to, when it ends, what ends with it."""

import time
from dataclasses import asdict, replace

import pytest
from streamlit.testing.v1 import AppTest

from lib.openrouter_sign_in import session as signing
from lib.openrouter_sign_in.state import State
from sandbox.server import Sandbox
from tests.support.pages import (
    COOKIE_PREFIX,
    Handshake,
    ask,
    begin_sign_in,
    chat_page,
    cookies_to_set,
    current_user,
    main_page,
    open_choice,
    return_from_consent,
    seal,
    signed_in,
    visible_text,
)


def test_remembered(sandbox: Sandbox, handshake: Handshake) -> None:
    """The browser's cookie signs in a new session, but a copy of it does not after a sign-out."""
    user = signed_in().user
    assert user
    handshake.cookies[COOKIE_PREFIX + "key"] = seal("key", asdict(user))
    app = main_page().run()
    other = main_page().run()
    assert current_user(app) == user
    app.button(key="sign_out").click().run()
    assert current_user(main_page().run()) is None
    assert "You signed out in another tab." in visible_text(other.run())


def test_max_signed_out(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """The process remembers a limited number of sign-outs, the last ones."""
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
    assert current_user(app)
    state.user = replace(user, signed_in_at=time.time() - 12 * 3600 - 1)
    app.run()
    assert "12 hours ago" in visible_text(app)
    assert current_user(app) is None


def test_question_after_twelve_hours(sandbox: Sandbox) -> None:
    """A question in a tab whose sign-in has ended is not sent, and waits for the next sign-in."""
    session = signed_in()
    app = chat_page(session).run()
    state = app.session_state["openrouter_sign_in"]
    state.user = replace(state.user, signed_in_at=time.time() - 12 * 3600 - 1)
    ask(app, "Still there?")
    assert "12 hours ago" in visible_text(app)
    assert "Still there?" in visible_text(app)
    assert (current_user(app), session.streams) == (None, [])


@pytest.mark.parametrize("is_remembered", ["true", "false"])
def test_another_websocket(
    sandbox: Sandbox, handshake: Handshake, monkeypatch: pytest.MonkeyPatch, is_remembered: str
) -> None:
    """A session goes on at another websocket of its browser, and is forgotten without its cookie.

    Its browser, when it is back, is signed in again as at a reload: by the key in its cookie.
    """
    monkeypatch.setenv("REMEMBER_SIGN_IN", is_remembered)
    handshake.headers["Sec-WebSocket-Key"] = "1"
    app = return_from_consent(begin_sign_in())
    state = app.session_state["openrouter_sign_in"]
    cookies = dict(cookie.split(";")[0].split("=") for cookie in cookies_to_set(app))
    handshake.headers["Sec-WebSocket-Key"] = "2"
    handshake.cookies = cookies
    ask(app.switch_page("pages/chat.py").run(), "sandbox/echo mine")
    assert "sandbox/echo mine" in visible_text(app)
    handshake.headers["Sec-WebSocket-Key"] = "3"
    handshake.cookies = {COOKIE_PREFIX + "binding": "another"}
    app.run()
    assert not app.chat_input
    assert "You are signed out here" in visible_text(app)
    assert "mine" not in visible_text(app)
    assert current_user(app) is None
    assert state.user is None
    handshake.headers["Sec-WebSocket-Key"] = "4"
    handshake.cookies = cookies
    app.run()
    assert (current_user(app) is not None) is (is_remembered == "true")
    assert "mine" not in visible_text(app)


def test_two_sign_ins_of_a_browser(sandbox: Sandbox, handshake: Handshake) -> None:
    """A second sign-in in a browser leaves the first its cookie: both outlive a lost connection."""
    handshake.headers["Sec-WebSocket-Key"] = "1"
    handshake.cookies[COOKIE_PREFIX + "binding"] = "of the first"
    app = return_from_consent(begin_sign_in())
    assert not [cookie for cookie in cookies_to_set(app) if "_binding=" in cookie]
    handshake.headers["Sec-WebSocket-Key"] = "2"
    assert current_user(app.run())


def test_rejected_key(sandbox: Sandbox, handshake: Handshake) -> None:
    """A key that was deleted signs out, and the main page says why.

    The cookie of the handshake, which still has the key, does not sign in again.
    """
    session = signed_in()
    assert session.user
    handshake.headers["Sec-WebSocket-Key"] = "1"
    handshake.cookies[COOKIE_PREFIX + "key"] = seal("key", asdict(session.user))
    sandbox.keys.clear()
    app = main_page(session).run()
    assert "no longer accepts your key" in app.error[0].value
    assert current_user(app) is None
    assert current_user(app.run()) is None


def test_rejected_key_in_the_chat(sandbox: Sandbox) -> None:
    """A 401 in the chat leads to the sign-in, and the question stays."""
    session = signed_in()
    app = chat_page(session).run()
    sandbox.keys.clear()
    ask(app, "do not lose this")
    assert not app.chat_input
    assert "do not lose this" in visible_text(app)
    assert session.chat.conversation.turns[0].answers[0].progress == "failed"


def test_sign_out(sandbox: Sandbox) -> None:
    """Signing out forgets the conversations, the costs, the budget and the instructions."""
    session = signed_in()
    app = chat_page(session)
    open_choice(app).text_area(key="instructions").set_value("In Latin.").run()
    app.session_state["choice"] = False
    ask(app.run(), "sandbox/echo one")
    assert sandbox.completions[0]["body"]["messages"][0]["content"] == "In Latin."
    session.spending.budget = 5.0
    blocks = session.chat.blocks_of("sandbox/echo one")
    assert session.chat.blocks_of("sandbox/echo one") is blocks
    app.button(key="sign_out").click().run()
    assert session.chat.blocks_of("sandbox/echo one") is not blocks
    assert not app.exception
    assert not app.chat_input
    assert "sandbox/echo one" not in visible_text(app)
    assert (session.spending.spent, session.spending.budget, session.chat.conversations) == (
        0,
        None,
        [],
    )
    app.session_state["openrouter_sign_in"].user = signed_in().user
    assert open_choice(app).text_area(key="instructions").value == ""
    assert not app.exception


def test_message_after_a_callback_began(sandbox: Sandbox) -> None:
    """Another message of the tab, right after a question or a sign-out, undoes neither of them."""

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
    ask(app.run(), "Hello?")
    assert heard[0] == "Hello?"
    assert heard[-1] == "signed out"
