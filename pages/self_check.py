"""The self-check page: the configuration of the app, without secrets."""

import streamlit as st

from lib import self_check
from lib.markdown.streamlit import escape_markdown
from lib.openrouter_sign_in import accepts_callback_url, keeps_cookies, main_page_url
from lib.settings import SettingError
from lib.ui import autosave, configuration, page, set_up
from sandbox import embedded

BADGES: dict[self_check.Verdict, str] = {
    "ok": ":green-badge[:material/check: ok]",
    "warning": ":orange-badge[:material/warning: warning]",
    "being checked": ":gray-badge[:material/hourglass_empty: being checked]",
}

try:
    configuration.read_settings_in_force()
except SettingError as error:
    st.title("Self-check", anchor=False)
    st.error(f"This app is not set up yet: {error}", icon=":material/build:")
    st.markdown("Correct it where you set it, or replace all settings by the text below.")
    set_up.render()
    st.stop()

app = page.begin_page(embedded.base_url, heading="Self-check")
settings = app.settings

st.markdown("The configuration of this app, for its operator.")

with st.spinner("Asking OpenRouter…"):
    connection = self_check.connection_checks.get(settings.api_url)
callback_url = settings.callback_url or main_page_url()
observed = self_check.Observations(
    url=main_page_url(),
    callback_url=callback_url,
    is_callback_url_accepted=accepts_callback_url(callback_url),
    keeps_cookies=keeps_cookies(),
    connection=connection,
    overridden=tuple(configuration.overridden_options()),
)
for finding in self_check.findings(settings, observed):
    badge, sentence = BADGES[finding.verdict], escape_markdown(finding.sentence)
    st.markdown(f"{badge} **{escape_markdown(finding.subject)}**  \n{sentence}")

if not settings.sign_in_secret:
    set_up.render()

st.subheader("For a demo", anchor=False)
st.page_link(page.DEMO_LINK_PAGE, label="Make a link for a demo", icon=":material/qr_code:")

st.subheader("For a bug report", anchor=False)
st.markdown("Copy this report. It shows secrets only as set or not set.")
st.code("\n".join(self_check.report(settings, observed)), language=None, wrap_lines=True)

autosave.Autosave(app.settings, app.session).finish()
