"""The sandbox's consent page: what OpenRouter's is, for visitors who try the app."""

from urllib.parse import urlsplit

import streamlit as st

from lib.markdown.streamlit import escape_markdown
from lib.openrouter_sign_in import main_page_url
from lib.ui import browser, page
from sandbox import consent, embedded
from sandbox.keys import KEYS

REHEARSALS = {
    "exchange": ("Response of the exchange", consent.EXCHANGES),
    "state_return": ("State in the callback", consent.STATES),
    "key": ("The new key has", KEYS),
}

settings = page.load_settings()
st.set_page_config(page_title="Sandbox", page_icon=page.ICON)
if not settings.try_without_account:
    st.info("This app cannot be tried without an account.", icon=":material/block:")
    st.stop()

request = st.query_params.to_dict()
is_valid = consent.validation_error(request) is None
callback_url = urlsplit(request.get("callback_url", "") if is_valid else "")
# Only back to this app, or anybody could send people anywhere by a link to this page.
own_urls = map(urlsplit, filter(None, (main_page_url(), settings.callback_url)))
if not any(callback_url[:2] == url[:2] for url in own_urls):
    st.warning("This request is not valid. Begin again in the app.", icon=":material/link_off:")
    st.page_link(page.MAIN_PAGE, label="Back to the app", icon=":material/arrow_back:")
    st.stop()

st.markdown(
    ":orange-badge[:material/science: Sandbox] This is not OpenRouter. No account, no money."
)
st.title("Authorize an app", anchor=False)
named = (
    f", to be called **{escape_markdown(label)}**" if (label := request.get("key_label")) else ""
)
host = escape_markdown(callback_url.netloc)
st.markdown(f"**{host}** requests an API key{named}. OpenRouter asks you on a page like this one.")
limit = st.number_input(
    "Credit limit in US dollars (empty for none)",
    min_value=0.0,
    value=consent.parse_usd(request.get("limit", "")),
    placeholder="no limit",
)
with st.container(horizontal=True):
    is_authorized = st.button("Authorize", type="primary")
    is_denied = st.button("Deny")
with st.expander("Rehearse a failure", icon=":material/bug_report:"):
    form = {
        name: st.selectbox(label, options, format_func=options.__getitem__)
        for name, (label, options) in REHEARSALS.items()
    }

if is_authorized or is_denied:
    form |= request
    form |= {"decision": "authorize" if is_authorized else "deny"}
    form |= {"limit": "" if limit is None else str(limit)}
    if url := embedded.decide(form, st.context.ip_address or ""):
        browser.redirect(url)
    else:
        st.error(
            "Too many people are trying the sandbox. Please come back in an hour.",
            icon=":material/hourglass_empty:",
        )
