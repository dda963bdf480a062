"""The compare page: the models it begins with."""

import pytest

from sandbox.server import Sandbox
from tests.support.pages import ask, compare_page, signed_in, visible_text


def test_no_catalogue(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a catalogue the page says so, and begins as usual once there is one."""
    monkeypatch.setenv("COMPARED_MODELS", "sandbox/echo, sandbox/tour")
    app = compare_page(signed_in())
    with monkeypatch.context() as patch:
        patch.setenv("OPENROUTER_API_URL", "http://127.0.0.1:9")
        app.run()
    assert "could not be loaded" in app.warning[0].value
    assert app.run().multiselect(key="compared").value == ["sandbox/echo", "sandbox/tour"]


def test_models_of_the_settings(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """The settings prepare the models to compare; one that is not in the catalogue is left out."""
    monkeypatch.setenv("COMPARED_MODELS", "sandbox/echo, no/such-model, sandbox/tour")
    app = compare_page(signed_in()).run()
    assert not app.exception
    assert app.multiselect(key="compared").value == ["sandbox/echo", "sandbox/tour"]
    ask(app, "sandbox/echo, who are you?")
    assert not app.exception
    assert {completion["body"]["model"] for completion in sandbox.completions} == {
        "sandbox/echo",
        "sandbox/tour",
    }
    assert "sandbox/echo, who are you?" in visible_text(app)
