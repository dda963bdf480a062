"""The main page: sign in with OpenRouter, come back, see the account."""

import streamlit as st

from lib.markdown.streamlit_markdown import literal
from lib.ui import account, autosave, budget, flow, models, page, sign_in
from lib.ui.formatting import small

app = page.start_page()
settings, session = app.settings, app.session

sign_in.receive(settings, session)
frame = page.show_frame(app, leads_to_chat=True)
page.finish_sign_in(app)

if session.sign_in and session.opens_chat:
    st.switch_page(page.CHAT_PAGE, query_params=models.address(session))

st.title(literal(settings.app_title), anchor=False)

if session.sign_in:
    with st.spinner("Loading your account…"):
        account.refresh(settings, session, frame.account_line)
    st.page_link(
        page.CHAT_PAGE,
        label="Open the chat",
        icon=":material/forum:",
        query_params=models.address(session),
    )
    st.subheader("Your account", anchor=False)
    account.show_account(session)
    page.show_key_links(app)
    budget.show_field(settings, session)
    small(
        "Signing out makes this app forget your key. The key itself stays in your OpenRouter "
        "account until you delete it there, under Key settings."
    )
else:
    st.markdown(
        settings.welcome
        or "Ask some 350 models from OpenAI, Anthropic, Google, Meta, Mistral and others, "
        "on your own OpenRouter credits."
    )
    page.show_sign_in(app)

flow.show_flow(settings, session)
autosave.start(session).until_answers_end()
