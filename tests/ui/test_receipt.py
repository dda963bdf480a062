"""The receipt under an answer: who answered, where, what was tried, and the cache."""

import pytest

from lib.chat.conversation import Answer
from lib.markdown.renderer import link
from lib.openrouter.events import Usage
from lib.openrouter.providers import Provider
from lib.openrouter.routing import Attempt, Routing
from lib.ui import catalogue
from lib.ui.receipt import receipt_rows, summary_facts
from sandbox.server import Sandbox
from tests.support.pages import ask, chat_page, compare_page, signed_in, visible_text

POLICY = "https://example.org/privacy"
LINK = link(POLICY, "privacy policy")


def test_first_line() -> None:
    """The first line has model, cost and time, as far as they are known."""
    assert list(summary_facts(Answer(seconds=2.04))) == []
    answer = Answer("So.", model="a/b", usage=Usage(1_200, 5, 0.25), seconds=2.04)
    assert list(summary_facts(answer)) == ["a/b", "25 cents", "2.0\N{NO-BREAK SPACE}s"]


@pytest.mark.parametrize(
    ("provider", "shown"),
    [
        (Provider("P<"), "P&lt;"),
        (Provider("P<", POLICY), f"P&lt;, {LINK}"),
        (Provider("P<", POLICY, ("DE", "IE")), f"P&lt;, {LINK}, data centers in DE, IE"),
        (Provider("P<", "", ("US",)), "P&lt;, data centers in US"),
        (Provider("another", POLICY), "P&lt;"),
    ],
)
def test_provider(provider: Provider, shown: str) -> None:
    """The provider has a link to its privacy policy and its data centers, as far as they are known."""
    rows = receipt_rows(Answer(provider="P<"), {provider.name: provider})
    assert list(rows) == [("Provider", shown)]


def test_routing() -> None:
    """What failed before the answer is said, with its status; who answered is not said twice."""
    attempts = (Attempt("A<", "m", 503), Attempt("B", "m", 429), Attempt("C", "m", 200))
    rows = receipt_rows(Answer(routing=Routing(attempts, "iad")), {})
    facts = "tried before: A&lt; (503), B (429), OpenRouter region iad"
    assert list(rows) == [("Routing", facts)]
    assert list(receipt_rows(Answer(routing=Routing(attempts[2:])), {})) == []


def test_cache() -> None:
    """What was read from the cache is said, if anything was."""
    tokens = "1,200 prompt and 5 completion tokens"
    for cached, more in ((1_000, ", 1,000 of the prompt read from the cache"), (0, "")):
        rows = receipt_rows(Answer(usage=Usage(1_200, 5, None, cached)), {})
        assert list(rows) == [("Tokens", tokens + more)]


def test_page(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer has its receipt in the chat and in Compare."""
    monkeypatch.setenv("COMPARED_MODELS", "sandbox/tried, anthropic/sandbox")
    catalogue.of(sandbox.base_url).providers(timeout=5)  # type: ignore[attr-defined]
    session = signed_in()
    app = ask(compare_page(session).run(), "Hello?")
    assert visible_text(app).count("https://example.org/sandbox/privacy") == 2
    assert "Tin Robot (503), Paper Mill (429)" in visible_text(app)
    session.chat.model = "anthropic/sandbox"
    app = chat_page(session).run()
    for _ in range(2):
        ask(app, "Hello?")
    assert "of the prompt read from the cache" in visible_text(app)
    first, second = (completion["body"] for completion in list(sandbox.completions)[2:])
    assert "cache_control" not in first
    assert second["cache_control"] == {"type": "ephemeral"}
    assert first["session_id"] == second["session_id"] == session.chat.conversation.id
