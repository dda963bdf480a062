"""The main page: sign in with OpenRouter, come back, see the account."""

import streamlit as st

from lib.settings import Settings
from lib.ui import account, autosave, budget, consent_card, models, page, spending
from lib.ui.formatting import small
from sandbox import embedded


def introduce(settings: Settings) -> None:
    """Render what stands above the sign-in link."""
    st.markdown(
        settings.welcome
        or "Ask the models of OpenAI, Anthropic, Google, Meta, Mistral and many others, "
        "on your own OpenRouter credits."
    )
    consent_card.render_short()


app = page.begin_page(embedded.base_url, introduction=introduce, leads_to_chat=True)
settings, session = app.settings, app.session

if app.user and session.arrival == "acknowledged":
    st.switch_page(page.CHAT_PAGE, query_params=models.query(session))

if app.user:
    st.page_link(
        page.CHAT_PAGE,
        label="Open the chat",
        icon=":material/forum:",
        query_params=models.query(session),
    )
    if session.arrival:
        st.stop()
    with st.spinner("Loading your account…"):
        account.refresh(settings, session, app.account_line)
    st.subheader("Your account", anchor=False)
    account.render_account(settings, session, app.user)
    budget.render_budget_field(settings, session)
    spending.render(session)
    if not session.is_in_sandbox:
        small(
            "Signing out makes this app forget your key. The key itself stays in your OpenRouter "
            "account until you delete it there, under Key settings."
        )
    st.page_link(page.DEMO_LINK_PAGE, label="Make a link for a demo", icon=":material/qr_code:")
st.page_link(page.HOW_IT_WORKS_PAGE, label="How sign-in works", icon=":material/policy:")
autosave.Autosave(settings, session).finish()
