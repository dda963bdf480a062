"""Who may see it: chosen for each chat and for Compare, down to the floor of the settings."""

import pytest
from streamlit.testing.v1 import AppTest

from lib.chat.comparison import Comparison
from lib.chat.conversation import Conversation
from sandbox.server import Sandbox
from tests.support.pages import (
    ask,
    chat_page,
    compare_page,
    open_choice,
    signed_in,
    visible_text,
)

ZDR = {"zdr": True}
DENY = {"data_collection": "deny"}


def choose(app: AppTest, policy: str) -> AppTest:
    """Choose who may see it."""
    app.radio(key="who_may_see_it").set_value(policy).run()
    assert not app.exception
    return app


def providers(sandbox: Sandbox) -> list[object]:
    """The preferences for providers in the requests so far."""
    return [completion["body"].get("provider") for completion in sandbox.completions]


def test_each_request(sandbox: Sandbox) -> None:
    """What is chosen goes into each request of the chat from then on."""
    app = chat_page(signed_in()).run()
    ask(app, "sandbox/echo one")
    ask(choose(app, "no-training"), "sandbox/echo two")
    ask(choose(app, "nothing-kept"), "sandbox/echo three")
    app.button(key="try_again").click().run()
    assert providers(sandbox) == [None, DENY, ZDR, ZDR]


def test_of_the_chat(sandbox: Sandbox) -> None:
    """Each chat has its own; a new one begins with that of the chat before."""
    session = signed_in()
    app = choose(chat_page(session).run(), "nothing-kept")
    ask(app, "sandbox/echo one")
    private = session.chat.conversation
    next(button for button in app.button if button.label == "New chat").click().run()
    assert app.radio(key="who_may_see_it").value == "nothing-kept"
    choose(app, "any")
    ask(app, "sandbox/echo two")
    app.button(key=f"open_{private.id}").click().run()
    assert app.radio(key="who_may_see_it").value == "nothing-kept"
    ask(app, "sandbox/echo three")
    assert providers(sandbox) == [ZDR, None, ZDR]


def test_floor(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody gets below the floor of the settings, not even with a saved chat."""
    monkeypatch.setenv("DATA_POLICY", "no-training")
    session = signed_in()
    session.chat.open(Conversation(data_policy="any"))
    app = chat_page(session).run()
    group = app.radio(key="who_may_see_it")
    assert group.options == ["No training", "Nothing kept"]
    assert group.value == "no-training"
    ask(app, "sandbox/echo one")
    ask(choose(app, "nothing-kept"), "sandbox/echo two")
    monkeypatch.setenv("DATA_POLICY", "nothing-kept")
    session.chat.conversation.data_policy = "any"
    app.run()
    assert not app.radio
    assert "only providers that keep nothing" in visible_text(app)
    ask(app, "sandbox/echo three")
    assert providers(sandbox) == [DENY, ZDR, ZDR]


def test_picker(sandbox: Sandbox) -> None:
    """With Nothing kept the picker has only models that can; the chosen one is said to be none."""
    session = signed_in()
    session.chat.model = "sandbox/keeps"
    app = open_choice(chat_page(session))
    assert "sandbox/keeps" in str(app.selectbox(key="model").options[1:])
    assert "tin-robot/drift-3b" in str(app.multiselect(key="fallbacks").options)
    assert not app.warning
    choose(app, "nothing-kept")
    assert r"No provider of Sandbox\: keeps keeps nothing" in app.warning[0].value
    options = str(app.selectbox(key="model").options[1:])
    assert "sandbox/echo" in options
    assert "openrouter/auto" in options
    assert "sandbox/keeps" not in options
    assert "tin-robot/drift-3b" not in str(app.multiselect(key="fallbacks").options)
    app.selectbox(key="model").set_value("sandbox/echo").run()
    assert not app.warning


def test_outside(sandbox: Sandbox) -> None:
    """Web search and the readers of PDFs say that they are outside of it."""
    app = open_choice(chat_page(signed_in()))
    assert "is outside of" not in visible_text(app)
    choose(app, "no-training")
    assert "Web search: its service is outside of *No training*." in visible_text(app)
    assert "This reader of PDFs is outside of *No training*." in visible_text(app)
    app.selectbox(key="pdf_engine_3").set_value("native").run()
    assert "This reader of PDFs" not in visible_text(app)


def test_refused(sandbox: Sandbox) -> None:
    """A model that cannot keep the promise does not get the question."""
    session = signed_in()
    session.chat.model = "sandbox/trains"
    app = choose(chat_page(session).run(), "no-training")
    ask(app, "Hello?")
    assert app.error
    assert session.chat.conversation.turns[0].answer.text == ""


def test_compare(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Compare has one for all its models, which goes along to the chat."""
    monkeypatch.setenv("COMPARED_MODELS", "sandbox/echo, sandbox/keeps")
    session = signed_in()
    app = choose(compare_page(session).run(), "nothing-kept")
    assert r"No provider of Sandbox\: keeps keeps nothing" in app.warning[0].value
    assert "tin-robot/drift-3b" not in str(app.multiselect(key="compared").options)
    app.multiselect(key="compared").set_value(["sandbox/echo", "sandbox/tour"]).run()
    assert not app.warning
    ask(app, "Hello?")
    assert providers(sandbox) == [ZDR, ZDR]
    (conversation, _) = session.comparison.comparison.columns
    app.button(key=f"continue_{conversation.id}").click().run()
    assert session.chat.conversation.data_policy == "nothing-kept"


def test_compare_after_a_reload(sandbox: Sandbox) -> None:
    """A comparison that the tab has stored comes back with who may see it."""
    session = signed_in()
    stored = Comparison(data_policy="nothing-kept")
    stored.ask(["sandbox/echo", "sandbox/tour"], "Hello?", [])
    session.comparison.restore([stored])
    app = compare_page(session).run()
    assert app.radio(key="who_may_see_it").value == "nothing-kept"
