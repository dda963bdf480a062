"""Text from outside, wherever it is shown: as it is, and no request to another site for it."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from lib.chat.archive import encode
from lib.chat.conversation import Answer, Conversation, Turn
from lib.openrouter.events import Citation
from sandbox import server
from sandbox.keys import Key
from sandbox.models import models
from sandbox.server import Sandbox
from tests.browser import steps
from tests.browser.conftest import App, arrive_signed_in

pytestmark = pytest.mark.browser

PIECES = [
    "`](x) ![](http://x.test/a)",
    "]] ![b](//x.test/b) ``` **c**",
    "$x$ :material/home: :smile: :red[d] -> e",
    "<img src=http://x.test/f> &amp;",
    "[g](javascript:alert(1))",
    "1. h :streamlit: :material_home:",
]
ALL = " ".join(PIECES)


def as_it_is(text: str) -> re.Pattern[str]:
    """The text, in which something invisible may keep two characters apart."""
    return re.compile(r"\u2060?".join(map(re.escape, text)))


def saved(text: str) -> bytes:
    """A saved chat in which each text of others is this one."""
    answer = Answer("An answer.", "failed", failure=text, model="lab/hostile", provider=text)
    answer.citations = [Citation("https://example.org/a", text)]
    file = json.loads(encode(Conversation([Turn("Why?", [answer])], name=text)))
    attached = {"name": f"{text}.txt".replace("/", ""), "kind": "text", "form": "txt"}
    file["turns"][0]["attachments"] = [{**attached, "content": "eA=="}]
    return json.dumps(file).encode()


class HostileKey(Key):
    """A key with a name of somebody else's choice."""

    def data(self, secret: str) -> dict[str, Any]:
        """Return what OpenRouter says of the key."""
        return {**super().data(secret), "label": ALL}


def test_hostile(
    page: Page, start_app: Callable[..., App], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing from outside is taken for markdown, an icon or a formula; nor is anything loaded."""
    listed = [{**models()[0], "id": "lab/hostile", "name": PIECES[0]}]
    monkeypatch.setattr(server, "models", lambda: listed)
    sandbox = Sandbox()
    with sandbox.serve() as base_url:
        settings = {"APP_TITLE": ALL, "APP_PROMPTS": ALL, "OPENROUTER_BASE_URL": base_url}
        app = start_app("hostile", **settings)
        arrive_signed_in(page.context, app, sandbox)
        for key in sandbox.keys:
            sandbox.keys[key] = HostileKey("test")
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))

        page.goto(app.url)
        expect(page.get_by_role("heading", level=1)).to_have_text(as_it_is(ALL))
        expect(page.get_by_text("Your key: ")).to_have_text(as_it_is(f"Your key: {ALL}"))
        page.goto(f"{app.url}chat?model=lab/hostile")
        sidebar = page.get_by_test_id("stSidebar")
        expect(sidebar.get_by_text("Signed in as ")).to_contain_text(as_it_is(ALL))
        main = page.get_by_role("main")
        expect(main.get_by_role("button").get_by_text(as_it_is(ALL))).to_be_visible()
        expect(main.get_by_role("button").get_by_text(as_it_is(PIECES[0])).last).to_be_visible()

        page.get_by_role("button", name="Open a saved chat").click()
        upload = page.locator("[data-testid=stFileUploader] input[type=file]")
        for number, piece in enumerate(PIECES):
            name = f"{number}.json"
            content = {"name": name, "mimeType": "application/json", "buffer": saved(piece)}
            upload.set_input_files(content)
            # The whole text is in each of these places, and nothing was made of a part of it.
            expect(steps.alert(page)).to_have_text(as_it_is(piece))
            answer = steps.answers(page)
            expect(answer.locator(".receipt dd").first).to_have_text(piece)
            source = answer.locator("a[href='https://example.org/a']")
            expect(source).to_have_text(as_it_is(piece))
            question = page.get_by_test_id("stChatMessage").first
            expect(question).to_contain_text(as_it_is(f"{piece}.txt".replace("/", "")))
            title = sidebar.get_by_test_id("stMarkdownContainer").get_by_text(as_it_is(piece))
            expect(title.first).to_be_visible()
            expect(main.locator("img, .katex, a[href^=javascript]")).to_have_count(0)
            expect(sidebar.locator("img, .katex, a[href^=javascript]")).to_have_count(0)
        assert asked
        own = (app.url, "data:", "blob:", "https://data.streamlit.io/metrics.json")
        assert [url for url in asked if not url.startswith(own)] == []
