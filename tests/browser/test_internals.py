"""What the app uses of Streamlit that is not in its public API is there."""

import re

import pytest
import streamlit as st
from playwright.sync_api import Page, expect

from lib.ui import internals
from sandbox.answers import picture
from sandbox.server import Sandbox
from tests.browser import steps
from tests.browser.conftest import ROOT, App, arrive_signed_in

pytestmark = pytest.mark.browser


def test_version() -> None:
    """Another version of Streamlit wants these tests read, and the number changed."""
    assert st.__version__.startswith(f"{internals.VERSION}.")


def test_selectors(page: Page, app: App, sandbox: Sandbox) -> None:
    """Each part of Streamlit's page that the app names exists, and the app names no other."""
    sources = [*(ROOT / "lib" / "ui").glob("*.css"), *(ROOT / "lib" / "ui").glob("*.js")]
    names = "".join(path.read_text() for path in sources)
    used = set(re.findall(r'\[(?:data-testid|aria-controls)="st\w+"\]|\.st[A-Z]\w+', names))
    assert used == set(internals.SELECTORS)
    arrive_signed_in(page.context, app, sandbox)
    page.goto(f"{app.url}chat")
    steps.attach(page, ("photo.png", "image/png", picture(40, 20)))
    chip = '[data-testid="stFileChip"]'  # until the file is sent
    expect(page.locator(chip)).to_be_attached()
    used.remove(chip)
    steps.ask(page, "sandbox/echo A picture:\n\n```mermaid\nno diagram\n```\n")
    # With this toolbar it does not show; test_clicks_in_mid_answer has one with which it does.
    used.remove('[data-testid="stStatusWidget"]')
    expands = '[data-testid="stExpandSidebarButton"]'
    for selector in used - {expands}:
        expect(page.locator(selector).first).to_be_attached()
    page.get_by_test_id("stSidebar").hover()
    page.get_by_role("button", name="Collapse sidebar").click()
    expect(page.locator(expands)).to_be_attached()
