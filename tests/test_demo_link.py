"""Links for demos: what they hold, and what becomes of those that are not valid."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.demo_link import MAX_QUERY_LENGTH, DemoLink, read_demo_link
from lib.openrouter.request import DATA_POLICIES
from lib.settings import Settings

LINK = DemoLink(
    model="openai/gpt-5",
    prompt="Was kostet „das“? & wie viel?",
    compared_models=("openai/gpt-5", "mistralai/small:free"),
    data_policy="no-training",
    title="Für Anna 🎉",
    presents=True,
)


def test_round_trip() -> None:
    """A link that was built is read as it was."""
    assert read_demo_link(LINK.query()) == LINK
    assert DemoLink().query() == {}


@pytest.mark.parametrize(
    ("name", "value", "read"),
    [
        ("model", "<b>", DemoLink()),
        ("model", "x" * 201, DemoLink()),
        ("prompt", "Say\x00 \u202ehi\u200b\n\nplease", DemoLink(prompt="Say hi please")),
        ("prompt", "می\u200cخواهم 👩\u200d💻", DemoLink(prompt="می\u200cخواهم 👩\u200d💻")),
        ("prompt", "x" * 301, DemoLink(prompt="x" * 300)),
        ("prompt", "\ud800", DemoLink(prompt="\ufffd")),
        ("prompt", "字" * 230, DemoLink()),
        ("compare", "a/b,<i>,a/b, c/d,", DemoLink(compared_models=("a/b", "c/d"))),
        ("compare", "a/1,a/2,a/3,a/4,a/5", DemoLink(compared_models=("a/1", "a/2", "a/3", "a/4"))),
        ("policy", "everything", DemoLink()),
        ("policy", "Nothing-Kept ", DemoLink(data_policy="nothing-kept")),
        ("title", "x" * 61, DemoLink(title="x" * 60)),
        ("present", "yes", DemoLink()),
        ("secret", "x", DemoLink()),
    ],
)
def test_hostile(name: str, value: str, read: DemoLink) -> None:
    """What is not valid is left out, what is too long is cut, and invisible characters go."""
    assert read_demo_link({name: value}) == read


def test_too_long() -> None:
    """Of a link that would not fit through the sign-in only the model is taken."""
    long = replace(LINK, prompt="字" * 220)
    assert long.is_too_long
    assert not LINK.is_too_long
    assert read_demo_link(long.query()) == DemoLink(model=LINK.model)


@given(
    st.dictionaries(
        st.sampled_from([*LINK.query(), "code"]), st.text(max_size=2 * MAX_QUERY_LENGTH)
    )
)
def test_any_query(query: dict[str, str]) -> None:
    """Whatever a query holds, reading it again gives the same link, in printable text."""
    link = read_demo_link(query)
    assert read_demo_link(link.query()) == link
    assert (link.prompt + link.title).isprintable()


@pytest.mark.parametrize("floor", DATA_POLICIES)
@pytest.mark.parametrize("policy", DATA_POLICIES)
def test_data_policy(floor: str, policy: str) -> None:
    """A link makes the deployer's data policy stricter, and never looser."""
    settings = Settings(data_policy=next(p for p in DATA_POLICIES if p == floor))
    linked = read_demo_link({"policy": policy}).apply(settings).data_policy
    assert linked == max(floor, policy, key=[*DATA_POLICIES].index)


def test_settings() -> None:
    """A link takes the place of prompts and compared models; the app's own title stays sent."""
    settings = Settings(prompts=("Why?",), compared_models=("a/b",), app_title="Chat")
    assert DemoLink().apply(settings) == settings
    linked = LINK.apply(settings)
    assert linked.prompts_to_click == (LINK.prompt,)
    assert linked.compared_models == LINK.compared_models
    assert linked.app_title == "Chat"
