"""The chat page's model and parameters: from the settings, the URL and the popover."""

import re

import pytest

from sandbox.catalogue import models
from sandbox.server import Sandbox
from tests.conftest import RawServer, http
from tests.support.pages import ask, chat_page, main_page, open_choice, signed_in, visible_text


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
    app = open_choice(chat_page(signed_in()))
    free = [model for model in models() if model["pricing"]["prompt"] == "0"]
    seeing = [model for model in free if "image" in model["architecture"]["input_modalities"]]
    for filters, listed in (([], models()), (["Free"], free), (["Free", "Takes images"], seeing)):
        app.button_group(key="filters").set_value(filters).run()
        picker = app.selectbox(key="model")
        assert picker.label == f"Model ({len(listed)} to choose from)"
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
    app.selectbox(key="effort_high_medium_low").set_value("low")
    app.toggle(key="web_search").set_value(True).run()
    app.session_state["choice"] = False
    app.switch_page("streamlit_app.py").run()
    ask(app.switch_page("pages/chat.py").run(), "Hello?")
    assert sandbox.completions[0]["body"] == {
        "model": "sandbox/request",
        "messages": [
            {"role": "system", "content": "Answer in Latin."},
            {"role": "user", "content": "Hello?"},
        ],
        "temperature": 0.7,
        "top_p": 0.9,
        "max_tokens": 500,
        "seed": 42,
        "reasoning": {"effort": "low"},
        "tools": [{"type": "openrouter:web_search", "parameters": {"max_results": 3}}],
        "stream": True,
    }


def test_only_what_the_model_supports(sandbox: Sandbox) -> None:
    """A model that does not reason offers no reasoning effort."""
    session = signed_in()
    session.chat.model = "sandbox/echo"
    app = open_choice(chat_page(session))
    assert app.number_input(key="temperature").label == "Temperature"
    assert "Reasoning effort" not in [selectbox.label for selectbox in app.selectbox]


def test_fallback(sandbox: Sandbox) -> None:
    """Where the model fails the fallback answers, and the answer names it."""
    session = signed_in()
    session.chat.model = "sandbox/status-503"
    app = open_choice(chat_page(session))
    app.multiselect(key="fallbacks").set_value(["sandbox/hello"]).run()
    ask(app, "Hello?")
    (completion,) = sandbox.completions
    assert completion["body"]["models"] == ["sandbox/status-503", "sandbox/hello"]
    assert "`sandbox/hello` ·" in visible_text(app)


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
    facts = r"2 prompt and \d+ completion tokens · \\\$0\.\d+ · whole after \d\.\d\d s\]"
    assert re.search(facts, visible_text(app))
    assert open_choice(app).toggle(key="stream").value is False


def test_unknown_model(sandbox: Sandbox) -> None:
    """A model that is not in the catalogue is named, and another can be chosen."""
    session = signed_in()
    session.chat.model = "no/such-model"
    app = open_choice(chat_page(session))
    assert "OpenRouter's list has no model `no/such-model`" in visible_text(app)
    app.selectbox(key="model").set_value("sandbox/echo").run()
    assert session.chat.model == "sandbox/echo"
    assert "has no model" not in visible_text(app)


def test_no_catalogue(
    sandbox: Sandbox, raw_server: RawServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a catalogue the page says so, and a question can be asked all the same."""
    session = signed_in()
    monkeypatch.setenv(
        "OPENROUTER_BASE_URL", raw_server.serve(http(b"<h1>no API</h1>", "text/html"))
    )
    app = open_choice(chat_page(session))
    assert not app.exception
    assert any("list of models could not be loaded" in warning.value for warning in app.warning)
    assert app.chat_input
