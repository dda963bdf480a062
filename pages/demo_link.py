"""The page that makes a link for a demo: what the app begins with when someone opens it."""

from urllib.parse import urlencode

import streamlit as st

from lib.chat.labels import DATA_POLICY_LABELS
from lib.demo_link import (
    MAX_PROMPT_LENGTH,
    MAX_QUERY_LENGTH,
    MAX_TITLE_LENGTH,
    DemoLink,
    read_demo_link,
)
from lib.markdown.streamlit import escape_markdown
from lib.openrouter.models import is_model_id
from lib.openrouter.request import DATA_POLICIES, DataPolicy
from lib.openrouter_sign_in import main_page_url
from lib.settings import MAX_COMPARED
from lib.ui import autosave, catalogue, data_policy, page
from lib.ui.catalogue import CATALOGUE_TIMEOUT_S
from lib.ui.model_labels import short_label
from lib.ui.qr_code import render_qr_code
from sandbox import embedded

app = page.begin_page(embedded.base_url, heading="A link for a demo")
settings, session = app.settings, app.session

st.markdown(
    "Choose what the app begins with for those who open the link. Opening it sends nothing and "
    "costs nothing: they sign in, and click."
)

known = catalogue.models(settings, session, timeout=CATALOGUE_TIMEOUT_S)


def model_label(model_id: str) -> str:
    return short_label(known[model_id]) if model_id in known else model_id


title = st.text_input("Title", max_chars=MAX_TITLE_LENGTH, placeholder=settings.app_title)
prompt = st.text_area(
    "Prompt",
    max_chars=MAX_PROMPT_LENGTH,
    height="content",
    placeholder="A question to click in the empty chat",
)
model = st.selectbox(
    "Model",
    list(known),
    index=None,
    key="linked_model",
    format_func=model_label,
    accept_new_options=True,
    placeholder=f"{settings.model}, if you choose none",
)
compared = st.multiselect(
    "Models to compare",
    list(known),
    format_func=model_label,
    max_selections=MAX_COMPARED,
    accept_new_options=True,
    placeholder=f"Two to {MAX_COMPARED} models that Compare begins with",
)
policies: tuple[DataPolicy, ...] = DATA_POLICIES[DATA_POLICIES.index(settings.data_policy) :]
policy = st.radio(
    data_policy.TITLE,
    policies,
    format_func=DATA_POLICY_LABELS.__getitem__,
    horizontal=True,
    help="They can choose a stricter one, but no looser one.",
)
presents = st.toggle("For a projector: larger type, no sidebar")

for name in filter(None, [model, *compared]):
    if not is_model_id(name):
        st.warning(
            f"“{escape_markdown(name)}” is not a model id, such as openai/gpt-5. "
            "The link leaves it out.",
            icon=":material/error:",
        )
wanted = DemoLink(model or "", prompt, tuple(compared), policy, title, presents)
link = DemoLink() if wanted.is_too_long else read_demo_link(wanted.query())

if wanted.is_too_long:
    st.error(
        f"The link is longer than {MAX_QUERY_LENGTH:,} characters. Shorten the prompt.",
        icon=":material/error:",
    )
else:
    query = urlencode(link.query())
    url = f"{main_page_url()}{'?' if query else ''}{query}"
    st.subheader("The link", anchor=False)
    st.code(url, language=None, wrap_lines=True)
    st.markdown("The link is no secret: everyone who sees it can read the title and the prompt.")
    render_qr_code(url)

autosave.Autosave(settings, session).finish()
