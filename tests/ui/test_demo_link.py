"""Links for demos: the page that makes them, and the pages that they open."""

from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest
from streamlit.testing.v1 import AppTest

from lib.demo_link import DemoLink
from lib.markdown.streamlit import escape_markdown
from lib.settings import PROMPTS
from lib.ui.session import Session
from sandbox.server import Sandbox
from tests.support.pages import chat_page, compare_page, main_page, signed_in, visible_text

LINK = DemoLink(
    model="sandbox/hello",
    prompt="*What* is new?",
    compared_models=("sandbox/hello", "sandbox/tour"),
    data_policy="no-training",
    title="For [Anna](https://evil.example)",
)


def opened(app: AppTest, link: DemoLink = LINK) -> AppTest:
    """A page that a link opens."""
    for name, value in link.query().items():
        app.query_params[name] = value
    app.run()
    assert not app.exception
    return app


def test_chat(sandbox: Sandbox) -> None:
    """The chat has the title and the model of the link, and offers its prompt without sending it."""
    app = opened(chat_page(signed_in()))
    assert app.session_state["session"].chat.model == "sandbox/hello"
    assert [b.label for b in app.button if b.icon == ":material/lightbulb:"] == [
        r"\*What\* is new?"
    ]
    assert app.sidebar.subheader[0].value == escape_markdown(LINK.title)
    assert app.radio(key="who_may_see_it").options == ["No training", "Nothing kept"]
    assert not sandbox.completions


def test_click_on_the_prompt(sandbox: Sandbox) -> None:
    """A click on the prompt sends it, with the data policy of the link."""
    app = opened(chat_page(signed_in()))
    next(b for b in app.button if b.icon == ":material/lightbulb:").click().run()
    assert not app.exception
    request = sandbox.completions[0]["body"]
    assert request["messages"][-1]["content"] == LINK.prompt
    assert request["provider"] == {"data_collection": "deny"}


def test_compare(sandbox: Sandbox) -> None:
    """Compare begins with the models of the link."""
    app = opened(compare_page(signed_in()))
    assert app.multiselect(key="compared").value == ["sandbox/hello", "sandbox/tour"]


def test_through_the_sign_in(sandbox: Sandbox) -> None:
    """The link is in the callback URL of each sign-in, and in the cookie of the pending one."""
    link = replace(LINK, presents=True)
    app = opened(main_page(), link)
    assert app.title[0].value == app.sidebar.subheader[0].value
    state = app.session_state["openrouter_sign_in"]
    for pending in state.begun.values():
        query = parse_qs(urlsplit(pending.callback_url or "").query)
        assert {name: values[0] for name, values in query.items()} == link.query()
    assert state.options.key_label == "Chat with any model"


def test_presenting(sandbox: Sandbox) -> None:
    """What is shown on a projector stays so on the other pages, with the link, after a reload, too."""
    app = chat_page(signed_in())
    opened(app, replace(LINK, presents=True))
    links = [one.proto.query_string for one in app.get("page_link")]
    assert len(links) == 4
    assert all("present=1" in link for link in links)
    app.query_params.clear()
    app.query_params["present"] = "1"  # the link on *How sign-in works*
    app.run()
    assert app.session_state["session"].demo_link.prompt == LINK.prompt


def test_no_link(sandbox: Sandbox) -> None:
    """Without a link the pages have the title and the prompts of the settings."""
    assert main_page().run().title[0].value == "Chat with any model"
    prompts = [b for b in chat_page(signed_in()).run().button if b.icon == ":material/lightbulb:"]
    assert [b.label for b in prompts] == [escape_markdown(prompt) for prompt in PROMPTS]


def test_sandbox(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the sandbox, models that it lacks fall back, and stay in the link to the real sign-in."""
    monkeypatch.setenv("OPENROUTER_BASE_URL", "https://openrouter.ai")
    session = signed_in(sandbox.base_url)
    session.is_in_sandbox = True
    link = DemoLink("openai/gpt-5", compared_models=("openai/gpt-5",))
    app = opened(chat_page(session), link)
    assert session.chat.model is None
    assert not app.warning
    (pending,) = app.session_state["openrouter_sign_in"].begun.values()
    query = parse_qs(urlsplit(pending.callback_url).query)
    assert {name: values[0] for name, values in query.items()} == link.query()
    assert opened(compare_page(session), link).multiselect(key="compared").value


def test_page(sandbox: Sandbox) -> None:
    """The page builds a link of what was chosen, which opens the app so."""
    app = main_page(Session()).switch_page("pages/demo_link.py")
    app.context["url"] = "https://app.example/demo_link"
    app.run()
    assert app.code[0].value == "https://app.example/"
    app.text_input[0].set_value(LINK.title)
    app.text_area[0].set_value(LINK.prompt)
    app.selectbox[0].set_value(LINK.model)
    app.multiselect[0].set_value(list(LINK.compared_models))
    app.radio[0].set_value(LINK.data_policy)
    app.run()
    assert not app.exception
    url = urlsplit(app.code[0].value)
    assert {name: values[0] for name, values in parse_qs(url.query).items()} == LINK.query()
    assert "data:image/svg+xml" in visible_text(app)


def test_too_long(sandbox: Sandbox) -> None:
    """A link that is too long is not shown."""
    app = main_page(Session()).switch_page("pages/demo_link.py").run()
    app.text_area[0].set_value("字" * 230).run()
    assert not app.code
    assert "Shorten the prompt" in app.error[0].value


def test_no_model(sandbox: Sandbox) -> None:
    """What was typed and is no id of a model is left out, and said to be."""
    app = main_page(Session()).switch_page("pages/demo_link.py")
    app.session_state["linked_model"] = "gpt *5*"
    app.run()
    assert r"gpt \*5\*" in app.warning[0].value
    assert "?" not in app.code[0].value
