"""Take the README's screenshots of the app against the sandbox: `python -m docs.screenshots`."""

from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import expect, sync_playwright

from sandbox.server import Sandbox
from tests.browser import steps
from tests.browser.conftest import CHROMIUM, App, chromium_path
from tests.browser.test_compare import choose

HERE = Path(__file__).parent

with Sandbox().serve() as base_url, TemporaryDirectory() as home, sync_playwright() as playwright:
    app = App(Path(home), OPENROUTER_BASE_URL=base_url, OPENROUTER_KEY_LIMIT="5")
    app.start()
    try:
        chromium = playwright.chromium.launch(executable_path=chromium_path(), args=CHROMIUM)
        page = chromium.new_page(viewport={"width": 1280, "height": 800}, device_scale_factor=1.5)
        steps.sign_in(page, app.url)
        steps.ask(page, "What can an answer hold? Show me sandbox/tour.")
        expect(page.get_by_text("sandbox/tour ·")).to_be_visible()
        expect(page.get_by_text("left of this key's limit")).to_be_visible()
        page.screenshot(path=HERE / "chat.png")
        page.get_by_role("button", name="New chat").click()
        page.get_by_role("button", name="Auto Router").click()
        page.get_by_role("combobox", name="to choose from").click()
        page.keyboard.type("breeze")
        expect(page.get_by_role("option").first).to_contain_text("Breeze")
        page.screenshot(path=HERE / "models.png")
        page.keyboard.press("Escape")
        page.set_viewport_size({"width": 1280, "height": 1150})
        page.goto(f"{app.url}compare")
        choose(page, "sandbox/hello", "sandbox/reasoning", "sandbox/citations")
        question = page.get_by_placeholder("Ask all of them")
        question.fill("Why is the sky blue?")
        question.press("Enter")
        expect(page.get_by_text("completion tokens")).to_have_count(3)
        page.wait_for_timeout(1000)  # until the page has scrolled to the end of the answers
        page.mouse.move(700, 500)
        page.mouse.wheel(0, -5000)
        expect(page.get_by_role("heading", name="Compare")).to_be_in_viewport()
        page.screenshot(path=HERE / "compare.png")
        page.set_viewport_size({"width": 1280, "height": 1000})
        page.goto(f"{app.url}how_it_works")
        page.get_by_role("radio", name="Sandbox").click()
        expect(page.get_by_role("button", name="Run the attacks")).to_be_visible()
        page.get_by_role("link", name="Start this sign-in").click()
        steps.authorize(page)
        expect(page.get_by_text("Who has seen what")).to_be_visible()
        page.get_by_role("button", name="Run the attacks").click()
        expect(page.get_by_text("What no method refuses")).to_be_visible()
        page.get_by_role("heading", name="Try to break it").evaluate(
            "heading => { heading.scrollIntoView(); document.querySelector('#stMain').scrollBy(0, -50) }"
        )
        page.screenshot(path=HERE / "how_it_works.png")
        chromium.close()
    finally:
        app.stop()
