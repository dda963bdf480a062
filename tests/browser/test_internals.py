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
from tests.browser.test_compare import add

pytestmark = pytest.mark.browser


def test_version() -> None:
    """Another version of Streamlit wants these tests read, and the number changed."""
    assert st.__version__.startswith(f"{internals.VERSION}.")


def test_selectors(page: Page, app: App, sandbox: Sandbox) -> None:
    """Each part of Streamlit's page that the app names exists, and the app names no other."""
    names = "".join((ROOT / "lib" / "ui" / name).read_text() for name in ("tab.css", "tab.js"))
    used = set(re.findall(r'\[(?:data-testid|aria-controls)="st\w+"\]', names))
    assert used == set(internals.SELECTORS)
    arrive_signed_in(page.context, app, sandbox)
    page.goto(f"{app.url}chat")
    steps.attach(page, ("photo.png", "image/png", picture(40, 20)))
    steps.ask(page, "sandbox/tour please")
    # With this toolbar it does not show; test_clicks_in_mid_answer has one with which it does.
    used.remove('[data-testid="stStatusWidget"]')
    for selector in used - {columns := '[data-testid="stColumn"]'}:
        expect(page.locator(selector).first).to_be_attached()
    page.goto(f"{app.url}compare")
    for model in ("sandbox/echo", "sandbox/tour"):
        add(page, model)
    steps.compare(page, "Hello?")
    expect(page.locator(columns)).to_have_count(3)
