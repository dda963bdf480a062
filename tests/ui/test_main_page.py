"""The main page and the self-check: settings, the account, and what a run costs."""

import re
import sys
import tomllib

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from lib.openrouter_sign_in.cookies import sealer
from lib.openrouter_sign_in.state import Options
from sandbox.server import Sandbox
from tests.conftest import RawServer, http
from tests.support.pages import (
    CALLBACK_URL,
    SECRET,
    ask,
    begin_sign_in,
    chat_page,
    component_data,
    current_user,
    main_page,
    return_from_consent,
    signed_in,
    visible_text,
)


def test_unusable_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    """A setting that cannot be used is one sentence, on each page."""
    monkeypatch.setenv("OPENROUTER_CODE_CHALLENGE_METHOD", "S512")
    for app in (main_page().run(), chat_page().run()):
        assert not app.exception
        assert "OPENROUTER_CODE_CHALLENGE_METHOD must be S256" in app.error[0].value


def test_secrets(sandbox: Sandbox) -> None:
    """Streamlit's secrets hold settings; an unusable secret is one sentence."""
    app = main_page().switch_page("pages/self_check.py")
    app.secrets["REMEMBER_SIGN_IN"] = False
    (report,) = (code.value for code in app.run().code)
    assert "REMEMBER_SIGN_IN = false" in report
    app.secrets["APP_PROMPTS"] = ["Why?", "How?"]
    assert "APP_PROMPTS must be one text in quotes" in app.run().error[0].value
    del app.secrets["APP_PROMPTS"]
    app.secrets["connections"] = {"url": "x", "APP_TITLE": "Chat"}
    assert "APP_TITLE stands below [connections]" in app.run().error[0].value
    app.secrets["connections"] = {"names": ["x"]}
    app.secrets["ALLOWED"] = ["x"]
    assert not app.run().error


def test_self_check(sandbox: Sandbox) -> None:
    """The self-check needs no sign-in: OpenRouter responds, and no secret is on the page."""
    app = main_page().switch_page("pages/self_check.py")
    app.context["url"] = "http://127.0.0.1:3000/self_check"
    app.run()
    assert not app.exception
    (report,) = (code.value for code in app.code)
    assert f"[ok] Callback URL: {CALLBACK_URL} has" in report
    assert "[warning] Address: This browser has the app at http://127.0.0.1:3000, and" in report
    assert "[being checked] Cookies" in report
    assert re.search(r"\[ok\] OpenRouter: http://127\.0\.0\.1:\d+ responded in \d+ ms\.", report)
    assert "SIGN_IN_SECRET = set\n" in report
    assert SECRET not in report + visible_text(app)


def test_set_up(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a secret the self-check has the text to paste, with what is filled in; then no more."""
    app = main_page().switch_page("pages/self_check.py").run()
    assert "Set up" not in [one.value for one in app.subheader]
    monkeypatch.delenv("SIGN_IN_SECRET")
    app.run()
    assert "Set up" in [one.value for one in app.subheader]
    app.text_input[0].set_value("For Anna")
    app.text_area[0].set_value("Why?\n\nHow?").run()
    assert pasted(app) == {"APP_TITLE": "For Anna", "APP_PROMPTS": "Why? |  | How?"}
    app.text_input[2].set_value("five").run()
    assert "OPENROUTER_KEY_LIMIT must be" in app.error[0].value


def pasted(app: AppTest) -> dict[str, str]:
    """The settings in the text to paste, to which the browser adds its secret."""
    return tomllib.loads(component_data(app, "secrets_toml")["toml"])


def test_set_up_after_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """The sentence about an unusable setting leads to the self-check, which shows how to set it up."""
    monkeypatch.setenv("OPENROUTER_KEY_LIMIT", "five")
    link = main_page().run().get("page_link")[0]
    assert link.proto.label == "Set it up"
    app = main_page().switch_page("pages/self_check.py").run()
    assert not app.exception
    assert "OPENROUTER_KEY_LIMIT must be" in app.error[0].value
    assert "Set up" in [one.value for one in app.subheader]


def test_account_failure(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """An account that cannot be loaded is a warning, and the chat stays."""
    monkeypatch.setenv("OPENROUTER_BASE_URL", "http://127.0.0.1:9")
    app = main_page(signed_in()).run()
    assert "could not be loaded" in app.warning[0].value
    assert current_user(app)


def test_click_while_the_account_is_fetched(raw_server: RawServer) -> None:
    """A click while the account is being fetched does not wait for it."""

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
            clicked.append("too late" if session.account.latest else "in time")
        account.refresh(Settings(base_url=base_url), session)

    clicked: list[str] = []
    answer = http(b'{"data": {"label": "me"}}', "application/json")
    url = raw_server.serve(answer, drops=0.01)
    arguments = {"base_url": url, "clicked": clicked}
    app = AppTest.from_function(script, kwargs=arguments, default_timeout=20).run()
    assert clicked == ["in time"]
    assert app.session_state["session"].account.latest.label == "me"
    assert len(raw_server.received) == 1


def test_arrival(sandbox: Sandbox) -> None:
    """Until it leads to the chat, the main page has only the components of the sign-in.

    A late event of another one would end the first run of the chat, and bring the main page back.
    """
    app = return_from_consent(begin_sign_in())
    assert "Open the chat" in [one.proto.label for one in app.get("page_link")]
    names = {element.proto.component_name for element in app.get("bidi_component")}
    assert names == {"openrouter_browser"}
    app.switch_page("pages/chat.py").run()
    app.switch_page("streamlit_app.py").run()
    assert component_data(app, "tab")["wants_restore"]


def test_no_pandas(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Signing in and chatting need no pandas (a third of a second, and 80 MB), and no Pillow."""
    for name in ("pandas", "PIL"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    app = return_from_consent(begin_sign_in())
    ask(app.switch_page("pages/chat.py").run(), "Hello?")
    assert "completion tokens" in visible_text(app)
    assert not {"pandas", "PIL"} & set(sys.modules)


def test_cleared_caches(raw_server: RawServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a visitor clears Streamlit's caches nothing is fetched again, and seals stay valid."""
    body = b'{"data": [{"id": "a/b"}]}'
    monkeypatch.setenv("OPENROUTER_BASE_URL", raw_server.serve(http(body, "application/json")))
    sealed = sealer(Options(), "a purpose").seal({"a": 1})
    for accounts in (1, 2):
        assert "responded in" in visible_text(main_page().switch_page("pages/self_check.py").run())
        assert chat_page(signed_in()).run().chat_input
        # everybody's models, the user's, the providers, and Self-check's contact
        assert len(raw_server.received) == accounts + 4
        st.cache_resource.clear()
        st.cache_data.clear()
    assert sealer(Options(), "a purpose").unseal(sealed, max_age=60) == {"a": 1}
