"""The receipt under an answer: who answered, where, what was tried, and the cache."""

import pytest

from lib.chat.conversation import Answer
from lib.openrouter.events import Usage
from lib.openrouter.providers import Provider
from lib.openrouter.routing import Attempt, Routing
from lib.ui import catalogue
from lib.ui.messages import answer_facts
from sandbox.server import Sandbox
from tests.support.pages import ask, chat_page, compare_page, signed_in, visible_text

POLICY = "https://example.org/privacy"


@pytest.mark.parametrize(
    ("provider", "shown"),
    [
        (Provider("P*"), r"by P\*"),
        (Provider("P*", POLICY), rf"by P\* ([privacy policy]({POLICY}))"),
        (
            Provider("P*", POLICY, ("DE", "IE")),
            rf"by P\* ([privacy policy]({POLICY}), data centers in DE, IE)",
        ),
        (Provider("P*", "", ("US",)), r"by P\* (data centers in US)"),
        (Provider("another", POLICY), r"by P\*"),
    ],
)
def test_provider(provider: Provider, shown: str) -> None:
    """The provider has a link to its privacy policy and its data centers, as far as they are known."""
    assert answer_facts(Answer(provider="P*"), {provider.name: provider}) == [shown]


def test_routing() -> None:
    """What failed before the answer is said, with its status; who answered is not said twice."""
    attempts = (Attempt("A*", "m", 503), Attempt("B", "m", 429), Attempt("C", "m", 200))
    facts = answer_facts(Answer(routing=Routing(attempts, "iad")), {})
    assert facts == [r"tried before\: A\* (503), B (429)", "OpenRouter region iad"]
    assert answer_facts(Answer(routing=Routing(attempts[2:])), {}) == []


def test_cache() -> None:
    """What was read from the cache is said, if anything was."""
    facts = answer_facts(Answer(usage=Usage(1_200, 5, None, 1_000)), {})
    assert facts[1:] == ["1,000 of the prompt read from the cache"]
    assert len(answer_facts(Answer(usage=Usage(1_200, 5, None)), {})) == 1


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
