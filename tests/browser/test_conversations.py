"""Several conversations: stored in the tab, switched, named, deleted, exported and imported."""

import io
import json
import wave
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from sandbox.answers import picture
from sandbox.server import Sandbox
from tests.browser import steps
from tests.browser.conftest import App, open_chat

pytestmark = pytest.mark.browser


@pytest.fixture
def own_chat(page: Page, app: App, sandbox: Sandbox) -> Page:
    """The chat page in a tab of its own, for a test that changes the tab."""
    open_chat(page, app, sandbox)
    return page


def test_switch_name_delete(chat: Page, sandbox: Sandbox) -> None:
    """Conversations are named by their first message; one switches, renames and deletes."""
    steps.converse(chat, "sandbox/echo first")
    steps.new_chat(chat)
    steps.converse(chat, "sandbox/echo second")
    steps.sidebar(chat).get_by_role("button", name="sandbox/echo first").click()
    expect(steps.answers(chat)).to_contain_text(["sandbox/echo first"])
    steps.converse(chat, "sandbox/echo third")
    contents = [message["content"] for message in sandbox.completions[-1]["body"]["messages"]]
    assert contents == ["sandbox/echo first"] * 2 + ["sandbox/echo third"]
    chat.get_by_role("button", name="This chat", exact=True).click()
    name = chat.get_by_label("Name")
    expect(name).to_have_value("sandbox/echo first")
    name.fill("My talk")
    name.press("Enter")
    expect(steps.sidebar(chat).get_by_role("button", name="My talk")).to_be_visible()
    steps.double_click(chat.get_by_role("button", name="Delete this chat"))
    expect(chat.get_by_test_id("stChatMessage")).to_have_count(0)
    expect(steps.alert(chat)).to_have_count(0)
    expect(steps.sidebar(chat).get_by_role("button", name="My talk")).to_have_count(0)
    chat.wait_for_function("!JSON.stringify({...sessionStorage}).includes('My talk')")
    chat.reload()
    steps.sidebar(chat).get_by_role("button", name="sandbox/echo second").click()
    expect(steps.answers(chat)).to_contain_text(["sandbox/echo second"])
    expect(steps.sidebar(chat).get_by_role("button", name="My talk")).to_have_count(0)


def test_phone(own_chat: Page) -> None:
    """On a phone the sidebar lies over the page, and makes room for what is chosen in it."""
    own_chat.set_viewport_size({"width": 390, "height": 844})
    steps.converse(own_chat, "sandbox/echo one")
    aside, main = steps.sidebar(own_chat), own_chat.get_by_role("main")
    for chosen, shown in (
        (aside.get_by_role("button", name="New chat"), main.get_by_text("Ask anything.")),
        (aside.get_by_role("button", name="sandbox/echo one"), steps.answers(own_chat)),
        (
            aside.get_by_role("link", name="Compare"),
            main.get_by_text("Ask, and each model answers"),
        ),
        (aside.get_by_role("button", name="Sign out"), steps.sign_in_link(own_chat)),
    ):
        own_chat.get_by_role("button", name="Expand sidebar").click()
        chosen.click()
        expect(shown).to_be_visible()
        expect(own_chat.get_by_role("button", name="Collapse sidebar")).to_have_count(0)


def test_find(own_chat: Page) -> None:
    """What is found opens its chat with the question in view, also a second time."""
    for number in range(5):
        if number:
            steps.new_chat(own_chat)
        steps.converse(own_chat, f"sandbox/tour {number}")
    steps.new_chat(own_chat)
    for question in ("sandbox/echo A needle", "sandbox/tour more", "sandbox/tour at the end"):
        steps.converse(own_chat, question)
    steps.new_chat(own_chat)
    own_chat.get_by_label("Find in chats").press_sequentially("NÉEDLE")
    found = own_chat.locator(".st-key-found").get_by_role("button")
    question = own_chat.get_by_role("group", name="Chat message from user").first
    expect(found).to_have_count(1)  # while one types, the first letters find more
    for _ in range(2):
        found.click()
        expect(steps.answers(own_chat)).to_have_count(3)
        expect(question).to_be_in_viewport()
        steps.expect_idle(own_chat)
        expect(own_chat.get_by_role("button", name="Copy").last).to_be_attached()
        expect(question).to_be_in_viewport()
        steps.answers(own_chat).first.hover()
        own_chat.mouse.wheel(0, 5_000)
        expect(question).not_to_be_in_viewport()


def test_restart(page: Page, start_app: Callable[..., App], sandbox: Sandbox) -> None:
    """The app may be restarted while its user is at OpenRouter, and in mid-answer.

    The page finds itself again, signed in, with its chats.
    """
    app = start_app("restarted")
    steps.start(page, app.url)
    app.stop()
    app.start()
    steps.authorize(page)
    steps.expect_chat(page)
    steps.converse(page, "sandbox/reasoning one")
    steps.new_chat(page)
    steps.converse(page, "sandbox/citations two")
    cost = steps.sidebar(page).get_by_text("This chat less than a cent, session ")
    expect(cost).to_be_visible()
    spent = cost.inner_text().partition("session ")[2]
    steps.ask(page, "sandbox/endless please")
    expect(steps.answers(page).last).to_contain_text("word 80")
    app.stop()
    app.start()
    expect(steps.answers(page).last).to_contain_text("This answer broke off here")
    expect(steps.answers(page).last).to_contain_text("word 40")
    expect(steps.answers(page).first.get_by_role("link", name="Rayleigh")).to_be_visible()
    expect(steps.answers(page).first).to_contain_text("completion tokens")
    expect(steps.answers(page)).to_have_count(2)
    expect(cost).to_contain_text(f"session {spent}")
    steps.converse(page, "sandbox/echo and on")
    assert len(sandbox.completions[-1]["body"]["messages"]) == 5
    assert steps.statuses(sandbox) == [200]
    steps.sidebar(page).get_by_role("button", name="sandbox/reasoning one").click()
    expect(page.get_by_text("How the model came to its answer")).to_be_visible()
    page.reload()
    steps.expect_chat(page)
    page.context.clear_cookies()
    page.reload()
    steps.expect_signed_out(page)
    expect(page.get_by_text("sandbox/reasoning one")).to_have_count(0)


def test_page_stands_still(chat: Page, sandbox: Sandbox) -> None:
    """Storing a growing answer moves nothing on the page."""
    steps.ask(chat, "sandbox/endless please")
    expect(steps.last_answer(chat)).to_contain_text("word 2")
    top = """title => title.getBoundingClientRect().top -
        title.closest('[data-testid="stMainBlockContainer"]').getBoundingClientRect().top"""
    title = chat.get_by_role("heading", name="Chat", exact=True)
    before = title.evaluate(top)
    for word in ("word 40", "word 200"):  # ten seconds
        chat.wait_for_function(
            "word => Object.values({...sessionStorage}).some((stored) => stored.includes(word))",
            arg=word,
        )
    assert title.evaluate(top) == before
    steps.stop_answer(chat, sandbox)


@pytest.mark.chromium
def test_only_what_changed_travels(page: Page, app: App, sandbox: Sandbox) -> None:
    """A new turn sends nothing of the ones before it again, however large they are."""
    frames: list[int] = []
    page.on(
        "websocket",
        lambda socket: socket.on("framereceived", lambda data: frames.append(len(data))),
    )
    open_chat(page, app, sandbox)
    steps.attach(page, ("long.txt", "text/plain", b"a long text " * 40_000))
    steps.converse(page, "sandbox/hello one")
    steps.expect_stored(page, "sandbox/hello one")
    assert sum(frames) > 500_000
    frames.clear()
    steps.converse(page, "sandbox/echo two")
    steps.expect_stored(page, "sandbox/echo two")
    assert 1_000 < sum(frames) < 200_000


@pytest.mark.chromium
def test_storage_is_full(own_chat: Page) -> None:
    """A tab whose storage is full says so, and the chat still works."""
    steps.fill_storage(own_chat, 4)
    steps.converse(own_chat, "sandbox/echo " + "a long message " * 100)
    expect(own_chat.get_by_text("cannot store all of your chats")).to_be_visible()
    own_chat.context.grant_permissions(["clipboard-read", "clipboard-write"])
    own_chat.get_by_role("button", name="Copy").click()
    expect(own_chat.get_by_role("button", name="Copied")).to_be_visible()
    assert own_chat.evaluate("navigator.clipboard.readText()").endswith("a long message " * 3)
    steps.converse(own_chat, "sandbox/echo more")
    own_chat.evaluate("sessionStorage.clear()")
    steps.new_chat(own_chat)
    steps.converse(own_chat, "sandbox/echo third")
    steps.expect_stored(own_chat, "sandbox/echo third")
    own_chat.reload()
    expect(steps.answers(own_chat)).to_contain_text(["sandbox/echo third"])


def test_sign_out_in_mid_answer(own_chat: Page, sandbox: Sandbox) -> None:
    """Signing out ends the stream within a second; the tab holds nothing of what was said."""
    steps.converse(own_chat, "sandbox/echo secret")
    steps.expect_stored(own_chat, "secret")
    steps.ask(own_chat, "sandbox/endless please")
    expect(steps.answers(own_chat).last).to_contain_text("word 5")
    own_chat.get_by_role("button", name="Sign out").click()
    steps.expect_streams_to_end(sandbox)
    steps.expect_signed_out(own_chat)
    expect(own_chat.get_by_test_id("stChatMessage")).to_have_count(0)
    expect(own_chat.get_by_text("secret")).to_have_count(0)
    own_chat.wait_for_function("!JSON.stringify({...sessionStorage}).includes('secret')")
    own_chat.reload()
    steps.expect_signed_out(own_chat)


def test_media_after_sign_out(own_chat: Page) -> None:
    """An image of a chat is not served after its user has signed out."""
    steps.converse(own_chat, "sandbox/image please")
    image = steps.answers(own_chat).get_by_role("img", name="Image 1")
    url = image.evaluate("image => image.src")
    assert own_chat.request.get(url).status == 200
    own_chat.get_by_role("button", name="Sign out").click()
    steps.expect_signed_out(own_chat)
    steps.wait_for(lambda: own_chat.request.get(url).status == 404)


def test_save_and_open(chat: Page) -> None:
    """A chat saved as JSON can be opened again; another file is refused with a sentence."""
    steps.converse(chat, "sandbox/image please")
    chat.get_by_role("button", name="This chat", exact=True).click()
    with chat.expect_download() as download:
        chat.get_by_role("button", name="Save as JSON").click()
    assert download.value.suggested_filename == "sandbox-image-please.json"
    saved = download.value.path().read_bytes()
    assert json.loads(saved)["turns"][0]["question"] == "sandbox/image please"
    chat.get_by_role("button", name="Delete this chat").click()
    chat.get_by_role("button", name="Open a saved chat").click()
    upload = chat.locator("[data-testid=stFileUploader] input[type=file]")
    junk = {"name": "junk.json", "mimeType": "application/json", "buffer": b'{"a": 1}'}
    upload.set_input_files(junk)
    expect(steps.alert(chat)).to_contain_text("not a chat that was saved here")
    upload.set_input_files({**junk, "name": "chat.json", "buffer": saved})
    expect(steps.answers(chat)).to_contain_text(["as colourful as a sandbox can paint"])
    expect(steps.answers(chat).get_by_role("img", name="Image 1")).to_be_visible()
    expect(steps.alert(chat)).to_have_count(0)


# Files


def silence() -> bytes:
    """A tenth of a second of nothing, as WAV."""
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8_000)
        sound.writeframes(bytes(1_600))
    return file.getvalue()


def test_files(chat: Page, sandbox: Sandbox) -> None:
    """Files go with a message, stay visible in it, and outlive a reload."""
    steps.attach(
        chat,
        ("plan.pdf", "application/pdf", b"%PDF-1.7"),
        ("notes.txt", "text/plain", "Ümlaute".encode()),
        ("photo.png", "image/png", picture(40, 20)),
        ("voice.wav", "audio/wav", silence()),
    )
    steps.ask(chat, "sandbox/hello, what is this?")
    answer = steps.answers(chat).last
    expect(answer).to_contain_text("the file plan.pdf (application/pdf, 8 bytes)")
    expect(answer).to_contain_text("an image (image/png")
    parts = sandbox.completions[-1]["body"]["messages"][0]["content"]
    assert [part["type"] for part in parts] == ["text", "file", "text", "image_url", "input_audio"]
    for is_reloaded in (False, True):
        if is_reloaded:
            chat.reload()
        question = chat.get_by_role("group", name="Chat message from user")
        expect(question).to_contain_text("plan.pdf")
        expect(question).to_contain_text("notes.txt")
        expect(question.get_by_role("img", name="photo.png")).to_be_visible()
        expect(question.get_by_test_id("stAudio")).to_be_visible()


@pytest.mark.chromium
def test_image_by_paste_and_drop(chat: Page, sandbox: Sandbox) -> None:
    """An image is pasted or dropped into the message; one that is none is refused, also alone."""
    steps.attach(chat, ("broken.png", "image/png", b"no image"))
    chat.get_by_placeholder("Ask anything").press("Enter")
    expect(steps.alert(chat)).to_contain_text("Nothing was sent; choose another file.")
    expect(steps.answers(chat)).to_have_count(0)
    for way, target in {
        "paste": chat.get_by_placeholder("Ask anything"),
        "drop": chat.get_by_test_id("stChatInputFileUploadButton"),
    }.items():
        with chat.expect_response(lambda response: "upload_file" in response.url):
            target.evaluate(
                """(target, [way, bytes]) => {
                    const data = new DataTransfer();
                    data.items.add(new File([new Uint8Array(bytes)], "a.png", {type: "image/png"}));
                    const event = way === "paste"
                        ? new ClipboardEvent(way, {clipboardData: data, bubbles: true})
                        : new DragEvent(way, {dataTransfer: data, bubbles: true});
                    target.dispatchEvent(event);
                }""",
                [way, list(picture(4, 4))],
            )
        expect(chat.get_by_test_id("stChatInput").get_by_text("a.png")).to_be_visible()
        steps.ask(chat, f"sandbox/hello {way}")
        answer = steps.answers(chat).last
        expect(answer).to_contain_text(f"sandbox/hello {way}")
        expect(answer).to_contain_text("an image (image/png")
    steps.attach(chat, ("broken.png", "image/png", b"no image"))
    steps.ask(chat, "sandbox/hello again")
    expect(steps.alert(chat)).to_contain_text("broken.png is not what its name says")
    assert len(sandbox.completions) == 2
    chat.get_by_role("button", name="Try again").click()
    expect(steps.answers(chat).last).to_contain_text("sandbox/hello again")
    assert len(sandbox.completions) == 3


PASTE = """async ([text, bytes, name]) => {
    const target = document.activeElement;
    const data = new DataTransfer();
    data.setData("text/plain", text);
    data.items.add(new File([new Uint8Array(bytes)], name, {type: "image/png"}));
    return target.dispatchEvent(
        new ClipboardEvent("paste", {clipboardData: data, bubbles: true, cancelable: true}));
}"""
COPY = """async ([text, bytes]) => {
    const parts = {"text/plain": text, "image/png": new Uint8Array(bytes)};
    const blob = (kind) => new Blob([parts[kind]], {type: kind});
    await navigator.clipboard.write([new ClipboardItem(
        Object.fromEntries(Object.keys(parts).map((kind) => [kind, blob(kind)])))]);
}"""


@pytest.mark.chromium
def test_pasted_cells(own_chat: Page, sandbox: Sandbox) -> None:
    """Cells, which a spreadsheet copies as text and as a picture, are pasted as text."""
    own_chat.context.grant_permissions(["clipboard-read", "clipboard-write"])
    own_chat.evaluate(COPY, ["a\tb", list(picture(4, 4))])
    question = own_chat.get_by_placeholder("Ask anything")
    question.focus()
    own_chat.keyboard.press("Control+V")
    expect(question).to_have_value("a\tb")
    assert own_chat.evaluate(PASTE, ["a\tb", list(picture(4, 4)), "image.png"])
    files = own_chat.get_by_test_id("stChatInput").get_by_test_id("stFileChip")
    # A copied file with its name, and a picture.
    for count, text in enumerate(("cat.png", "/home/me/cat.png", ""), 1):
        assert not own_chat.evaluate(PASTE, [text, list(picture(4, 4)), "cat.png"])
        expect(files).to_contain_text(count * ["cat.png"])
