"""The compare page: its models, rounds, votes and judges."""

import json

import pytest
from streamlit.testing.v1 import AppTest

from lib.chat.comparison import TIE, to_records
from lib.chat.conversation import Answer
from lib.chat.storage import StorageDiff
from lib.openrouter.models import Model
from lib.openrouter.pricing import Pricing
from lib.settings import PROMPTS, Settings
from lib.ui import comparison_actions
from lib.ui.autosave import restore_stored
from lib.ui.compared_models import newest_by_maker
from lib.ui.session import Session
from sandbox.answers import picture
from sandbox.server import Sandbox
from tests.support.pages import ask, compare_page, signed_in, visible_text

MODELS = ["sandbox/echo", "sandbox/tour"]


@pytest.fixture
def session(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Session:
    """A session whose settings prepare two models."""
    monkeypatch.setenv("COMPARED_MODELS", ", ".join(MODELS))
    return signed_in()


def asked_models(sandbox: Sandbox) -> list[str]:
    """The models that were asked, in order of their names."""
    return sorted(completion["body"]["model"] for completion in sandbox.completions)


def labels(app: AppTest) -> list[str]:
    """The labels of the buttons."""
    return [button.label for button in app.button]


def click(app: AppTest, label: str) -> AppTest:
    """Click the first button with this label."""
    next(button for button in app.button if button.label == label).click().run()
    assert not app.exception
    return app


def test_no_catalogue(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a catalogue the page says so, and begins as usual once there is one."""
    monkeypatch.setenv("COMPARED_MODELS", "sandbox/echo, sandbox/tour")
    app = compare_page(signed_in())
    with monkeypatch.context() as patch:
        patch.setenv("OPENROUTER_API_URL", "http://127.0.0.1:9")
        app.run()
    assert "could not be loaded" in app.warning[0].value
    assert app.run().multiselect(key="compared").value == ["sandbox/echo", "sandbox/tour"]


def test_models_of_the_settings(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """The settings prepare the models to compare; one that is not in the catalogue is left out."""
    monkeypatch.setenv("COMPARED_MODELS", "sandbox/echo, no/such-model, sandbox/tour")
    app = compare_page(signed_in()).run()
    assert not app.exception
    assert app.multiselect(key="compared").value == ["sandbox/echo", "sandbox/tour"]
    ask(app, "sandbox/echo, who are you?")
    assert asked_models(sandbox) == MODELS
    assert "sandbox/echo, who are you?" in visible_text(app)


def test_answers_out_of_sight(sandbox: Sandbox, session: Session) -> None:
    """The input is free again once answers that the page does not show have ended."""
    assert session.user
    settings, state = Settings(base_url=session.user.base_url), session.comparison
    wanted = ["sandbox/echo", "sandbox/slow-start"]
    comparison_actions.submit_question(settings, session, session.user, wanted, "Hello?")
    for conversation in state.comparison.columns:
        conversation.turns[0].answers.insert(0, Answer("An earlier one.", "complete"))
        conversation.turns[0].shown = 0
    app = compare_page(session).run()
    assert visible_text(app).count("An earlier one.") == 2
    assert not session.streams[-1].failure
    assert session.streams[-1].is_over
    assert not app.chat_input[0].disabled


def test_starting_models(sandbox: Sandbox) -> None:
    """Without settings, three models of three makers answer a prompt at one click."""
    app = compare_page(signed_in()).run()
    chosen = app.multiselect(key="compared").value
    assert len({model.split("/")[0] for model in chosen}) == 3
    click(app, PROMPTS[0])
    assert asked_models(sandbox) == sorted(chosen)
    assert visible_text(app).count("without ever seeing your password") == 3


def test_newest_by_maker() -> None:
    """The newest cheap model of each maker: no router, variant, image model, or dear one."""
    price, cheap = Pricing(1e-6, 2e-6), Pricing(1e-7, 2e-7)
    listed = [
        Model("openrouter/auto", "Router", created_at=9),
        Model("z/free:free", "Free", pricing=Pricing(0, 0), created_at=9),
        Model("y/free:free", "Only free", pricing=Pricing(0, 0), created_at=9),
        Model("z/old", "Old", pricing=cheap, created_at=1),
        Model("z/new", "New", pricing=price, created_at=2),
        Model("z/dear", "Dear", pricing=Pricing(1e-5, 1e-4), created_at=3),
        Model("z/thinking:thinking", "Variant", pricing=cheap, created_at=3),
        Model("z/image", "Image", pricing=cheap, outputs=("text", "image"), created_at=3),
        Model("~z/latest", "Alias", pricing=cheap, created_at=3),
        Model("z/unpriced", "Price varies", created_at=3),
        Model("google/flash", "Known", pricing=price, created_at=1),
    ]
    assert newest_by_maker(listed) == ["google/flash", "z/new", "y/free:free"]


def test_rounds(session: Session, sandbox: Sandbox) -> None:
    """The next question goes to all models, with what was said before; other models begin anew."""
    app = compare_page(session).run()
    ask(app, "Hello?")
    ask(app, "And then?")
    comparison = session.comparison.comparison
    assert comparison.round_count == 2
    assert [len(one["body"]["messages"]) for one in sandbox.completions] == [1, 1, 3, 3]
    app.multiselect(key="compared").set_value(["sandbox/echo", "sandbox/citations"]).run()
    assert app.chat_input[0].placeholder == "Ask all of them, in a new comparison"
    ask(app, "Another?")
    assert session.comparison.comparison.models == ["sandbox/echo", "sandbox/citations"]
    click(app, "Hello?")
    assert session.comparison.comparison is comparison
    assert app.multiselect(key="compared").value == MODELS


def test_summary(session: Session) -> None:
    """Above the answers stand their figures, with the best in words, and a plot."""
    text = visible_text(ask(compare_page(session).run(), "Hello?"))
    assert text.index("Summary of the answers") < text.index("A tour of what")
    for expected in ("cheapest", "shortest", "Cost against time", "complete"):
        assert expected in text


def test_files(session: Session, sandbox: Sandbox) -> None:
    """Files go along to each model; one that is refused is named, and the question waits."""
    app = compare_page(session).run()
    refused = [("a.png", b"no image"), ("b.png", picture(20, 20))]
    settings = Settings(base_url=session.user.base_url if session.user else "")
    submit = comparison_actions.submit_question
    submit(settings, session, session.user, MODELS, "What is it?", refused)
    app.run()
    assert not sandbox.completions
    assert sum("a.png" in error.value for error in app.error) == 2
    assert labels(app).count("Try again") == 2
    click(app, "Try again")
    (sent,) = (completion["body"]["messages"][0]["content"] for completion in sandbox.completions)
    assert [part["type"] for part in sent] == ["text", "image_url"]


def test_error_in_one_column(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """An error has its remedy in its column, and leaves the other answer alone."""
    monkeypatch.setenv("COMPARED_MODELS", "sandbox/echo, sandbox/status-402-max-tokens")
    session = signed_in()
    app = ask(compare_page(session).run(), "Hello?")
    assert labels(app).count("Try again") == 1
    click(app, "Send again, for at most 1,234 tokens")
    assert asked_models(sandbox) == ["sandbox/echo", *2 * ["sandbox/status-402-max-tokens"]]
    assert [answer.progress for answer in session.comparison.comparison.answers(0).values()] == [
        "complete",
        "complete",
    ]
    assert "Try again" not in labels(app)


def test_blind(session: Session) -> None:
    """Names and figures are hidden until the user has voted and shows the models; then they count."""
    app = compare_page(session).run()
    app.toggle(key="blind").set_value(True).run()
    ask(app, "Hello?")
    comparison = session.comparison.comparison
    hidden = visible_text(app)
    for name in ("Sandbox: echo", "Sandbox\\: echo", "completion tokens", "cheapest", "Continue"):
        assert name not in hidden
        assert name not in labels(app)
    assert [heading.value for heading in app.subheader][:2] == ["Model A", "Model B"]
    click(app, "Model B")
    assert comparison.votes == {0: comparison.models[1]}
    assert "Your blind votes" not in visible_text(app)
    click(app, "Show the models")
    shown = visible_text(app)
    assert "You voted for B" in shown
    assert "Your blind votes in this session" in shown
    assert "cheapest" in shown
    assert "Show the models" not in labels(app)
    ask(app, "Again?")
    assert session.comparison.comparison is not comparison
    assert session.comparison.comparison.hides_models


def test_hidden_error(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """An error, which may name the model, is hidden as well."""
    monkeypatch.setenv("COMPARED_MODELS", "sandbox/echo, sandbox/status-402")
    app = compare_page(signed_in()).run()
    app.toggle(key="blind").set_value(True).run()
    ask(app, "Hello?")
    assert not app.error
    assert "failed or broke off" in visible_text(app)


def test_judge(session: Session, sandbox: Sandbox) -> None:
    """A judge is asked on a click alone, twice, without names; its cost counts, its verdict shows."""
    app = ask(compare_page(session).run(), "Hello?")
    assert len(sandbox.completions) == 2
    spent = session.spending.spent
    assert app.selectbox(key="judge").value not in MODELS
    app.text_area(key="criteria").set_value("Is it polite?").run()
    click(app, "Ask the judge")
    requests = [one["body"]["messages"][-1]["content"] for one in [*sandbox.completions][2:]]
    assert len(requests) == 2
    for request in requests:
        assert "Is it polite?" in request
        assert "sandbox/tour" not in request
    for position in (1, 2):  # in one of the two, which are sent at once
        assert sum(f"<answer {position}>\nHello?" in request for request in requests) == 1
    text = visible_text(app)
    assert "The judge disagrees with itself" in text
    assert session.comparison.comparison.votes == {}
    judged = sum(judge.cost for judge in session.comparison.comparison.judges)
    assert session.spending.spent == pytest.approx(spent + judged)
    assert judged > 0


def test_judge_keeps_the_policy(session: Session, sandbox: Sandbox) -> None:
    """A judge gets the answers under the same policy; one that cannot keep it is not offered."""
    app = compare_page(session).run()
    app.radio(key="who_may_see_it").set_value("nothing-kept").run()
    ask(app, "Hello?")
    assert "sandbox/keeps" not in str(app.selectbox(key="judge").options)
    click(app, "Ask the judge")
    assert [one["body"]["provider"] for one in sandbox.completions] == [{"zdr": True}] * 4


def test_reload(session: Session) -> None:
    """Answers, votes and verdicts come back from the tab, with models and blindness as chosen."""
    app = compare_page(session).run()
    app.toggle(key="blind").set_value(True).run()
    ask(app, "Hello?")
    click(app, "Tie")
    click(app, "Ask the judge")
    comparison = session.comparison.comparison
    changes = StorageDiff().changes(session.stored_conversations, to_records([comparison]))
    assert changes
    after = signed_in()
    restore_stored(after, json.dumps(changes.put))
    app = compare_page(after).run()
    assert not app.exception
    assert app.toggle(key="blind").value
    assert app.multiselect(key="compared").value == MODELS  # not in the order of the answers
    assert after.comparison.comparison.votes == {0: TIE}
    assert "The judge disagrees with itself" in visible_text(app)
    assert [heading.value for heading in app.subheader][:2] == ["Model A", "Model B"]


def test_delete(session: Session) -> None:
    """A deleted comparison is gone, and a new one is open."""
    app = ask(compare_page(session).run(), "Hello?")
    app.session_state[f"menu_{session.comparison.comparison.id}"] = True
    app.run()
    assert not app.exception
    click(app, "Delete this comparison")
    assert session.comparison.comparisons == []
    assert session.stored_conversations == []
    assert PROMPTS[0] in labels(app)
