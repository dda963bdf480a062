"""What a session has cost by model: counted, kept, and drawn."""

import json

import pytest

from lib.chat.conversation import Answer, Turn
from lib.ui import autosave
from lib.ui.session import Session
from lib.ui.spending import chart
from lib.ui.state import MAX_COUNTED_MODELS, SpendingState
from sandbox.server import Sandbox
from tests.conftest import KEY
from tests.support.pages import main_page, signed_in


def test_counted() -> None:
    """Costs are added up by model, and for all that there is room."""
    spending = SpendingState()
    for cost, model in ((0.5, "a/b"), (0.25, "a/b"), (0, "c/d")):
        spending.add(cost, model)
    assert (spending.spent, spending.by_model) == (0.75, {"a/b": 0.75})
    for number in range(MAX_COUNTED_MODELS + 5):
        spending.add(0.01, f"m/{number}")
    assert len(spending.by_model) == MAX_COUNTED_MODELS


def test_restored() -> None:
    """The costs by model outlive a reload."""
    before, after = signed_in("http://a"), signed_in("http://a")
    before.chat.conversation.turns = [Turn("Hello?", [Answer("!", "complete")])]
    before.chat.open(before.chat.conversation)
    before.pay(KEY, 0.5, "a/b")
    changes = before.storage.diff.changes(before.stored_conversations, autosave._facts(before))
    assert changes
    after.pay(KEY, 0.25, "a/b")
    autosave.restore_stored(after, json.dumps(changes.put))
    assert (after.spending.spent, after.spending.by_model) == (0.75, {"a/b": 0.75})


@pytest.mark.parametrize(
    "stored", ["", "null", "[1]", "[" * 60_000, '{"<b>": 1, "a/b": -1, "c/d": "x", "e/f": NaN}']
)
def test_not_costs(stored: str) -> None:
    """What the tab stored is checked."""
    session = Session()
    autosave.restore_stored(session, json.dumps({"spent_by_model": stored}))
    assert session.spending.by_model == {}


def test_chart() -> None:
    """Each bar has its model and amount in words, is scaled to the largest, and holds no HTML."""
    html = chart([("a/b", 0.5), ("<i>", 0.0051)])
    assert 'title="$0.50"><i style="width: 100.0%"></i><span>50 cents</span>' in html
    assert '<dt>&lt;i&gt;</dt><dd title="$0.0051"><i style="width: 1.0%">' in html


def test_page(sandbox: Sandbox) -> None:
    """The account page draws what was spent, the dearest first; nothing was, nothing is drawn."""
    session = signed_in()
    assert not main_page(session).run().get("html")
    session.spending.by_model = {f"m/{number}": number / 100 for number in range(1, 20)}
    (drawn,) = main_page(session).run().get("html")
    body = drawn.proto.body
    assert body.index("m/19") < body.index("m/8<") < body.index("7 other models")
    assert "m/7<" not in body
