"""The page that shows how signing in works, with a sign-in of the visitor's own."""

from urllib.parse import urlencode

import streamlit as st

from lib import attacks, snippets
from lib.openrouter_sign_in import (
    accepts_callback_url,
    begin_sign_in,
    main_page_url,
    oauth,
    pkce,
    repeat_exchange,
    sign_in_link,
)
from lib.ui import autosave, browser, budget, consent_card, models, page, presenting
from lib.ui.attack_table import render_attacks
from lib.ui.formatting import small
from lib.ui.hello import fetch_hello, hello_request, say_hello
from lib.ui.qr_code import render_qr_code
from lib.ui.sign_in_steps import (
    code,
    render_code,
    render_exchange,
    render_picture,
    render_return,
    render_url,
    render_verifier,
)
from lib.ui.widgets import wait_for
from sandbox import embedded

NOT_YET = "This step is shown after a sign-in from here."
METHODS = attacks.METHODS

app = page.begin_page(embedded.base_url, heading="How sign-in works")
settings, session = app.settings, app.session
record = session.sign_in
returned, exchanged = record.returned, record.exchanged


def run_attacks() -> None:
    with embedded.separate() as url:
        record.attacks = attacks.run_all(url)


browser.enhance_markdown()
st.markdown(
    "You sign in on OpenRouter's own page, and the app gets a key without ever seeing your password. "
    "Go through it here, step by step, and then try to break it."
)
options = ["Sandbox", "OpenRouter"] if settings.try_without_account else ["OpenRouter"]
is_real = app.user is not None and not session.is_in_sandbox
with st.container(horizontal=True):
    server = st.segmented_control(
        "With",
        options,
        default="OpenRouter" if is_real else options[0],
        key="how_server",
        required=True,
    )
    used = exchanged.method if exchanged else settings.code_challenge_method
    method = st.segmented_control("Method", METHODS, default=used, key="how_method", required=True)
is_done = exchanged is not None and exchanged.status == 200
is_used = bool(record.hello or record.streamed_hello)
render_picture(4 if is_used else 3 if is_done else 2 if returned else 0, method)

st.header("1. Your browser goes to OpenRouter", anchor=False)
own_url = f"{main_page_url().rstrip('/')}/how_it_works"
query = urlencode(presenting.query(session))
callback_url = settings.callback_url or (f"{own_url}?{query}" if query else own_url)
pending = begin_sign_in(method=method, callback_url=callback_url, sandbox=server == "Sandbox")
render_verifier(pending)
with st.expander("Compute one yourself", icon=":material/calculate:"):
    browser.pkce_playground()
if accepts_callback_url(callback_url):
    url = sign_in_link(pending, "Start this sign-in")
    with st.expander("The link, taken apart", icon=":material/link:"):
        render_url(url)
else:
    st.warning(
        "OpenRouter does not send anyone back to this address, only to https or localhost.",
        icon=":material/wrong_location:",
    )

st.header("2. OpenRouter sends you back", anchor=False)
st.markdown("You approved, and your browser came back with a code that works once.")
if returned:
    render_return(returned)
else:
    small(NOT_YET)

st.header("3. The app exchanges the code", anchor=False)
st.markdown(
    "The app sends the code to OpenRouter, with the secret if it made one up, and gets the key. Your "
    "browser sees neither secret nor key."
)
if exchanged:
    render_exchange(exchanged)
else:
    small(NOT_YET)
with st.expander("As code", icon=":material/terminal:"):
    render_code(
        snippets.exchange_request(settings.base_url, method),
        pkce.create_code_verifier,
        pkce.create_code_challenge,
        oauth.parse_callback,
        oauth.exchange_code,
    )

st.header("4. The key is used", anchor=False)
st.markdown("With the key the app says “Hello!” to a model: in one piece, and as a stream.")
refusal = budget.refusal(settings, session)
if refusal:
    st.warning(refusal, icon=":material/account_balance_wallet:")
for stream, label in ((False, "Say hello"), (True, "Say hello, streamed")):
    icon, name = ":material/waving_hand:", f"hello_{stream}"
    if app.user and st.button(label, icon=icon, key=name, disabled=bool(refusal)):
        with st.spinner("Waiting for the answer…"):
            waiting = say_hello(settings, session, app.user, stream=stream)
            wait_for(waiting)
            if stream:
                record.streamed_hello = waiting.result()
            else:
                record.hello = waiting.result()
    if hello := record.streamed_hello if stream else record.hello:
        status = f"HTTP/1.1 {hello.status}" if hello.status else "no response"
        head = [f"{status}   ({hello.milliseconds} ms)", f"Content-Type: {hello.content_type}", ""]
        code("\n".join([*head, *hello.lines]), "http")
    with st.expander(f"{label}, as code", icon=":material/terminal:"):
        body = hello_request(settings, stream=stream).body()
        render_code(snippets.chat_request(settings.api_url, body), fetch_hello)
if not app.user:
    small(NOT_YET)

st.header("Try to break it", anchor=False)
if server == "Sandbox":
    st.markdown(
        "Five attacks, each a real run against a sandbox, with this app's own requests and checks: "
        "what holds depends on the method."
    )
    if st.button("Run the attacks", icon=":material/security:", key="attack"):
        with st.spinner("Attacking…"):
            run_attacks()
    if record.attacks:
        render_attacks(record.attacks)
else:
    st.markdown(
        "Against the real OpenRouter only what is harmless: your own code once more, and a wrong "
        "secret. Choose *Sandbox* above for the rest."
    )
    with st.container(horizontal=True):
        again = st.button("Send my code again", icon=":material/replay:")
        wrong = st.button("Send a wrong secret", icon=":material/key_off:")
    if again or wrong:
        with st.spinner("Asking OpenRouter…"):
            verifier = pkce.create_code_verifier() if wrong else None
            refused = repeat_exchange(code_verifier=verifier)
        if refused is None:
            st.info("There is no code yet: sign in from here first.", icon=":material/info:")
        elif refused == 200:
            st.error("It was accepted. That should not happen.", icon=":material/error:")
        elif refused in (400, 403):
            st.success(f"Refused, with status {refused}.", icon=":material/shield:")
        else:
            st.warning("OpenRouter did not answer this. Try it again.", icon=":material/cloud_off:")

st.header("What you give away, and what not", anchor=False)
consent_card.render()

with st.expander("Show this page on a screen", icon=":material/present_to_all:"):
    link = f"{own_url}?{presenting.PARAMETER}=1"
    st.markdown(
        "Without the sidebar, in larger type. Others can scan the QR code to open this page."
    )
    st.link_button("Present", link, icon=":material/present_to_all:")
    render_qr_code(link)
st.page_link(
    page.SELF_CHECK_PAGE, label="Self-check, for the operator", icon=":material/checklist:"
)
if session.is_presenting:  # there is no sidebar
    st.page_link(
        page.CHAT_PAGE,
        label="Chat",
        icon=":material/forum:",
        query_params=models.query(session),
    )
autosave.Autosave(settings, session).finish()
