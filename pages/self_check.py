"""The self-check page: how the app is set up, for whoever deploys it; nothing secret is on it."""

import streamlit as st

from lib import self_check
from lib.markdown.streamlit_markdown import escape_markdown
from lib.openrouter_sign_in import accepts_callback_url, keeps_cookies, main_page_url
from lib.ui import autosave, page

BADGES: dict[self_check.Verdict, str] = {
    "ok": ":green-badge[:material/check: ok]",
    "warning": ":orange-badge[:material/warning: warning]",
    "being checked": ":gray-badge[:material/hourglass_empty: being checked]",
}

app = page.begin_page(shows_sign_in=False)
settings = app.settings

st.title("Self-check", anchor=False)
st.markdown("How this app is set up, for whoever deploys it.")

with st.spinner("Asking OpenRouter…"):
    contact = self_check.recent_contacts.get(settings.base_url)
callback_url = settings.callback_url or main_page_url()
measured = self_check.Measured(
    address=main_page_url(),
    callback_url=callback_url,
    is_callback_url_accepted=accepts_callback_url(callback_url),
    keeps_cookies=keeps_cookies(),
    contact=contact,
)
for finding in self_check.findings(settings, measured):
    badge, sentence = BADGES[finding.verdict], escape_markdown(finding.sentence)
    st.markdown(f"{badge} **{escape_markdown(finding.subject)}**  \n{sentence}")

st.subheader("For a bug report", anchor=False)
st.markdown("Copy this into it. Of a secret it tells only whether it is set.")
st.code("\n".join(self_check.report(settings, measured)), language=None, wrap_lines=True)

autosave.Autosave(app.session).finish()
