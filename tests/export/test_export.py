"""Conversations to give to others: what the page and the Markdown hold, and what they never do."""

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from html.parser import HTMLParser

import pytest
from markdown_it import MarkdownIt

from lib.chat.attachments import Attachment
from lib.chat.conversation import Answer, Conversation, Turn
from lib.export import to_html, to_markdown
from lib.openrouter.events import Citation, GeneratedImage, Usage
from lib.openrouter.routing import Attempt, Routing
from sandbox import answers
from tests.markdown.hostile import HOSTILE

AT = datetime(2026, 3, 9, 8, 5, tzinfo=UTC)
OWN_ELEMENTS = re.compile(
    "html|head|meta|title|style|body|header|main|footer|article|section|h[1-6]|div|span|p|dl|dt|dd|details|"
    "summary|figure|figcaption|img|a|ol|ul|li|table|thead|tbody|tr|th|td|pre|code|blockquote|"
    "strong|em|s|hr|br|sup|math|m[a-z]+"
)
OWN_ATTRIBUTES = re.compile(
    "charset|http-equiv|content|name|lang|dir|class|role|scope|aria-label|tabindex|style|src|alt|href|"
    "rel|target|start|display|displaystyle|scriptlevel|stretchy|fence|form|accent|lspace|rspace|"
    "width|mathvariant|linethickness|notation|minsize|maxsize|movablelimits"
)
OWN_STYLE = re.compile(r"text-align:(left|center|right)|((left|right):[\d.]+%;)?bottom:[\d.]+%")

UNREADABLE = {1: None, 0: None, 0xD800: None, 0xFFFD: None, 0x3F: None}


@dataclass
class Page(HTMLParser):
    """An exported page as a browser reads it: its elements, and its text."""

    html: str
    elements: list[tuple[str, dict[str, str | None]]] = field(default_factory=list)
    text: str = ""
    title: str = ""

    def __post_init__(self) -> None:
        super().__init__()
        self._inside = ""
        self.feed(self.html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep an element."""
        self.elements.append((tag, dict(attrs)))
        self._inside = tag

    def handle_endtag(self, tag: str) -> None:
        """Go on behind an element."""
        self._inside = ""

    def handle_data(self, data: str) -> None:
        """Keep what is there to be read."""
        if self._inside == "title":
            self.title = data
        elif self._inside != "style":
            self.text += data

    def all(self, tag: str, attribute: str) -> list[str | None]:
        """What an attribute says in all elements of a name."""
        return [attributes.get(attribute) for name, attributes in self.elements if name == tag]

    def facts(self) -> dict[str, str]:
        """The last value of each fact."""
        return dict(re.findall(r"<dt>(.*?)</dt><dd>(.*?)</dd>", self.html))


def conversation(*given: Answer, question: str = "a question") -> Conversation:
    """A conversation in which each of these answers was given."""
    return Conversation([Turn(question, [answer]) for answer in given])


def page(of: Conversation) -> Page:
    """The exported page of a conversation."""
    return Page(to_html(of, exported_at=AT).decode())


def assert_harmless(found: Page) -> None:
    """Only our elements and attributes, images of the page itself, and links to web and mail."""
    for tag, attributes in found.elements:
        assert OWN_ELEMENTS.fullmatch(tag)
        assert all(map(OWN_ATTRIBUTES.fullmatch, attributes))
        if "src" in attributes:
            assert tag == "img"
            assert re.fullmatch(r"data:image/\w+;base64,[\w+/=]*", attributes["src"] or "")
        if "href" in attributes:
            assert tag == "a"
            assert re.match(r"(https?://|mailto:)", attributes["href"] or "")
            assert attributes["rel"] == "noreferrer noopener"
        if tag.startswith("m") and tag not in ("meta", "main"):
            assert not {"href", "src", "class"} & attributes.keys()
        if "style" in attributes and not tag.startswith("m"):
            assert OWN_STYLE.fullmatch(attributes["style"] or "")
        if tag == "meta" and "http-equiv" in attributes:
            assert attributes["http-equiv"] == "Content-Security-Policy"


@pytest.mark.parametrize("hostile", HOSTILE)
def test_hostile(hostile: str) -> None:
    """Whatever stands wherever others can write, it runs nothing and loads nothing."""
    answer = Answer(
        hostile,
        "complete",
        model=hostile,
        provider=hostile,
        routing=Routing((Attempt(hostile, hostile, 500),), hostile),
        finish_reason=hostile,
        reasoning=hostile,
        citations=[Citation("https://x.org/", hostile), Citation(hostile, hostile)],
        images=[GeneratedImage("image/png", hostile.encode(errors="replace"))],
    )
    files = [
        Attachment(hostile, "image", "png", hostile.encode(errors="replace")),
        Attachment(hostile, "text", "txt", hostile.encode(errors="replace")),
    ]
    failed = Answer(hostile, "failed", failure=hostile, help=(hostile, hostile))
    turns = [Turn(hostile, [answer], files), Turn(hostile, [failed])]
    for name in ("", hostile):
        found = page(Conversation(turns, name=name))
        assert_harmless(found)
        readable = hostile.translate(UNREADABLE)
        assert readable in found.text.translate(UNREADABLE)


def test_hostile_markdown() -> None:
    """In Markdown the names of others are text: all but an answer itself shows as it is."""
    for hostile in HOSTILE:
        answer = Answer(
            "b",
            "failed",
            hostile,
            model=hostile,
            provider=hostile,
            routing=Routing((Attempt(hostile, hostile, 500),), hostile),
            citations=[Citation("https://x.org/", hostile), Citation("ftp://x.org", hostile)],
        )
        turn = Turn(hostile, [answer], [Attachment(hostile, "text", "txt", b"c")])
        text = to_markdown(Conversation([turn], name=hostile)).decode()
        found = Page(MarkdownIt("commonmark").enable("table").render(text))
        own = re.compile("h[1-3]|ul|ol|li|p|a|strong|pre|code")
        assert all(own.fullmatch(tag) for tag, _ in found.elements)
        assert found.all("a", "href") == ["https://x.org/"]


def test_policy() -> None:
    """The page forbids whatever it does not need, before anything else is read."""
    found = page(conversation(Answer("a", "complete")))
    (policy,) = [
        attributes["content"] for _, attributes in found.elements if "http-equiv" in attributes
    ]
    assert policy == (
        "default-src 'none'; img-src data:; style-src 'unsafe-inline'; "
        "base-uri 'none'; form-action 'none'"
    )
    assert found.html.index("Content-Security-Policy") < found.html.index("<title>")
    assert "url(" not in found.html
    assert "@import" not in found.html


def test_headings() -> None:
    """No heading skips a level on the way down from the title, also those of an answer."""
    found = page(conversation(Answer("# a\n## b\n### c\n#### d", "complete"), question="q"))
    levels = [int(tag[1]) for tag, _ in found.elements if re.fullmatch(r"h\d", tag)]
    assert levels == [1, 2, 3, 4, 5, 6, 6]
    assert found.title == "q"
    assert ("html", {"lang": "en"}) in found.elements


def test_facts() -> None:
    """Each answer has its model, its cost and its times, on the page and in Markdown."""
    answer = Answer(
        "a",
        "complete",
        model="maker/model",
        provider="Azure",
        routing=Routing((Attempt("A", "m", 503), Attempt("Azure", "m", 200)), "iad"),
        usage=Usage(1200, 100, 0.00025, 1000),
        first_token_seconds=0.5,
        seconds=2.5,
    )
    facts = {
        "Model": "maker/model",
        "Provider": "Azure",
        "Routing": "tried before: A (503), OpenRouter region iad",
        "Cost": "$0.00025",
        "Tokens": "1,200 of the prompt, 100 of the answer",
        "From the cache": "1,000 tokens of the prompt",
        "First word": "after 0.50 s",
        "Whole answer": "after 2.50 s",
        "Speed": "50 tokens a second",
    }
    assert facts.items() <= page(conversation(answer)).facts().items()
    text = to_markdown(conversation(answer)).decode().replace("\\", "")
    assert " · ".join(f"{name}: {value}" for name, value in facts.items()) in text


def test_totals() -> None:
    """The totals name each model once, count what is not shown, and say what is not known."""
    first = Answer("a", "complete", model="m/one", usage=Usage(1, 1, 0.5))
    other = Answer("b", "complete", model="m/two", usage=Usage(1, 1, 0.25))
    hidden = Answer("c", "complete", model="m/three", usage=Usage(1, 1, 1))
    turns = [Turn("q", [first]), Turn("q", [hidden, other]), Turn("q", [first])]
    talk = Conversation([*turns, Turn("q", [Answer("d", "stopped")])])
    header, _ = to_html(talk, exported_at=AT).decode().split("</header>")
    assert Page(header).facts() == {
        "Models": "m/one, m/two",
        "Cost": "$2.25, including $1.00 for 1 answer not shown here; that of 1 answer is not known",
        "Questions": "4",
        "Saved": "9 March 2026, 08:05 UTC",
    }
    assert "- Models: m/one, m/two\n- Cost: \\$2.25, including" in to_markdown(talk).decode()
    assert "<dt>Cost</dt><dd>not known</dd>" in page(conversation(Answer("a", "stopped"))).html


def test_data_policy() -> None:
    """Who may see a conversation is in the file, if not any provider may."""
    talk = Conversation([Turn("q", [Answer("a", "complete")])], data_policy="nothing-kept")
    assert page(talk).facts()["Who may see it"] == "Nothing kept"
    assert "- Who may see it: Nothing kept\n" in to_markdown(talk).decode()
    talk.data_policy = "any"
    assert "Who may see it" not in page(talk).facts()


def test_versions() -> None:
    """Of several answers the one that is shown is there, and no other."""
    turn = Turn("q", [Answer(f"answer {n}", "complete") for n in "abc"], shown=1)
    for text in (page(Conversation([turn])).text, to_markdown(Conversation([turn])).decode()):
        assert "Answer 2 of 3" in text
        assert "answer b" in text
        assert "answer a" not in text
        assert "answer c" not in text


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (Answer("a", "stopped"), "This answer was stopped here."),
        (Answer("", "failed", "No credit & no answer."), "No credit & no answer."),
        (Answer("a", "failed"), "This answer failed."),
        (Answer("", "complete"), "The model finished without an answer."),
        (
            Answer("", "complete", finish_reason="length"),
            "The model reached its maximum length before it had written an answer.",
        ),
        (Answer("a", "complete", finish_reason="length"), "it reached its maximum length."),
        (Answer("a", "complete", finish_reason="content_filter"), "held back the rest"),
        (Answer("a", "streaming"), "This answer was still being written."),
        (Answer(), "This answer was still being written."),
    ],
)
def test_endings(answer: Answer, sentence: str) -> None:
    """An answer that is not simply whole says so in both forms."""
    assert sentence in page(conversation(answer)).text
    assert sentence in to_markdown(conversation(answer)).decode()


def test_whole() -> None:
    """An answer that is simply whole has nothing said about its end."""
    assert "ending" not in [*page(conversation(Answer("a", "complete"))).all("p", "class")]


def test_formulas() -> None:
    """Formulas are there to be seen, and as TeX to be copied; what is not known is its source."""
    found = page(conversation(Answer("So $x^2$ and $\\ce{H2O}$.", "complete")))
    assert '<span class="tex">$x^2$</span><math><msup>' in found.html
    assert '<code class="tex">$\\ce{H2O}$</code>' in found.html


def test_examples() -> None:
    """Ordinary answers, and odd ones, are all there, in every script."""
    found = page(conversation(Answer(answers.TOUR), Answer(answers.HABITS), Answer(answers.SPLIT)))
    assert_harmless(found)
    for part in (
        "äöüß",
        "👩‍🔬",
        "中文 也 完整 到达",
        "هذا نص عربي",
        "👩‍👩‍👧‍👦🎉",
        r"\int_0^1 x^2\,dx",
        "$5 and $10",
    ):
        assert part in found.text


def test_files_and_images() -> None:
    """Images are part of the page; of other files there is the name, in Markdown of all."""
    picture = answers.picture(2, 2)
    turn = Turn(
        "",
        [Answer("a", "complete", images=[GeneratedImage("image/webp", picture)])],
        [Attachment("a.png", "image", "png", picture), Attachment("b.pdf", "pdf", "pdf", b"%PDF-")],
    )
    found = page(Conversation([turn]))
    assert [str(src).split(",")[0] for src in found.all("img", "src")] == [
        "data:image/png;base64",
        "data:image/webp;base64",
    ]
    assert found.all("img", "alt") == ["a.png", "Image 1, made by the model"]
    assert "b.pdf" in found.text
    text = to_markdown(Conversation([turn])).decode()
    assert "Files: a.png, b.pdf" in text
    assert "1 image made by the model" in text


def test_images_elsewhere() -> None:
    """An image at another place is a link, and one that cannot be shown is said."""
    url = "https://x.org/cat.png"
    talk = conversation(Answer("", "complete", image_links=[url], unshown_images=["image/svg+xml"]))
    found, text = page(talk), to_markdown(talk).decode()
    assert found.all("a", "href") == [url]
    assert not found.all("img", "src")
    assert f"[{url}]" in text.replace("\\", "")
    assert "cannot be shown" in found.text
    assert "cannot be shown" in text


def test_reasoning() -> None:
    """What the model thought before is there to be opened."""
    found = page(conversation(Answer("a", "complete", reasoning="I **think**")))
    assert ("details", {}) in found.elements
    assert '<p dir="auto">I <strong>think</strong></p>' in found.html


def test_sources() -> None:
    """Sources are a numbered list of links, by their titles where they have one."""
    cited = [Citation("https://x.org/a(b)", "A [title]"), Citation("https://x.org/c", "")]
    talk = conversation(Answer("a", "complete", citations=cited))
    found = page(talk)
    assert found.all("a", "href") == ["https://x.org/a(b)", "https://x.org/c"]
    assert ("ol", {"class": "sources"}) in found.elements
    rendered = MarkdownIt().render(to_markdown(talk).decode())
    assert '<a href="https://x.org/a%28b%29">A [title]</a>' in rendered
    assert '<a href="https://x.org/c">https://x.org/c</a>' in rendered


@pytest.mark.parametrize("question", ["# a\n\n- b\n> c", "```\na\n````", "    a\n\n1. <b>", "`"])
def test_question_in_markdown(question: str) -> None:
    """A question stays what was written, whatever it looks like."""
    text = to_markdown(conversation(Answer("b", "complete"), question=question)).decode()
    (fence,) = [token for token in MarkdownIt().parse(text) if token.type == "fence"]
    assert fence.content == f"{question}\n"


@pytest.mark.parametrize(
    "broken",
    [
        "```python\nprint(1)",
        "~~~~\n```\na",
        "a\n````\n```",
        "$$\na",
        "<!-- a",
        "<?php\necho 1;",
        "<![CDATA[ a",
        "<pre>\n\na",
        "- ```\n  a",
    ],
)
def test_broken_off_in_markdown(broken: str) -> None:
    """An answer that broke off inside a block keeps the rest of the file as it is."""
    talk = conversation(Answer(broken, "stopped"), Answer("b", "complete"))
    text = to_markdown(talk).decode()
    assert broken in text
    headings = re.findall(r"<h\d>(.*?)</h\d>", MarkdownIt("commonmark").render(text))
    assert headings == ["a question", "Question 1", "Answer", "Question 2", "Answer"]


def test_answer_in_markdown() -> None:
    """A whole answer stands as it was written."""
    for text in (answers.TOUR, answers.HABITS):
        assert f"\n\n{text}\n\n" in to_markdown(conversation(Answer(text, "complete"))).decode()


def test_empty() -> None:
    """A conversation without a turn is a page and a file all the same."""
    assert page(Conversation()).title == "Conversation"
    assert to_markdown(Conversation()).startswith(b"# Conversation\n")
