"""The cost of a question follows what is typed, in the browser alone."""

import re

import pytest
from playwright.sync_api import Page, expect

from sandbox.server import Sandbox
from tests.browser import steps
from tests.browser.conftest import App, arrive_signed_in

pytestmark = pytest.mark.browser


def test_typing(page: Page, app: App, sandbox: Sandbox) -> None:
    """The amounts grow with the text, of any script, and fall when it is sent; none is read out."""
    arrive_signed_in(page.context, app, sandbox)
    page.goto(f"{app.url}chat?model=anthropic/sandbox")
    cost = page.get_by_text("This question:")
    expect(cost).to_have_text("This question: less than a cent, at most 7 cents")
    field = page.get_by_placeholder("Ask anything")
    field.fill("A dozen words. " * 2_000)
    expect(cost).to_have_text(re.compile(r"about 3 cents, at most 1\d cents"))
    field.fill("猫" * 12_000)
    expect(cost).to_have_text(re.compile(r"about 4 cents, at most 2\d cents"))
    expect(cost).to_have_attribute("title", re.compile(r"^About \$0\.0\d+, at most \$0\.\d+ with"))
    assert cost.evaluate("line => line.closest('[aria-live], [role=status]')") is None
    field.fill("")
    steps.attach(page, ("notes.txt", "text/plain", b"some"))
    expect(cost).to_have_text(
        "This question: less than a cent, at most 7 cents, and what its files cost"
    )
    steps.converse(page, "Hello?")
    expect(cost).to_have_text("This question: less than a cent, at most 7 cents")
    assert len(sandbox.completions) == 1
