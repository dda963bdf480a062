"""Signing in at the main page: the redirect back, a pasted code, and what neither may do."""

import os
from dataclasses import asdict

import pytest
from streamlit.testing.v1 import AppTest

from lib.openrouter_sign_in import PendingSignIn, storage_prefix
from lib.openrouter_sign_in.pkce import Method
from sandbox import embedded
from sandbox.server import Sandbox
from tests.support.pages import (
    CALLBACK_URL,
    COOKIE_PREFIX,
    Handshake,
    approve,
    begin_sign_in,
    current_user,
    main_page,
    paste,
    return_from_consent,
    seal,
    signed_in,
    visible_text,
)


def begun(app: AppTest) -> list[PendingSignIn]:
    """The sign-ins that have begun in the app's session."""
    return list(app.session_state["openrouter_sign_in"].begun.values())


def test_signed_out(sandbox: Sandbox) -> None:
    """The main page offers the ways to sign in, and shows no error."""
    app = main_page().run()
    assert not app.exception
    assert not app.error
    assert [expander.label for expander in app.expander] == ["Paste a code instead"]
    pending, in_sandbox = begun(app)
    assert (pending.method, in_sandbox.method) == ("S256", "S256")
    assert (pending.base_url, in_sandbox.base_url) == (
        os.environ["OPENROUTER_BASE_URL"],
        embedded.base_url(),
    )


@pytest.mark.parametrize(
    ("method", "sent"),
    [
        ("S256", {"code", "code_verifier", "code_challenge_method"}),
        ("plain", {"code", "code_verifier", "code_challenge_method"}),
        ("none", {"code"}),
    ],
)
def test_redirect_back(sandbox: Sandbox, method: Method, sent: set[str]) -> None:
    """A code with its pending sign-in in session state becomes a key, in one exchange."""
    app = return_from_consent(begin_sign_in(method))
    assert (user := current_user(app))
    assert user.key in sandbox.keys
    (exchange,) = sandbox.exchanges
    assert (exchange.status, set(exchange.body)) == (200, sent)


@pytest.mark.parametrize(
    ("state", "method"), [("", "S256"), ("another-state", "none"), ("état", "S256")]
)
def test_other_state(sandbox: Sandbox, state: str, method: Method) -> None:
    """A code without the `state` of a sign-in begun here is exchanged after one confirming click."""
    app = return_from_consent(begin_sign_in(method), state=state)
    assert "they could read what you ask" in app.warning[0].value
    app.run()
    assert not sandbox.exchanges
    app.button(key="openrouter_confirm").click().run()
    assert [exchange.status for exchange in sandbox.exchanges] == [200]
    assert current_user(app)


@pytest.mark.parametrize("state", ["theirs", ""])
def test_code_from_elsewhere(sandbox: Sandbox, handshake: Handshake, state: str) -> None:
    """A code that an attacker made is not exchanged by itself, not even during a sign-in.

    Where the user confirms it all the same, the challenge that it was made for refuses it.
    """
    pending = begin_sign_in()
    handshake.cookies[COOKIE_PREFIX + "pending_" + pending.state] = seal(
        "pending_", asdict(pending)
    )
    app = return_from_consent(begin_sign_in(), state=state, in_session=False)
    assert not sandbox.exchanges
    app.button(key="openrouter_confirm").click().run()
    assert "did not accept" in app.error[0].value
    assert [exchange.status for exchange in sandbox.exchanges] == [403]
    assert current_user(app) is None


@pytest.mark.parametrize("cookie", [None, "gAAAAAforged"])
def test_nothing_pending(sandbox: Sandbox, handshake: Handshake, cookie: str | None) -> None:
    """Without a pending sign-in that this app sealed, a code is not exchanged."""
    if cookie:
        handshake.cookies[COOKIE_PREFIX + "pending_the-state"] = cookie
    app = return_from_consent(begin_sign_in(), in_session=False)
    assert "not started in this browser" in app.error[0].value
    assert not [button for button in app.button if button.key == "openrouter_confirm"]
    assert not sandbox.exchanges


@pytest.mark.parametrize(("minutes", "has_ended"), [(79, False), (81, True)])
def test_slow_sign_in(
    sandbox: Sandbox, handshake: Handshake, minutes: float, *, has_ended: bool
) -> None:
    """A pending sign-in opens for an hour after the oldest page whose link is clicked, no longer."""
    pending = begin_sign_in()
    handshake.cookies[COOKIE_PREFIX + "pending_" + pending.state] = seal(
        "pending_", asdict(pending), minutes
    )
    app = return_from_consent(pending, in_session=False)
    assert (len(app.error), len(sandbox.exchanges)) == ((1, 0) if has_ended else (0, 1))


@pytest.mark.parametrize(
    ("method", "used"), [("S256", "S256"), ("plain", "plain"), ("none", "S256")]
)
def test_pasted_code(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, method: str, used: str
) -> None:
    """An invalid or refused code has its error message, and the right code still works after it.

    A pasted code always has a challenge, and a verifier of its own.
    """
    monkeypatch.setenv("OPENROUTER_CODE_CHALLENGE_METHOD", method)
    monkeypatch.setenv("OPENROUTER_CALLBACK_URL", "http://192.168.1.5/")  # so that the form is open
    app = main_page().run()
    paste(app, "This is no code.")
    assert "no code in what you pasted" in app.error[0].value
    assert not sandbox.exchanges
    paste(app, "another-code")
    assert "did not accept" in app.error[0].value
    (pending,) = (one for one in begun(app) if one.callback_url is None)
    paste(app, f"`http://localhost/?state=theirs&code={approve(pending)}`")
    assert current_user(app)
    assert [exchange.status for exchange in sandbox.exchanges] == [403, 200]
    assert sandbox.exchanges[1].code_challenge_method == used


def test_pasted_url(
    sandbox: Sandbox, handshake: Handshake, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A callback URL that did not arrive can be pasted: its `state` finds the pending sign-in."""
    pending = begin_sign_in()
    handshake.cookies[COOKIE_PREFIX + "pending_" + pending.state] = seal(
        "pending_", asdict(pending)
    )
    monkeypatch.setenv("OPENROUTER_CALLBACK_URL", "http://192.168.1.5/")  # so that the form is open
    app = paste(main_page().run(), f"{CALLBACK_URL}?state={pending.state}&code={approve(pending)}")
    assert (user := current_user(app))
    assert user.key in sandbox.keys


def test_confirmed_at_another_websocket(sandbox: Sandbox, handshake: Handshake) -> None:
    """A code that waits to be confirmed does not sign in another browser that clicks at once."""
    handshake.headers["Sec-WebSocket-Key"] = "1"
    app = return_from_consent(begin_sign_in(), state="")
    handshake.headers["Sec-WebSocket-Key"] = "2"
    handshake.cookies[COOKIE_PREFIX + "binding"] = "theirs"
    app.button(key="openrouter_confirm").click().run()
    assert "You are signed out here" in visible_text(app)
    assert current_user(app) is None
    assert not [button for button in app.button if button.key == "openrouter_confirm"]


# URLs and cookies


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
    """A browser stores apart what belongs to apps at other ports or below other paths."""
    assert (storage_prefix(url) != storage_prefix("http://localhost:3000/demo/")) is is_other


@pytest.mark.parametrize(
    ("url", "callback_url"),
    [
        ("http://localhost:3000/", "http://localhost:3000/"),
        ("https://example.org", "https://example.org/"),
        ("https://example.org/compare", "https://example.org/"),
        ("https://example.org/base/chat", "https://example.org/base/"),
        ("https://example.org/our-chat", "https://example.org/our-chat"),
        ("https://team.chat", "https://team.chat/"),
        ("https://team.chat/chat/", "https://team.chat/"),
        ("https://anna:s3cret@team.chat/chat", "https://team.chat/"),
    ],
)
def test_callback_url(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, url: str, callback_url: str
) -> None:
    """OpenRouter redirects to the main page, whatever page the browser left from."""
    monkeypatch.delenv("OPENROUTER_CALLBACK_URL")
    app = main_page()
    app.context["url"] = url
    app.run()
    assert {pending.callback_url for pending in begun(app)} == {callback_url}
    sandbox_option = app.session_state["openrouter_sign_in"].options.sandbox
    assert sandbox_option.auth_url == f"{callback_url.rstrip('/')}/sandbox"


def test_model_in_the_callback_url(sandbox: Sandbox) -> None:
    """The model that a link names comes back with the browser, in the callback URL."""
    app = main_page()
    app.query_params["model"] = "sandbox/tour"
    app.run()
    pending, _ = begun(app)
    assert pending.callback_url == f"{CALLBACK_URL}?model=sandbox%2Ftour"


# After the sign-in


def test_account(sandbox: Sandbox) -> None:
    """The account shows what the key has used, its limit and what is left, and links to OpenRouter."""
    session = signed_in()
    assert session.user
    sandbox.keys[session.user.key].limit, sandbox.keys[session.user.key].usage = 5, 1.5
    app = main_page(session).run()
    shown = {metric.label: metric.value for metric in app.metric}
    assert shown == {
        "Used by this key": r"\$1.50",
        "Left of its limit": r"\$3.50",
        "Limit of this key": r"\$5.00",
    }
    links = {link.proto.label: link.proto.url for link in app.get("link_button")}
    assert links == {
        "Key settings": session.user.key_settings_url,
        "Activity": session.user.activity_url,
        "Credits": f"{session.user.base_url}/settings/credits",
    }
