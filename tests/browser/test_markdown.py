"""What models write, on the page: as it streams, when it is whole, and what is copied of it."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from sandbox.answers import TOUR
from sandbox.server import Sandbox
from tests.browser import steps
from tests.browser.conftest import App, open_chat

pytestmark = pytest.mark.browser

CODE = "\n  if (![1, 2].includes(x)) return;\n\n\t\n   const a = `$1`;  "
FORMULAS = (
    r"Then \( \begin{pmatrix} a & b \\ c & d \end{pmatrix} \) holds, \(\text{<b onclick=x>}\) and "
    r"\(\ce{H2O}\).\n\n"
)


def expect_whole(page: Page, count: int) -> None:
    """The page has this number of answers, and the last one is whole."""
    expect(steps.answers(page)).to_have_count(count)
    expect(steps.last_answer(page)).to_contain_text("completion tokens")
    expect(steps.stop(page)).to_have_count(0)


def text_of(blocks: Locator) -> list[str]:
    """The text of blocks, without line ends and without what is only a button or a formula."""
    return blocks.evaluate_all(
        """(blocks) => blocks.map((block) => {
            const copy = block.cloneNode(true);
            copy.querySelectorAll("math, button").forEach((element) => element.remove());
            return copy.textContent.replace(/\\s+/g, "");
        })"""
    )  # type: ignore[no-any-return]


def test_tour(chat: Page, browser_signed_in: BrowserContext) -> None:
    """An answer is the same after a rerun, and its copy is the markdown that the model wrote."""
    steps.ask(chat, "sandbox/tour please")
    expect_whole(chat, 1)
    answer = steps.last_answer(chat)
    expect(answer.get_by_role("heading", name="A tour of what an answer may hold")).to_be_visible()
    expect(answer.get_by_role("cell", name="131,072")).to_be_visible()
    expect(answer.locator("pre")).to_contain_text('return f"Hello, {name}!"')
    expect(answer.locator(".k").first).to_have_text("def")
    expect(answer.locator("math")).to_have_count(2)
    expect(answer.locator("math[display=block]")).to_have_count(1)
    expect(answer.locator("ol > li > ul > li")).to_have_text(
        ["nested, with umlauts: äöüß", "nested, with emoji: 🚀 👩‍🔬"]
    )
    expect(answer.locator("blockquote")).to_be_visible()
    expect(answer).not_to_contain_text("**")
    streamed = answer.locator(".stHtml").all_inner_texts()
    steps.ask(chat, "sandbox/echo something else")
    expect_whole(chat, 2)
    assert steps.answers(chat).first.locator(".stHtml").all_inner_texts() == streamed
    browser_signed_in.grant_permissions(["clipboard-read", "clipboard-write"])
    steps.answers(chat).first.get_by_role("button", name="Copy").last.click()
    expect(steps.answers(chat).first.get_by_role("button", name="Copied")).to_be_visible()
    assert chat.evaluate("navigator.clipboard.readText()") == TOUR


@pytest.mark.chromium
def test_habits(chat: Page) -> None:
    """Formulas, money, HTML and images are shown as models mean them, and no URL is loaded."""
    elsewhere: list[str] = []
    chat.on("request", lambda request: elsewhere.append(request.url))
    steps.ask(chat, "sandbox/habits please")
    expect_whole(chat, 1)
    answer = steps.last_answer(chat)
    expect(answer.locator("math")).to_have_count(2)
    expect(answer).to_contain_text("It costs $5 and $10, and not $15 at 10:30.")
    expect(answer).to_contain_text("<b>HTML</b> is text: <script>alert(1)</script>")
    expect(answer).to_contain_text(":red[no directive]")
    image = answer.get_by_role("link", name="Image: A tracking pixel")
    expect(image).to_have_attribute("href", "https://example.org/pixel.png?what=was-said")
    expect(answer.locator("a[href^='javascript:'], img")).to_have_count(0)
    assert not [url for url in elsewhere if "example.org" in url]


@pytest.mark.chromium
def test_code(chat: Page, browser_signed_in: BrowserContext) -> None:
    """Code is copied byte for byte; the keyboard reaches and scrolls it."""
    steps.ask(chat, f"sandbox/echo\n\n```js\n{CODE}\n```\n")
    expect_whole(chat, 1)
    code = steps.last_answer(chat).get_by_role("region", name="Code, js")
    assert code.text_content() == CODE
    browser_signed_in.grant_permissions(["clipboard-read", "clipboard-write"])
    steps.last_answer(chat).locator(".code").get_by_role("button", name="Copy").click()
    expect(steps.last_answer(chat).get_by_role("button", name="Copied")).to_be_visible()
    assert chat.evaluate("navigator.clipboard.readText()") == CODE
    code.focus()
    expect(code).to_be_focused()


@pytest.mark.chromium
def test_formulas(page: Page, app: App, sandbox: Sandbox) -> None:
    """Formulas are MathML in a font of their own, loaded with the first; copying gives their TeX."""
    open_chat(page, app, sandbox)
    font = "[...document.fonts].find(({ family }) => family.includes('STIX Two Math')).status"
    steps.converse(page, "sandbox/echo no formula")
    assert page.evaluate(font) == "unloaded"
    steps.ask(page, "sandbox/echo " + FORMULAS)
    expect_whole(page, 2)
    answer = steps.last_answer(page)
    expect(answer.locator("mtable mtd")).to_have_text(["a", "b", "c", "d"])
    expect(answer.locator("mtext")).to_have_text("<b onclick=x>")
    expect(answer.locator("math [onclick], math b")).to_have_count(0)
    expect(answer.get_by_text(r"\(\ce{H2O}\)")).to_be_visible()
    page.wait_for_function(f"{font} === 'loaded'")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    answer.locator("p").first.evaluate("(element) => getSelection().selectAllChildren(element)")
    page.keyboard.press("Control+C")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert r"\( \begin{pmatrix} a & b \\ c & d \end{pmatrix} \) holds" in copied


@pytest.mark.chromium
def test_diagram(chat: Page) -> None:
    """A diagram is drawn above its source; of a faulty one only the source is shown."""
    graph = "graph TD; A[Begin] --> B[End]"
    steps.ask(chat, f"sandbox/echo\n\n```mermaid\n{graph}\n```\n\n```mermaid\ngraph TD; A[[[\n```")
    expect_whole(chat, 1)
    answer = steps.last_answer(chat)
    expect(answer.locator("pre")).to_have_text([graph, "graph TD; A[[["])
    expect(answer.get_by_test_id("stMermaidChart").first).to_be_visible()
    expect(answer.get_by_test_id("stMermaidError")).to_be_attached()
    expect(answer.get_by_test_id("stMermaidError")).to_be_hidden()


@pytest.mark.chromium
def test_growing(chat: Page) -> None:
    """While an answer grows, finished blocks are left alone: what is selected stays selected."""
    steps.ask(chat, "sandbox/echo a beginning\n\n" + "Some words to read meanwhile. " * 60)
    beginning = steps.last_answer(chat).get_by_text("a beginning")
    expect(steps.last_answer(chat).get_by_text("words to read")).to_be_visible()
    beginning.click(click_count=3)
    beginning.evaluate("(element) => { element.isTheSame = true; }")
    expect_whole(chat, 1)
    assert beginning.evaluate("(element) => element.isTheSame")
    assert "a beginning" in chat.evaluate("getSelection().toString()")


@pytest.mark.chromium
def test_saved_page(chat: Page, tmp_path: Path) -> None:
    """The saved page has the text of the screen, and shows its formulas without any script."""
    for count, name in enumerate(("tour", "habits"), 1):
        steps.ask(chat, f"sandbox/{name} please")
        expect_whole(chat, count)
    shown = "".join(text_of(steps.answers(chat).locator(".stHtml > :not(.receipt)")))
    chat.get_by_role("button", name="This chat").click()
    with chat.expect_download() as download:
        chat.get_by_role("button", name="Save as a page").click()
    path = tmp_path / "chat.html"
    download.value.save_as(path)
    browser = chat.context.browser
    assert browser
    context = browser.new_context(offline=True)
    try:
        page = context.new_page()
        page.goto(path.as_uri())
        assert "".join(text_of(page.locator(".answer > *"))) == shown
        expect(page.locator("math")).to_have_count(4)
        assert re.search("<script|javascript:", path.read_text("utf-8")) is None
    finally:
        context.close()
