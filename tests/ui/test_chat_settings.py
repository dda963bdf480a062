"""The chat page's model and parameters: from the settings, the URL and the popover."""

import os
import re

import pytest

from lib.openrouter.request import WEB_SEARCH
from lib.settings import Settings
from lib.ui import catalogue
from lib.ui.models import typed_model_id
from sandbox.models import models
from sandbox.server import Sandbox
from sandbox.special_models import ALIASES
from tests.conftest import RawServer, http
from tests.support.pages import ask, chat_page, main_page, open_choice, signed_in, visible_text
from tests.support.waiting import wait_until


def test_prepared_demo(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings prepare a demo: the welcome, prompts to click, and instructions for the model."""
    monkeypatch.setenv("APP_WELCOME", "Ask about the **new product**.")
    monkeypatch.setenv("APP_PROMPTS", "What is *new*? | sandbox/echo this")
    monkeypatch.setenv("APP_INSTRUCTIONS", "Be brief.")
    assert "Ask about the **new product**." in visible_text(main_page().run())
    app = chat_page(signed_in()).run()
    prompts = [button for button in app.button if "lightbulb" in button.proto.icon]
    assert [button.label for button in prompts] == [r"What is \*new\*?", "sandbox/echo this"]
    prompts[1].click().run()
    assert not app.exception
    messages = sandbox.completions[0]["body"]["messages"]
    assert [message["content"] for message in messages] == ["Be brief.", "sandbox/echo this"]
    assert not [button for button in app.button if "lightbulb" in button.proto.icon]
    open_choice(app).text_area(key="instructions").set_value("").run()
    ask(app, "sandbox/echo more")
    assert sandbox.completions[1]["body"]["messages"][0]["content"] == "sandbox/echo this"


def test_filters(sandbox: Sandbox) -> None:
    """Filters shorten the list of models, and change no choice by themselves."""
    session = signed_in()
    assert session.user
    listed = [model for model in models() if model["id"] != "sandbox/excluded"]
    settings = Settings(base_url=session.user.base_url)
    # Until it is there, the list is everybody's.
    wait_until(lambda: len(catalogue.models(settings, session)) == len(listed))
    app = open_choice(chat_page(session))
    free = [model for model in listed if all(price == "0" for price in model["pricing"].values())]
    seeing = [model for model in free if "image" in model["architecture"]["input_modalities"]]
    for filters, fitting in (([], listed), (["Free"], free), (["Free", "Takes images"], seeing)):
        app.button_group(key="filters").set_value(filters).run()
        picker = app.selectbox(key="model")
        assert picker.label == f"Model ({len(fitting)} to choose from)"
        assert picker.value == "openrouter/auto"


def test_parameters(sandbox: Sandbox) -> None:
    """What is set is sent, also after a visit to another page; what is not set is not sent."""
    session = signed_in()
    session.chat.model = "sandbox/request"
    app = open_choice(chat_page(session))
    app.text_area(key="instructions").set_value("Answer in Latin.")
    for name, value in {
        "temperature": 0.7,
        "top_p": 0.9,
        "max_tokens_4096": 500,
        "seed": 42,
    }.items():
        app.number_input(key=name).set_value(value)
    app.selectbox(key="reasoning_high_medium_low").set_value("low")
    app.toggle(key="web_search").set_value(True).run()
    app.session_state["choice"] = False
    app.switch_page("streamlit_app.py").run()
    ask(app.switch_page("pages/chat.py").run(), "Hello?")
    assert sandbox.completions[0]["body"] == {
        "session_id": session.chat.conversation.id,
        "model": "sandbox/request",
        "messages": [
            {"role": "system", "content": "Answer in Latin."},
            {"role": "user", "content": "Hello?"},
        ],
        "temperature": 0.7,
        "top_p": 0.9,
        "max_completion_tokens": 500,
        "seed": 42,
        "reasoning": {"effort": "low"},
        "tools": [WEB_SEARCH],
        "stream": True,
    }


def test_next_model(sandbox: Sandbox) -> None:
    """What the next model does not have is said to be unused, and is there again for another one."""
    session = signed_in()
    session.chat.model = "sandbox/reasoning"
    app = open_choice(chat_page(session))
    app.number_input(key="temperature").set_value(0.7)
    app.number_input(key="seed").set_value(42)
    app.toggle(key="web_search").set_value(True)
    app.selectbox(key="reasoning_high_medium_low").set_value("medium").run()
    app.selectbox(key="model").set_value("sandbox/no-tools").run()
    assert "has no such setting: Seed 42, Reasoning effort medium." in visible_text(app)
    assert "Not used, as this model cannot search." in visible_text(app)
    assert app.toggle(key="web_search").disabled
    assert "Reasoning effort" not in [selectbox.label for selectbox in app.selectbox]
    ask(app, "Hello?")
    app.selectbox(key="model").set_value("sandbox/any-effort").run()
    assert "Not used" not in visible_text(app)
    ask(app, "Hello?")
    first, second = (completion["body"] for completion in sandbox.completions)
    assert first["temperature"] == second["temperature"] == 0.7
    assert not first.keys() & {"seed", "reasoning", "tools"}
    assert (second["seed"], second["reasoning"]) == (42, {"effort": "medium"})
    assert second["tools"] == [WEB_SEARCH]


def test_price_of_a_search(sandbox: Sandbox) -> None:
    """The price of a web search is said, that of the model's provider if it has one."""
    session = signed_in()
    session.chat.model = "sandbox/echo"
    app = open_choice(chat_page(session))
    assert r"Up to 3 searches for an answer: \$0.036 at most" in visible_text(app)
    assert "at a price of its own" in visible_text(app)
    app.selectbox(key="model").set_value("sandbox/many-prices").run()
    assert r"or \$0.01 a search by the model's provider" in visible_text(app)


def test_fallback(sandbox: Sandbox) -> None:
    """Where the model fails the fallback answers, and the answer names it."""
    session = signed_in()
    session.chat.model = "sandbox/status-503"
    app = open_choice(chat_page(session))
    app.multiselect(key="fallbacks").set_value(["sandbox/hello"]).run()
    ask(app, "Hello?")
    (completion,) = sandbox.completions
    assert completion["body"]["models"] == ["sandbox/status-503", "sandbox/hello"]
    assert "sandbox/hello · " in visible_text(app)


def test_answer_in_one_piece(sandbox: Sandbox) -> None:
    """With streaming off the answer comes in one piece, and is shown with tokens, cost and time."""
    session = signed_in()
    session.chat.model = "sandbox/tour"
    app = open_choice(chat_page(session))
    app.toggle(key="stream").set_value(False).run()
    app.session_state["choice"] = False
    ask(app.run(), "Hello?")
    (completion,) = sandbox.completions
    assert completion["body"]["stream"] is False
    assert "That is all." in visible_text(app)
    facts = (
        r"sandbox/tour · less than a cent · \d\.\d\ss.*\d+ prompt and \d+ completion tokens</dd>"
    )
    assert re.search(facts, visible_text(app))
    assert open_choice(app).toggle(key="stream").value is False


def test_unknown_model(sandbox: Sandbox) -> None:
    """A model that is not in the catalogue is named, and another can be chosen."""
    session = signed_in()
    session.chat.model = "no/such-model"
    app = open_choice(chat_page(session))
    assert "OpenRouter has no model `no/such-model`" in visible_text(app)
    app.selectbox(key="model").set_value("sandbox/echo").run()
    assert session.chat.model == "sandbox/echo"
    assert "has no model" not in visible_text(app)


@pytest.mark.parametrize(
    "name",
    [
        "sandbox/echo:nitro",
        "sandbox/excluded",
        "sandbox/echo@preset/brief",
        "@preset/mine",
        *ALIASES,
    ],
)
def test_model_of_the_url(sandbox: Sandbox, name: str) -> None:
    """An alias, a variant or a preset is no mistake, and is sent as it is."""
    session = signed_in()
    app = open_choice(chat_page(session))
    app.query_params["model"] = name
    app.run()
    assert session.chat.model == name
    assert app.selectbox(key="model").value == name
    assert not app.warning
    if name != "@preset/mine":
        ask(app, "Hello?")
        assert sandbox.completions[0]["body"]["model"] == name
        assert not app.error


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("openai/gpt-5:nitro", "openai/gpt-5:nitro"),
        (" ~openai/gpt-latest\n", "~openai/gpt-latest"),
        ("@preset/mine", "@preset/mine"),
        ("https://openrouter.ai/openai/gpt-5", "openai/gpt-5"),
        ("https://www.openrouter.ai/openai/gpt-5%3Afree/providers?tab=x", "openai/gpt-5:free"),
        ("https://evil.example/openai/gpt-5", ""),
        ("https://[openai/gpt-5", ""),
        ("gpt", ""),
        ("![x](a/b)", ""),
        ("a/" + "x" * 9_000, ""),
        ("", ""),
    ],
)
def test_typed_model(typed: str, name: str) -> None:
    """What is typed is an id, or the address of a model's page, or nothing."""
    assert typed_model_id(typed, "https://openrouter.ai") == name


def test_field_for_an_id(sandbox: Sandbox) -> None:
    """An id is typed in a field of its own; anything else is said to be none, and changes nothing."""
    session = signed_in()
    app = open_choice(chat_page(session))
    app.text_input(key="typed_model").set_value("*gpt*").run()
    assert session.chat.model is None
    assert r"“\*gpt\*” is not a model id" in visible_text(app)
    app.text_input(key="typed_model").set_value(" sandbox/echo:nitro ").run()
    assert (session.chat.model, app.query_params["model"]) == (
        "sandbox/echo:nitro",
        "sandbox/echo:nitro",
    )
    assert app.text_input(key="typed_model").value == ""
    assert app.selectbox(key="model").value == "sandbox/echo:nitro"
    assert "is not a model id" not in visible_text(app)


def test_description(sandbox: Sandbox) -> None:
    """The panel says what an alias stands for, and that a model is about to be removed."""
    session = signed_in()
    session.chat.model = "~sandbox/hello-latest"
    app = open_choice(chat_page(session))
    assert "Stands for `sandbox/hello` at the moment." in visible_text(app)
    app.selectbox(key="model").set_value("sandbox/expiring").run()
    assert "OpenRouter may remove this model after" in visible_text(app)


def test_api_url(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Chat, models and account use another API than the sign-in, if it is set."""
    monkeypatch.setenv("OPENROUTER_API_URL", os.environ["OPENROUTER_BASE_URL"])
    monkeypatch.setenv("OPENROUTER_BASE_URL", "https://openrouter.ai")
    session = signed_in()
    app = open_choice(chat_page(session))
    assert "sandbox/echo" in str(app.selectbox(key="model").options)
    assert session.account.latest
    assert not ask(app, "Hello?").error
    assert len(sandbox.completions) == 1
    links = main_page().run().get("link_button")
    assert all("127.0.0.1" not in link.proto.url for link in links)


def test_no_catalogue(
    sandbox: Sandbox, raw_server: RawServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a catalogue the page says so, and a question can be asked all the same."""
    monkeypatch.setenv(
        "OPENROUTER_BASE_URL", raw_server.serve(http(b"<h1>no API</h1>", "text/html"))
    )
    app = open_choice(chat_page(signed_in()))
    assert not app.exception
    assert any("list of models could not be loaded" in warning.value for warning in app.warning)
    assert app.chat_input
