"""The steps of a sign-in on the page that explains them."""

from streamlit.testing.v1 import AppTest

from sandbox.server import Sandbox
from tests.support.pages import begin_sign_in, return_from_consent


def _page() -> None:
    from lib.openrouter_sign_in import Returned
    from lib.ui.sign_in_steps import render_return

    fence = "`" * 12
    error = f"a\n{fence}\n[Sign in again](https://evil.example)"
    render_return(Returned(code="", error=error, state="", found_in="", age_s=0))


def test_error_from_outside() -> None:
    """An error in the URL stays text, whatever it holds: no link, and no end of the code."""
    app = AppTest.from_function(_page).run()
    shown = "".join(element.proto.body for element in app.get("html"))
    assert "evil.example" in shown
    assert "<a " not in shown


def test_signed_out_session_has_no_key(sandbox: Sandbox) -> None:
    """After signing out nothing in the session holds the key, nor the exchange that brought it."""
    app = return_from_consent(begin_sign_in("S256"))
    assert app.session_state["openrouter_sign_in"].last_exchange
    next(button for button in app.button if button.label == "Sign out").click().run()
    assert app.session_state["openrouter_sign_in"].last_exchange is None
